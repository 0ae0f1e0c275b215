//! What a store's counts say of the hashes it holds, by their methods and parameters: what they cost, whether they are within reach, and
//! which keys they need.

use crate::cost::ScryptMemory;
use crate::{Cost, Limits, Method};

/// What one verification costs, from a method's name and its parameters as a store counts them: after an expression, where there is
/// one, and of all steps of a chain. `None` where they are not known to be dear.
fn cost(method: &str, parameters: &str) -> Option<Cost> {
    let costs = steps(method, parameters).filter_map(|(method, parameters)| cost_of_step(method, parameters));
    costs.reduce(|sum, step| Cost {
        memory_kib: sum.memory_kib.max(step.memory_kib),
        time: sum.time.saturating_add(step.time),
    })
}

/// The parameters of each step, with the method that they are of: within an expression its outermost function. What comes before the last
/// one with a mere cost is phpass, but for WoltLab's.
fn steps<'a>(method: &'a str, parameters: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let steps = parameters.rsplit(' ').next().unwrap_or_default();
    let (before, last) = steps.rsplit_once('+').unwrap_or(("", steps));
    let first = if method == "woltlab_bcrypt" { "bcrypt" } else { "phpass" };
    before.split('+').map(move |step| (first, step)).chain([(outermost(method, parameters), last)])
}

fn outermost<'a>(method: &'a str, parameters: &'a str) -> &'a str {
    parameters.rsplit_once(' ').and_then(|(expression, _)| expression.split_once('(')).map_or(method, |(name, _)| name)
}

fn cost_of_step(method: &str, parameters: &str) -> Option<Cost> {
    let value = |name| value(parameters, name);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    if let (Some(memory), Some(passes)) = (value("m"), value("t")) {
        return Some(Cost::argon2(small(memory), small(passes)));
    }
    if let (Some(log_n), Some(r)) = (value("ln"), value("r")) {
        let (p, again) = (value("p").unwrap_or(1), value("t").unwrap_or(0));
        return Some(Cost::scrypt(ScryptMemory::of(small(log_n), r, p), p.saturating_mul(again.saturating_add(1))));
    }
    if let Some(cost) = value("cost") {
        let is_digest = is_phpass(method);
        let cost = small(cost).min(31);
        return Some(if is_digest { Cost::digests(1 << cost) } else { Cost::bcrypt(cost) });
    }
    // Two digests for each iteration of PBKDF2; crypt's rounds are of several hundred bytes.
    let rounds = value("i").map(|rounds| 2 * rounds).or(value("rounds").map(|rounds| 4 * rounds))?;
    Some(Cost::digests(rounds))
}

/// The same for the dearest password that is admitted: a few times as much where every round hashes the password again.
pub(super) fn dearest_cost(method: &str, parameters: &str) -> Option<Cost> {
    let cost = cost(method, parameters)?;
    // What the password may have been made into is tried as well.
    let others = method.parse::<Method>().map_or(0, |method| method.other_inputs().len());
    let tries = 1 + u32::try_from(others).unwrap_or(0);
    // Crypt's rounds are taken at twice their work for a short password.
    let (times, of_longest) = match outermost(method, parameters) {
        "sha256crypt" | "sha512crypt" | "md5crypt" | "apr1" => (2, 40),
        method if is_phpass(method) => (4, 66),
        // As it was typed, and as SASLprep makes it.
        "scram_sha256" | "scram_sha1" | "passlib_scram" => (2, 2),
        _ => (1, 1),
    };
    let free = Cost::digests(Limits::LENGTH_WORK_FREE).time;
    Some(Cost { time: (cost.time * times).max((cost.time * of_longest).min(free)) * tries, ..cost })
}

