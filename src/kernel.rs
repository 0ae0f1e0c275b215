//! Hand-written kernels for what nearly all time is spent on. The only place with `unsafe`: processor instructions, block
//! memory, and one call of the system's. Each gives the same results as a well-kept crate or as plain code, which the tests hold.
//!
//! A leaf: it knows bytes and numbers, and nothing of stored text, limits or policies.
#![allow(unsafe_code)]

pub(crate) mod argon2;
pub(crate) mod bcrypt;
#[cfg(feature = "import")]
pub(crate) mod classes;
#[cfg(feature = "serve")]
mod first;
#[cfg(any(feature = "import", feature = "sqlite"))]
pub(crate) mod large;
#[cfg(feature = "import")]
pub(crate) mod marks;
mod memory;
#[cfg(feature = "import")]
mod prefetch;
#[cfg(any(feature = "import", feature = "sqlite"))]
pub(crate) mod prints;

use std::cell::Cell;

#[cfg(feature = "serve")]
pub use first::come_first;
pub use memory::release as release_idle_memory;
#[cfg(feature = "pool")]
pub(crate) use memory::{arena_kib, enter_arena, release_arena, wipe_arena};

thread_local! {
    static LANE_THREADS: Cell<usize> = const { Cell::new(1) };
}

/// How many threads may fill the lanes of an Argon2 hash that this thread computes, itself among them. One unless a pool has
/// idle workers to lend.
pub(crate) fn lane_threads() -> usize {
    LANE_THREADS.get()
}

/// Sets it for this thread.
#[cfg(feature = "pool")]
pub(crate) fn set_lane_threads(threads: usize) {
    LANE_THREADS.set(threads);
}

/// Which instructions Argon2 is computed with on this machine: `avx512`, `avx2` or `portable`.
#[must_use]
pub fn argon2_instructions() -> &'static str {
    argon2::Path::best().as_str()
}
