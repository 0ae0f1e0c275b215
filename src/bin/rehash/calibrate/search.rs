//! Finding the highest rung that is within the target, in few measurements and bounded time. It measures nothing itself.

use std::time::Duration;

use rehash::Argon2Target;

use super::ladder::work;
use crate::measure::Measurement;
use crate::output::Failure;

/// What measures a rung.
pub trait Probe {
    /// The measurement, or `None` where there is no time left for one that takes about so long for each hash.
    fn measure(&mut self, rung: &Argon2Target, expected: Duration) -> Result<Option<Measurement>, Failure>;
}

/// What was found.
pub struct Found {
    /// The place of the choice on the ladder; `None` where even the lowest rung takes too long.
    pub choice: Option<usize>,
    /// What was measured, by place.
    pub measured: Vec<(usize, Measurement)>,
}

impl Found {
    pub fn at(&self, place: usize) -> Option<&Measurement> {
        self.measured.iter().find(|(measured, _)| *measured == place).map(|(_, measurement)| measurement)
    }

    /// What a rung should take, by the work of the one that was measured nearest to it.
    pub fn estimate(&self, ladder: &[Argon2Target], place: usize) -> Duration {
        let nearest = self.measured.iter().min_by_key(|(measured, _)| measured.abs_diff(place));
        nearest.map_or(Duration::ZERO, |(measured, measurement)| {
            measurement.p50.mul_f64(work(&ladder[place]) / work(&ladder[*measured]))
        })
    }
}

/// The highest rung whose median is within the target: a guess from the work, a measurement, a better guess, until the rung
/// above is known to be too slow. Where time runs out before that, the guess is the choice.
pub fn highest_within(ladder: &[Argon2Target], target: Duration, probe: &mut impl Probe) -> Result<Found, Failure> {
    let mut found = Found { choice: None, measured: Vec::new() };
    let (mut below, mut above) = (None::<usize>, ladder.len());
    let mut next = 0;
    while below.map_or(0, |below| below + 1) < above {
        let expected = if found.measured.is_empty() { target } else { found.estimate(ladder, next) };
        match probe.measure(&ladder[next], expected)? {
            Some(measurement) => {
                let is_within = measurement.p50 <= target;
                found.measured.push((next, measurement));
                if is_within {
                    below = Some(next);
                } else {
                    above = next;
                }
            }
            None => {
                let within = (0..above).rev().find(|place| found.estimate(ladder, *place) <= target);
                below = below.max(within);
                break;
            }
        }
        let guess = (0..above).rev().find(|place| found.estimate(ladder, *place) <= target).unwrap_or(0);
        let lowest = below.map_or(0, |below| below + 1);
        next = guess.clamp(lowest, (above.max(lowest + 1)) - 1);
    }
    found.choice = below;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::ladder::ladder;
    use super::*;
    use rehash::Limits;

    /// A machine that takes so many nanoseconds for each KiB and pass, and more beyond its cache, with some noise.
    struct Machine {
        nanos: f64,
        noise: f64,
        random: u64,
        count: usize,
        most: usize,
    }

    impl Machine {
        fn new(nanos: f64, noise: f64, random: u64) -> Self {
            Self { nanos, noise, random, count: 0, most: usize::MAX }
        }

        fn true_time(&self, rung: &Argon2Target) -> f64 {
            let cache = if rung.memory_kib > 16_384 { 1.5 } else { 1.0 };
            self.nanos * cache * work(rung)
        }
    }

    impl Probe for Machine {
        fn measure(&mut self, rung: &Argon2Target, _: Duration) -> Result<Option<Measurement>, Failure> {
            if self.count == self.most {
                return Ok(None);
            }
            self.count += 1;
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = 1.0 + self.noise * ((self.random >> 40) as f64 / (1u64 << 23) as f64 - 1.0);
            let p50 = Duration::from_nanos((self.true_time(rung) * noise) as u64);
            Ok(Some(Measurement {
                operations: 1,
                per_second: 1.0,
                p50,
                p95: p50,
                p99: p50,
                wall: p50,
                cpu: None,
                memory_kib: None,
                cv_percent: 0.0,
            }))
        }
    }

    #[test]
    fn a_steady_machine_gets_the_highest_rung_that_fits() {
        for (most_mib, target_ms) in [(8, 20), (12, 250), (19, 10), (64, 50), (128, 250), (128, 1000), (1024, 5000)] {
            let rungs = ladder(most_mib * 1024, 1, &Limits::default());
            let mut machine = Machine::new(200.0, 0.0, 1);
            let target = Duration::from_millis(target_ms);
            let found = highest_within(&rungs, target, &mut machine).expect("measured");
            let fits = |place: usize| machine.true_time(&rungs[place]) <= target.as_nanos() as f64;
            let highest = (0..rungs.len()).rev().find(|place| fits(*place));
            assert_eq!(found.choice, highest, "{most_mib} MiB, {target_ms} ms");
            assert!(machine.count <= 7, "{} measurements", machine.count);
        }
    }

    #[test]
    fn runs_on_an_unsteady_machine_differ_by_one_step_at_most() {
        for most_mib in [19, 64, 128, 512] {
            let rungs = ladder(most_mib * 1024, 1, &Limits::default());
            let choices: Vec<usize> = (0..200)
                .map(|seed| {
                    let mut machine = Machine::new(200.0, 0.05, seed * 7_919 + 1);
                    let found = highest_within(&rungs, Duration::from_millis(250), &mut machine).expect("measured");
                    found.choice.expect("a fit")
                })
                .collect();
            let (least, most) = (choices.iter().min().expect("some"), choices.iter().max().expect("some"));
            assert!(most - least <= 1, "{most_mib} MiB: {least} to {most}");
        }
    }

    #[test]
    fn what_cannot_fit_and_what_cannot_be_measured_is_said() {
        let rungs = ladder(64 * 1024, 1, &Limits::default());
        let found =
            highest_within(&rungs, Duration::from_millis(1), &mut Machine::new(200.0, 0.0, 1)).expect("measured");
        assert_eq!((found.choice, found.measured.len()), (None, 1));
        assert!(found.at(0).is_some() && found.at(1).is_none());

        let mut machine = Machine { most: 1, ..Machine::new(200.0, 0.0, 1) };
        let found = highest_within(&rungs, Duration::from_secs(5), &mut machine).expect("measured");
        let choice = found.choice.expect("an estimate");
        assert!(found.at(choice).is_none() && found.estimate(&rungs, choice) <= Duration::from_secs(5));
    }
}
