//! Sizes and durations with units, in and out.

use std::time::Duration;

use crate::output::grouped;

/// `19MiB`, `65536KiB`, `1GiB` as KiB.
pub fn parse_kib(text: &str) -> Result<u32, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(digits.len());
    let factor: u64 = match unit {
        "KiB" => 1,
        "MiB" => 1024,
        "GiB" => 1024 * 1024,
        "" => return Err("needs a unit: KiB, MiB or GiB".to_owned()),
        _ => return Err("has an unknown unit; use KiB, MiB or GiB".to_owned()),
    };
    let number: u64 = number.trim_end().parse().map_err(|_| "is not a whole number with a unit".to_owned())?;
    number.checked_mul(factor).and_then(|kib| u32::try_from(kib).ok()).ok_or_else(|| "is too large".to_owned())
}

/// KiB in full: `19456 KiB (19 MiB)`.
pub fn show_kib(kib: u32) -> String {
    if kib >= 1024 && kib.is_multiple_of(1024) {
        format!("{kib} KiB ({} MiB)", kib / 1024)
    } else {
        format!("{kib} KiB")
    }
}

/// `250ms`, `2s`, `500us`, `1m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(|c: char| c.is_alphabetic());
    let unit = &text[number.len()..];
    let number: u64 = number.trim_end().parse().map_err(|_| "is not a whole number with a unit".to_owned())?;
    let micros: u64 = match unit {
        "us" | "µs" => 1,
        "ms" => 1_000,
        "s" => 1_000_000,
        "m" => 60_000_000,
        "" => return Err("needs a unit: us, ms, s or m".to_owned()),
        _ => return Err("has an unknown unit; use us, ms, s or m".to_owned()),
    };
    let duration = number.checked_mul(micros).map(Duration::from_micros);
    duration.filter(|duration| *duration <= LONGEST).ok_or_else(|| "is too long".to_owned())
}

/// A day: nothing that is measured takes longer.
const LONGEST: Duration = Duration::from_secs(86_400);

/// A time to three digits, in the unit that suits it: `262 ns`, `9.61 ms`, `1.25 s`.
pub fn show_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos() as f64;
    let (number, unit) = match nanos {
        nanos if nanos < 999.5 => (nanos, "ns"),
        nanos if nanos < 999_500.0 => (nanos / 1e3, "µs"),
        nanos if nanos < 999_500_000.0 => (nanos / 1e6, "ms"),
        nanos => (nanos / 1e9, "s"),
    };
    format!("{} {unit}", three_digits(number))
}

/// How many in a second: `0.42/s`, `57.3/s`, `1 204/s`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is not negative, and this is for people"
)]
pub fn show_rate(per_second: f64) -> String {
    let number = if per_second >= 999.5 { grouped(per_second.round() as u64) } else { three_digits(per_second) };
    format!("{number}/s")
}

/// A number to three digits: `0.42`, `9.61`, `57.3`, `1204`.
pub fn three_digits(number: f64) -> String {
    match number {
        number if number >= 99.95 || number == 0.0 => format!("{number:.0}"),
        number if number >= 9.995 => format!("{number:.1}"),
        number => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(parse_duration("500 us"), Ok(Duration::from_micros(500)));
        assert_eq!(parse_duration("1m"), Ok(Duration::from_secs(60)));
        for wrong in ["250", "ms", "-1ms", "1.5s", "1h", "2000m", "99999999999999999999s", ""] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
        let shown =
            [(0, "0 ns"), (262, "262 ns"), (9_612_345, "9.61 ms"), (999_700, "1.00 ms"), (57_349_000, "57.3 ms")];
        for (nanos, text) in shown {
            assert_eq!(show_duration(Duration::from_nanos(nanos)), text);
        }
        assert_eq!(show_duration(Duration::from_millis(250)), "250 ms");
    }

    #[test]
    fn rates_are_short_or_grouped() {
        for (rate, text) in [(0.416, "0.42/s"), (57.34, "57.3/s"), (999.4, "999/s"), (30_137_988.2, "30 137 988/s")] {
            assert_eq!(show_rate(rate), text);
        }
    }

    #[test]
    fn sizes_need_a_unit() {
        assert_eq!(parse_kib("19MiB"), Ok(19_456));
        assert_eq!(parse_kib("65536KiB"), Ok(65_536));
        assert_eq!(parse_kib("1 GiB"), Ok(1_048_576));
        for wrong in ["19", "19MB", "MiB", "-1MiB", "1.5MiB", "9999999GiB", ""] {
            assert!(parse_kib(wrong).is_err(), "{wrong}");
        }
        assert_eq!(show_kib(19_456), "19456 KiB (19 MiB)");
        assert_eq!(show_kib(100), "100 KiB");
    }
}
