//! Whose sign-ins these are: the users of a store of this crate, or the rows of a table of the embedder's own. What a sign-in
//! asks is the same of both; only the former can be looked at, created and changed otherwise.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Replacement;
use crate::store::{Day, Found, GuessEnd, Guessed, MethodCount, Store, StoreError, Subject, Swap, User, Users};

/// A table of users that is your own: what a service asks of it beside the two steps of a sign-in. [`crate::store::Mapped`] is one,
/// and whatever else you have can be made one. Every method blocks; the service calls them on threads for that. A change of password
/// is given to [`Store::replace`] too, as a [`Replacement`] that [is a change](Replacement::is_change).
pub trait Table: Store<Id: fmt::Display> {
    /// How many rows there are of each method and parameters, in no particular order: the floor under refusals is computed from them.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn counts(&self) -> Result<Vec<MethodCount>, StoreError>;
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl Table for crate::store::Mapped {
    fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        self.counts()
    }
}

/// A table, whatever names its rows.
pub(super) trait AnyTable: Send + Sync {
    fn find(&self, identifier: &str) -> Result<Option<Found<Row>>, StoreError>;
    fn replace(&self, row: &Row, replacement: &Replacement) -> Result<Swap, StoreError>;
    fn counts(&self) -> Result<Vec<MethodCount>, StoreError>;
}

impl<T: Table> AnyTable for T {
    fn find(&self, identifier: &str) -> Result<Option<Found<Row>>, StoreError> {
        let row = |id: T::Id| Row { key: id.to_string(), id: Arc::new(id) };
        Ok(Store::find(self, identifier)?.map(|found| found_as(row, found)))
    }

    fn replace(&self, row: &Row, replacement: &Replacement) -> Result<Swap, StoreError> {
        row.id.downcast_ref().map_or(Ok(Swap::Superseded), |id| Store::replace(self, id, replacement))
    }

    fn counts(&self) -> Result<Vec<MethodCount>, StoreError> {
        Table::counts(self)
    }
}

#[derive(Clone)]
pub(super) enum Accounts {
    Users(Arc<dyn Users>),
    Table(Arc<dyn AnyTable>),
}

/// Names a row.
#[derive(Clone)]
pub(super) enum Id {
    User(i64),
    Row(Row),
}

/// Names a row of a table, by what the table calls it.
#[derive(Clone)]
pub(super) struct Row {
    /// As it is shown.
    key: String,
    id: Arc<dyn Any + Send + Sync>,
}

/// Who has signed in, as far as the store knows.
pub(super) enum Who {
    User(Box<User>),
    /// Of a row of a table, its key alone.
    Row(String),
    /// Deleted meanwhile.
    Nobody,
}

impl Accounts {
    /// The whole store, where it is one.
    pub(super) fn users(&self) -> Option<&Arc<dyn Users>> {
        match self {
            Self::Users(users) => Some(users),
            Self::Table(_) => None,
        }
    }

    /// What an identifier's guesses are counted under.
    pub(super) fn spelt(&self, identifier: &str) -> String {
        match self {
            Self::Users(users) => users.spelt(identifier),
            // What its columns take for one is not known: capitals of all alphabets, and blanks at the end.
            Self::Table(_) => identifier.trim_end().to_lowercase(),
        }
    }

    pub(super) fn find(&self, identifier: &str) -> Result<Option<Found<Id>>, StoreError> {
        Ok(match self {
            Self::Users(users) => users.find(identifier)?.map(|found| found_as(Id::User, found)),
            Self::Table(table) => table.find(identifier)?.map(|found| found_as(Id::Row, found)),
        })
    }

    pub(super) fn replace(&self, id: &Id, replacement: &Replacement) -> Result<Swap, StoreError> {
        match (self, id) {
            (Self::Users(users), Id::User(id)) => users.replace(id, replacement),
            (Self::Table(table), Id::Row(id)) => table.replace(id, replacement),
            _ => Ok(Swap::Superseded),
        }
    }

    pub(super) fn who(&self, id: &Id) -> Result<Who, StoreError> {
        match (self, id) {
            (Self::Users(users), Id::User(id)) => {
                Ok(users.user(*id)?.map_or(Who::Nobody, |user| Who::User(Box::new(user))))
            }
            _ => Ok(Who::Row(id.to_string())),
        }
    }

    /// What is held, and what happened day by day. Of a table, each row is read, and nobody has kept the days.
    pub(super) fn counts(&self) -> Result<(Vec<MethodCount>, Vec<Day>), StoreError> {
        match self {
            Self::Users(users) => Ok((users.counts()?, users.days()?)),
            Self::Table(table) => Ok((table.counts()?, Vec::new())),
        }
    }

    pub(super) fn begin_guess(&self, subjects: &[Subject<'_>], window: Duration) -> Result<Guessed, StoreError> {
        self.users().map_or(Ok(Guessed::Taken), |users| users.begin_guess(subjects, window))
    }

    pub(super) fn end_guess(&self, subjects: &[Subject<'_>], end: GuessEnd) -> Result<(), StoreError> {
        self.users().map_or(Ok(()), |users| users.end_guess(subjects, end))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Row(row) => row.key.fmt(f),
        }
    }
}

fn found_as<I, J>(id: impl FnOnce(I) -> J, found: Found<I>) -> Found<J> {
    let Found { id: own, password, is_only_match } = found;
    Found { id: id(own), password, is_only_match }
}
