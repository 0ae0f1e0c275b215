//! Contenders measured in turn, A B C, A B C, so that whatever else the machine does falls on all of them; medians, and their
//! ratio to one of them. Absolute times drift by a factor of two on shared machines; these ratios hardly do.

#![allow(dead_code, reason = "each bench uses what it needs of it")]

use std::time::{Duration, Instant};

/// One way to do the same work.
pub(crate) struct Contender<'a> {
    name: &'a str,
    /// Hashes that one run makes.
    each: u32,
    run: Box<dyn FnMut() + 'a>,
    times: Vec<Duration>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'a str, each: u32, run: impl FnMut() + 'a) -> Self {
        Self { name, each, run: Box::new(run), times: Vec::new() }
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() / f64::from(self.each)
    }
}

/// Whether a run of `cargo bench` is to print this: not for `cargo test --benches`, and not where a filter names others.
pub(crate) fn is_wanted(title: &str) -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut filters = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    arguments.iter().any(|argument| argument == "--bench")
        && (filters.peek().is_none() || filters.any(|filter| title.contains(filter.as_str())))
}

/// Prints the median time of a hash for each, and its ratio to that of the last, over so many rounds after one that warms up.
pub(crate) fn compare(title: &str, rounds: usize, mut contenders: Vec<Contender<'_>>) {
    if !is_wanted(title) {
        return;
    }
    for round in 0..=rounds {
        for contender in &mut contenders {
            let start = Instant::now();
            (contender.run)();
            if round > 0 {
                contender.times.push(start.elapsed());
            }
        }
    }
    let reference = contenders.last().expect("there are some").median();
    println!("\n{title}: medians of {rounds} rounds in turn");
    println!("{:<44}{:>16}{:>9}", "", "ms for a hash", "ratio");
    for contender in &contenders {
        let median = contender.median();
        println!("{:<44}{:>16.6}{:>9.3}", contender.name, median * 1e3, median / reference);
    }
}
