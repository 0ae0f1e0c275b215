//! A checked record as a user to be stored.

use super::NewUser;
use crate::StoredHash;
use crate::import::{Credential, Record};

impl<'a> NewUser<'a> {
    /// A checked record, to be stored; `None` where its password is in the clear, which is to be hashed and never stored: hash it, and
    /// put the hash in place of [`Record::credential`](crate::import::Record::credential).
    #[must_use]
    pub fn of_record(record: &'a Record<'_>) -> Option<Self> {
        let password = match &record.credential {
            Credential::Hash(hash) => Some(hash),
            Credential::None => None,
            Credential::Plaintext(_) => return None,
        };
        Some(Self::with_password(record, password))
    }

    /// The same with a hash that is not the record's own.
    pub(crate) fn with_password(record: &'a Record<'_>, password: Option<&'a StoredHash>) -> Self {
        Self {
            username: record.username.as_deref(),
            primary_email: record.primary_email.as_deref(),
            primary_phone: record.primary_phone.as_deref(),
            name: record.name.as_deref(),
            avatar: record.avatar.as_deref(),
            profile: record.profile.as_deref(),
            custom_data: record.custom_data.as_deref(),
            identities: record.identities.as_deref(),
            password,
        }
    }
}
