//! What a user API does to users beside creating them: finding one by one identifier, changing what is not the password, deleting.

use super::{StoreError, StoreErrorKind, Unstorable, User};

/// One of the three names that a user can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// The username.
    Username,
    /// The email.
    PrimaryEmail,
    /// The phone number.
    PrimaryPhone,
}

/// What became of a change to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Edited {
    /// It is written.
    Written,
    /// The change was not to be made after all; nothing was written.
    Left,
    /// Another user has this; nothing was written. Names the field.
    Taken(&'static str),
    /// The database cannot hold it.
    Unstorable {
        /// The field.
        field: &'static str,
        /// What the database cannot hold.
        why: Unstorable,
    },
    /// Nobody has that id.
    NoSuchUser,
}

/// Changes to whole users. A store that has none of them says so where it is asked.
pub trait Edits {
    /// The user whose identifier of this kind is this one, as it is written.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn find_user(&self, kind: Identifier, text: &str) -> Result<Option<User>, StoreError> {
        let _ = (kind, text);
        Err(not_here())
    }

    /// The users whose identifier of this kind is this one, in whatever ASCII capitals; sixteen at most, who has it as it is written
    /// first. Default: that one alone.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn find_users(&self, kind: Identifier, text: &str) -> Result<Vec<User>, StoreError> {
        Ok(self.find_user(kind, text)?.into_iter().collect())
    }

    /// So many users in the order of their ids, after so many. Those are counted off, so that what is far down takes long: for looking
    /// through some pages, and not for all ([`super::Users::export`]).
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn list(&self, after: u32, limit: u32) -> Result<Vec<User>, StoreError> {
        let _ = (after, limit);
        Err(not_here())
    }

    /// Changes a user, all but their password and its times: `edit` is given the row as it stands and says whether it is to be written.
    /// It may be called again where somebody else came in between, and sees what they wrote. A username, email or phone that names
    /// another user, as whichever of the three and in whatever ASCII capitals, and an account elsewhere that is another's, are not
    /// taken, unless the user had them before.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn edit(&self, id: i64, edit: &mut dyn FnMut(&mut User) -> bool) -> Result<Edited, StoreError> {
        let _ = (id, edit);
        Err(not_here())
    }

    /// Deletes a user, with the accounts elsewhere that are theirs; `false` where nobody has that id. The audit keeps that it was done.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn delete(&self, id: i64) -> Result<bool, StoreError> {
        let _ = id;
        Err(not_here())
    }
}

/// Which of a user's three names are others than they were: what two have shared since before the rules does not keep either from
/// being changed.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn new_names<'a>(old: &User, new: &'a User) -> [Option<&'a str>; 3] {
    [(&old.username, &new.username), (&old.primary_email, &new.primary_email), (&old.primary_phone, &new.primary_phone)]
        .map(|(old, new)| new.as_deref().filter(|name| old.as_deref() != Some(*name)))
}

fn not_here() -> StoreError {
    StoreError::new(StoreErrorKind::Other, "the store does not change users")
}
