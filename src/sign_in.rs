//! A sign-in over a store: load, verify, upgrade by compare-and-swap. A store error while the upgrade is written never
//! fails a good sign-in; it is reported beside it.

use std::fmt;

use crate::store::{Store, StoreError, Swap};
use crate::{
    Columns, Denied, Engine, HashError, Method, ParseError, Password, SkipReason, StoredHash, Tag, Unverifiable,
    Upgrade,
};

/// The password was right.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct SignedIn<Id> {
    /// The user's row.
    pub id: Id,
    /// The method of the hash that was verified.
    pub method: Method,
    /// What became of the upgrade.
    pub upgrade: Outcome,
}

/// What became of the upgrade of a good sign-in: for metrics and logs, never for the visitor.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The stored hash is strong enough.
    NotNeeded,
    /// The new hash stands in the store.
    Written,
    /// Somebody else changed the row in between; theirs stands.
    Superseded,
    /// It was due, and deliberately not made.
    Skipped(SkipReason),
    /// It was due, and making the new hash failed.
    HashFailed(HashError),
    /// It was made, and the store did not take it.
    WriteFailed(StoreError),
}

/// The sign-in is refused. The visitor gets one answer for every variant but [`SignInError::Store`]; the variants are for
/// the operator.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignInError {
    /// Nobody has that identifier.
    UnknownUser,
    /// The user has no password.
    NoPassword,
    /// The password is wrong.
    WrongPassword,
    /// The row cannot be read as a stored hash.
    BrokenRow(BrokenRow),
    /// The row is well formed and cannot be verified here.
    Unverifiable(Unverifiable),
    /// The store could not say who the user is.
    Store(StoreError),
}

/// Why a row is not a stored hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokenRow {
    /// The tag names no method.
    UnknownMethod,
    /// The text is malformed.
    Malformed(ParseError),
}

impl SignInError {
    /// Whether this is the visitor's doing (wrong password, unknown user) rather than a fault to look into.
    #[must_use]
    pub const fn is_ordinary(&self) -> bool {
        matches!(self, Self::UnknownUser | Self::NoPassword | Self::WrongPassword)
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownUser => f.write_str("unknown user"),
            Self::NoPassword => f.write_str("the user has no password"),
            Self::WrongPassword => f.write_str("wrong password"),
            Self::BrokenRow(BrokenRow::UnknownMethod) => f.write_str("the record's tag names no method"),
            Self::BrokenRow(BrokenRow::Malformed(error)) => write!(f, "the record's hash is refused: {error}"),
            Self::Unverifiable(why) => write!(f, "the record cannot be verified: {why}"),
            Self::Store(error) => write!(f, "the store: {error}"),
        }
    }
}

impl std::error::Error for SignInError {}

/// Signs a user in: at most one read and one write, and one cost class for every refusal.
///
/// # Errors
///
/// [`SignInError`].
pub fn sign_in<S: Store + ?Sized>(
    engine: &Engine,
    store: &S,
    identifier: &str,
    password: &Password,
) -> Result<SignedIn<S::Id>, SignInError> {
    // Every refusal before the verification costs what a refusal after it costs.
    let refuse = |error| {
        let _: Denied = engine.verify_unknown_user(password);
        Err(error)
    };
    let found = match store.find(identifier) {
        Ok(Some(found)) => found,
        Ok(None) => return refuse(SignInError::UnknownUser),
        Err(error) => return Err(SignInError::Store(error)),
    };
    let Some(row) = found.password else {
        return refuse(SignInError::NoPassword);
    };
    let Ok(tag) = row.method.parse::<Tag>() else {
        return refuse(SignInError::BrokenRow(BrokenRow::UnknownMethod));
    };
    let stored = match StoredHash::parse_tagged(&tag, &row.text, &Columns::default(), engine.policy().limits()) {
        Ok(stored) => stored,
        Err(error) => return refuse(SignInError::BrokenRow(BrokenRow::Malformed(error))),
    };
    let upgrade = match engine.verify(&stored, password) {
        Ok(accepted) => accepted.upgrade,
        Err(Denied::WrongPassword) => return Err(SignInError::WrongPassword),
        Err(Denied::Unverifiable(why)) => return Err(SignInError::Unverifiable(why)),
    };
    let upgrade = write(store, &found.id, upgrade);
    Ok(SignedIn { id: found.id, method: stored.method(), upgrade })
}

/// Writes an upgrade, if there is one; whatever happens is reported and not raised.
fn write<S: Store + ?Sized>(store: &S, id: &S::Id, upgrade: Upgrade) -> Outcome {
    match upgrade {
        Upgrade::NotNeeded => Outcome::NotNeeded,
        Upgrade::Skipped(reason) => Outcome::Skipped(reason),
        Upgrade::Failed(error) => Outcome::HashFailed(error),
        Upgrade::Ready(replacement) => match store.replace(id, &replacement) {
            Ok(Swap::Written) => Outcome::Written,
            Ok(Swap::Superseded) => Outcome::Superseded,
            Err(error) => Outcome::WriteFailed(error),
        },
    }
}
