//! Where rejected records are kept, and when. Those of files are told of again by every run that goes on, so that their file is
//! whole at its end. The rows of a database that were committed are not read again: theirs are on the disk before that.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write};
use std::path::Path;

use super::{BATCH_REJECTS, Importer};
use crate::committed;
use crate::output::{Failure, say};
use crate::pending::Held;
use crate::report::Rejects;
use crate::reserved::Reserved;

/// Of the rejects that an earlier run left, so many are looked at, the last ones: more than the batches hold that it had not committed.
const LOOKED_AT: usize = 16 * BATCH_REJECTS;

/// The file of rejects, and what of an earlier run at its end may come again: it was written before its batch was committed, which then was
/// not.
pub(super) struct Kept {
    rejects: Rejects,
    /// Digests of the last lines.
    there: HashMap<u64, u32>,
}

impl Kept {
    pub(super) fn finish(self) -> Result<(), Failure> {
        self.rejects.finish()
    }

    /// Writes a record, unless it stands there from a run that was cut off.
    fn write(&mut self, record: &Held) -> Result<(), Failure> {
        if !self.there.is_empty()
            && let Some(times) = self.there.get_mut(&committed::of_record(&record.raw)).filter(|times| **times > 0)
        {
            *times -= 1;
            return Ok(());
        }
        self.rejects.write(&record.as_raw())
    }
}

impl<W: Write> Importer<'_, W> {
    /// Of a database whose earlier rows are not read again, the rejects of earlier runs stay where they are, and more follow.
    pub(super) fn begin_rejects(&mut self, reserved: &Reserved) -> Result<(), Failure> {
        let Some(path) = self.args.report.rejects.as_deref() else { return Ok(()) };
        let counted = self.counts.rejected_earlier;
        if counted == 0 {
            self.rejects = Some(Kept { rejects: Rejects::create(path, reserved)?, there: HashMap::new() });
            return Ok(());
        }
        // What a pipe took is not looked at.
        let (is_known, mut there) = (path.is_file() || !path.exists(), HashMap::new());
        let rejects = Rejects::go_on(path, reserved)?;
        let lines = if path.is_file() { lines(path, &mut there) } else { 0 };
        if is_known && lines < counted {
            let (missing, path) = (counted - lines, path.display());
            say(&format!(
                "{missing} records that an earlier run rejected are not in {path}; --restart reads every row again, and keeps them"
            ));
        }
        self.rejects = Some(Kept { rejects, there });
        Ok(())
    }

    /// What a batch of a database rejects is kept before the batch is committed: its rows are not read again, whatever ends the
    /// import.
    pub(super) fn keep_rejects_before(&mut self, records: &[Held]) -> Result<(), Failure> {
        let Some(kept) = self.rejects.as_mut().filter(|_| self.origin.is_journalled()) else { return Ok(()) };
        let rejected = records.iter().filter(|record| !record.problems.is_empty());
        let count = rejected.map(|record| kept.write(record)).try_fold(0, |count, wrote| wrote.map(|()| count + 1))?;
        if count > 0 { kept.rejects.keep() } else { Ok(()) }
    }

    /// What the store itself refused of a batch is known after it is committed.
    pub(super) fn keep_refused(&mut self, count: u64) -> Result<(), Failure> {
        match self.rejects.as_mut().filter(|_| count > 0 && self.origin.is_journalled()) {
            Some(kept) => kept.rejects.keep(),
            None => Ok(()),
        }
    }

    pub(super) fn keep_reject(&mut self, record: &Held) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), |kept| kept.write(record))
    }
}

/// How many records of a database are in a file, each of which is a line; the digests of the last of them go `there`.
fn lines(path: &Path, there: &mut HashMap<u64, u32>) -> u64 {
    let (mut lines, mut last, mut line) = (0, VecDeque::new(), Vec::new());
    if let Ok(file) = File::open(path) {
        let mut file = BufReader::new(file);
        while file.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            if last.len() == LOOKED_AT {
                last.pop_front();
            }
            last.push_back(committed::of_record(line.strip_suffix(b"\n").unwrap_or(&line)));
            (lines, line) = (lines + 1, Vec::new());
        }
    }
    last.into_iter().for_each(|digest| *there.entry(digest).or_default() += 1);
    lines
}
