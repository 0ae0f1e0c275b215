//! Argon2 (RFC 9106): all three variants, versions 0x10 and 0x13. The filling of memory is ours: in the part where the next
//! reference is known only from the block just made, it is found as early as the computation allows, and fetched while the
//! rest of the block is computed.
//!
//! What differs between processors is behind [`Isa`]; another one is one more file.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blake;
mod portable;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use zeroize::{Zeroize, Zeroizing};

use super::memory::{Block, Memory};
use blake::{long_hash, seed};

pub(crate) use super::memory::OutOfMemory;

/// How reference blocks are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    D = 0,
    I = 1,
    Id = 2,
}

/// Version 0x10 writes over blocks in later passes, 0x13 adds to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V0x10 = 0x10,
    V0x13 = 0x13,
}

/// What is hashed, and how. All within the bounds of RFC 9106; `memory_kib` is at least eight for each lane.
pub(crate) struct Input<'a> {
    pub(crate) variant: Variant,
    pub(crate) version: Version,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8],
    pub(crate) secret: &'a [u8],
    pub(crate) data: &'a [u8],
}

/// Which instructions are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Path {
    /// The best one that this processor has.
    pub(crate) fn best() -> Self {
        Self::available().next().unwrap_or(Self::Portable)
    }

    /// All that this processor has, the best first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let vectors =
            [(Self::Avx512, is_x86_feature_detected!("avx512f")), (Self::Avx2, is_x86_feature_detected!("avx2"))];
        #[cfg(not(target_arch = "x86_64"))]
        let vectors: [(Self, bool); 0] = [];
        vectors.into_iter().filter_map(|(path, is_there)| is_there.then_some(path)).chain([Self::Portable])
    }

    /// The name, as measurements show it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }

    /// Where a word of a block stands in memory.
    const fn place(self, word: usize) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::place(word),
            _ => word,
        }
    }

    fn fill(self, segment: &Segment) {
        match self {
            // SAFETY: `best` and `available` give it only where the processor has the instructions; the segment's maker
            // answers for its pointers.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::fill(segment) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::fill(segment) },
            // SAFETY: the segment's maker answers for its pointers.
            Self::Portable => unsafe { portable::fill(segment) },
        }
    }
}

/// The hash of an input in `output`, whose length goes into it. Lanes are filled by up to `threads` threads.
pub(crate) fn hash(input: &Input<'_>, path: Path, threads: usize, output: &mut [u8]) -> Result<(), OutOfMemory> {
    let shape = Shape::of(input);
    let memory = Memory::take(shape.blocks + shape.index_blocks * shape.lanes)?;
    let mut seed = seed(input, output.len());
    // SAFETY: the memory has as many blocks as the shape says, and each is written before it is read: the first two of each
    // lane here, the others by `Segment`s in order.
    unsafe {
        for lane in 0..shape.lanes {
            for place in 0..2 {
                seed[64] = place as u8;
                seed[68..].copy_from_slice(&(lane as u32).to_le_bytes());
                let mut bytes = Zeroizing::new([0; 1024]);
                long_hash(&[&*seed], &mut *bytes);
                // Where it stays, and is wiped: a copy of it would be a short way to try passwords.
                let block = memory.as_ptr().add(lane * shape.lane_length + place);
                block.write(Block::ZERO);
                for (word, bytes) in bytes.chunks_exact(8).enumerate() {
                    (&mut (*block).0)[path.place(word)] = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
                }
            }
        }
        fill(input, &shape, &memory, path, threads);
        let mut last = Block::ZERO;
        for lane in 0..shape.lanes {
            let block = memory.as_ptr().add((lane + 1) * shape.lane_length - 1).read();
            last.0.iter_mut().zip(block.0).for_each(|(word, other)| *word ^= other);
        }
        let mut bytes = Zeroizing::new([0; 1024]);
        for (word, bytes) in bytes.chunks_exact_mut(8).enumerate() {
            bytes.copy_from_slice(&last.0[path.place(word)].to_le_bytes());
        }
        last.0.zeroize();
        long_hash(&[&*bytes], output);
    }
    memory.keep();
    Ok(())
}

/// How memory is divided.
struct Shape {
    lanes: usize,
    lane_length: usize,
    segment_length: usize,
    /// In all lanes together.
    blocks: usize,
    /// Of a lane's random numbers, where they do not depend on data.
    index_blocks: usize,
}

