//! A sign-in over a store: load, verify, upgrade by compare-and-swap; and a change of password. A store error while the upgrade is
//! written never fails a good sign-in; it is reported beside it.

use std::fmt;

use crate::store::{Store, StoreError, Swap, TaggedText};
use crate::{
    ChangeError, Code, Columns, Denied, Engine, HashError, Limits, Method, ParseError, Password, Replacement,
    SkipReason, StoredHash, Tag, Unverifiable, Upgrade,
};

/// How often a change of password is tried again where somebody wrote in between: an upgrade changes the hash and not the password.
const ATTEMPTS: usize = 3;

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

/// The sign-in is refused. The visitor gets one answer for every variant that is not [transient](SignInError::is_transient); the
/// variants are for the operator.
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
    /// The store could not say who the user is, or take their new password.
    Store(StoreError),
    /// Of a change of password: the old one was right, and the hash of the new one could not be made.
    HashFailed(HashError),
    /// Of a change of password: somebody else wrote the row each time in between. Nothing of it was written.
    Superseded,
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

impl BrokenRow {
    /// The problem's code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::UnknownMethod => Code::UnknownMethod,
            Self::Malformed(error) => error.code(),
        }
    }
}

impl fmt::Display for BrokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMethod => f.write_str("the tag names no method"),
            Self::Malformed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BrokenRow {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::UnknownMethod => None,
            Self::Malformed(error) => Some(error),
        }
    }
}

impl TaggedText {
    /// The stored hash that this is. An empty method is none: the text then names its own (`$2b$…`, `$argon2id$…`, `$rehash$…`).
    ///
    /// # Errors
    ///
    /// [`BrokenRow`].
    pub fn parse(&self, limits: &Limits) -> Result<StoredHash, BrokenRow> {
        if self.method.is_empty() {
            return StoredHash::parse_self_describing(&self.text, limits).map_err(|error| match error.code() {
                Code::AmbiguousMethod => BrokenRow::UnknownMethod,
                _ => BrokenRow::Malformed(error),
            });
        }
        let tag: Tag = self.method.parse().map_err(|_| BrokenRow::UnknownMethod)?;
        StoredHash::parse_tagged(&tag, &self.text, &Columns::default(), limits).map_err(BrokenRow::Malformed)
    }
}

impl SignInError {
    /// Whether this is the visitor's doing (wrong password, unknown user) rather than a fault to look into.
    #[must_use]
    pub const fn is_ordinary(&self) -> bool {
        matches!(self, Self::UnknownUser | Self::NoPassword | Self::WrongPassword)
    }

    /// Whether nothing was learned of the password, and the same may go through a moment later: the store was in the way, or memory
    /// was wanting. The visitor is told to come back (503), and it is no wrong guess.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Store(_) | Self::Superseded => true,
            Self::Unverifiable(why) => matches!(why, Unverifiable::OutOfMemory { .. }),
            Self::HashFailed(error) => matches!(error, HashError::OutOfMemory { .. } | HashError::Entropy),
            Self::UnknownUser | Self::NoPassword | Self::WrongPassword | Self::BrokenRow(_) => false,
        }
    }
}

impl From<Denied> for SignInError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::WrongPassword => Self::WrongPassword,
            Denied::Unverifiable(why) => Self::Unverifiable(why),
        }
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
            Self::HashFailed(error) => write!(f, "the new hash could not be made: {error}"),
            Self::Superseded => f.write_str("others changed the record, again and again"),
            Self::Unverifiable(why) => write!(f, "the record cannot be verified: {why}"),
            Self::Store(error) => write!(f, "the store: {error}"),
        }
    }
}

impl std::error::Error for SignInError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::UnknownUser | Self::NoPassword | Self::WrongPassword | Self::Superseded => None,
            Self::BrokenRow(broken) => broken.source(),
            Self::Unverifiable(why) => Some(why),
            Self::Store(error) => Some(error),
            Self::HashFailed(error) => Some(error),
        }
    }
}

/// Signs a user in: at most one read and one write. No refusal costs less than that of an unknown user; one on a hash that is dearer than
/// the policy's target (bcrypt of cost 10, say, takes several times as long) costs what that hash costs, which tells that there is
/// such a user. Only a floor under all answers hides it: wait until a moment after the request that no refusal comes after, without
/// holding a thread that others need, and answer then.
///
/// Blocks for as long as the store and the hash take.
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
    let (id, stored) = find(engine, store, identifier, password)?;
    let accepted = engine.verify(&stored, password)?;
    let upgrade = write(store, &id, accepted.upgrade);
    Ok(SignedIn { id, method: stored.method(), upgrade })
}

/// Changes a user's password: verifies the old one, and writes the hash of the new one if the row still holds what was verified. Where
/// a sign-in's upgrade came in between, which changes the hash and not the password, it is tried again; where another change did, that
/// one stands, and the old password is wrong. Gives back the user's row.
///
/// One read, one verification, one new hash and one write each time. A refusal costs what it costs in [`sign_in`]. What a new password
/// has to look like is not asked here.
///
/// # Errors
///
/// [`SignInError`]; nothing was written then.
pub fn change_password<S: Store + ?Sized>(
    engine: &Engine,
    store: &S,
    identifier: &str,
    old: &Password,
    new: &Password,
) -> Result<S::Id, SignInError> {
    // What can never be written is no reason to verify anything.
    if new.is_oversized() {
        return Err(SignInError::HashFailed(HashError::PasswordTooLong));
    }
    for _ in 0..ATTEMPTS {
        let (id, stored) = find(engine, store, identifier, old)?;
        let change: Replacement = engine.change(&stored, old, new).map_err(|error| match error {
            ChangeError::Denied(denied) => denied.into(),
            ChangeError::HashFailed(error) => SignInError::HashFailed(error),
        })?;
        match store.replace(&id, &change) {
            Ok(Swap::Written) => return Ok(id),
            Ok(Swap::Superseded) => {}
            Err(error) => return Err(SignInError::Store(error)),
        }
    }
    Err(SignInError::Superseded)
}

/// A user's row and stored hash. Every refusal here costs what one after a verification costs.
fn find<S: Store + ?Sized>(
    engine: &Engine,
    store: &S,
    identifier: &str,
    password: &Password,
) -> Result<(S::Id, StoredHash), SignInError> {
    let found = store.find(identifier).map_err(SignInError::Store)?;
    let stored = match found {
        None => Err(SignInError::UnknownUser),
        Some(found) => match found.password {
            None => Err(SignInError::NoPassword),
            Some(row) => match row.parse(engine.policy().limits()) {
                Ok(stored) => Ok((found.id, stored)),
                Err(broken) => Err(SignInError::BrokenRow(broken)),
            },
        },
    };
    stored.inspect_err(|_| {
        let _: Denied = engine.verify_unknown_user(password);
    })
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
