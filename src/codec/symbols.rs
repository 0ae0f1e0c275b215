//! Hex and base64 to bytes, a block of symbols at a time, without a branch or a table that depends on them: the same few
//! operations on every byte of a block, which the compiler turns into vector instructions.
//!
//! Not here: what is wrong with a text that does not decode, and encoding.

#[cfg(feature = "import")]
use crate::kernel::classes::{Class, is_made_of};

/// Long enough for most of what hashes hold, and a few vectors.
const BLOCK: usize = 32;

/// An alphabet of base64, as the range of each kind of symbol and what is added to one to make its value.
pub(super) trait Symbols {
    const UPPER: i16;
    const LOWER: i16;
    const DIGIT: i16;
    /// The two other symbols, and their values.
    const OTHERS: [(u8, i16); 2];
    /// The symbol of nought, with which a block is filled up.
    const NOUGHT: u8;
}

/// `A-Za-z0-9+/`
pub(super) struct Standard;
/// `A-Za-z0-9-_`
pub(super) struct Url;
/// `./A-Za-z0-9`
pub(super) struct Bcrypt;

impl Symbols for Standard {
    const UPPER: i16 = -(b'A' as i16);
    const LOWER: i16 = 26 - b'a' as i16;
    const DIGIT: i16 = 52 - b'0' as i16;
    const OTHERS: [(u8, i16); 2] = [(b'+', 62), (b'/', 63)];
    const NOUGHT: u8 = b'A';
}

impl Symbols for Url {
    const UPPER: i16 = Standard::UPPER;
    const LOWER: i16 = Standard::LOWER;
    const DIGIT: i16 = Standard::DIGIT;
    const OTHERS: [(u8, i16); 2] = [(b'-', 62), (b'_', 63)];
    const NOUGHT: u8 = b'A';
}

impl Symbols for Bcrypt {
    const UPPER: i16 = 2 - b'A' as i16;
    const LOWER: i16 = 28 - b'a' as i16;
    const DIGIT: i16 = 54 - b'0' as i16;
    const OTHERS: [(u8, i16); 2] = [(b'.', 0), (b'/', 1)];
    const NOUGHT: u8 = b'.';
}

/// All bits where a symbol is in a range, else none. Of numbers alone: where it were a comparison, the compiler could make a
/// branch of it.
#[inline(always)]
const fn within(symbol: i16, first: u8, last: u8) -> i16 {
    ((first as i16 - 1 - symbol) & (symbol - (last as i16 + 1))) >> 8
}

/// A symbol's value, and all bits where it is one of the alphabet.
#[inline(always)]
fn value<S: Symbols>(symbol: i16) -> (i16, i16) {
    let upper = within(symbol, b'A', b'Z');
    let lower = within(symbol, b'a', b'z');
    let digit = within(symbol, b'0', b'9');
    let [first, second] = S::OTHERS.map(|(other, value)| (within(symbol, other, other), value));
    let letters = ((symbol + S::UPPER) & upper) | ((symbol + S::LOWER) & lower) | ((symbol + S::DIGIT) & digit);
    (letters | (first.1 & first.0) | (second.1 & second.0), upper | lower | digit | first.0 | second.0)
}

/// How many bytes so many symbols of unpadded base64 stand for.
pub(super) const fn base64_bytes(symbols: usize) -> usize {
    symbols / 4 * 3 + symbols % 4 * 3 / 4
}

/// Decodes unpadded base64 into exactly as many bytes as it stands for. `false` where a symbol is of another alphabet, the
/// length is none that base64 has, or the last symbol has bits that no byte holds; what `out` then holds means nothing.
#[must_use]
pub(super) fn base64<S: Symbols>(text: &[u8], out: &mut [u8]) -> bool {
    if text.len() % 4 == 1 || out.len() != base64_bytes(text.len()) {
        return false;
    }
    let mut wrong = 0;
    for (text, out) in text.chunks(BLOCK).zip(out.chunks_mut(BLOCK / 4 * 3)) {
        let mut block = [S::NOUGHT; BLOCK];
        block[..text.len()].copy_from_slice(text);
        let mut known = -1;
        for symbol in &mut block {
            let (value, is_known) = value::<S>(i16::from(*symbol));
            *symbol = value as u8;
            known &= is_known;
        }
        let mut bytes = [0; BLOCK / 4 * 3];
        for (values, bytes) in block.as_chunks::<8>().0.iter().zip(bytes.as_chunks_mut::<6>().0) {
            // Neighbours move together: 6 bits, 12, 24, 48.
            let six = u64::from_be_bytes(*values);
            let twelve = (six & 0x003f_003f_003f_003f) | (six & 0x3f00_3f00_3f00_3f00) >> 2;
            let half = (twelve & 0x0000_0fff_0000_0fff) | (twelve & 0x0fff_0000_0fff_0000) >> 4;
            let whole = (half & 0x00ff_ffff) | (half & 0x00ff_ffff_0000_0000) >> 8;
            let [_, _, ref held @ ..] = whole.to_be_bytes();
            *bytes = *held;
        }
        let (held, beyond) = bytes.split_at(out.len());
        out.copy_from_slice(held);
        // What lies beyond the last byte is nought but for bits of the last symbol.
        wrong |= beyond.iter().fold(!known as u8, |all, byte| all | byte);
    }
    wrong == 0
}

