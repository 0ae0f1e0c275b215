//! Tests against real servers. Each reads a server's URL from `REHASH_TEST_POSTGRES` or `REHASH_TEST_MYSQL`, works in a
//! schema or database of its own, and says so where it is skipped because the URL is not set.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::panic, reason = "a test may")]

#[path = "services/cluster.rs"]
mod cluster;
#[path = "services/cuts.rs"]
mod cuts;
#[path = "services/dumps.rs"]
mod dumps;
#[path = "services/failover.rs"]
mod failover;
#[path = "services/faults.rs"]
mod faults;
#[path = "services/full.rs"]
mod full;
#[path = "services/identities.rs"]
mod identities;
#[path = "services/mapping.rs"]
mod mapping;
#[path = "services/pooler.rs"]
mod pooler;
#[path = "services/presets.rs"]
mod presets;
#[path = "services/resume.rs"]
mod resume;
#[path = "services/source.rs"]
mod source;
#[path = "services/source_faults.rs"]
mod source_faults;
#[path = "services/stores.rs"]
mod stores;
