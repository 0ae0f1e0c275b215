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

    /// scrypt: 45 ms for 16 MiB and p = 1, in proportion to both.
    pub(crate) fn scrypt(memory_kib: u64, p: u64) -> Self {
        let nanos = memory_kib.saturating_mul(p).saturating_mul(2_750);
        Self { memory_kib: u32::try_from(memory_kib).unwrap_or(u32::MAX), time: Duration::from_nanos(nanos) }
    }
}
