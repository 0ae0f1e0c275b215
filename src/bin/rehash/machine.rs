//! The machine that is measured, in one line for people and as a value for JSON.

use std::fs;

use serde::Serialize;

use crate::units::show_kib;

#[derive(Serialize)]
pub struct Machine {
    pub cpu: String,
    /// Cores that the process may use: its affinity, and its control group's quota.
    pub cores: usize,
    /// The machine's or the control group's memory, whichever is less.
    pub memory_kib: Option<u64>,
    /// What Argon2 is computed with.
    pub instructions: &'static str,
    pub page_bytes: Option<usize>,
    /// Whether the system gives pages of 2 MiB: `always`, `madvise` or `never`.
    pub huge_pages: Option<String>,
    /// Tasks that were running or waiting in the last minute, before anything was measured.
    pub load: Option<f64>,
    pub build: &'static str,
    pub version: &'static str,
}

impl Machine {
    pub fn look() -> Self {
        Self {
            cpu: cpu().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_kib: rehash::pool::memory_limit_kib(),
            instructions: rehash::argon2_instructions(),
            page_bytes: page_bytes(),
            huge_pages: huge_pages(),
            load: fs::read_to_string("/proc/loadavg").ok().and_then(|text| text.split(' ').next()?.parse().ok()),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    pub fn is_debug(&self) -> bool {
        self.build == "debug"
    }

    pub fn line(&self) -> String {
        let mut parts = vec![format!("{}, {} cores", self.cpu, self.cores)];
        if let Some(kib) = self.memory_kib {
            parts.push(show_kib(u32::try_from(kib).unwrap_or(u32::MAX) / 1024 * 1024));
        }
        parts.push(format!("Argon2 with {}", self.instructions));
        parts.extend(self.page_bytes.map(|bytes| format!("pages of {bytes} bytes")));
        parts.extend(self.huge_pages.as_ref().map(|mode| format!("huge pages {mode}")));
        parts.extend(self.load.map(|load| format!("load {load:.2} at the start")));
        parts.push(format!("{} build of rehash {}", self.build, self.version));
        parts.join("; ")
    }
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'))?.1.trim();
    Some(name.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(unix)]
fn page_bytes() -> Option<usize> {
    Some(rustix::param::page_size())
}

#[cfg(not(unix))]
fn page_bytes() -> Option<usize> {
    None
}

fn huge_pages() -> Option<String> {
    let text = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
    Some(text.split_once('[')?.1.split_once(']')?.0.to_owned())
}
