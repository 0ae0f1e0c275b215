//! Where records live, seen from a sign-in: find a user, and swap a hash for its replacement if the expected one
//! still stands. A store sees a [`StoredHash`] and a [`Replacement`], and nothing else of the core. [`Users`] is what the
//! command and the service need beyond that; [`open`] makes one from a URL.

use std::fmt;

use crate::{Replacement, StoredHash};

mod bulk;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod changes;
mod edits;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod guesses;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod identities;
mod info;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod journal;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod mapping;
mod open;
#[cfg(feature = "postgres")]
pub mod postgres;
mod progress;
#[cfg(feature = "import")]
mod record;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod renamed;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod slots;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod spelling;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod users;

pub use bulk::{Bulk, BulkOptions, Committed, Input, Keys, Mark, OnConflict, Tally, Written};
pub use edits::{Edited, Edits, Identifier};
pub use info::StoreInfo;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use mapping::{Mapped, MappedId, Mapping, UNREADABLE};
pub use open::{OpenOptions, StoreUrl, open};
pub use progress::{Projection, left_to_replace, sort_weakest_first, weeks};
pub use users::{
    AuditEntry, Created, Day, GuessEnd, Guessed, Inserted, Linked, MethodCount, NewUser, Subject, Unstorable, User,
    Users,
};

/// A table of users, as a sign-in needs it.
///
/// Implement it for your own table; `examples/custom_store.rs` is one in forty lines. The contract is
/// [`Store::replace`]'s: one atomic step. Both methods block, and many threads call them at once.
pub trait Store: Send + Sync {
    /// What names a row.
    type Id: Clone + Send + Sync + 'static;

    /// The user that the identifier names, if there is one. Whether `Ada@Example.com` names `ada@example.com` is the table's to
    /// say; the stores of this crate find who has it as it is written, and else the only one who has it but for capitals.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the store cannot say.
    fn find(&self, identifier: &str) -> Result<Option<Found<Self::Id>>, StoreError>;

    /// Writes the new hash and its method if, and only if, the row still holds the expected hash's text, byte for byte, in
    /// one atomic step (`UPDATE … WHERE id = ? AND hash = ?`). Compare the method too only where your table spells it as
    /// [`crate::Method::as_str`] does: a row tagged `MD5` is read, but is not equal to `md5`.
    ///
    /// The expected text is the one that [`Store::find`] gave. Where that was put together from several columns, since the salt
    /// has one of its own ([`StoredHash::self_describing`]), the column never held it: keep what it did hold in [`Store::Id`],
    /// as [`Mapped`](crate::store) does, and compare with that.
    ///
    /// An upgrade and a change of password ([`Replacement::is_change`]) are written alike; the latter is an event that mails and
    /// sessions may have to hear of.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the row is then as it was.
    fn replace(&self, id: &Self::Id, replacement: &Replacement) -> Result<Swap, StoreError>;
}

/// A user's row.
#[derive(Clone)]
#[non_exhaustive]
pub struct Found<Id> {
    /// Names the row.
    pub id: Id,
    /// The stored hash as the table holds it: method tag and text. `None` for a user without a password.
    pub password: Option<TaggedText>,
    /// Whether nobody else is known to have the identifier in another spelling. Guesses are counted under all spellings together,
    /// and where this is not so, a right one forgives none: they may have been at another's password.
    pub is_only_match: bool,
}

impl<Id> Found<Id> {
    /// A row, of which it is not known whether others are called alike.
    pub const fn new(id: Id, password: Option<TaggedText>) -> Self {
        Self { id, password, is_only_match: false }
    }
}

/// A method tag and a hash text, not yet parsed. It has no `Debug`: the text is not for logs.
#[derive(Clone, PartialEq, Eq)]
pub struct TaggedText {
    /// The method's name; empty where the text names its own.
    pub method: String,
    /// The hash.
    pub text: String,
}

impl TaggedText {
    /// The pair form of a stored hash, with all that went into it: a salt that came from a column of its own stands in the text.
    #[must_use]
    pub fn of(hash: &StoredHash) -> Self {
        Self { method: hash.method().to_string(), text: hash.kept_text().into_owned() }
    }

    /// A text that names its own method: what a table of one column holds.
    pub fn self_describing(text: impl Into<String>) -> Self {
        Self { method: String::new(), text: text.into() }
    }
}

/// What became of a compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Swap {
    /// The new hash stands.
    Written,
    /// The row no longer held the expected hash; it was left alone.
    Superseded,
}

/// The store cannot be reached or refuses. The text is for operators and holds no row's contents.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Whose fault it is, for deciding what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Not there, not readable, not a store of this kind.
    Unreachable,
    /// Locked or overloaded for longer than the time-out; the same call may go through later.
    Busy,
    /// It can be read but not written.
    ReadOnly,
    /// No space left.
    Full,
    /// Its schema is newer than this program.
    NewerSchema,
    /// It has no schema of this program yet; `rehash store migrate` makes it.
    NoSchema,
    /// It has an older schema; `rehash store migrate` brings it up to date.
    OlderSchema,
    /// The URL or the options name no store that could be opened: the caller's mistake.
    BadUrl,
    /// Anything else.
    Other,
}

impl StoreError {
    /// An error of the given kind. `message` must not hold a row's contents.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same, and what it came from, for whoever looks into it with [`std::error::Error::source`]. Its text must not hold a row's
    /// contents either: logs that print a chain of errors print it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
