//! Hex and base64, strictly: exact alphabets, exact lengths, no bits that the value does not have. Well-formed text is
//! decoded without branches or table look-ups that depend on it (`symbols`); only text that is broken, and so holds no
//! secret worth keeping, is looked at again to say where.

mod symbols;

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};

use crate::error::Fault;

/// Which base64 alphabets a text may use. One text never mixes two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// `A-Za-z0-9+/`
    Standard,
    /// `A-Za-z0-9-_`
    Url,
    /// Whichever of the two the text uses.
    StandardOrUrl,
    /// bcrypt's `./A-Za-z0-9`, never padded.
    Bcrypt,
}

impl Alphabet {
    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard base64",
            Self::Url => "base64url",
            Self::StandardOrUrl => "base64 or base64url",
            Self::Bcrypt => "bcrypt's base64",
        }
    }

    const fn has(self, symbol: u8) -> bool {
        symbol.is_ascii_alphanumeric()
            || match self {
                Self::Standard => matches!(symbol, b'+' | b'/'),
                Self::Url => matches!(symbol, b'-' | b'_'),
                Self::StandardOrUrl => matches!(symbol, b'+' | b'/' | b'-' | b'_'),
                Self::Bcrypt => matches!(symbol, b'.' | b'/'),
            }
    }
}

/// Hex in either case. The caller has already held the length against what it expects.
pub(crate) fn hex(text: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![0; text.len() / 2];
    hex_exact(text, &mut bytes).map(|()| bytes)
}

/// Hex in either case of exactly as many bytes as `out` has.
pub(crate) fn hex_exact(text: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    if symbols::hex(text, out) {
        return Ok(());
    }
    Err(match text.iter().position(|c| !c.is_ascii_hexdigit()) {
        Some(at) => Fault::Symbol { at: at + 1, alphabet: "a hex digit" },
        None => Fault::Length { actual: text.len(), expected: "an even number of hex digits" },
    })
}

/// Whether a text of at most 64 symbols is hex throughout, in lower case.
#[cfg(feature = "import")]
pub(crate) fn is_lower_hex(text: &[u8]) -> bool {
    symbols::is_lower_hex(text)
}

/// Whether a text of at most 64 symbols is unpadded base64.
#[cfg(feature = "import")]
pub(crate) fn is_base64(text: &[u8], alphabet: Alphabet) -> bool {
    match alphabet {
        Alphabet::Standard => symbols::is_base64::<symbols::Standard>(text),
        Alphabet::Url => symbols::is_base64::<symbols::Url>(text),
        Alphabet::Bcrypt => symbols::is_base64::<symbols::Bcrypt>(text),
        Alphabet::StandardOrUrl => [Alphabet::Standard, Alphabet::Url].iter().any(|one| is_base64(text, *one)),
    }
}

/// Lower-case hex.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Base64 without padding.
pub(crate) fn base64(text: &[u8], alphabet: Alphabet) -> Result<Vec<u8>, Fault> {
    let mut bytes = vec![0; symbols::base64_bytes(text.len())];
    base64_exact(text, alphabet, &mut bytes).map(|()| bytes)
}

/// Base64 without padding of exactly as many bytes as `out` has.
pub(crate) fn base64_exact(text: &[u8], alphabet: Alphabet, out: &mut [u8]) -> Result<(), Fault> {
    let is_good = match alphabet {
        Alphabet::Standard => symbols::base64::<symbols::Standard>(text, out),
        Alphabet::Url => symbols::base64::<symbols::Url>(text, out),
        Alphabet::Bcrypt => symbols::base64::<symbols::Bcrypt>(text, out),
        Alphabet::StandardOrUrl => return base64_exact(text, pick(text)?, out),
    };
    if is_good { Ok(()) } else { Err(diagnose(text, alphabet)) }
}

/// Base64 with padding or without: padding, where there is any, must be exact.
pub(crate) fn base64_padded_or_not(text: &[u8], alphabet: Alphabet) -> Result<Vec<u8>, Fault> {
    base64(without_padding(text)?, alphabet)
}

/// The text less its trailing `=`, which must make it a multiple of four.
pub(crate) fn without_padding(text: &[u8]) -> Result<&[u8], Fault> {
    let pads = text.iter().rev().take_while(|c| **c == b'=').count();
    let body = &text[..text.len() - pads];
    if pads == 0 || (pads <= 2 && text.len().is_multiple_of(4)) { Ok(body) } else { Err(Fault::Padding) }
}

