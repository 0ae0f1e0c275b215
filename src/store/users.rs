//! The whole store, as the command and the service need it: beside a sign-in's two steps, creating users, changing
//! passwords, and counting. What stands here has no database in it.

use std::ops::ControlFlow;
use std::time::Duration;

use super::{Bulk, BulkOptions, Edits, Store, StoreError, StoreInfo, Swap, TaggedText};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
use crate::Method;
use crate::StoredHash;

/// A store that keeps whole users. [`Store::find`] and [`Store::replace`] come with it.
///
/// Every method is one transaction. All of them block: an async caller moves them to a thread of their own.
pub trait Users: Store<Id = i64> + Edits {
    /// A whole row.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn user(&self, id: i64) -> Result<Option<User>, StoreError>;

    /// One spelling for all of an identifier that [`Store::find`] takes for one: guesses are counted under it, and forgiven under it where
    /// [`Found::is_only_match`](super::Found::is_only_match) says that nobody else has any of them. The stores here fold the capitals of
    /// ASCII alone. A database may fold those of all alphabets, accents, and blanks at the end: fold no less than yours, or guesses at one
    /// user have several counts.
    fn spelt(&self, identifier: &str) -> String;

    /// Adds a user, unless their username, email or phone names somebody else, as whichever of the three; of one who comes without another
    /// system's hash, in whatever ASCII capitals. One who signs up comes with an Argon2id hash: their password counts as their own from the start, and no import
    /// replaces it. Any other hash counts as imported.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn create(&self, new: &NewUser<'_>) -> Result<Created, StoreError>;

    /// Adds a social identity under its provider's name. `identity` is the text of a JSON object. What was linked to the
    /// user before is kept byte for byte.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn link_identity(&self, id: i64, provider: &str, identity: &str) -> Result<Linked, StoreError>;

    /// Sets a password, if the row still holds what is expected (`None`: a user without a password). An upgrade that is
    /// on its way then finds the row changed.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn change_password(&self, id: i64, expected: Option<&TaggedText>, hash: &StoredHash) -> Result<Swap, StoreError>;

    /// How many records there are of each method and parameters, in no particular order.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn counts(&self) -> Result<Vec<MethodCount>, StoreError>;

    /// What happened day by day, in order; days on which nothing did are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn days(&self) -> Result<Vec<Day>, StoreError>;

    /// Counts anew what [`Users::counts`] answers from counters: for a table that was changed by other hands. Goes through
    /// every record.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn recount(&self) -> Result<(), StoreError>;

    /// Builds the indexes of the identifiers, where an import that fills an empty store put them off and was ended early
    /// ([`StoreInfo::is_indexed`]). Until then users are found by other means, and whoever adds an identifier builds them
    /// first. Nobody else writes meanwhile: some two seconds for a million users.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn build_indexes(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Starts a bulk import.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn bulk(&self, options: BulkOptions) -> Result<Box<dyn Bulk + '_>, StoreError>;

    /// Gives every user, in the order of their ids, as they stand at one moment; ends early where `each` breaks. Memory
    /// does not grow with their number.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn export(&self, each: &mut dyn FnMut(&User) -> ControlFlow<()>) -> Result<(), StoreError>;

    /// Takes a guess at a password. Until it is ended it counts against each of its subjects as if it were wrong, so that guesses
    /// made at once, by whichever instance, do not slip through. What is not [`Guessed::Taken`] is counted against none. `window`
    /// after its first guess the count begins anew. What is kept is bounded, and holds no names.
    ///
    /// The default counts nothing and takes all, for a store that one process uses.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn begin_guess(&self, subjects: &[Subject<'_>], window: Duration) -> Result<Guessed, StoreError> {
        let _ = (subjects, window);
        Ok(Guessed::Taken)
    }

    /// A guess that was taken ended so. One that is never ended, since its process was killed or cut off, is over for the store half a
    /// minute after the last that was taken of its subjects.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn end_guess(&self, subjects: &[Subject<'_>], end: GuessEnd) -> Result<(), StoreError> {
        let _ = (subjects, end);
        Ok(())
    }

    /// What happened, the newest first, and at most so many: to all, or to one user by their id. A batch of an import is one entry, and
    /// of no user. The default keeps none.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn audit(&self, user: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let _ = (user, limit);
        Ok(Vec::new())
    }

    /// What the store is.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn info(&self) -> Result<StoreInfo, StoreError>;
}

/// Against what a guess counts: an identifier, or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Whatever tells subjects apart; of it the store keeps a keyed digest.
    pub name: &'a str,
    /// Wrong guesses after which no more are taken; nought is no limit.
    pub limit: u32,
    /// Whether a right guess forgives those before it.
    pub is_forgiven: bool,
}

/// What became of a guess at a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Guessed {
    /// It may be verified.
    Taken,
    /// Those under way would reach the limit if all of them were wrong: it is to come again when they have ended.
    Busy,
    /// Those that were wrong have reached the limit.
    Locked,
}

/// How a guess ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuessEnd {
    /// It was right: a subject that [`Subject::is_forgiven`] begins anew.
    Right,
    /// It counts against its subjects.
    Wrong,
    /// It has told nothing.
    Nothing,
}

