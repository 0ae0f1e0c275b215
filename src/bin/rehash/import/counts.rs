//! What an import counts, and how that is told.

use std::collections::BTreeMap;

use rehash::Code;
use rehash::import::Summary;
use rehash::store::Tally;

use crate::report::Totals;

/// What became of the records that are accounted for.
#[derive(Default)]
pub struct Counts {
    pub tally: Tally,
    /// Those that an earlier run had committed, and that are not looked at again but for what is wrong with them.
    pub earlier: u64,
    /// Of those, what was rejected and is not read again.
    pub rejected_earlier: u64,
    /// What the journal says of them.
    pub journal: Tally,
    problems: BTreeMap<Code, u64>,
    /// Of those that are in the store.
    methods: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub fn problem(&mut self, code: Code) {
        *self.problems.entry(code).or_default() += 1;
    }

    pub fn method(&mut self, method: &'static str) {
        *self.methods.entry(method).or_default() += 1;
    }

    pub fn totals<'s>(&self, summary: &'s Summary, stopped: Option<String>) -> Totals<'s> {
        let (counts, tally) = (self, &self.tally);
        // Read, and then not taken: the store failed, or somebody asked for an end.
        let unprocessed = summary.records.saturating_sub(tally.records() + counts.earlier);
        let outcomes = vec![
            ("imported", tally.imported),
            ("already_there", tally.already_there),
            ("kept_newer", tally.kept_newer),
            ("replaced", tally.replaced),
            ("left_newer", tally.left_newer),
            ("committed_earlier", counts.earlier),
            ("rejected_earlier", counts.rejected_earlier),
            ("unprocessed", unprocessed),
        ];
        let problems = counts.problems.iter().map(|(code, count)| (code.as_str(), *count)).collect();
        // In the order of `check`: methods as they are listed, then the others.
        let names = rehash::Method::all().map(rehash::Method::as_str).chain(["plaintext", "without_password"]);
        let methods = names.filter_map(|name| Some((name, *counts.methods.get(name)?))).collect();
        let journal = (counts.journal.records() > 0).then_some(counts.journal);
        Totals { summary, outcomes, journal, problems, rejected: tally.rejected, methods, stopped }
    }
}
