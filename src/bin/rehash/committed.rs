//! What an earlier run had committed of a file, held against the file as it is now: a batch is passed over only where its
//! records stand as they stood. The records are known by digests, and nothing is judged here.

use rehash::store::Committed;
use sha2::{Digest as _, Sha256};

use crate::interrupt::Interrupt;
use crate::output::{Exit, Failure};
use crate::{args, check};

/// The digest of a batch, as it grows by its records.
#[derive(Default)]
pub struct BatchDigest(Sha256);

impl BatchDigest {
    pub fn add(&mut self, record: u64) {
        self.0.update(record.to_le_bytes());
    }

    pub fn hex(self) -> String {
        self.0.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The digest of a record as it stands in its input.
pub fn of_record(raw: &[u8]) -> u64 {
    let digest = Sha256::digest(raw);
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The batches that need not be gone through again, and the first records of the others: those that are not what they were, and
/// those of which the store refused some, which are to be told of again.
pub fn that_stand(
    input: &args::Input,
    interrupt: &Interrupt,
    name: &str,
    batches: Vec<Committed>,
) -> Result<(Vec<Committed>, Vec<u64>), Failure> {
    let found = if batches.is_empty() { Vec::new() } else { digests(input, interrupt, name, &batches)? };
    let is_as_it_was = |(number, batch): (usize, &Committed)| {
        batch.digest.is_some() && found.get(number).map(String::as_str) == batch.digest.as_deref()
    };
    let stands: Vec<bool> = batches.iter().enumerate().map(is_as_it_was).collect();
    // What was rejected for an earlier record that had the same name is good where that record is another now.
    let is_whole = stands.iter().all(|stands| *stands);
    let mut stands = stands.into_iter();
    let (stand, others): (Vec<_>, Vec<_>) = batches.into_iter().partition(|batch| {
        let may_stand = batch.refused == Some(0) && (is_whole || batch.tally.rejected == 0);
        stands.next() == Some(true) && may_stand
    });
    Ok((stand, others.into_iter().map(|batch| batch.first).collect()))
}

/// The digests of the file's records in the places of these batches; fewer where it does not have them, or cannot be read: the
/// import then says why.
fn digests(
    input: &args::Input,
    interrupt: &Interrupt,
    name: &str,
    batches: &[Committed],
) -> Result<Vec<String>, Failure> {
    let Some(path) = input.files.iter().find(|path| path.display().to_string() == name) else { return Ok(Vec::new()) };
    let Some(Ok(source)) = interrupt.clone().sources_of(std::slice::from_ref(path)).next() else {
        return Ok(Vec::new());
    };
    let options = check::options(input, false)?;
    let Ok(mut chunks) = options.chunks(source) else { return Ok(Vec::new()) };
    let (mut found, mut number, mut digest) = (Vec::new(), 0, BatchDigest::default());
    while let (Some(batch), Ok(Some(chunk))) = (batches.get(found.len()), chunks.next_chunk()) {
        if interrupt.is_asked() {
            // What has not been looked at is not known to be another.
            return Err(Failure::new(Exit::Interrupted, "interrupted"));
        }
        let (mut first, mut end) = (batch.first, batch.first + batch.records);
        for record in chunk.records() {
            if (first..end).contains(&number) {
                digest.add(of_record(record.bytes));
            }
            number += 1;
            if number == end {
                found.push(std::mem::take(&mut digest).hex());
                let Some(next) = batches.get(found.len()) else { break };
                (first, end) = (next.first, next.first + next.records);
            }
        }
    }
    Ok(found)
}
