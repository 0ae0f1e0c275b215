//! Which identifiers have been seen: eight bytes each, whatever their length, in a table that grows in small steps so
//! that its memory follows the number of records.

use std::hash::{BuildHasher as _, RandomState};

use super::field::Field;

const SHARDS: usize = 256;

/// The keyed 64-bit fingerprints of a record's identifiers; nought where it has none. Two different identifiers
/// share one with a chance of one in 2^64: in ten million records, one in four hundred thousand that any two do.
pub(crate) type Fingerprints = [u64; 3];

/// Makes fingerprints; keyed at random, so that nobody can make identifiers collide.
#[derive(Default)]
pub(crate) struct Fingerprinter(RandomState);

impl Fingerprinter {
    pub(crate) fn of(&self, identifiers: [(Field, Option<&str>); 3]) -> Fingerprints {
        identifiers.map(|(field, value)| value.map_or(0, |value| self.0.hash_one((field as u8, value)).max(1)))
    }
}

/// A set of fingerprints.
pub(crate) struct Seen {
    shards: Vec<Shard>,
}

/// Open addressing, linear probing, nought for empty.
#[derive(Default)]
struct Shard {
    slots: Box<[u64]>,
    taken: usize,
}

impl Seen {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect() }
    }

    /// Brings the places of fingerprints that will be inserted soon into the processor's caches. The reads do not depend
    /// on each other, so that their waits overlap, which those of the insertions do not.
    pub(crate) fn warm<'p>(&self, fingerprints: impl Iterator<Item = &'p Fingerprints>) {
        let touched =
            fingerprints.flatten().fold(0, |touched, print| touched ^ self.shards[shard(*print)].peek(*print));
        std::hint::black_box(touched);
    }

    /// Adds all of a record's fingerprints, or none: the place of the first that was there already.
    pub(crate) fn insert(&mut self, fingerprints: Fingerprints) -> Result<(), usize> {
        let is_there = |print: &u64| *print != 0 && self.shards[shard(*print)].contains(*print);
        if let Some(place) = fingerprints.iter().position(is_there) {
            return Err(place);
        }
        for print in fingerprints.into_iter().filter(|print| *print != 0) {
            self.shards[shard(print)].insert(print);
        }
        Ok(())
    }
}

/// The top byte chooses the shard, the low half the slot.
const fn shard(print: u64) -> usize {
    (print >> 56) as usize
}

impl Shard {
    /// Where the search for a print begins.
    const fn home(slots: &[u64], print: u64) -> usize {
        ((print & 0xffff_ffff) as usize * slots.len()) >> 32
    }

    fn peek(&self, print: u64) -> u64 {
        self.slots.get(Self::home(&self.slots, print)).copied().unwrap_or(0)
    }

    /// The slot that holds the print, or the free one where it belongs.
    fn slot(slots: &[u64], print: u64) -> usize {
        let mut slot = Self::home(slots, print);
        while slots[slot] != 0 && slots[slot] != print {
            slot += 1;
            if slot == slots.len() {
                slot = 0;
            }
        }
        slot
    }

    fn contains(&self, print: u64) -> bool {
        !self.slots.is_empty() && self.slots[Self::slot(&self.slots, print)] == print
    }

    fn insert(&mut self, print: u64) {
        if self.taken * 5 >= self.slots.len() * 4 {
            self.grow();
        }
        self.slots[Self::slot(&self.slots, print)] = print;
        self.taken += 1;
    }

    /// Two fifths more: between 10 and 14 bytes a print, and only one shard in 256 is ever there twice.
    fn grow(&mut self) {
        let mut slots = vec![0; (self.slots.len() + self.slots.len() * 2 / 5).max(16)].into_boxed_slice();
        for print in self.slots.iter().filter(|print| **print != 0) {
            slots[Self::slot(&slots, *print)] = *print;
        }
        self.slots = slots;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(fingerprinter: &Fingerprinter, username: &str, email: Option<&str>) -> Fingerprints {
        fingerprinter.of([(Field::Username, Some(username)), (Field::PrimaryEmail, email), (Field::PrimaryPhone, None)])
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
        let slots: usize = seen.shards.iter().map(|shard| shard.slots.len()).sum();
        assert!(slots * 8 <= 50_000 * 16, "{slots} slots for 50000 records");
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
