//! Texts of the methods that most records have, in the one form that nearly all systems write: known to be good without being
//! decoded, so that going through a table takes no memory for each. Whatever else a text is, is left to the parser, which alone
//! says what is wrong with one.

use crate::codec::{self, Alphabet};
use crate::scheme::argon2::Argon2;
use crate::scheme::bcrypt::Bcrypt;
use crate::{Limits, Method, StoredHash};

/// What there is to know of a good text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) truncates: bool,
    pub(crate) is_weak: bool,
}

impl StoredHash {
    /// Whether `method` reads `text`, within the limits, and it is canonical as it stands; `None` where only parsing can say.
    pub(crate) fn plain(method: Method, text: &str, limits: &Limits) -> Option<Plain> {
        let text = text.as_bytes();
        let digest = |chars| (text.len() == chars && codec::is_lower_hex(text)).then_some(Plain::DIGEST);
        match method {
            Method::Md5 => digest(32),
            Method::Sha1 => digest(40),
            Method::Sha256 => digest(64),
            Method::Bcrypt => bcrypt(text, limits),
            Method::Argon2id => argon2id(text, limits),
            _ => None,
        }
    }
}

impl Plain {
    const DIGEST: Self = Self { truncates: false, is_weak: false };
}

/// `$2b$`, `$2a$` or `$2y$`, two digits, and 16 and 23 bytes.
fn bcrypt(text: &[u8], limits: &Limits) -> Option<Plain> {
    let [b'$', b'2', b'a' | b'b' | b'y', b'$', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'$', body @ ..] = text else {
        return None;
    };
    let cost = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    let (salt, digest) = body.split_at_checked(22).filter(|(_, digest)| digest.len() == 31)?;
    let is_good = codec::is_base64(salt, Alphabet::Bcrypt)
        && codec::is_base64(digest, Alphabet::Bcrypt)
        && limits.check_bcrypt(cost).is_ok();
    is_good.then(|| Plain { truncates: true, is_weak: Bcrypt::is_weak_cost(cost) })
}

/// Version 19, the parameters in their order, 16 bytes of salt and 32 of output.
fn argon2id(text: &[u8], limits: &Limits) -> Option<Plain> {
    let rest = text.strip_prefix(b"$argon2id$v=19$m=")?;
    let (memory_kib, rest) = number(rest)?;
    let (passes, rest) = number(rest.strip_prefix(b",t=")?)?;
    let (lanes, rest) = number(rest.strip_prefix(b",p=")?)?;
    let (salt, output) = rest.strip_prefix(b"$")?.split_at_checked(22)?;
    let output = output.strip_prefix(b"$").filter(|output| output.len() == 43)?;
    let is_good = codec::is_base64(salt, Alphabet::Standard)
        && codec::is_base64(output, Alphabet::Standard)
        && limits.check_argon2(memory_kib.into(), passes.into(), lanes.into()).is_ok();
    is_good.then(|| Plain { truncates: false, is_weak: Argon2::is_weak_cost(memory_kib, passes) })
}

/// A decimal of at most nine digits without a leading zero, and what follows it.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0;
    for (place, digit) in text.iter().enumerate().take(10) {
        match digit {
            b'0'..=b'9' if place < 9 && (place == 0 || value > 0) => value = value * 10 + u32::from(digit - b'0'),
            _ => return (place > 0).then(|| (value, &text[place..])),
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Keyring;
    use proptest::prelude::*;

    const METHODS: [Method; 5] = [Method::Md5, Method::Sha1, Method::Sha256, Method::Bcrypt, Method::Argon2id];

    /// What is plain, the parser reads as that; tells whether it is.
    fn holds(method: Method, text: &str, limits: &Limits) -> bool {
        let Some(plain) = StoredHash::plain(method, text, limits) else { return false };
        let stored = StoredHash::parse(method, text, limits).map_err(|error| format!("{text}: {error}")).unwrap();
        assert_eq!(plain, Plain { truncates: stored.truncates(), is_weak: stored.is_weak() }, "{text}");
        assert_eq!(stored.canonical(), text);
        assert!(!stored.looks_truncated() && stored.check_keys(&Keyring::default()).is_ok(), "{text}");
        true
    }

    const GOOD: [(Method, &str); 8] = [
        (Method::Md5, "5f4dcc3b5aa765d61d8327deb882cf99"),
        (Method::Sha1, "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
        (Method::Sha256, "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"),
        (Method::Bcrypt, "$2y$04$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu"),
        (Method::Bcrypt, "$2b$12$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu"),
        (
            Method::Argon2id,
            "$argon2id$v=19$m=19456,t=2,p=1$Z8U8xE3efAVVgWYuIPNdNA$ALwuqLFQQVhRqRzoRupMoYowtx2evu6Ure71+2S4LJY",
        ),
        (
            Method::Argon2id,
            "$argon2id$v=19$m=8,t=1,p=1$Z8U8xE3efAVVgWYuIPNdNA$ALwuqLFQQVhRqRzoRupMoYowtx2evu6Ure71+2S4LJY",
        ),
        (
            Method::Argon2id,
            "$argon2id$v=19$m=65536,t=10,p=4$Z8U8xE3efAVVgWYuIPNdNA$ALwuqLFQQVhRqRzoRupMoYowtx2evu6Ure71+2S4LJY",
        ),
    ];

    #[test]
    fn what_systems_write_is_plain() {
        for (method, text) in GOOD {
            assert!(holds(method, text, &Limits::default()), "{text}");
        }
    }

    #[test]
    fn no_other_byte_anywhere_makes_a_text_plain_that_the_parser_refuses() {
        for (method, text) in GOOD {
            for place in 0..text.len() {
                for byte in 0..0x80 {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[place] = byte;
                    holds(method, std::str::from_utf8(&bytes).unwrap(), &Limits::default());
                    bytes.remove(place);
                    holds(method, std::str::from_utf8(&bytes).unwrap(), &Limits::default());
                }
            }
        }
    }

    #[test]
    fn what_costs_too_much_is_not_plain() {
        let limits = Limits::default().bcrypt_cost(11).argon2_memory_kib(10_000);
        assert!(!holds(Method::Bcrypt, GOOD[4].1, &limits) && !holds(Method::Argon2id, GOOD[5].1, &limits));
        assert!(holds(Method::Bcrypt, GOOD[3].1, &limits) && holds(Method::Argon2id, GOOD[6].1, &limits));
    }

    proptest! {
        #[test]
        fn what_is_plain_is_what_the_parser_reads(
            which in 0..METHODS.len(),
            text in prop_oneof![
                "[0-9a-fA-F]{31,33}", "[0-9a-f]{40}", "[0-9a-f]{64}",
                r"\$2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}",
                r"\$argon2id?\$v=(16|19)\$m=[0-9]{1,11},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{21,23}\$[A-Za-z0-9+/]{42,44}",
            ],
        ) {
            holds(METHODS[which], &text, &Limits::default());
        }
    }
}
