//! What both stores reckon with: how counters change in a batch, and what a batch comes to.

use std::collections::HashMap;

use super::{Inserted, Mark, Tally};

impl Tally {
    /// Of a batch: its outcomes, and the rest of its mark, which was rejected before.
    pub(super) fn of(outcomes: &[Inserted], mark: &Mark) -> Self {
        let mut tally = Self::default();
        outcomes.iter().for_each(|outcome| tally.count(outcome));
        tally.rejected += mark.records.saturating_sub(outcomes.len() as u64);
        tally
    }

    /// How many of a batch's records the store itself refused.
    pub(super) fn refused(outcomes: &[Inserted]) -> u64 {
        outcomes.iter().filter(|outcome| matches!(outcome, Inserted::Conflict(_) | Inserted::Unstorable { .. })).count()
            as u64
    }
}

/// How the counters of a method and its parameters change. A store adds them up for a batch and writes them once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) records: i64,
    pub(super) upgraded: i64,
    /// The hash is the one that was imported.
    pub(super) untouched: i64,
}

/// Changes by method and parameters.
#[derive(Debug, Default)]
pub(super) struct Changes(HashMap<String, HashMap<String, Change>>);

impl Changes {
    pub(super) fn add(&mut self, method: &str, parameters: &str, change: Change) {
        if !self.0.contains_key(method) {
            self.0.insert(method.to_owned(), HashMap::new());
        }
        let Some(methods) = self.0.get_mut(method) else { return };
        let held = match methods.get_mut(parameters) {
            Some(held) => held,
            None => methods.entry(parameters.to_owned()).or_default(),
        };
        held.records += change.records;
        held.upgraded += change.upgraded;
        held.untouched += change.untouched;
    }

    /// In the order of their keys, so that two who write them at once do not wait for each other crosswise.
    pub(super) fn sorted(&self) -> Vec<(&str, &str, Change)> {
        let each = self.0.iter().flat_map(|(method, by_parameters)| {
            by_parameters.iter().map(move |(parameters, change)| (&**method, &**parameters, *change))
        });
        let mut all: Vec<_> = each.filter(|(.., change)| *change != Change::default()).collect();
        all.sort_unstable_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_cancel_are_not_written() {
        let mut changes = Changes::default();
        let one = Change { records: 1, upgraded: 0, untouched: 1 };
        changes.add("md5", "", one);
        changes.add("bcrypt", "cost=10", one);
        changes.add("md5", "", Change { records: -1, upgraded: 0, untouched: -1 });
        assert_eq!(changes.sorted(), [("bcrypt", "cost=10", one)]);
    }

    #[test]
    fn a_batch_counts_what_was_rejected_before_it() {
        let mark = Mark::new(1, 0, 5);
        let tally = Tally::of(&[Inserted::New, Inserted::Conflict("username"), Inserted::LeftNewer("username")], &mark);
        assert_eq!((tally.imported, tally.rejected, tally.left_newer, tally.records()), (1, 3, 1, 5));
    }
}