impl Shape {
    fn of(input: &Input<'_>) -> Self {
        let lanes = input.lanes as usize;
        let segment_length = input.memory_kib as usize / (4 * lanes);
        let index_blocks = if input.variant == Variant::D { 0 } else { segment_length.div_ceil(128) };
        let lane_length = 4 * segment_length;
        Self { lanes, lane_length, segment_length, blocks: lane_length * lanes, index_blocks }
    }
}

/// Fills the memory, slice by slice; within a slice lanes do not depend on each other.
///
/// # Safety
///
/// `memory` has the blocks that `shape` says, and the first two of each lane are written.
unsafe fn fill(input: &Input<'_>, shape: &Shape, memory: &Memory, path: Path, threads: usize) {
    let segment = |pass: u32, slice: usize, lane: usize| Segment {
        memory: memory.as_ptr(),
        // SAFETY: the blocks of indices stand behind all others.
        indices: unsafe { memory.as_ptr().add(shape.blocks + lane * shape.index_blocks) },
        lanes: shape.lanes,
        lane_length: shape.lane_length,
        length: shape.segment_length,
        blocks: shape.blocks,
        variant: input.variant,
        adds: pass > 0 && input.version == Version::V0x13,
        passes: input.passes,
        pass,
        slice,
        lane,
    };
    let (steps, lanes) = (u64::from(input.passes) * 4, shape.lanes as u64);
    let fill_lane = |step: u64, lane: u64| path.fill(&segment((step / 4) as u32, step as usize % 4, lane as usize));
    let threads = threads.clamp(1, shape.lanes);
    if threads == 1 {
        (0..steps).for_each(|step| (0..lanes).for_each(|lane| fill_lane(step, lane)));
        return;
    }
    let turns = Turns {
        lanes,
        steps,
        fill_lane: Shared(fill_lane),
        next: AtomicU64::new(0),
        done: Mutex::new(0),
        moved: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where no thread can be had, the lanes are filled by those that are there.
            let _ = std::thread::Builder::new().spawn_scoped(scope, || turns.work());
        }
        turns.work();
    });
}

/// Lanes that several threads fill: who is free takes the next one, and waits where the slice before it is not done.
struct Turns<F> {
    lanes: u64,
    steps: u64,
    fill_lane: Shared<F>,
    /// The lane to be taken next, counted over all slices.
    next: AtomicU64,
    /// How many are done, so counted.
    done: Mutex<u64>,
    moved: Condvar,
}

impl<F: Fn(u64, u64)> Turns<F> {
    fn work(&self) {
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let (step, lane) = (turn / self.lanes, turn % self.lanes);
            if step >= self.steps {
                return;
            }
            let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.moved.wait_while(done, |done| *done < step * self.lanes));
            (self.fill_lane.get())(step, lane);
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            if done.is_multiple_of(self.lanes) {
                self.moved.notify_all();
            }
        }
    }
}

/// A function over block memory that threads may call at once.
struct Shared<F>(F);

impl<F> Shared<F> {
    fn get(&self) -> &F {
        &self.0
    }
}

// SAFETY: threads fill different lanes of one slice, and read only blocks of their own lane or of slices that are done.
unsafe impl<F> Sync for Shared<F> {}

/// A quarter of a lane in one pass.
struct Segment {
    memory: *mut Block,
    indices: *mut Block,
    lanes: usize,
    lane_length: usize,
    length: usize,
    blocks: usize,
    variant: Variant,
    /// Blocks are added to what stood there, and not written over it.
    adds: bool,
    passes: u32,
    pass: u32,
    slice: usize,
    lane: usize,
}

impl Segment {
    fn is_data_independent(&self) -> bool {
        self.variant == Variant::I || (self.variant == Variant::Id && self.pass == 0 && self.slice < 2)
    }

