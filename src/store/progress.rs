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

/// How many imported hashes still stand that are not Argon2id. Not all of their users have stayed away: who signs in with a
/// password that bcrypt may have cut keeps the hash, and so does everybody while nothing is upgraded.
#[must_use]
pub fn left_to_replace(counts: &[MethodCount]) -> u64 {
    let is_left = |row: &&MethodCount| row.method != Method::Argon2id.as_str();
    counts.iter().filter(is_left).map(|row| row.untouched).sum()
}

/// When the last of the imported hashes would be gone, if it went on as in the last four weeks.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Projection {
    /// Sign-ins and password changes a day that replaced an imported hash.
    pub per_day: f64,
    /// Days from today.
    pub days_left: u64,
}

impl Projection {
    /// What is assumed, in words.
    pub const ASSUMPTION: &str =
        "as many are replaced each day as in the last 28 days up to today, and everybody comes back";

    /// From what happened each day, how many hashes are left to replace, and the day that is today, as [`Day::day`]; `None` where
    /// none was replaced in the last four weeks, or nothing is left.
    #[must_use]
    pub fn of(days: &[Day], left: u64, today: i64) -> Option<Self> {
        // A clock that was put back does not undo what was counted.
        let today = today.max(days.last()?.day);
        let span = (today - days.first()?.day + 1).clamp(1, PROJECTION_DAYS);
        let recent = days.iter().filter(|row| row.day > today - PROJECTION_DAYS);
        let signed_in: u64 = recent.map(|row| row.upgraded + row.changed).sum();
        if signed_in == 0 || left == 0 {
            return None;
        }
        #[allow(clippy::cast_precision_loss, reason = "an average for people")]
        let per_day = signed_in as f64 / span as f64;
        Some(Self { per_day, days_left: left.saturating_mul(span.unsigned_abs()).div_ceil(signed_in) })
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
        (_, _, Some(cost), _)
            if matches!(method, Some(Method::Phpass | Method::WordpressPhpass | Method::Phpbb3 | Method::Drupal7)) =>
        {
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
        let Some(found) = Projection::of(&days, 10, 127) else { panic!("somebody signed in") };
        assert_eq!((found.per_day, found.days_left), (1.0, 10));
        assert_eq!(Projection::of(&days, 0, 127), None);
        assert_eq!(Projection::of(&[day(5, 0)], 10, 5), None);
        assert_eq!(Projection::of(&[], 10, 5), None);
    }

    #[test]
    fn a_projection_looks_back_from_today() {
        let days: Vec<Day> = (100..128).map(|day| Day { day, upgraded: 30, ..Day::default() }).collect();
        let at = |today| Projection::of(&days, 300, today).map(|found| (found.per_day, found.days_left));
        assert_eq!(at(127), Some((30.0, 10)));
        assert_eq!(at(141), Some((15.0, 20)), "half of the four weeks were idle");
        assert_eq!(at(155), None, "nothing happens any more");
        assert_eq!(at(100), Some((30.0, 10)), "the clock was put back");
    }

    #[test]
    fn argon2id_that_was_imported_is_not_left_to_replace() {
        let row = |method: &str, untouched| {
            let mut row = MethodCount::new(method.to_owned(), String::new(), 10, 0);
            row.untouched = untouched;
            row
        };
        assert_eq!(left_to_replace(&[row("md5", 3), row("bcrypt", 4), row("argon2id", 8), row("argon2i", 1)]), 8);
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
