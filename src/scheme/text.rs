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

/// Widths that columns are given. A narrow one keeps what fits and says nothing, and what is left of a hash often still parses.
const COLUMN_WIDTHS: [usize; 21] =
    [32, 40, 45, 48, 50, 60, 64, 72, 80, 90, 96, 100, 120, 128, 150, 160, 191, 200, 250, 255, 256];

/// Whether a text of this length fills a usual column to its last character.
pub(crate) fn fills_a_column(text_len: usize) -> bool {
    COLUMN_WIDTHS.contains(&text_len)
}

/// Hardly anybody chooses an output whose length is no multiple of four bytes: what has one and fills a column lost its end, and would
/// still match. 18 bytes are PasswordStorage's.
pub(crate) fn check_whole(output: &[u8], text: &str) -> Result<(), Fault> {
    if output.len().is_multiple_of(4) || output.len() == 18 || !fills_a_column(text.len()) {
        return Ok(());
    }
    Err(Fault::Truncated { actual: text.len(), whole: "which leaves an output of a length that nobody chooses" })
}

/// An output of a system that never writes fewer bytes than these: less is what a narrow column left.
pub(crate) fn check_least(output: &[u8], least: usize, text: &str) -> Result<(), Fault> {
    if output.len() >= least {
        return Ok(());
    }
    Err(Fault::Truncated { actual: text.len(), whole: "which leaves less of the output than its system writes" })
}

/// The last part of a form whose hash has one length: where it has fewer characters, a narrow column left them.
pub(crate) fn check_last(part: &str, chars: usize, text: &str) -> Result<(), Fault> {
    let part = part.trim_end_matches('=');
    if part.len() >= chars || !part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/')) {
        return Ok(());
    }
    Err(Fault::Truncated { actual: text.len(), whole: "which leaves less of the hash than its system writes" })
}

/// Whether the end of a hash is known to be there, whatever its length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The form has one length, says it, or ends with the padding that base64 needs.
    Seen,
    /// Nothing says so.
    Open,
}

impl End {
    /// The end of base64: padding is written last, and cutting takes it away first.
    pub(crate) fn of_base64(text: &str) -> Self {
        if text.ends_with('=') { Self::Seen } else { Self::Open }
    }

    /// Whether a text of this length was likely cut within its output: nothing says where it ends, it fills a column, and what is
    /// left of the output is not one of the lengths that are chosen.
    pub(crate) fn is_lost(self, text_len: usize, output: &[u8], chosen: &[usize]) -> bool {
        self == Self::Open && fills_a_column(text_len) && !chosen.contains(&output.len())
    }
}

/// base64 in which `.` may stand for `+`: passlib's, and what others write in its place.
pub(crate) fn adapted(text: &str) -> Result<Vec<u8>, Fault> {
    codec::base64_padded_or_not(text.replace('.', "+").as_bytes(), Alphabet::Standard)
}
