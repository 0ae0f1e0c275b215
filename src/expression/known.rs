//! The numbers by which other tools know expressions: John the Ripper's `dynamic_N` and hashcat's modes. Only those whose value
//! is a digest of an expression; `recipe::modes` has those that are a scheme of their own.

use std::borrow::Cow;

/// John's dynamic formats.
const DYNAMIC: [(u32, &str); 55] = [
    (0, "md5($p)"),
    (1, "md5($p.$s)"),
    (2, "md5(md5($p))"),
    (3, "md5(md5(md5($p)))"),
    (4, "md5($s.$p)"),
    (5, "md5($s.$p.$s)"),
    (6, "md5(md5($p).$s)"),
    (7, "md5(md5($p).$s)"),
    (8, "md5(md5($s).$p)"),
    (9, "md5($s.md5($p))"),
    (10, "md5($s.md5($s.$p))"),
    (11, "md5($s.md5($p.$s))"),
    (12, "md5(md5($s).md5($p))"),
    (13, "md5(md5($p).md5($s))"),
    (14, "md5($s.md5($p).$s)"),
    (15, "md5($u.md5($p).$s)"),
    (16, "md5(md5(md5($p).$s).$s2)"),
    (22, "md5(sha1($p))"),
    (23, "sha1(md5($p))"),
    (24, "sha1($p.$s)"),
    (25, "sha1($s.$p)"),
    (26, "sha1($p)"),
    (29, "md5(utf16le($p))"),
    (30, "md4($p)"),
    (31, "md4($s.$p)"),
    (32, "md4($p.$s)"),
    (33, "md4(utf16le($p))"),
    (34, "md5(md4($p))"),
    (35, "sha1(uc($u).':'.$p)"),
    (36, "sha1($u.':'.$p)"),
    (37, "sha1(ascii_lc($u).$p)"),
    (38, "sha1($s.sha1($s.sha1($p)))"),
    (39, "md5($s.pad($p,16))"),
    (40, "sha1($s.pad($p,20))"),
    (1001, "md5(md5(md5(md5($p))))"),
    (1002, "md5(md5(md5(md5(md5($p)))))"),
    (1003, "md5(md5($p).md5($p))"),
    (1004, "md5(md5(md5(md5(md5(md5($p))))))"),
    (1005, "md5(md5(md5(md5(md5(md5(md5($p)))))))"),
    (1006, "md5(md5(md5(md5(md5(md5(md5(md5($p))))))))"),
    (1007, "md5(md5($p).$s)"),
    (1008, "md5($p.$s)"),
    (1010, "md5(pad($p,100))"),
    (1011, "md5($p.md5($s))"),
    (1012, "md5($p.md5($s))"),
    (1013, "md5($p.md5($u))"),
    (1014, "md5($p.$s)"),
    (1015, "md5(md5($p.$u).$s)"),
    (1018, "md5(sha1(sha1($p)))"),
    (1019, "md5(sha1(sha1(md5($p))))"),
    (1020, "md5(sha1(md5($p)))"),
    (1021, "md5(sha1(md5(sha1($p))))"),
    (1022, "md5(sha1(md5(sha1(md5($p)))))"),
    (1300, "md5(md5_raw($p))"),
    (1350, "md5(md5($s.$p).':'.$s)"),
];

/// Where John's tens of one hash function begin: each has the same nine expressions.
const TENS: [(u32, &str); 12] = [
    (50, "sha224"),
    (60, "sha256"),
    (70, "sha384"),
    (80, "sha512"),
    (100, "whirlpool"),
    (130, "ripemd160"),
    (370, "sha3_224"),
    (380, "sha3_256"),
    (390, "sha3_384"),
    (400, "sha3_512"),
    (410, "keccak_256"),
    (420, "keccak_512"),
];