/// Standard base64 without padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    Base64Unpadded::encode_string(bytes)
}

/// base64url without padding.
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// bcrypt's base64.
pub(crate) fn to_base64_bcrypt(bytes: &[u8]) -> String {
    base64ct::Base64Bcrypt::encode_string(bytes)
}

/// The alphabet a text uses, judged from all of it at once rather than from the first special symbol.
fn pick(text: &[u8]) -> Result<Alphabet, Fault> {
    let count = |a: u8, b: u8| text.iter().map(|c| u32::from((*c == a) | (*c == b))).sum::<u32>();
    match (count(b'+', b'/'), count(b'-', b'_')) {
        (0, 0) | (1.., 0) => Ok(Alphabet::Standard),
        (0, 1..) => Ok(Alphabet::Url),
        (1.., 1..) => {
            let special = |c: &&u8| matches!(**c, b'+' | b'/' | b'-' | b'_');
            let first = text.iter().find(special).map_or(b'+', |c| *c);
            let same = |c: u8| matches!(c, b'+' | b'/') == matches!(first, b'+' | b'/');
            let at = text.iter().position(|c| special(&c) && !same(*c)).unwrap_or(0);
            Err(Fault::MixedAlphabet { at: at + 1 })
        }
    }
}

/// Why a text did not decode.
fn diagnose(text: &[u8], alphabet: Alphabet) -> Fault {
    if let Some(at) = text.iter().position(|c| !alphabet.has(*c)) {
        if text[at] == b'=' {
            return Fault::Padding;
        }
        return Fault::Symbol { at: at + 1, alphabet: alphabet.name() };
    }
    if text.len() % 4 == 1 {
        return Fault::Length { actual: text.len(), expected: "a length that base64 can have" };
    }
    Fault::NonCanonical { part: "the last character has bits set that carry no value" }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ParseError;
    use proptest::prelude::*;

    fn code(fault: Fault) -> &'static str {
        ParseError(fault).code().as_str()
    }

    #[test]
    fn each_kind_of_broken_text_has_its_own_code() {
        let cases: [(&str, Alphabet, &str); 9] = [
            ("QUJ", Alphabet::Standard, "non_canonical"),
            ("QUI=", Alphabet::Url, "ok"),
            ("QUI==", Alphabet::Standard, "bad_encoding"),
            ("QQ=", Alphabet::Standard, "bad_encoding"),
            ("Q", Alphabet::Standard, "wrong_length"),
            ("Q+-Q", Alphabet::StandardOrUrl, "bad_encoding"),
            ("Q+/Q", Alphabet::Url, "bad_encoding"),
            ("Q\u{e9}", Alphabet::Standard, "bad_encoding"),
            ("Q=Q=", Alphabet::Standard, "bad_encoding"),
        ];
        for (text, alphabet, expected) in cases {
            let got = base64_padded_or_not(text.as_bytes(), alphabet).map_or_else(code, |_| "ok");
            assert_eq!(got, expected, "{text}");
        }
        assert_eq!(code(hex(b"0g").unwrap_err()), "bad_encoding");
        assert_eq!(code(hex(b"012").unwrap_err()), "wrong_length");
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(&hex(to_hex(&bytes).as_bytes()).unwrap(), &bytes);
            prop_assert_eq!(&hex(to_hex(&bytes).to_uppercase().as_bytes()).unwrap(), &bytes);
            prop_assert_eq!(&base64(to_base64(&bytes).as_bytes(), Alphabet::StandardOrUrl).unwrap(), &bytes);
            prop_assert_eq!(&base64(to_base64_bcrypt(&bytes).as_bytes(), Alphabet::Bcrypt).unwrap(), &bytes);
        }

        #[test]
        fn what_decodes_encodes_to_the_same_text(text in "[A-Za-z0-9+/]{0,60}") {
            if let Ok(bytes) = base64(text.as_bytes(), Alphabet::Standard) {
                prop_assert_eq!(to_base64(&bytes), text);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = hex(&bytes);
            for alphabet in [Alphabet::Standard, Alphabet::Url, Alphabet::StandardOrUrl, Alphabet::Bcrypt] {
                let _ = base64_padded_or_not(&bytes, alphabet);
            }
        }
    }
}
