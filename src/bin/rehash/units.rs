//! Sizes and durations with units, in and out.

use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::*;

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
