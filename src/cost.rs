//! What verifying a hash costs, known from its parameters before any work is done.

use std::time::Duration;

/// The price of one verification: memory, and time on one core of a common server.
///
/// The time is an estimate from the parameters (measured once on a server's core with AVX2, with the kernels and crates
/// that this library uses), good for ordering methods and for admission, not for capacity planning: measure for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Working memory in KiB, nought where it is a few KiB at most.
    pub memory_kib: u32,
    /// Estimated time on one core.
    pub time: Duration,
}

impl Cost {
    /// So much memory at a time, in KiB, and so much time on one core.
    #[must_use]
    pub const fn new(memory_kib: u32, time: Duration) -> Self {
        Self { memory_kib, time }
    }

    /// A single digest of a password: a quarter of a microsecond.
    pub(crate) const DIGEST: Self = Self { memory_kib: 0, time: Duration::from_nanos(250) };

    /// bcrypt: 60 ms at cost 10, twice that for each step.
    pub(crate) const fn bcrypt(cost: u32) -> Self {
        Self { memory_kib: 0, time: Duration::from_nanos(58_600u64 << cost) }
    }

    /// Argon2: 9.6 ms for 19456 KiB in two passes, in proportion to both.
    pub(crate) const fn argon2(memory_kib: u32, passes: u32) -> Self {
        Self { memory_kib, time: Duration::from_nanos((247 * memory_kib as u64).saturating_mul(passes as u64)) }
    }

    /// Digests one after the other: a quarter of a microsecond each.
    pub(crate) const fn digests(rounds: u64) -> Self {
        Self { memory_kib: 0, time: Duration::from_nanos(rounds.saturating_mul(250)) }
    }

    /// scrypt: 45 ms for 16 MiB and p = 1, in proportion to both, and 8 µs for each KiB that is made of the password before and after.
    pub(crate) fn scrypt(memory: ScryptMemory, passes: u64) -> Self {
        let ScryptMemory { table_kib, blocks_kib } = memory;
        let nanos = table_kib.saturating_mul(passes).saturating_mul(2_750);
        let nanos = nanos.saturating_add(blocks_kib.saturating_mul(8_000));
        let memory_kib = u32::try_from(memory.kib()).unwrap_or(u32::MAX);
        Self { memory_kib, time: Duration::from_nanos(nanos) }
    }
}

/// The memory of scrypt and yescrypt: a table of N blocks, and p more, which are little in every hash but a hostile one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScryptMemory {
    table_kib: u64,
    blocks_kib: u64,
}

impl ScryptMemory {
    /// Blocks that take less than this, in KiB, are not counted.
    const BLOCKS_FREE_KIB: u64 = 1024;

    pub(crate) fn of(log_n: u32, r: u64, p: u64) -> Self {
        let kib = |blocks: u64| blocks.saturating_mul(r).saturating_mul(128) / 1024;
        Self { table_kib: kib(1u64.checked_shl(log_n).unwrap_or(u64::MAX)), blocks_kib: kib(p) }
    }

    pub(crate) const fn kib(self) -> u64 {
        let blocks_kib = if self.blocks_kib < Self::BLOCKS_FREE_KIB { 0 } else { self.blocks_kib };
        self.table_kib.saturating_add(blocks_kib)
    }

    /// Memory times passes over it.
    pub(crate) const fn work_kib(self, passes: u64) -> u64 {
        self.table_kib.saturating_mul(passes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_scrypt_are_memory_too() {
        let usual = ScryptMemory::of(14, 8, 1);
        assert_eq!((usual.kib(), usual.work_kib(2)), (16 * 1024, 32 * 1024));
        assert_eq!(Cost::scrypt(usual, 1).memory_kib, 16 * 1024);
        let hostile = ScryptMemory::of(1, 16, 1 << 20);
        assert_eq!(hostile.kib(), 2 * 1024 * 1024 + 4);
        assert_eq!(Cost::scrypt(hostile, 1 << 20).memory_kib, 2 * 1024 * 1024 + 4);
        assert_eq!(ScryptMemory::of(64, 1, 1).kib(), u64::MAX / 1024);
    }
}
