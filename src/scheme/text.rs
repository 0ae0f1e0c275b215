//! What the readers of stored texts have in common.

use crate::codec::{self, Alphabet};
use crate::error::{Fault, OutOfBounds};

/// The text in exactly N parts.
pub(crate) fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let mut parts = text.split(separator);
    let mut found = [""; N];
    for place in &mut found {
        *place = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}

/// What stands between separators, as `str::split` gives it; quicker for the short parts that hashes have.
pub(crate) fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    debug_assert!(separator.is_ascii());
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.bytes().position(|c| c == separator) else { return rest.take() };
        rest = Some(&text[end + 1..]);
        Some(&text[..end])
    })
}

/// A decimal without sign or leading zeros.
pub(crate) fn decimal(parameter: &'static str, text: &str) -> Result<u32, Fault> {
    if text.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
        return Err(Fault::Structure { expected: "decimal numbers" });
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(Fault::NonCanonical { part: "a number has leading zeros" });
    }
    let value = text.parse().unwrap_or(u64::MAX);
    u32::try_from(value).map_err(|_| Fault::Bounds(OutOfBounds::new(parameter, 1, u32::MAX.into(), value)))
}

/// Nobody chooses an output whose length is no multiple of four bytes: what has one lost its end, and would still match.
pub(crate) fn check_whole(output: &[u8], text: &str) -> Result<(), Fault> {
    if output.len().is_multiple_of(4) {
        return Ok(());
    }
    Err(Fault::Truncated { actual: text.len(), whole: "which leaves an output of a length that nobody chooses" })
}

/// base64 in which `.` may stand for `+`: passlib's, and what others write in its place.
pub(crate) fn adapted(text: &str) -> Result<Vec<u8>, Fault> {
    codec::base64_padded_or_not(text.replace('.', "+").as_bytes(), Alphabet::Standard)
}
