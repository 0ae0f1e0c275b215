//! What the journal of imports comes to when an input is begun again: which of its records need not be looked at. Of a file
//! these are ranges; of a source that is read in the order of a key, all up to one.

use std::ops::Range;

use super::{Input, Keys, Tally};

/// A batch, as the journal has it.
pub(super) struct Committed {
    pub(super) first: u64,
    pub(super) records: u64,
    pub(super) tally: Tally,
    pub(super) keys: Option<Keys>,
}

impl Committed {
    /// From its numbers, in the order of the table's columns, and its keys.
    pub(super) fn of(numbers: [i64; 8], after: Option<String>, last: Option<String>) -> Self {
        let [first, records, imported, already_there, kept_newer, replaced, left_newer, rejected] =
            numbers.map(i64::unsigned_abs);
        let tally = Tally { imported, already_there, kept_newer, replaced, left_newer, rejected };
        Self { first, records, tally, keys: last.map(|last| Keys { after, last }) }
    }

    const fn range(&self) -> Range<u64> {
        self.first..self.first + self.records
    }
}

impl Input {
    /// An input whose records have the same numbers whenever it is read.
    pub(super) fn of_ranges(id: i64, batches: &[Committed]) -> Self {
        let mut input = Self { id, ..Self::default() };
        batches.iter().for_each(|batch| input.earlier.add(&batch.tally));
        input.committed = joined(batches.iter().map(Committed::range));
        input
    }

    /// A source that was read from after a key on: the batches of which each goes on where the one before it ended. What
    /// was committed beyond a gap is read again, since rows may have come and gone meanwhile.
    pub(super) fn of_chain(id: i64, after: Option<&str>, batches: &[Committed]) -> Self {
        let mut input = Self { id, after: after.map(str::to_owned), ..Self::default() };
        let mut next = 0;
        for batch in batches {
            let Some(keys) = batch.keys.as_ref().filter(|keys| keys.after == input.after) else { break };
            if batch.first != next {
                break;
            }
            next += batch.records;
            input.earlier.add(&batch.tally);
            input.after = Some(keys.last.clone());
        }
        input.committed.extend((next > 0).then_some(0..next));
        input
    }

    /// The number of the first record that a source goes on with.
    pub(super) fn next(&self) -> u64 {
        self.committed.last().map_or(0, |range| range.end)
    }
}

/// Ranges, joined where one ends as the next begins.
fn joined(ranges: impl Iterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_where_they_meet() {
        let ranges = [0..10, 10..20, 30..40, 35..38, 41..42];
        assert_eq!(joined(ranges.into_iter()), [0..20, 30..40, 41..42]);
    }

    fn batch(first: i64, records: i64, after: Option<&str>, last: Option<&str>) -> Committed {
        Committed::of([first, records, records, 0, 0, 0, 0, 0], after.map(str::to_owned), last.map(str::to_owned))
    }

    #[test]
    fn a_source_goes_on_after_the_last_key_before_a_gap() {
        let all = [
            batch(0, 10, None, Some("k10")),
            batch(10, 5, Some("k10"), Some("k15")),
            // Of the batch between, nothing is known.
            batch(20, 5, Some("k20"), Some("k25")),
        ];
        let input = Input::of_chain(7, None, &all);
        assert_eq!((input.after.as_deref(), input.next(), input.earlier.imported), (Some("k15"), 15, 15));
        // From another key on it is another reading; of a key that could not be kept nothing follows.
        let input = Input::of_chain(7, Some("k3"), &all);
        assert_eq!((input.after.as_deref(), input.next(), input.committed.len()), (Some("k3"), 0, 0));
        let input = Input::of_chain(7, None, &[batch(0, 10, None, None), batch(10, 5, Some("k10"), Some("k15"))]);
        assert_eq!((input.after.as_deref(), input.next()), (None, 0));
        // Two runs at once, which do not agree where the tenth record ends.
        let input =
            Input::of_chain(7, None, &[batch(0, 10, None, Some("k10")), batch(10, 5, Some("k11"), Some("k16"))]);
        assert_eq!((input.after.as_deref(), input.next()), (Some("k10"), 10));
    }
}
