//! Guesses at passwords, counted where several instances see them: a table of a fixed number of places. Whoever comes to a
//! taken place gets it if what stands there is over or has not reached its own limit, so that a flood of names cannot free one
//! that is locked.

use sha2::{Digest as _, Sha256};

use super::Subject;

/// Places in the table. At 40 bytes a row, it stays below some ten megabytes.
const PLACES: u64 = 1 << 18;

/// A guess that began this long ago, in seconds, is under way no more: whoever took it was killed, or cut off from the store. Longer
/// than the longest request: the cap of the service's floor, and what it waits for the store and for the pool.
pub(super) const UNDER_WAY_SECS: i64 = 30;

/// `pending` is how many are under way in its low bits, and above them when the last of them began, in seconds since the epoch: what
/// nobody ends is over for all of them together, [`UNDER_WAY_SECS`] after the last.
pub(super) const PENDING_BITS: u32 = 24;

/// How far the clocks of instances that share a store may be apart, in seconds. What a row says of a time later than that was written
/// before the clock went back, and is over: nobody is locked for as long as it went back.
pub(super) const SKEW_SECS: i64 = 60;

/// A statement with those numbers in it. `{current}` is that a row's window is not over, `{fresh}` that guesses under way can still be;
/// both speak of `{now}` and of `{over}`, the moment before which all is over.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) fn with_times(statement: &str) -> String {
    let count = format!("((1 << {PENDING_BITS}) - 1)");
    statement
        .replace("{current}", "(held.since > {over} AND held.since <= {now} + {skew})")
        .replace(
            "{fresh}",
            "((held.pending >> {bits}) > {now} - {under_way} AND (held.pending >> {bits}) <= {now} + {skew})",
        )
        .replace("{skew}", &SKEW_SECS.to_string())
        .replace("{bits}", &PENDING_BITS.to_string())
        .replace("{count}", &count)
        .replace("{under_way}", &UNDER_WAY_SECS.to_string())
}

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
