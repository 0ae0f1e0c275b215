//! The arguments of the two commands that measure, `bench` and `calibrate`.

use std::path::PathBuf;
use std::time::Duration;

use rehash::pool::PoolConfig;

use super::{Jobs, Target};
use crate::units;

#[derive(clap::Args)]
pub struct Bench {
    /// Measure these methods only, by name; may be repeated
    #[arg(long, short, value_name = "METHOD", value_delimiter = ',')]
    pub method: Vec<String>,
    /// How many sign-ins at once, each in turn [default: 1, 2, 4 … up to the jobs]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_once, env = "REHASH_CONCURRENCY")]
    pub concurrency: Vec<usize>,
    /// How long each is measured, with unit: 1s, 250ms
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub duration: Duration,
    /// The most memory that hashing may take, with unit [default: half of what the process may use]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MEMORY_CAP")]
    pub memory_cap: Option<u32>,
    /// Write a report with charts, one file that needs no other
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub jobs: Jobs,
    #[command(flatten)]
    pub target: Target,
}

#[derive(clap::Args)]
pub struct Calibrate {
    /// How long a sign-in may take, half of them at least, with unit
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = duration)]
    pub target: Duration,
    /// How many sign-ins at once [default: the cores the process may use]
    #[arg(long, value_name = "N", value_parser = at_once, env = "REHASH_CONCURRENCY")]
    pub concurrency: Option<usize>,
    /// The most memory that the process may take, with unit [default: half of what it may use]
    #[arg(long, value_name = "SIZE", value_parser = units::parse_kib, env = "REHASH_MEMORY_CAP")]
    pub memory_cap: Option<u32>,
    /// Lanes of a hash: how its memory is laid out, not how strong it is
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64), env = "REHASH_LANES")]
    pub lanes: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A number of threads.
fn at_once(text: &str) -> Result<usize, String> {
    let number = text.parse().map_err(|_| "is not a whole number".to_owned())?;
    match number {
        0 => Err("at least 1 is needed".to_owned()),
        1..=PoolConfig::WORKERS_MAX => Ok(number),
        _ => Err(format!("at most {} are allowed", PoolConfig::WORKERS_MAX)),
    }
}

/// A time above nought.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = units::parse_duration(text)?;
    if duration.is_zero() { Err("must be longer than nothing".to_owned()) } else { Ok(duration) }
}
