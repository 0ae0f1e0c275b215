//! Which identifiers have been seen: six bytes each, whatever their length, in a table that grows a little at a time
//! and never moves as a whole, so that its memory follows the number of records: at most eight bytes an identifier, and
//! 48 MiB.

use super::large::{HUGE_PAGE_BYTES, Large};
#[cfg(feature = "import")]
use super::prefetch::prefetch;

/// How many of a print's bits choose its shard. They are not kept: where a print stands says them.
const SHARD_BITS: u32 = 13;
/// How many of a print's bits are kept.
const KEPT_BITS: u32 = 48;
/// Prints in a line, which is as long as a line of the processor's caches.
const LINE_PRINTS: usize = 10;
/// Lines in a page, by which shards grow.
const PAGE_LINES: usize = 32;
/// As many as thirteen million records with two identifiers need, and as a shard has room for in a line of the caches.
const FIRST_PAGES: usize = 12;
/// Pages in a slab, by which memory is taken: a large page of the system.
const SLAB_PAGES: usize = HUGE_PAGE_BYTES / (PAGE_LINES * size_of::<Line>());

/// The keyed fingerprints of a record's identifiers; nought where it has none. 61 bits of each count: two different
/// identifiers share them with a chance of one in 2^61, so that in ten million records with two identifiers each, one time
/// in eleven thousand any two do.
pub(crate) type Fingerprints = [u64; 3];

/// A set of fingerprints.
pub(crate) struct Seen {
    shards: Large<Shard>,
    lines: Lines,
    /// The prints of a shard that grows.
    moving: Vec<u64>,
}

/// The pages of prints that begin with the same bits. Prints stand in the order of their other bits, as nearly as lines
/// allow: each in the line that its bits name, or in the first after it that has room.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Shard {
    /// Its first pages, where looking one up needs no further access to memory.
    first: [u32; FIRST_PAGES],
    /// Where its other pages are listed, if it has any.
    more: u32,
    pages: u32,
    taken: u32,
}

/// The memory of all pages.
#[derive(Default)]
struct Lines {
    slabs: Vec<Large<Line>>,
    pages: u32,
    /// The pages of shards beyond their first.
    more: Vec<Vec<u32>>,
}

/// Some prints, in halves so that the processor compares many at a time; nought where there is room.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Line {
    high: [u32; LINE_PRINTS],
    low: [u16; LINE_PRINTS],
    taken: u32,
}

impl Seen {
    pub(crate) fn new() -> Self {
        Self { shards: Large::new(1 << SHARD_BITS, &Shard::default()), lines: Lines::default(), moving: Vec::new() }
    }

    /// Adds all of a record's fingerprints, or none: the place of the first that was there already.
    pub(crate) fn insert(&mut self, fingerprints: Fingerprints) -> Result<(), usize> {
        for print in fingerprints.into_iter().filter(|print| *print != 0) {
            let shard = &mut self.shards[shard(print)];
            if shard.is_full() {
                self.lines.grow(shard, &mut self.moving);
            }
        }
        let mut rooms = [Room::default(); 3];
        for (place, (print, room)) in fingerprints.into_iter().zip(&mut rooms).enumerate() {
            if print != 0 {
                *room = self.lines.room(&self.shards[shard(print)], kept(print)).ok_or(place)?;
            }
        }
        for (print, room) in fingerprints.into_iter().zip(rooms).filter(|(print, _)| *print != 0) {
            let shard = &mut self.shards[shard(print)];
            shard.taken += 1;
            self.lines.add(shard, room, kept(print));
        }
        Ok(())
    }
}

/// What only helps where many are looked up one after the other.
#[cfg(feature = "import")]
impl Seen {
    /// Has the places of fingerprints that will be inserted soon brought into the processor's caches, while it does other
    /// things.
    pub(crate) fn warm<'p>(&self, fingerprints: impl Iterator<Item = &'p Fingerprints>) {
        for print in fingerprints.flatten().filter(|print| **print != 0) {
            let shard = &self.shards[shard(*print)];
            if shard.pages > 0 {
                prefetch(self.lines.get(shard, shard.home(kept(*print))));
            }
        }
    }

    /// The same for where [`Seen::warm`] will look, before it does.
    pub(crate) fn warm_shards<'p>(&self, fingerprints: impl Iterator<Item = &'p Fingerprints>) {
        for print in fingerprints.flatten().filter(|print| **print != 0) {
            prefetch(&self.shards[shard(*print)]);
        }
    }

    /// Whether one was added.
    pub(crate) fn has(&self, print: u64) -> bool {
        let shard = &self.shards[shard(print)];
        print != 0 && shard.pages > 0 && self.lines.room(shard, kept(print)).is_none()
    }
}

