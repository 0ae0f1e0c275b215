//! Hand-written kernels for what nearly all time is spent on. The only place with `unsafe`: processor instructions and block
//! memory. Each gives the same results as a well-kept crate, which the tests hold.
//!
//! A leaf: it knows bytes and numbers, and nothing of stored text, limits or policies.
#![allow(unsafe_code)]

pub(crate) mod argon2;
pub(crate) mod bcrypt;
mod memory;

pub use memory::release as release_idle_memory;

/// Which instructions Argon2 is computed with on this machine: `avx512`, `avx2` or `portable`.
#[must_use]
pub fn argon2_instructions() -> &'static str {
    argon2::Path::best().as_str()
}