/// A user to be stored. The three JSON fields are texts that are kept and given back byte for byte.
#[derive(Clone, Copy, Default)]
pub struct NewUser<'a> {
    /// Unique where present.
    pub username: Option<&'a str>,
    /// Unique where present.
    pub primary_email: Option<&'a str>,
    /// Unique where present.
    pub primary_phone: Option<&'a str>,
    /// Display name.
    pub name: Option<&'a str>,
    /// Address of a picture.
    pub avatar: Option<&'a str>,
    /// A JSON object.
    pub profile: Option<&'a str>,
    /// A JSON object.
    pub custom_data: Option<&'a str>,
    /// A JSON object: social identities, `{"target":{"userId":"…"}}`. What stands under `userId` is unique for its target,
    /// where it is a text or an integer of at most 1024 bytes together with the target.
    pub identities: Option<&'a str>,
    /// `None` for a user without a password.
    pub password: Option<&'a StoredHash>,
}

/// A whole row. It has no `Debug`: it holds a hash.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields of `NewUser`")]
pub struct User {
    pub id: i64,
    pub username: Option<String>,
    pub primary_email: Option<String>,
    pub primary_phone: Option<String>,
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub profile: Option<String>,
    pub custom_data: Option<String>,
    pub identities: Option<String>,
    pub password: Option<TaggedText>,
    /// The method of the hash that was imported.
    pub imported_method: Option<String>,
    /// Unix time in seconds.
    pub imported_at: i64,
    /// Unix time in seconds of the last upgrade.
    pub upgraded_at: Option<i64>,
    /// Unix time in seconds of the last password change.
    pub password_changed_at: Option<i64>,
}

/// Whether a hash that comes with a new user was made by another system.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn is_legacy(hash: &StoredHash) -> bool {
    hash.method() != Method::Argon2id
}

/// What became of a sign-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// The user's id.
    New(i64),
    /// Another user has this; nothing was written. Names the field.
    Taken(&'static str),
    /// The database cannot hold it.
    Unstorable {
        /// The field.
        field: &'static str,
        /// What the database cannot hold.
        why: Unstorable,
    },
}

/// What became of a social identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Linked {
    /// The user has it now, or had exactly it before.
    Written,
    /// The user has another identity of this provider; it was left alone.
    Taken,
    /// Another user has this identity.
    AnotherUsers,
    /// Nobody has that id.
    NoSuchUser,
}

/// What became of a record that was given to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    /// It is new.
    New,
    /// The store had it, the same in every field.
    AlreadyThere {
        /// The user has been upgraded, or has changed their password, since; the store's hash was kept.
        kept_newer: bool,
    },
    /// Another record has this identifier; the store was left alone. Names the field.
    Conflict(&'static str),
    /// It took the place of the record that had its identifiers.
    Replaced,
    /// It would have taken that place, but that user was upgraded or has changed their password. Names the field.
    LeftNewer(&'static str),
    /// The database cannot hold it.
    Unstorable {
        /// The field.
        field: &'static str,
        /// What the database cannot hold.
        why: Unstorable,
    },
}

/// What a database cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unstorable {
    /// An identifier of more bytes than its index takes.
    TooLong {
        /// How many it takes.
        bytes_max: usize,
    },
    /// A NUL in a text.
    Nul,
}

impl std::fmt::Display for Unstorable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong { bytes_max } => write!(f, "is longer than the {bytes_max} bytes that the store can index"),
            Self::Nul => f.write_str("holds a NUL, which the store cannot hold"),
        }
    }
}

/// Records of one method with the same cost parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MethodCount {
    /// The method; empty for users without a password.
    pub method: String,
    /// As [`StoredHash::parameters`].
    pub parameters: String,
    /// How many.
    pub records: u64,
    /// How many of them were upgraded at a sign-in.
    pub upgraded: u64,
    /// How many of them still have the hash that was imported: nobody has signed in with an upgrade, nor changed the
    /// password, since.
    pub untouched: u64,
}

/// Something that happened to a user, or to those of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEntry {
    /// Greater than those of all entries before it.
    pub id: i64,
    /// Unix time in seconds.
    pub at: i64,
    /// `import`, `create`, `upgrade`, `change`, `replace` or `delete`.
    pub event: String,
    /// Whose record it is; it may be gone.
    pub user_id: Option<i64>,
    /// The method of the hash that was there.
    pub from_method: Option<String>,
    /// The method of the hash that came.
    pub to_method: Option<String>,
    /// The name of the input that a batch is of.
    pub import: Option<String>,
    /// How many of a batch's records were new.
    pub records: Option<u64>,
}

/// What happened on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Day {
    /// Days since 1970-01-01, in UTC.
    pub day: i64,
    /// Records that were imported.
    pub imported: u64,
    /// Hashes that were upgraded at a sign-in.
    pub upgraded: u64,
    /// Passwords that were changed.
    pub changed: u64,
}

/// Counts as they may be shown: older versions kept an expression whole, with constants that can be secrets. What becomes equal is one.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn shown(counts: impl IntoIterator<Item = MethodCount>) -> Vec<MethodCount> {
    let mut shown: Vec<MethodCount> = Vec::new();
    for mut count in counts {
        if count.method == Method::Expression.as_str() {
            count.parameters = StoredHash::shown_parameters(&count.parameters);
            let equal =
                shown.iter_mut().find(|other| other.method == count.method && other.parameters == count.parameters);
            if let Some(other) = equal {
                other.records += count.records;
                other.upgraded += count.upgraded;
                other.untouched += count.untouched;
                continue;
            }
        }
        shown.push(count);
    }
    shown
}

impl MethodCount {
    /// A count.
    #[must_use]
    pub const fn new(method: String, parameters: String, records: u64, upgraded: u64) -> Self {
        Self { method, parameters, records, upgraded, untouched: 0 }
    }
}