/// Decodes hex in either case into exactly half as many bytes. `false` where a symbol is no hex digit or the lengths do not
/// fit; what `out` then holds means nothing.
#[must_use]
pub(super) fn hex(text: &[u8], out: &mut [u8]) -> bool {
    if text.len() != 2 * out.len() {
        return false;
    }
    let mut known = -1;
    for (text, out) in text.chunks(BLOCK).zip(out.chunks_mut(BLOCK / 2)) {
        let mut block = [b'0'; BLOCK];
        block[..text.len()].copy_from_slice(text);
        for symbol in &mut block {
            let (plain, small) = (i16::from(*symbol), i16::from(*symbol | 0x20));
            let (is_digit, is_letter) = (within(plain, b'0', b'9'), within(small, b'a', b'f'));
            *symbol = (((plain - i16::from(b'0')) & is_digit) | ((small - i16::from(b'a') + 10) & is_letter)) as u8;
            known &= is_digit | is_letter;
        }
        let mut bytes = [0; BLOCK / 2];
        for ([high, low], byte) in block.as_chunks::<2>().0.iter().zip(&mut bytes) {
            *byte = high << 4 | low;
        }
        out.copy_from_slice(&bytes[..out.len()]);
    }
    known == -1
}

/// Digits in lower case.
#[cfg(feature = "import")]
struct LowerHex;

#[cfg(feature = "import")]
impl Class for LowerHex {
    const RANGES: &'static [(u8, u8)] = &[(b'0', b'9'), (b'a', b'f')];
}

#[cfg(feature = "import")]
impl<S: Symbols> Class for S {
    const RANGES: &'static [(u8, u8)] = {
        let [(first, _), (second, _)] = S::OTHERS;
        &[(b'A', b'Z'), (b'a', b'z'), (b'0', b'9'), (first, first), (second, second)]
    };
}

/// Whether a text of at most 64 symbols is hex throughout, in lower case.
#[cfg(feature = "import")]
pub(super) fn is_lower_hex(text: &[u8]) -> bool {
    is_made_of::<LowerHex>(text)
}

/// Whether a text of at most 64 symbols is what [`base64`] decodes, and not empty.
#[cfg(feature = "import")]
pub(super) fn is_base64<S: Symbols>(text: &[u8]) -> bool {
    // The bits of the last symbol that no byte holds.
    let beyond = match text.len() % 4 {
        0 => 0,
        2 => 15,
        3 => 3,
        _ => return false,
    };
    let Some(last) = text.last() else { return false };
    is_made_of::<S>(text) && value::<S>(i16::from(*last)).0 & beyond == 0
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use base64ct::{Base64Bcrypt, Base64Unpadded, Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    fn decoded<S: Symbols>(text: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; base64_bytes(text.len())];
        base64::<S>(text, &mut out).then_some(out)
    }

    fn of_crate<E: Encoding>(text: &[u8]) -> Option<Vec<u8>> {
        E::decode_vec(std::str::from_utf8(text).ok()?).ok()
    }

    /// Each text is read as the well-kept crates read it, and known to be good where it is.
    fn agrees(text: &[u8]) {
        #[cfg(feature = "import")]
        {
            let is_asked = (1..=64).contains(&text.len());
            assert_eq!(is_base64::<Standard>(text), is_asked && decoded::<Standard>(text).is_some(), "{text:?}");
            assert_eq!(is_base64::<Url>(text), is_asked && decoded::<Url>(text).is_some(), "{text:?}");
            assert_eq!(is_base64::<Bcrypt>(text), is_asked && decoded::<Bcrypt>(text).is_some(), "{text:?}");
            assert_eq!(
                is_lower_hex(text),
                text.len() <= 64 && text.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')),
                "{text:?}"
            );
        }
        assert_eq!(decoded::<Standard>(text), of_crate::<Base64Unpadded>(text), "{text:?}");
        assert_eq!(decoded::<Url>(text), of_crate::<Base64UrlUnpadded>(text), "{text:?}");
        assert_eq!(decoded::<Bcrypt>(text), of_crate::<Base64Bcrypt>(text), "{text:?}");
        let mut out = vec![0; text.len() / 2];
        let hex = hex(text, &mut out).then_some(out);
        assert_eq!(hex, base16ct::mixed::decode_vec(text).ok(), "{text:?}");
    }

    #[test]
    fn every_byte_at_every_place_of_every_length_is_read_as_others_read_it() {
        for length in (0..10).chain(30..36).chain(60..70).chain([127, 128, 129]) {
            agrees(&vec![b'A'; length]);
            for place in (0..length).rev().take(9) {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'A'; length];
                    text[place] = byte;
                    agrees(&text);
                }
            }
        }
    }

    #[test]
    fn an_output_of_another_length_is_refused() {
        assert!(!base64::<Standard>(b"QUJD", &mut [0; 2]) && !base64::<Standard>(b"QUJD", &mut [0; 4]));
        assert!(!hex(b"4142", &mut [0; 1]) && !hex(b"4142", &mut [0; 3]) && !hex(b"414", &mut [0; 1]));
    }

    proptest! {
        #[test]
        fn texts_are_read_as_others_read_them(text in "[A-Za-z0-9+/._-]{0,200}", digits in "[0-9a-fA-F]{0,200}") {
            agrees(text.as_bytes());
            agrees(digits.as_bytes());
        }

        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            agrees(Base64Unpadded::encode_string(&bytes).as_bytes());
            agrees(Base64Bcrypt::encode_string(&bytes).as_bytes());
            agrees(base16ct::upper::encode_string(&bytes).as_bytes());
        }
    }
}