    /// The block that a random number refers to, for the segment's block at `place`.
    #[inline(always)]
    fn reference(&self, random: u64, place: usize) -> *mut Block {
        let is_first_slice = self.pass == 0 && self.slice == 0;
        let lane = if is_first_slice || self.lanes == 1 { self.lane } else { (random >> 32) as usize % self.lanes };
        let is_same = lane == self.lane;
        // What is done of that lane, without the block before this one.
        let done = if self.pass == 0 { self.slice * self.length } else { self.lane_length - self.length };
        let area = if is_same { done + place - 1 } else { done - usize::from(place == 0) } as u64;
        let low = random & 0xffff_ffff;
        let back = (area * ((low * low) >> 32)) >> 32;
        let start = if self.pass == 0 || self.slice == 3 { 0 } else { (self.slice + 1) * self.length };
        let mut position = start + (area - 1 - back) as usize;
        if position >= self.lane_length {
            position -= self.lane_length;
        }
        // SAFETY: the position is within the lane, and the lane within the memory.
        unsafe { self.memory.add(lane * self.lane_length + position) }
    }
}

/// The instructions of a processor.
trait Isa {
    /// `next` becomes the compression of `previous` and `reference`, or is added to it. `early` is called with the new block's
    /// first word as soon as it is known.
    ///
    /// # Safety
    ///
    /// The processor has the instructions. The pointers are valid, and `next` is neither of the others.
    unsafe fn compress(
        previous: *const Block,
        reference: *const Block,
        next: *mut Block,
        adds: bool,
        early: impl FnOnce(u64),
    );

    /// Asks for a block that will be read soon.
    ///
    /// # Safety
    ///
    /// None beyond the processor's having the instruction: a prefetch of any address is harmless.
    unsafe fn prefetch(block: *const Block);

    /// Where a word of a block stands in memory. The first stands first.
    fn place(word: usize) -> usize {
        word
    }
}

/// Fills a segment. Inlined into a function of each [`Isa`] that has its instructions.
///
/// # Safety
///
/// The segment's memory is valid, what it refers to is written, and nobody else writes the segment. The processor has the
/// instructions.
#[inline(always)]
unsafe fn fill_segment<I: Isa>(segment: &Segment) {
    let first = segment.lane * segment.lane_length + segment.slice * segment.length;
    let start = if segment.pass == 0 && segment.slice == 0 { 2 } else { 0 };
    // SAFETY: as the caller promises; every index is within the memory.
    unsafe {
        let current = |place: usize| segment.memory.add(first + place);
        let mut previous = if segment.slice == 0 && start == 0 {
            segment.memory.add(first + segment.lane_length - 1)
        } else {
            current(start).sub(1)
        };
        if segment.is_data_independent() {
            fill_indices::<I>(segment);
            let random = |place: usize| (*segment.indices.add(place / 128)).0[I::place(place % 128)];
            let mut reference = segment.reference(random(start), start);
            for place in start..segment.length {
                let next_place = (place + 1).min(segment.length - 1);
                let next_reference = segment.reference(random(next_place), next_place.max(1));
                I::prefetch(next_reference);
                I::compress(previous, reference, current(place), segment.adds, |_| {});
                (previous, reference) = (current(place), next_reference);
            }
        } else {
            let mut reference = segment.reference((*previous).0[0], start);
            for place in start..segment.length {
                let mut next_reference = reference;
                I::compress(previous, reference, current(place), segment.adds, |word| {
                    next_reference = segment.reference(word, place + 1);
                    I::prefetch(next_reference);
                });
                (previous, reference) = (current(place), next_reference);
            }
        }
    }
}

/// The random numbers of a segment whose references do not depend on data.
///
/// # Safety
///
/// As for [`fill_segment`].
#[inline(always)]
unsafe fn fill_indices<I: Isa>(segment: &Segment) {
    let mut counter = Block::ZERO;
    let words = [
        u64::from(segment.pass),
        segment.lane as u64,
        segment.slice as u64,
        segment.blocks as u64,
        u64::from(segment.passes),
        segment.variant as u64,
    ];
    words.into_iter().enumerate().for_each(|(word, value)| counter.0[I::place(word)] = value);
    let mut middle = Block::ZERO;
    for block in 0..segment.length.div_ceil(128) {
        counter.0[I::place(6)] = block as u64 + 1;
        // SAFETY: as the caller promises; there is room for the indices of a segment.
        unsafe {
            I::compress(&Block::ZERO, &counter, &mut middle, false, |_| {});
            I::compress(&Block::ZERO, &middle, segment.indices.add(block), false, |_| {});
        }
    }
}

#[cfg(test)]
mod tests;
