//! Records that name the same user: the fingerprints of what they are named by.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use crate::identities::{Account, accounts};
use crate::kernel::prints::Fingerprints;

/// Makes fingerprints; keyed at random, so that nobody can make identifiers collide, and each field by a key of its own.
#[derive(Default)]
pub(crate) struct Fingerprinter([RandomState; 3], RandomState);

impl Fingerprinter {
    pub(crate) fn of(&self, identifiers: [Option<&str>; 3]) -> Fingerprints {
        let mut prints = [0; 3];
        for ((print, keyed), value) in prints.iter_mut().zip(&self.0).zip(identifiers) {
            if let Some(value) = value {
                let mut hasher = keyed.build_hasher();
                hasher.write(value.as_bytes());
                *print = hasher.finish().max(1);
            }
        }
        prints
    }

    /// Of a username that could be somebody's email or phone, the print that it would have as one; nought of any other, and of one
    /// that is the record's own.
    pub(crate) fn of_username_elsewhere(&self, [username, email, phone]: [Option<&str>; 3]) -> u64 {
        let Some(username) = username else { return 0 };
        let is_of_phone = |c: u8| c.is_ascii_digit() || b"+-() ".contains(&c);
        let elsewhere = if username.contains('@') && email != Some(username) {
            [None, Some(username), None]
        } else if username.bytes().all(is_of_phone) && phone != Some(username) {
            [None, None, Some(username)]
        } else {
            return 0;
        };
        let [_, email, phone] = self.of(elsewhere);
        email.max(phone)
    }

    /// Of the accounts elsewhere that a record's identities name. Most records have none, which costs nothing.
    pub(crate) fn of_accounts(&self, identities: Option<&str>) -> Vec<u64> {
        let Some(identities) = identities else { return Vec::new() };
        let print = |account: &Account| self.1.hash_one(account).max(1);
        accounts(Some(identities)).iter().map(print).collect()
    }
}

/// What a username's print as an email or phone becomes, so that it stands beside those of emails and phones and is none of them.
pub(crate) const fn of_username(elsewhere: u64) -> u64 {
    match elsewhere ^ 0x5555_5555_5555_5555 {
        0 => 1,
        print => print,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::prints::Seen;

    fn prints(fingerprinter: &Fingerprinter, username: &str, email: Option<&str>) -> Fingerprints {
        fingerprinter.of([Some(username), email, None])
    }

    #[test]
    fn each_identifier_is_found_again_and_no_other() {
        let (fingerprinter, mut seen) = (Fingerprinter::default(), Seen::new());
        for number in 0..50_000 {
            assert_eq!(seen.insert(prints(&fingerprinter, &format!("user{number}"), None)), Ok(()));
        }
        for number in 0..50_000 {
            assert_eq!(seen.insert(prints(&fingerprinter, &format!("user{number}"), None)), Err(0));
        }
    }

    #[test]
    fn a_record_with_a_taken_identifier_leaves_nothing_behind() {
        let (fingerprinter, mut seen) = (Fingerprinter::default(), Seen::new());
        assert_eq!(seen.insert(prints(&fingerprinter, "ada", Some("a@x"))), Ok(()));
        assert_eq!(seen.insert(prints(&fingerprinter, "bob", Some("a@x"))), Err(1));
        assert_eq!(seen.insert(prints(&fingerprinter, "bob", None)), Ok(()));
        // The same text in another field is another identifier.
        assert_eq!(seen.insert(prints(&fingerprinter, "a@x", None)), Ok(()));
    }
}
