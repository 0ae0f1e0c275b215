//! Tests against real servers, whose URLs the environment gives; where it gives none they say that they are skipped.
#![allow(clippy::panic, reason = "a test may")]
#![cfg(all(feature = "cli", unix))]

#[path = "services/stores.rs"]
mod stores;
