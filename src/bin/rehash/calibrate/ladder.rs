//! The parameters that are tried, as a ladder: each rung takes more work than the one below it, by a factor that no good
//! measurement mistakes, and every rung is at or above OWASP's floor.

use rehash::{Argon2Target, Limits};

/// OWASP Password Storage Cheat Sheet, Argon2id: choices of equal strength, memory in KiB and passes; what lies below all of
/// them is below the floor. The lightest comes first.
pub const FLOOR: [(u32, u32); 5] = [(7_168, 5), (9_216, 4), (12_288, 3), (19_456, 2), (47_104, 1)];

/// Where the floor comes from.
pub const FLOOR_SOURCE: &str = "OWASP Password Storage Cheat Sheet";

/// Memory above the floor's own steps, in MiB: about a fifth more each time, through the sizes that have names.
const MEMORY_MIB: [u32; 26] = [
    14, 16, 19, 23, 28, 32, 38, 46, 54, 64, 76, 90, 108, 128, 152, 180, 214, 256, 304, 362, 430, 512, 608, 724, 860,
    1024,
];

/// Passes: by one while that is a step, then by a fifth to a third.
const PASSES: [u32; 24] =
    [2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 1024];

/// The rungs for hashes of at most so much memory: first the floor, from its least memory up; then more memory at the floor's
/// passes, as far as there is some; then more passes. Never fewer than two passes, although the floor has a choice of one: by
/// OWASP's own equivalents 46 MiB in one pass are worth 19 MiB in two, which take less time.
///
/// Empty where not even the least memory of the floor fits.
pub fn ladder(most_kib: u32, lanes: u32, limits: &Limits) -> Vec<Argon2Target> {
    let most_kib = most_kib.min(limits.argon2_memory_kib);
    let floor = FLOOR.into_iter().filter(|(kib, passes)| *kib <= most_kib && *passes > 1);
    let mut rungs: Vec<(u32, u32)> = floor.collect();
    let Some(&(top_of_floor, passes)) = rungs.last() else { return Vec::new() };
    let memory = MEMORY_MIB.into_iter().map(|mib| mib * 1024);
    rungs.extend(memory.filter(|kib| *kib > top_of_floor && *kib <= most_kib).map(|kib| (kib, passes)));
    let top = rungs.last().map_or(top_of_floor, |(kib, _)| *kib);
    rungs.extend(PASSES.into_iter().filter(|more| *more > passes).map(|more| (top, more)));
    let is_allowed = |(kib, passes): &(u32, u32)| {
        *passes <= limits.argon2_passes && u64::from(*kib) * u64::from(*passes) <= limits.argon2_work_kib
    };
    let target = |(memory_kib, passes)| Argon2Target { memory_kib, passes, lanes };
    rungs.into_iter().filter(is_allowed).map(target).collect()
}

/// Memory times passes.
#[allow(clippy::cast_precision_loss, reason = "for estimates")]
pub fn work(rung: &Argon2Target) -> f64 {
    f64::from(rung.memory_kib) * f64::from(rung.passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_above_floor(rung: &Argon2Target) -> bool {
        FLOOR.iter().any(|(kib, passes)| rung.memory_kib >= *kib && rung.passes >= *passes)
    }

    #[test]
    fn rungs_rise_in_steps_and_none_is_below_the_floor() {
        for most_mib in 7..2048 {
            let rungs = ladder(most_mib * 1024, 1, &Limits::default());
            assert!(rungs.len() > 10, "{most_mib} MiB");
            for pair in rungs.windows(2) {
                let step = work(&pair[1]) / work(&pair[0]);
                assert!((1.0..=2.0).contains(&step), "{most_mib} MiB: {pair:?}");
                assert!(pair[0].memory_kib <= pair[1].memory_kib);
                // Beyond the floor, whose choices are equals, a step is one.
                assert!(step > 1.12 || work(&pair[1]) < 40_000.0 * 1.1, "{most_mib} MiB: {pair:?}");
            }
            assert!(rungs.iter().all(|rung| is_above_floor(rung) && rung.memory_kib <= most_mib * 1024));
        }
    }

    #[test]
    fn what_the_ladder_offers_a_policy_takes() {
        for rung in ladder(u32::MAX, 4, &Limits::default()) {
            assert!(rehash::Policy::builder(rung).build().is_ok(), "{rung}");
        }
        assert_eq!(ladder(7_167, 1, &Limits::default()), []);
    }
}
