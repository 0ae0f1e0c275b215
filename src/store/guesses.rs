//! Guesses at passwords, counted where several instances see them: a table of a fixed number of places. Whoever comes to a
//! taken place gets it if what stands there is over or has not reached its own limit, so that a flood of names cannot free one
//! that is locked.

use sha2::{Digest as _, Sha256};

use super::Subject;

/// Places in the table. At 40 bytes a row, it stays below some ten megabytes.
const PLACES: u64 = 1 << 18;

/// A subject under the store's own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) place: i64,
    pub(super) key: i64,
    pub(super) limit: i64,
    pub(super) is_forgiven: bool,
}

impl Guess {
    pub(super) fn of(secret: &[u8], subject: &Subject<'_>) -> Self {
        let digest = Sha256::new().chain_update(secret).chain_update(subject.name).finalize();
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| digest[at + byte]));
        Self {
            place: (word(0) % PLACES).cast_signed(),
            key: word(8).cast_signed(),
            limit: if subject.limit == 0 { i64::MAX } else { subject.limit.into() },
            is_forgiven: subject.is_forgiven,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_its_place_under_a_key_and_no_limit_is_none() {
        let subject = Subject { name: "i ada", limit: 0, is_forgiven: true };
        let guess = Guess::of(b"secret", &subject);
        assert_eq!(Guess::of(b"secret", &subject), guess);
        assert_ne!(Guess::of(b"another", &subject).key, guess.key);
        assert!((0..PLACES.cast_signed()).contains(&guess.place));
        assert_eq!(guess.limit, i64::MAX);
    }
}
