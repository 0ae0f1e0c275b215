//! What the journal of imports comes to when an input is begun again: which of its records need not be looked at. Of a file
//! these are ranges; of a source that is read in the order of a key, all up to one.

use super::{Committed, Input, Keys, Tally};

impl Committed {
    /// From its numbers, in the order of the table's columns, and its texts: the keys, and the digest.
    pub(super) fn of(numbers: [i64; 8], refused: Option<i64>, texts: [Option<String>; 3]) -> Self {
        let [first, records, imported, already_there, kept_newer, replaced, left_newer, rejected] =
            numbers.map(i64::unsigned_abs);
        let tally = Tally { imported, already_there, kept_newer, replaced, left_newer, rejected };
        let [after, last, digest] = texts;
        let keys = last.map(|last| Keys { after, last });
        Self { first, records, tally, refused: refused.map(i64::unsigned_abs), digest, keys }
    }
}

/// Batches in the order of their numbers, without those that two runs at once put over others.
pub(super) fn apart(batches: Vec<Committed>) -> Vec<Committed> {
    let mut next = 0;
    let is_apart = |batch: &Committed| {
        let is_apart = batch.first >= next;
        next = if is_apart { batch.first + batch.records } else { next };
        is_apart
    };
    batches.into_iter().filter(is_apart).collect()
}

/// How many users of a store these batches speak of: each of what they imported, found or replaced is one.
pub(super) fn users(batches: &[Committed]) -> u64 {
    let users = |Tally { imported, already_there, replaced, .. }: Tally| imported + already_there + replaced;
    batches.iter().map(|batch| users(batch.tally)).sum()
}

impl Input {
    /// A source that was read from after a key on: the batches of which each goes on where the one before it ended. What
    /// was committed beyond a gap is read again, since rows may have come and gone meanwhile.
    pub(super) fn of_chain(id: i64, after: Option<&str>, batches: Vec<Committed>) -> Self {
        let mut input = Self { id, after: after.map(str::to_owned), ..Self::default() };
        for batch in batches {
            let Some(keys) = batch.keys.clone().filter(|keys| keys.after == input.after) else { break };
            if batch.first != input.next() {
                break;
            }
            input.committed.push(batch);
            input.after = Some(keys.last);
        }
        input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_runs_committed_of_the_same_records_counts_once() {
        let all =
            [(0, 10), (10, 10), (15, 10), (30, 5), (34, 2)].map(|(first, records)| batch(first, records, None, None));
        assert_eq!(users(&all), 37);
        let apart = apart(all.into());
        assert_eq!(apart.iter().map(|batch| batch.first).collect::<Vec<_>>(), [0, 10, 30]);
        assert_eq!(users(&apart), 25);
    }

    fn batch(first: i64, records: i64, after: Option<&str>, last: Option<&str>) -> Committed {
        let texts = [after, last, None].map(|text| text.map(str::to_owned));
        Committed::of([first, records, records, 0, 0, 0, 0, 0], Some(0), texts)
    }

    #[test]
    fn a_source_goes_on_after_the_last_key_before_a_gap() {
        let all = [
            batch(0, 10, None, Some("k10")),
            batch(10, 5, Some("k10"), Some("k15")),
            // Of the batch between, nothing is known.
            batch(20, 5, Some("k20"), Some("k25")),
        ];
        let input = Input::of_chain(7, None, all.to_vec());
        assert_eq!((input.after.as_deref(), input.next(), input.earlier().imported), (Some("k15"), 15, 15));
        // From another key on it is another reading; of a key that could not be kept nothing follows.
        let input = Input::of_chain(7, Some("k3"), all.to_vec());
        assert_eq!((input.after.as_deref(), input.next(), input.committed.len()), (Some("k3"), 0, 0));
        let input = Input::of_chain(7, None, vec![batch(0, 10, None, None), batch(10, 5, Some("k10"), Some("k15"))]);
        assert_eq!((input.after.as_deref(), input.next()), (None, 0));
        // Two runs at once, which do not agree where the tenth record ends.
        let input =
            Input::of_chain(7, None, vec![batch(0, 10, None, Some("k10")), batch(10, 5, Some("k11"), Some("k16"))]);
        assert_eq!((input.after.as_deref(), input.next()), (Some("k10"), 10));
    }
}
