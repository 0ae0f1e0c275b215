//! How far a migration is, told from what a store counts: which hashes are weakest, what happened when, and when it would be
//! done if it went on so. No database is asked here.

use super::{Day, MethodCount};
use crate::Method;

/// Days that a projection looks back on.
const PROJECTION_DAYS: i64 = 28;

/// Puts the weakest first: digests, then what is iterated, then what takes memory, Argon2id last, each by its work; users
/// without a password at the end.
pub fn sort_weakest_first(counts: &mut [MethodCount]) {
    counts.sort_by_cached_key(strength);
}

/// The same by weeks: each stands under its Monday.
#[must_use]
pub fn weeks(days: &[Day]) -> Vec<Day> {
    let mut weeks: Vec<Day> = Vec::new();
    for row in days {
        // 1970-01-01 was a Thursday.
        let monday = row.day - (row.day + 3).rem_euclid(7);
        match weeks.last_mut().filter(|week| week.day == monday) {
            Some(week) => {
                week.imported += row.imported;
                week.upgraded += row.upgraded;
                week.changed += row.changed;
            }
            None => weeks.push(Day { day: monday, ..*row }),
        }
    }
    weeks
}

/// When the last record that nobody has signed in with would be gone, if it went on as in the last four weeks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Projection {
    /// Sign-ins and password changes a day that replaced an imported hash.
    pub per_day: f64,
    /// Days from the last on which anything happened.
    pub days_left: u64,
}

impl Projection {
    /// What is assumed, in words.
    pub const ASSUMPTION: &str =
        "as many sign in each day as on the last 28 on which there is anything to count, and everybody comes back";

    /// From what happened each day and how many records still have the hash that was imported; `None` where nobody has signed in
    /// yet, or nothing is left.
    #[must_use]
    pub fn of(days: &[Day], untouched: u64) -> Option<Self> {
        let (first, last) = (days.first()?.day, days.last()?.day);
        let span = (last - first + 1).clamp(1, PROJECTION_DAYS);
        let recent = days.iter().filter(|row| row.day > last - PROJECTION_DAYS);
        let signed_in: u64 = recent.map(|row| row.upgraded + row.changed).sum();
        if signed_in == 0 || untouched == 0 {
            return None;
        }
        #[allow(clippy::cast_precision_loss, reason = "an average for people")]
        let per_day = signed_in as f64 / span as f64;
        Some(Self { per_day, days_left: untouched.saturating_mul(span.unsigned_abs()).div_ceil(signed_in) })
    }
}

impl Day {
    /// The day as `YYYY-MM-DD`, in UTC.
    #[must_use]
    pub fn date(&self) -> String {
        date(self.day)
    }
}

/// A day of the Gregorian calendar, from its number since 1970-01-01.
fn date(day: i64) -> String {
    // Counted from 0000-03-01, so that a leap day ends its year.
    let days = day + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Weakest first: digests, then what is iterated, then what takes memory, Argon2id last, each by its work; users without a
/// password at the end.
fn strength(row: &MethodCount) -> (u8, u64, Option<Method>, String) {
    let number = |name: &str| {
        let mut pairs = row.parameters.split([',', ' ']);
        pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok())
    };
    let method = row.method.parse::<Method>().ok();
    let shifted = |by: u64| 1u64.checked_shl(u32::try_from(by).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
    // In the time of one digest, roughly.
    let (class, work) = match (number("m"), number("ln"), number("cost"), number("i").or(number("rounds"))) {
        _ if method.is_none() => (u8::MAX, 0),
        (Some(kib), ..) => (2, kib.saturating_mul(number("t").unwrap_or(1)).saturating_mul(3)),
        (_, Some(log_n), ..) => (2, shifted(log_n).saturating_mul(number("r").unwrap_or(8)).saturating_mul(2)),
        (_, _, Some(cost), _) if matches!(method, Some(Method::Phpass | Method::WordpressPhpass | Method::Drupal7)) => {
            (1, shifted(cost))
        }
        (_, _, Some(cost), _) => (1, shifted(cost).saturating_mul(270)),
        (.., Some(rounds)) => (1, rounds.saturating_mul(2)),
        _ => (0, 0),
    };
    let class = if method == Some(Method::Argon2id) { 3 } else { class };
    (class, work, method, row.parameters.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let known =
            [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_781, "2026-11-24"), (-1, "1969-12-31")];
        for (day, expected) in known {
            assert_eq!(date(day), expected);
        }
    }

    #[test]
    fn a_week_begins_on_its_monday() {
        let day = |day, upgraded| Day { day, upgraded, ..Day::default() };
        // 2026-11-22 is a Sunday.
        let found = weeks(&[day(20_773, 1), day(20_779, 2), day(20_780, 4), day(20_786, 8)]);
        let found: Vec<_> = found.iter().map(|week| (week.date(), week.upgraded)).collect();
        assert_eq!(found, [("2026-11-16".to_owned(), 3), ("2026-11-23".to_owned(), 12)]);
    }

    #[test]
    fn a_projection_looks_back_on_four_weeks() {
        let day = |day, upgraded| Day { day, upgraded, ..Day::default() };
        let days = [day(0, 1_000), day(100, 14), day(127, 14)];
        let Some(found) = Projection::of(&days, 10) else { panic!("somebody signed in") };
        assert_eq!((found.per_day, found.days_left), (1.0, 10));
        assert_eq!(Projection::of(&days, 0), None);
        assert_eq!(Projection::of(&[day(5, 0)], 10), None);
        assert_eq!(Projection::of(&[], 10), None);
    }

    #[test]
    fn the_weakest_come_first() {
        let ordered = [
            ("md5", ""),
            ("sha1", ""),
            ("expression", "md5(md5($p).$s)"),
            ("phpass", "cost=13"),
            ("sha512crypt", "rounds=5000"),
            ("bcrypt", "cost=12"),
            ("pbkdf2", "sha256,i=600000"),
            ("scrypt", "ln=14,r=8,p=1"),
            ("argon2i", "m=65536,t=3,p=1"),
            ("argon2id", "m=19456,t=2,p=1"),
            ("argon2id", "m=65536,t=3,p=4"),
            ("", ""),
        ];
        for pair in ordered.windows(2) {
            let [one, other] = [pair[0], pair[1]].map(|(method, parameters)| {
                let (method, parameters) = (method.to_owned(), parameters.to_owned());
                strength(&MethodCount::new(method, parameters, 1, 0))
            });
            assert!(one < other, "{pair:?}");
        }
    }
}