/// A line that has room for a print, by its slab and its place there.
type Room = (usize, usize);

/// The top bits choose the shard.
const fn shard(print: u64) -> usize {
    (print >> (u64::BITS - SHARD_BITS)) as usize
}

/// The bits after them are kept; never nought, which is what room looks like.
fn kept(print: u64) -> u64 {
    (print << SHARD_BITS >> (u64::BITS - KEPT_BITS)).max(1)
}

impl Shard {
    fn lines(&self) -> usize {
        self.pages as usize * PAGE_LINES
    }

    /// The line where the search for a print begins.
    fn home(&self, kept: u64) -> usize {
        // The upper 32 of the 48 bits are far more than there are lines in a shard.
        (((kept >> 16) * self.lines() as u64) >> (KEPT_BITS - 16)) as usize
    }

    /// The line after one; after the last comes the first.
    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines() { 0 } else { line + 1 }
    }

    /// How many more pages it takes when it is full, as all shards do at nearly the same time: few enough that together they never
    /// take more than 48 MiB and eight bytes for each print, and as many as that allows, since every print moves.
    fn growth(&self) -> u32 {
        if self.pages == 0 { 1 } else { 3 + self.pages / 7 }
    }

    /// Whether fifteen in sixteen places are taken.
    fn is_full(&self) -> bool {
        self.taken as usize * 16 >= self.lines() * LINE_PRINTS * 15
    }
}

impl Lines {
    /// A line of a shard, by its number there.
    #[cfg(feature = "import")]
    fn get(&self, shard: &Shard, line: usize) -> &Line {
        let (slab, at) = self.place(shard, line);
        &self.slabs[slab][at]
    }

    fn get_mut(&mut self, shard: &Shard, line: usize) -> &mut Line {
        let (slab, at) = self.place(shard, line);
        &mut self.slabs[slab][at]
    }

    fn place(&self, shard: &Shard, line: usize) -> Room {
        let number = line / PAGE_LINES;
        let page = match shard.first.get(number) {
            Some(page) => *page,
            None => self.more[shard.more as usize][number - FIRST_PAGES],
        };
        let page = page as usize;
        (page / SLAB_PAGES, page % SLAB_PAGES * PAGE_LINES + line % PAGE_LINES)
    }

    /// Where a print goes in a shard that has room; `None` where it is there.
    fn room(&self, shard: &Shard, kept: u64) -> Option<Room> {
        let mut number = shard.home(kept);
        loop {
            let room = self.place(shard, number);
            let line = &self.slabs[room.0][room.1];
            if line.has(kept) {
                return None;
            }
            if !line.is_full() {
                return Some(room);
            }
            number = shard.after(number);
        }
    }

    /// Adds a print that is not there, where there was room for it; another of the same record may have taken that since.
    fn add(&mut self, shard: &Shard, (slab, at): Room, kept: u64) {
        let line = &mut self.slabs[slab][at];
        if line.is_full() { self.put(shard, kept) } else { line.add(kept) }
    }

    /// More pages, and every print of the shard where it now belongs.
    fn grow(&mut self, shard: &mut Shard, moving: &mut Vec<u64>) {
        moving.clear();
        for line in 0..shard.lines() {
            let line = self.get_mut(shard, line);
            moving.extend(line.prints());
            *line = Line::default();
        }
        for _ in 0..shard.growth() {
            self.add_page(shard);
        }
        for kept in moving {
            self.put(shard, *kept);
        }
    }

    /// Adds a print that is not there to a shard that has room.
    fn put(&mut self, shard: &Shard, kept: u64) {
        let mut number = shard.home(kept);
        loop {
            let line = self.get_mut(shard, number);
            if !line.is_full() {
                return line.add(kept);
            }
            number = shard.after(number);
        }
    }