/// One of the parameters that a store counts by.
fn value(parameters: &str, name: &str) -> Option<u64> {
    parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

fn is_phpass(method: &str) -> bool {
    method.starts_with("phpass") || matches!(method, "wordpress_phpass" | "phpbb3") || method.starts_with("drupal")
}

/// Whether hashes of these parameters take more memory than so much, or more of anything than the limits allow.
pub(super) fn is_out_of_reach(method: &str, parameters: &str, limits: &Limits, memory_kib: u32) -> bool {
    steps(method, parameters).any(|(method, step)| is_step_out_of_reach(method, step, limits, memory_kib))
}

fn is_step_out_of_reach(method: &str, parameters: &str, limits: &Limits, memory_kib: u32) -> bool {
    let value = |name| value(parameters, name);
    let is_over = |value: Option<u64>, limit: u32| value.is_some_and(|value| value > limit.into());
    if let (Some(memory), Some(passes)) = (value("m"), value("t")) {
        return memory > memory_kib.min(limits.argon2_memory_kib).into()
            || is_over(Some(passes), limits.argon2_passes)
            || is_over(value("p"), limits.argon2_lanes)
            || memory.saturating_mul(passes) > limits.argon2_work_kib;
    }
    if let (Some(log_n), Some(r)) = (value("ln"), value("r")) {
        let (p, again) = (value("p").unwrap_or(1), value("t").unwrap_or(0));
        let memory = ScryptMemory::of(u32::try_from(log_n).unwrap_or(u32::MAX), r, p);
        let passes = p.saturating_mul(again.saturating_add(1));
        return memory.kib() > memory_kib.min(limits.scrypt_memory_kib).into()
            || memory.work_kib(passes) > limits.scrypt_work_kib;
    }
    is_over(value("cost"), if is_phpass(method) { limits.phpass_cost } else { limits.bcrypt_cost })
        || is_over(value("i"), limits.pbkdf2_iterations)
        || is_over(value("rounds"), limits.crypt_rounds)
}

/// The keys that hashes of these parameters need, as a store counts them.
pub(super) fn keys(parameters: &str) -> impl Iterator<Item = &str> {
    let of_scheme = parameters.split_once(",keyid=").map(|(_, id)| id);
    // Within an expression.
    let named = parameters.match_indices("key:").map(|(at, mark)| {
        let rest = &parameters[at + mark.len()..];
        rest.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).next().unwrap_or_default()
    });
    of_scheme.into_iter().chain(named).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_read_from_what_a_store_counts() {
        let millis = |method, parameters| cost(method, parameters).map(|cost| cost.time.as_millis());
        assert_eq!(millis("bcrypt", "cost=12"), Some(240));
        assert_eq!(millis("argon2id", "m=19456,t=2,p=1"), Some(9));
        assert_eq!(millis("argon2i", "v=16,m=19456,t=2,p=1"), Some(9));
        assert_eq!(millis("phpass", "cost=13"), Some(2));
        assert_eq!(millis("django_pbkdf2_sha256", "sha256,i=1000000"), Some(500));
        assert_eq!(millis("sha512crypt", "rounds=5000"), Some(5));
        assert_eq!(millis("scrypt", "ln=14,r=8,p=1"), Some(45));
        assert_eq!(millis("md5", ""), None);
        assert_eq!(millis("expression", "bcrypt(nfkc($p)) cost=12"), Some(240));
        assert_eq!(millis("expression", "argon2id(md5($p.' ')) m=19456,t=2,p=1"), Some(9));
        assert_eq!(millis("expression", "md5(md5($p).' ')"), None);
        assert_eq!(millis("expression", "phpass(md5($p)) cost=13"), Some(2), "and no bcrypt");
        assert_eq!(millis("phpbb_bcrypt", "cost=13+cost=12"), Some(242), "phpass, and bcrypt over it");
        assert_eq!(millis("magento", "m=19456,t=2,p=1+m=19456,t=2,p=1"), Some(19));
        assert!(millis("scrypt", "ln=99999999999,r=8").is_some());
        let millis = |method, parameters| dearest_cost(method, parameters).map(|cost| cost.time.as_millis());
        assert_eq!(millis("phpass", "cost=8"), Some(4), "the longest password of all");
        assert_eq!(millis("expression", "phpass(md5($p)) cost=8"), Some(4));
        assert_eq!(millis("phpass", "cost=16"), Some(250), "as much as any may take");
        assert_eq!(millis("wordpress_phpass", "cost=16"), Some(750), "three tries of it");
        assert_eq!(millis("phpass", "cost=20"), Some(1048));
        assert_eq!(millis("wordpress_bcrypt", "cost=12"), Some(720));
        assert_eq!(millis("sha512crypt", "rounds=500000"), Some(1000));
        assert_eq!(millis("bcrypt", "cost=12"), Some(240));
        assert_eq!(millis("scram_sha256", "sha256,i=100000"), Some(100), "two tries of 50");
    }

    #[test]
    fn keys_are_told_by_parameters() {
        let of = |parameters| keys(parameters).collect::<Vec<_>>();
        assert_eq!(of("m=64,t=1,p=1,keyid=2026-01"), ["2026-01"]);
        assert_eq!(of("hmac_sha256(key:site,$p.key:more)"), ["site", "more"]);
        assert!(of("m=64,t=1,p=1").is_empty() && of("").is_empty());
    }

    #[test]
    fn what_is_out_of_reach_is_told_by_its_parameters() {
        let limits = Limits::default();
        let is = |method, parameters| is_out_of_reach(method, parameters, &limits, 65_536);
        for (method, parameters) in [
            ("argon2id", "m=65537,t=1,p=1"),
            ("argon2id", "m=19456,t=2,p=65"),
            ("scrypt", "ln=17,r=8,p=1"),
            ("bcrypt", "cost=16"),
            ("django_pbkdf2_sha256", "sha256,i=10000001"),
        ] {
            assert!(is(method, parameters), "{method} {parameters}");
        }
        for (method, parameters) in [
            ("argon2id", "m=65536,t=3,p=4"),
            ("scrypt", "ln=16,r=8,p=1"),
            ("bcrypt", "cost=15"),
            ("phpass", "cost=16"),
            ("md5", ""),
        ] {
            assert!(!is(method, parameters), "{method} {parameters}");
        }
    }
}
