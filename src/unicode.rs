//! Unicode's normal forms, in which some systems bring a password before they hash it: one that is typed with an accent after its
//! letter is then the one whose letter has it. A leaf.

use unicode_normalization::UnicodeNormalization;

use crate::function::Secret;

/// A password in the form KC; `None` where it is in it already, or is no text.
pub(crate) fn nfkc(input: &[u8]) -> Option<Secret> {
    normalized(input, |text| text.nfkc())
}

/// The same in the form C.
pub(crate) fn nfc(input: &[u8]) -> Option<Secret> {
    normalized(input, |text| text.nfc())
}

fn normalized<'t, I: Iterator<Item = char>>(input: &'t [u8], form: impl Fn(&'t str) -> I) -> Option<Secret> {
    let text = std::str::from_utf8(input).ok().filter(|text| !text.is_ascii())?;
    // In one piece, so that no other is left that is not wiped.
    let mut normalized = Secret::new(Vec::with_capacity(form(text).map(char::len_utf8).sum()));
    for character in form(text) {
        normalized.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    (*normalized != *input).then_some(normalized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_normal_already_is_left_and_what_is_no_text_too() {
        let of = |form: fn(&[u8]) -> Option<Secret>, text: &str| form(text.as_bytes()).map(|bytes| bytes.to_vec());
        assert_eq!(of(nfkc, "e\u{301} \u{fb01}"), Some("\u{e9} fi".into()));
        assert_eq!(of(nfc, "e\u{301} \u{fb01}"), Some("\u{e9} \u{fb01}".into()));
        for same in ["", "password", "\u{e9} fi"] {
            assert_eq!((of(nfc, same), of(nfkc, same)), (None, None), "{same}");
        }
        assert!(nfkc(b"e\xcc\x81\xff").is_none());
    }

    /// What the price of an expression and the start of its password reckon with.
    #[test]
    fn no_character_grows_or_shrinks_more_than_is_reckoned_with() {
        for character in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = character.to_string();
            for (form, most) in [(nfc as fn(&[u8]) -> Option<Secret>, 3), (nfkc, 11)] {
                let bytes = form(text.as_bytes()).map_or(text.len(), |normal| normal.len());
                assert!(bytes <= most * text.len() && text.len() <= 4 * bytes, "{:x}", u32::from(character));
            }
        }
    }
}