    /// Gives a shard a page that nobody has.
    fn add_page(&mut self, shard: &mut Shard) {
        if self.pages as usize == self.slabs.len() * SLAB_PAGES {
            self.slabs.push(Large::new(SLAB_PAGES * PAGE_LINES, &Line::default()));
        }
        match shard.first.get_mut(shard.pages as usize) {
            Some(place) => *place = self.pages,
            None => self.add_to_more(shard),
        }
        shard.pages += 1;
        self.pages += 1;
    }

    fn add_to_more(&mut self, shard: &mut Shard) {
        if shard.pages as usize == FIRST_PAGES {
            // Shards are far fewer than that.
            shard.more = u32::try_from(self.more.len()).unwrap_or(u32::MAX);
            self.more.push(Vec::new());
        }
        self.more[shard.more as usize].push(self.pages);
    }
}

impl Line {
    #[allow(clippy::cast_possible_truncation, reason = "the halves of 48 bits")]
    const fn halves(kept: u64) -> (u32, u16) {
        ((kept >> 16) as u32, kept as u16)
    }

    const fn is_full(&self) -> bool {
        self.taken as usize == LINE_PRINTS
    }

    fn has(&self, kept: u64) -> bool {
        let (high, low) = Self::halves(kept);
        // Without an early end, so that the compiler can compare several at a time.
        let is_likely = self.high.iter().fold(false, |found, other| found | (*other == high));
        is_likely && self.high.iter().zip(&self.low).any(|(other, other_low)| (*other, *other_low) == (high, low))
    }

    fn add(&mut self, kept: u64) {
        let place = self.taken as usize;
        (self.high[place], self.low[place]) = Self::halves(kept);
        self.taken += 1;
    }

    fn prints(&self) -> impl Iterator<Item = u64> {
        let halves = self.high.iter().zip(&self.low).take(self.taken as usize);
        halves.map(|(high, low)| u64::from(*high) << 16 | u64::from(*low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_takes_eight_bytes_an_identifier_and_what_was_promised_beside() {
        // What a hash gives, without its cost: a permutation of all numbers that leaves no bits alike.
        let print = |number: u64| {
            let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        let mut seen = Seen::new();
        for number in 0..6_000_000 {
            assert_eq!(seen.insert([print(number), 0, 0]), Ok(()));
            if number % 1000 == 0 {
                let bytes = bytes(&seen);
                assert!(bytes <= (48 << 20) + 8 * number, "{bytes} bytes for {number} prints");
            }
        }
        for number in (0..6_000_000).step_by(97) {
            assert_eq!(seen.insert([0, print(number), 0]), Err(1));
        }
    }

    #[test]
    fn no_growth_takes_more_than_what_was_promised() {
        let page_bytes = (PAGE_LINES * size_of::<Line>()) << SHARD_BITS;
        let mut shard = Shard { pages: 1, ..Shard::default() };
        while shard.pages < 10_000 {
            // The prints of a set whose shards are all full.
            let prints = (shard.lines() * LINE_PRINTS * 15 / 16) << SHARD_BITS;
            shard.pages += shard.growth();
            let bytes = shard.pages as usize * page_bytes;
            assert!(bytes <= (48 << 20) + 8 * prints, "{bytes} bytes for {prints} prints");
        }
    }

    fn bytes(seen: &Seen) -> u64 {
        let more: usize = seen.lines.more.iter().map(|pages| size_of::<Vec<u32>>() + 4 * pages.capacity()).sum();
        let slabs = seen.lines.slabs.len() * SLAB_PAGES * PAGE_LINES * size_of::<Line>();
        (slabs + seen.shards.len() * size_of::<Shard>() + more) as u64
    }

    #[test]
    fn prints_that_name_the_same_line_are_told_apart() {
        let mut seen = Seen::new();
        // All in the last line of one shard, whatever the number of its lines: they go on at its beginning.
        let prints: Vec<u64> = (0..5000).map(|number| u64::MAX << 20 | number << 3).collect();
        for print in &prints {
            assert_eq!(seen.insert([*print, 0, 0]), Ok(()));
            assert_eq!(seen.insert([*print, 0, 0]), Err(0));
        }
        assert!(prints.iter().all(|print| seen.insert([*print, 0, 0]) == Err(0)));
        assert_eq!(seen.insert([u64::MAX << 20 | 5000 << 3, 0, 0]), Ok(()));
    }
}
