//! Where rejected records are kept, and when. Those of files are told of again by every run that goes on, so that their file is
//! whole at its end. The rows of a database that were committed are not read again: theirs are on the disk before that.

use std::io::Write;

use super::Importer;
use crate::output::{Failure, say};
use crate::pending::Held;
use crate::report::Rejects;
use crate::reserved::Reserved;

impl<W: Write> Importer<'_, W> {
    /// Of a database whose earlier rows are not read again, the rejects of earlier runs stay where they are, and more follow.
    pub(super) fn begin_rejects(&mut self, reserved: &Reserved) -> Result<(), Failure> {
        let Some(path) = self.args.report.rejects.as_deref() else { return Ok(()) };
        let goes_on = self.counts.rejected_earlier > 0;
        if goes_on && !path.exists() {
            let count = self.counts.rejected_earlier;
            say(&format!("{count} records that an earlier run rejected will not be in {}", path.display()));
        }
        let rejects = if goes_on { Rejects::go_on(path, reserved)? } else { Rejects::create(path, reserved)? };
        self.rejects = Some(rejects);
        Ok(())
    }

    /// What a batch of a database rejects is kept before the batch is committed: its rows are not read again, whatever ends the
    /// import.
    pub(super) fn keep_rejects_before(&mut self, records: &[Held]) -> Result<(), Failure> {
        let Some(rejects) = self.rejects.as_mut().filter(|_| self.origin.is_journalled()) else { return Ok(()) };
        let rejected = records.iter().filter(|record| !record.problems.is_empty());
        let count = rejected
            .map(|record| rejects.write(&record.as_raw()))
            .try_fold(0, |count, wrote| wrote.map(|()| count + 1))?;
        if count > 0 { rejects.keep() } else { Ok(()) }
    }

    /// What the store itself refused of a batch is known after it is committed.
    pub(super) fn keep_refused(&mut self, count: u64) -> Result<(), Failure> {
        match self.rejects.as_mut().filter(|_| count > 0 && self.origin.is_journalled()) {
            Some(rejects) => rejects.keep(),
            None => Ok(()),
        }
    }

    pub(super) fn keep_reject(&mut self, record: &Held) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.write(&record.as_raw()))
    }
}
