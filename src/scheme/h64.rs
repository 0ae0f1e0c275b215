//! The base64 of crypt(3): `./0-9A-Za-z`, groups of 24 bits with the lowest first. Written without look-ups that depend on
//! the value.

use zeroize::Zeroizing;

use crate::error::Fault;

/// The value of a symbol.
pub(crate) const fn value(symbol: u8) -> Option<u8> {
    match symbol {
        b'.' => Some(0),
        b'/' => Some(1),
        b'0'..=b'9' => Some(symbol - b'0' + 2),
        b'A'..=b'Z' => Some(symbol - b'A' + 12),
        b'a'..=b'z' => Some(symbol - b'a' + 38),
        _ => None,
    }
}

/// The symbol of six bits.
fn symbol(bits: u32) -> u8 {
    // `.` is 46, and each step leaves out what stands between two runs of symbols.
    let bits = (bits & 63) as u8;
    let past = |last: u8| (last.wrapping_sub(bits) >> 7) & 1;
    b'.' + bits + past(11) * (b'A' - b'9' - 1) + past(37) * (b'a' - b'Z' - 1)
}

/// `bytes`, three at a time in this order, the lowest first.
pub(crate) fn encode(bytes: impl IntoIterator<Item = u8>) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(88));
    let (mut value, mut filled) = (0u32, 0);
    for byte in bytes {
        value |= u32::from(byte) << filled;
        filled += 8;
        while filled >= 6 {
            out.push(symbol(value));
            value >>= 6;
            filled -= 6;
        }
    }
    if filled > 0 {
        out.push(symbol(value));
    }
    out
}

/// The bytes of a text; `None` where a symbol is not of the alphabet, or its last bits stand for no byte.
pub(crate) fn decode(text: &[u8]) -> Option<Box<[u8]>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut filled) = (0u32, 0);
    for symbol in text {
        bits |= u32::from(value(*symbol)?) << filled;
        filled += 6;
        if filled >= 8 {
            out.push((bits & 0xff) as u8);
            bits >>= 8;
            filled -= 8;
        }
    }
    (filled < 6 && bits == 0).then(|| out.into())
}

/// The text of a hash of `bytes` bytes: its alphabet, its length, and no bits that the value does not have.
pub(crate) fn check(text: &[u8], bytes: usize) -> Result<Box<[u8]>, Fault> {
    if let Some(at) = text.iter().position(|c| value(*c).is_none()) {
        return Err(Fault::Symbol { at: at + 1, alphabet: "crypt's base64, counted from the hash's start" });
    }
    let chars = (bytes * 4).div_ceil(3);
    if text.len() < chars {
        return Err(Fault::Truncated { actual: text.len(), whole: "counted from the hash's start" });
    }
    if text.len() > chars {
        return Err(Fault::Length { actual: text.len(), expected: "nothing after the hash" });
    }
    let last = text.last().copied().and_then(value).unwrap_or(0);
    if (bytes % 3 == 1 && last > 0b11) || (bytes % 3 == 2 && last > 0b1111) {
        return Err(Fault::NonCanonical { part: "the last character has bits set that carry no value" });
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_and_values_are_each_others() {
        for bits in 0..64 {
            assert_eq!(value(symbol(bits)), Some(bits as u8));
        }
    }
}