/// What stands at each place of a ten, for a hash function H.
const OF_A_TEN: [&str; 9] = [
    "H($p)",
    "H($s.$p)",
    "H($p.$s)",
    "H(H($p))",
    "H(H_raw($p))",
    "H(H($p).$s)",
    "H($s.H($p))",
    "H(H($s).H($p))",
    "H(H($p).H($p))",
];

/// hashcat's modes.
const HASHCAT: [(u32, &str); 116] = [
    (0, "md5($p)"),
    (10, "md5($p.$s)"),
    (11, "md5($p.$s)"),
    (12, "md5($p.$u)"),
    (20, "md5($s.$p)"),
    (21, "md5($s.$p)"),
    (23, "md5($u.0x0a.'skyper'.0x0a.$p)"),
    (30, "md5(utf16le($p).$s)"),
    (40, "md5($s.utf16le($p))"),
    (50, "hmac_md5($p,$s)"),
    (60, "hmac_md5($s,$p)"),
    (70, "md5(utf16le($p))"),
    (100, "sha1($p)"),
    (110, "sha1($p.$s)"),
    (120, "sha1($s.$p)"),
    (121, "sha1(ascii_lc($u).$p)"),
    (130, "sha1(utf16le($p).$s)"),
    (133, "sha1(utf16le($p))"),
    (140, "sha1($s.utf16le($p))"),
    (150, "hmac_sha1($p,$s)"),
    (160, "hmac_sha1($s,$p)"),
    (170, "sha1(utf16le($p))"),
    (600, "blake2b512($p)"),
    (610, "blake2b512($p.$s)"),
    (620, "blake2b512($s.$p)"),
    (900, "md4($p)"),
    (1100, "md4(md4_raw(utf16le($p)).utf16le(lc($u)))"),
    (1300, "sha224($p)"),
    (1310, "sha224($p.$s)"),
    (1320, "sha224($s.$p)"),
    (1400, "sha256($p)"),
    (1410, "sha256($p.$s)"),
    (1420, "sha256($s.$p)"),
    (1430, "sha256(utf16le($p).$s)"),
    (1440, "sha256($s.utf16le($p))"),
    (1450, "hmac_sha256($p,$s)"),
    (1460, "hmac_sha256($s,$p)"),
    (1470, "sha256(utf16le($p))"),
    (1700, "sha512($p)"),
    (1710, "sha512($p.$s)"),
    (1720, "sha512($s.$p)"),
    (1730, "sha512(utf16le($p).$s)"),
    (1740, "sha512($s.utf16le($p))"),
    (1750, "hmac_sha512($p,$s)"),
    (1760, "hmac_sha512($s,$p)"),
    (1770, "sha512(utf16le($p))"),
    (2600, "md5(md5($p))"),
    (2611, "md5(md5($p).$s)"),
    (2711, "md5(md5($p).$s)"),
    (2811, "md5(md5($s).md5($p))"),
    (3500, "md5(md5(md5($p)))"),
    (3610, "md5(md5(md5($p)).$s)"),
    (3710, "md5($s.md5($p))"),
    (3730, "md5($s.MD5($s2.$p))"),
    (3800, "md5($s.$p.$s)"),
    (3910, "md5(md5($p).md5($s))"),
    (4010, "md5($s.md5($s.$p))"),
    (4110, "md5($s.md5($p.$s))"),
    (4300, "md5(MD5($p))"),
    (4400, "md5(sha1($p))"),
    (4410, "md5(sha1($p).$s)"),
    (4420, "md5(sha1($p.$s))"),
    (4430, "md5(sha1($s.$p))"),
    (4500, "sha1(sha1($p))"),
    (4510, "sha1(sha1($p).$s)"),
    (4520, "sha1($s.sha1($p))"),
    (4521, "sha1($s.sha1($p))"),
    (4522, "sha1($s.sha1($p))"),
    (4700, "sha1(md5($p))"),
    (4710, "sha1(md5($p).$s)"),
    (4711, "sha1(md5($p).$s)"),
    (4900, "sha1($s.$p.$s)"),
    (5000, "sha1(sha1($s.$p.$s))"),
    (6000, "ripemd160($p)"),
    (6050, "hmac_ripemd160($p,$s)"),
    (6060, "hmac_ripemd160($s,$p)"),
    (6100, "whirlpool($p)"),
    (8400, "sha1($s.sha1($s.sha1($p)))"),
    (10800, "sha384($p)"),
    (10810, "sha384($p.$s)"),
    (10820, "sha384($s.$p)"),
    (10830, "sha384(utf16le($p).$s)"),
    (10840, "sha384($s.utf16le($p))"),
    (10870, "sha384(utf16le($p))"),
    (13900, "sha1($s.sha1($s.sha1($p)))"),
    (15000, "sha512($p.$s)"),
    (17300, "sha3_224($p)"),
    (17400, "sha3_256($p)"),
    (17500, "sha3_384($p)"),
    (17600, "sha3_512($p)"),
    (17800, "keccak_256($p)"),
    (18000, "keccak_512($p)"),
    (18500, "sha1(md5(md5($p)))"),
    (19300, "sha1($s.$p.$s2)"),
    (20710, "sha256(sha256($p).$s)"),
    (20720, "sha256($s.sha256($p))"),
    (20730, "sha256(sha256($p.$s))"),
    (20800, "sha256(md5($p))"),
    (20900, "md5(sha1($p).md5($p).sha1($p))"),
    (21000, "sha512(sha512_raw($p))"),
    (21100, "sha1(md5($p.$s))"),
    (21200, "md5(sha1($s).md5($p))"),
    (21300, "md5($s.sha1($s.$p))"),
    (21310, "md5($s.sha1($s2.$p))"),
    (21400, "sha256(sha256_raw($p))"),
    (21420, "sha256($s.sha256_raw($p))"),
    (22300, "sha256($s.$p.$s)"),
    (24300, "sha1($s.sha1($p.$s))"),
    (30500, "md5(md5($s).md5(md5($p)))"),
    (31000, "blake2s256($p)"),
    (31700, "md5(md5(md5($p).$s).$s2)"),
    (32410, "sha512(sha512($p).$s)"),
    (32420, "sha512(sha512_raw($p).$s)"),
    (32800, "md5(sha1(md5($p)))"),
    (33000, "md5($s.$p.$s2)"),
    (33100, "md5($s.md5($p).$s)"),
];

