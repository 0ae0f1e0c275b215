//! The front end for user tables: reads other systems' exports, tags each record with the method that made its
//! hash, and validates it without hashing anything.
//!
//! Three layers, each usable alone: [`Chunks`] splits a [`Source`] (JSON array, NDJSON or CSV, plain, gzip or
//! zstd) into raw records; [`Rules::judge`] turns one into a [`Record`] or says what is wrong with it; [`check`]
//! runs both over whole inputs on several threads, finds duplicate users, and hands each record over in order.
//!
//! Nothing is lost on the way: every record of the input ends as a [`Verdict`], in order, with its line. A record that is
//! broken never stops the rest; only an input that cannot be read as what it claims to be does.

mod check;
mod csv;
#[cfg(feature = "source")]
pub mod database;
mod duplicates;
mod field;
mod flat;
mod json;
mod pipeline;
mod record;
mod single;
mod source;
mod split;
mod sql;
mod tag;
mod vendor;

pub use check::{Checked, Options, Summary, check};
pub use field::{Field, Problem, shell_quoted};
pub use pipeline::in_order;
pub use record::{Credential, Record, Rules, Verdict, Warnings};
pub use source::{Format, InputError, Source};
pub use split::{Chunk, Chunks, Raw};
pub use vendor::{Export, HashConfig, HashConfigError, UnknownVendor, Vendor};