/// A numbered name's number.
pub(crate) fn number(name: &str, prefixes: [&str; 2]) -> Option<u32> {
    let number = prefixes.iter().find_map(|prefix| match name.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => name.get(prefix.len()..),
        _ => None,
    })?;
    number.parse().ok()
}

/// How John's and hashcat's numbers are written.
pub(crate) const JOHN: [&str; 2] = ["dynamic_", "dynamic="];
pub(crate) const HASHCAT_MODE: [&str; 2] = ["hashcat_", "hashcat:"];

/// The expression of a numbered name.
pub(super) fn expression(name: &str) -> Option<Cow<'static, str>> {
    let find = |table: &[(u32, &'static str)], number: u32| {
        table.iter().find(|(known, _)| *known == number).map(|(_, expression)| Cow::Borrowed(*expression))
    };
    if let Some(number) = number(name, JOHN) {
        return find(&DYNAMIC, number).or_else(|| {
            let (_, function) = TENS.iter().find(|(ten, _)| *ten == number - number % 10)?;
            Some(OF_A_TEN.get(number as usize % 10)?.replace('H', function).into())
        });
    }
    find(&HASHCAT, number(name, HASHCAT_MODE)?)
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = String> {
    let tens = TENS.iter().flat_map(|(_, function)| OF_A_TEN.iter().map(move |text| text.replace('H', function)));
    DYNAMIC.iter().chain(&HASHCAT).map(|(_, expression)| (*expression).to_owned()).chain(tens)
}
