//! Which methods a text can be, told from what it begins with; and the wrappers that some systems put around another's
//! text.

use crate::Method;
use crate::scheme::scrypt::Scrypt;

/// What a system writes before a text that is otherwise another's own.
const WRAPPERS: [(&str, &[Method]); 34] = [
    ("bcrypt$", &[Method::Bcrypt]),
    // Django's hashers without a salt.
    ("sha1$$", &[Method::Sha1]),
    ("md5$$", &[Method::Md5]),
    ("crypt$$", &[Method::Descrypt]),
    ("{bcrypt}", &[Method::Bcrypt]),
    ("{BLF-CRYPT}", &[Method::Bcrypt]),
    ("argon2", ARGON2),
    ("{argon2}", ARGON2),
    ("{argon2@SpringSecurity_v5_8}", ARGON2),
    ("{ARGON2I}", &[Method::Argon2i]),
    ("{ARGON2ID}", &[Method::Argon2id]),
    ("{CRYPT}", CRYPT),
    ("{MD5-CRYPT}", &[Method::Md5crypt]),
    ("{SHA256-CRYPT}", &[Method::Sha256crypt]),
    ("{SHA512-CRYPT}", &[Method::Sha512crypt]),
    ("{scrypt}", &[Method::SpringScrypt]),
    ("{scrypt@SpringSecurity_v5_8}", &[Method::SpringScrypt]),
    ("{MD4}", &[Method::SpringMd4]),
    ("{MD5}", &[Method::SpringMd5]),
    ("{SHA-1}", &[Method::SpringSha1]),
    ("{SHA-256}", &[Method::SpringSha256]),
    ("{DES-CRYPT}", &[Method::Descrypt]),
    // 389 Directory Server's.
    ("{CRYPT-MD5}", &[Method::Md5crypt]),
    ("{CRYPT-SHA256}", &[Method::Sha256crypt]),
    ("{CRYPT-SHA512}", &[Method::Sha512crypt]),
    ("{GOST_YESCRYPT}", &[Method::GostYescrypt]),
    // Dovecot's: `{MD5}` is md5crypt where it is not a digest.
    ("{MD5}", &[Method::Md5crypt]),
    ("{PLAIN-MD4}", &[Method::Md4]),
    ("{PLAIN-MD4.HEX}", &[Method::Md4]),
    ("{PLAIN-MD4.B64}", &[Method::Md4]),
    ("{PLAIN-MD4.BASE64}", &[Method::Md4]),
    (":argon2:", ARGON2),
    // WoltLab's since version 5.4.
    ("Bcrypt:", &[Method::Bcrypt]),
    ("wcf1:", &[Method::Wbb3]),
];

const ARGON2: &[Method] = &[Method::Argon2i, Method::Argon2d, Method::Argon2id];

/// What Shiro's second version writes before another's text, whose `$` follows it.
const SHIRO: &str = "$shiro2";

const CRYPT: &[Method] = &[
    Method::Md5crypt,
    Method::Apr1,
    Method::Sha256crypt,
    Method::Sha512crypt,
    Method::Bcrypt,
    Method::Phpass,
    Method::Sha1crypt,
    Method::Sunmd5,
    Method::Descrypt,
    Method::Bsdicrypt,
    Method::Scrypt7,
    Method::Yescrypt,
    Method::GostYescrypt,
    Method::Ntlm,
];

/// How many wrappers may stand around one another; systems write one, or `{ldap}` and one.
const WRAPPERS_MAX: usize = 4;

/// The text that the method itself reads.
pub(crate) fn strip_wrapper(method: Method, mut text: &str) -> &str {
    for _ in 0..WRAPPERS_MAX {
        text = text.strip_prefix("{ldap}").unwrap_or(text);
    }
    if let Some(inner) = text.strip_prefix(SHIRO).filter(|inner| inner.starts_with('$')) {
        let is_wrapped = method == Method::Bcrypt || ARGON2.contains(&method);
        return if is_wrapped { inner } else { text };
    }
    if !matches!(text.as_bytes().first(), Some(b'{' | b'b' | b'a' | b's' | b'm' | b'c' | b':' | b'B' | b'w')) {
        return text;
    }
    // Spring's names are exact: two of them differ from LDAP's in case alone.
    let is_exact = matches!(
        method,
        Method::SpringScrypt | Method::SpringMd4 | Method::SpringMd5 | Method::SpringSha1 | Method::SpringSha256
    );
    WRAPPERS
        .iter()
        .filter(|(_, methods)| methods.contains(&method))
        .find_map(|(wrapper, _)| {
            let start = text.get(..wrapper.len())?;
            let is_it =
                start == *wrapper || (!is_exact && wrapper.starts_with('{') && start.eq_ignore_ascii_case(wrapper));
            let inner = &text[wrapper.len()..];
            // Django's `argon2` stands right before the `$` of the text itself.
            (is_it && (!wrapper.ends_with('2') || inner.starts_with("$argon2"))).then_some(inner)
        })
        .unwrap_or(text)
}

/// Every method that a text of this beginning can be; none where it does not say.
pub(crate) fn named(text: &str) -> &'static [Method] {
    named_within(text, WRAPPERS_MAX)
}

/// The same within wrappers, of which so many may still come.
fn named_within(text: &str, wrappers: usize) -> &'static [Method] {
    match text.as_bytes().first() {
        Some(b'$') => dollar(text),
        Some(b'{') => wrappers.checked_sub(1).map_or(&[], |wrappers| braced(text, wrappers)),
        Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if is_hex(text) => &[],
        Some(_) => plain(text),
        None => &[],
    }
}

pub(super) fn is_hex(text: &str) -> bool {
    // Without an early end, which would keep it from being done many bytes at a time.
    text.bytes().fold(true, |is_hex, c| is_hex & c.is_ascii_hexdigit())
}

fn dollar(text: &str) -> &'static [Method] {
    const PREFIXES: [(&str, &[Method]); 46] = [
        ("$md5salted-prefix$", &[Method::Md5SaltedPrefix]),
        ("$md5salted-suffix$", &[Method::Md5SaltedSuffix]),
        ("$firebasescrypt$", &[Method::FirebaseScrypt]),
        ("$firebase-scrypt$", &[Method::FirebaseScrypt]),
        ("$2a$", &[Method::Bcrypt]),
        ("$2b$", &[Method::Bcrypt]),
        ("$2y$", &[Method::Bcrypt]),
        ("$2x$", &[Method::Bcrypt]),
        ("$2$", &[Method::Bcrypt]),
        ("$argon2id$", &[Method::Argon2id]),
        ("$argon2i$", &[Method::Argon2i]),
        ("$argon2d$", &[Method::Argon2d]),
        ("$1$", &[Method::Md5crypt]),
        ("$md5-crypt$", &[Method::Md5crypt]),
        ("$apr1$", &[Method::Apr1]),
        ("$5$", &[Method::Sha256crypt]),
        ("$sha256-crypt$", &[Method::Sha256crypt]),
        ("$6$", &[Method::Sha512crypt]),
        ("$sha512-crypt$", &[Method::Sha512crypt]),
        ("$sha1$pf=", &[Method::KratosTemplate]),
        ("$sha1$", &[Method::Sha1crypt]),
        ("$md5,rounds=", &[Method::Sunmd5]),
        ("$7$", &[Method::Scrypt7]),
        ("$y$", &[Method::Yescrypt]),
        ("$gy$", &[Method::GostYescrypt]),
        ("$P$", &[Method::Phpass]),
        ("$H$", &[Method::Phpass]),
        ("$S$", &[Method::Drupal7]),
        ("$B$", &[Method::MediawikiB]),
        ("$wp$2", &[Method::WordpressBcrypt]),
        ("$bcrypt-sha256$", &[Method::PasslibBcryptSha256]),
        ("$fbscrypt$", &[Method::FirebaseScrypt]),
        ("$firescrypt$", &[Method::FirebaseScrypt]),
        ("$hmac-", &[Method::KratosHmac]),
        ("$3$$", &[Method::Ntlm]),
        ("$sha256$pf=", &[Method::KratosTemplate]),
        ("$sha512$pf=", &[Method::KratosTemplate]),
        ("$md5$pf=", &[Method::KratosTemplate]),
        ("$pbkdf2-sha224$i=", &[Method::Pbkdf2, Method::KratosPbkdf2]),
        ("$pbkdf2-sha384$i=", &[Method::Pbkdf2, Method::KratosPbkdf2]),
        ("$pbkdf2", &[Method::Pbkdf2]),
        ("$H\\2", &[Method::PhpbbCombined]),
        ("$P\\2", &[Method::PhpbbCombined]),
        ("$bcrypt$v=", &[Method::Bcrypt]),
        ("$shiro1$", &[Method::Shiro1]),
        ("$scram$", &[Method::PasslibScram]),
    ];
    if let Some(inner) = text.strip_prefix(SHIRO).filter(|inner| inner.starts_with('$') && !inner.starts_with(SHIRO)) {
        return match dollar(inner) {
            methods @ ([Method::Bcrypt] | [Method::Argon2i] | [Method::Argon2d] | [Method::Argon2id]) => methods,
            _ => &[],
        };
    }
    if let Some((_, methods)) = PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        return methods;
    }
    if text.starts_with("$scrypt$") {
        return if Scrypt::is_kratos(text) { &[Method::KratosScrypt] } else { &[Method::Scrypt] };
    }
    if text.starts_with("$md5$") {
        // Kratos' MD5 is base64 with its padding and no salt; Solaris' has 22 characters after another `$`, and no `=`.
        let is_kratos = text.ends_with('=') && text.matches('$').count() == 2;
        return if is_kratos { &[Method::KratosTemplate] } else { &[Method::Sunmd5] };
    }
    if text.starts_with("$p5k2$") {
        return if text.ends_with('=') { &[Method::CtaPbkdf2] } else { &[Method::DlitzPbkdf2] };
    }
    &[]
}

fn braced(text: &str, wrappers: usize) -> &'static [Method] {
    let Some((name, rest)) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')) else { return &[] };
    // Spring's names are exact, and two of them differ from LDAP's in case alone.
    match name {
        // Of a directory that writes names in lower case.
        "sha256" if rest.len() == 44 && rest.ends_with('=') => return &[Method::LdapSha256],
        "sha256" => return &[Method::SpringStandard],
        "SHA-1" => return &[Method::SpringSha1],
        "SHA-256" => return &[Method::SpringSha256],
        "MD4" => return &[Method::SpringMd4],
        "MD5" if rest.starts_with('{') => return &[Method::SpringMd5],
        // Joomla's, which has its salt after a colon.
        "SHA256" if rest.contains(':') => return &[Method::JoomlaSha256],
        "pbkdf2" if rest.contains('$') => return &[Method::LdapPbkdf2],
        "pbkdf2" | "pbkdf2@SpringSecurity_v5_8" => return &[Method::SpringPbkdf2],
        "scrypt" | "scrypt@SpringSecurity_v5_8" => return &[Method::SpringScrypt],
        "argon2@SpringSecurity_v5_8" | "ldap" => return named_within(rest, wrappers),
        "PKCS5S2" => return &[Method::Atlassian],
        _ => {}
    }
    if name.starts_with("FSHP") {
        return &[Method::Fshp];
    }
    let name = name.to_ascii_uppercase();
    if name.starts_with("PBKDF2WITHHMACSHA") {
        return &[Method::LiferayPbkdf2];
    }
    let [name, _] = encoded(&name).unwrap_or([&name, ""]);
    match name {
        "ARGON2" | "ARGON2I" | "ARGON2ID" => named_within(rest, wrappers),
        "BCRYPT" | "BLF-CRYPT" => &[Method::Bcrypt],
        "DES-CRYPT" => &[Method::Descrypt],
        "MD5-CRYPT" | "CRYPT-MD5" => &[Method::Md5crypt],
        "SHA256-CRYPT" | "CRYPT-SHA256" => &[Method::Sha256crypt],
        "SHA512-CRYPT" | "CRYPT-SHA512" => &[Method::Sha512crypt],
        "GOST_YESCRYPT" => &[Method::GostYescrypt],
        "PBKDF2" | "PBKDF2-SHA1" | "PBKDF2-SHA256" | "PBKDF2-SHA512" | "PBKDF2_SHA256" | "PBKDF2-HMAC-SHA1"
        | "PBKDF2-HMAC-SHA256" | "PBKDF2-HMAC-SHA512" => &[Method::LdapPbkdf2],
        "SCRAM-SHA-1" => &[Method::ScramSha1],
        "SCRAM-SHA-256" => &[Method::ScramSha256],
        "PLAIN-MD4" => &[Method::Md4],
        "CRAM-MD5" | "HMAC-MD5" => &[Method::CramMd5],
        "MD5" if rest.starts_with("$1$") => &[Method::Md5crypt],
        "MD5" | "LDAP-MD5" | "PLAIN-MD5" => &[Method::LdapMd5],
        "SHA" | "SHA1" => &[Method::LdapSha],
        "SHA256" => &[Method::LdapSha256],
        "SHA384" => &[Method::LdapSha384],
        "SHA512" => &[Method::LdapSha512],
        "SMD5" => &[Method::LdapSmd5],
        "SSHA" => &[Method::LdapSsha],
        "SSHA256" => &[Method::LdapSsha256],
        "SSHA384" => &[Method::LdapSsha384],
        "SSHA512" => &[Method::LdapSsha512],
        "CRYPT" if rest.len() == 13 && !rest.contains('$') => &[Method::Descrypt],
        "CRYPT" => named_within(rest, wrappers),
        _ => &[],
    }
}

/// A scheme's name in two: Dovecot lets an encoding follow it, as in `SSHA.HEX`.
pub(super) fn encoded(name: &str) -> Option<[&str; 2]> {
    let (scheme, encoding) = name.rsplit_once('.')?;
    ["HEX", "B64", "BASE64"].contains(&encoding).then_some([scheme, encoding])
}

fn plain(text: &str) -> &'static [Method] {
    const PREFIXES: [(&str, &[Method]); 31] = [
        ("sha1$$", &[Method::Sha1]),
        ("md5$$", &[Method::Md5]),
        ("crypt$$", &[Method::Descrypt]),
        ("sha512_symfony$", &[Method::ClerkSymfony]),
        ("pbkdf2_wrapped_sha1$", &[Method::DjangoWrappedSha1]),
        ("pbkdf2_wrapped_md5$", &[Method::DjangoWrappedMd5]),
        ("pbkdf2_sha512", &[Method::ClerkPbkdf2]),
        ("pbkdf2_sha256$", &[Method::DjangoPbkdf2, Method::ClerkPbkdf2]),
        ("pbkdf2:", &[Method::WerkzeugPbkdf2]),
        ("pbkdf2(", &[Method::Web2pyPbkdf2]),
        ("pbkdf2$", &[Method::HashAndSalt]),
        ("PBKDF2SHA256$", &[Method::SeafilePbkdf2]),
        ("Bcrypt:$2", &[Method::Bcrypt]),
        ("DoubleBcrypt:$2", &[Method::WoltlabBcrypt]),
        ("scrypt:", &[Method::WerkzeugScrypt]),
        ("scrypt$", &[Method::DjangoScrypt]),
        ("bcrypt_sha256$", &[Method::DjangoBcryptSha256]),
        ("bcrypt$$2", &[Method::Bcrypt]),
        ("grub.pbkdf2.", &[Method::Grub]),
        ("SCRAM-SHA-256$", &[Method::ScramSha256]),
        ("U$S$", &[Method::Drupal7]),
        ("U$P$", &[Method::Drupal7]),
        ("U$H$", &[Method::Drupal7]),
        (":A:", &[Method::MediawikiA]),
        (":B:", &[Method::MediawikiB]),
        (":pbkdf2:", &[Method::MediawikiPbkdf2]),
        (":pbkdf2-legacy", &[Method::MediawikiPbkdf2]),
        (":bcrypt:", &[Method::Bcrypt]),
        ("S:", &[Method::Oracle11]),
        ("[\"", &[Method::Legacy]),
        ("[ \"", &[Method::Legacy]),
    ];
    if let Some((_, methods)) = PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        return methods;
    }
    // Django writes base64 of 20 bytes, which ends with padding, and Clerk hex.
    if let Some(rest) = text.strip_prefix("pbkdf2_sha1$") {
        let is_clerks = rest.split('$').nth(2).is_some_and(is_hex);
        return if is_clerks { &[Method::ClerkPbkdf2] } else { &[Method::DjangoPbkdf2] };
    }
    if let Some(inner) = text.strip_prefix(":argon2:") {
        let methods = if inner.starts_with("$argon2") { dollar(inner) } else { &[] };
        return methods;
    }
    let hex_after = |prefix: usize| text.get(prefix..).is_some_and(is_hex);
    match (text.as_bytes(), text.len()) {
        ([b'*', ..], 41) if hex_after(1) => &[Method::Mysql41],
        ([b'm', b'd', b'5', ..], 35) if hex_after(3) => &[Method::PostgresMd5],
        ([b'0', b'x', b'0', b'1', b'0', b'0', ..], 54) => &[Method::Mssql2005],
        ([b'0', b'x', b'0', b'1', b'0', b'0', ..], 94) => &[Method::Mssql2000],
        ([b'0', b'x', b'0', b'2', b'0', b'0', ..], 142) => &[Method::Mssql2012],
        // 160 bits of a key, in four bytes before it.
        ([b'A', b'A', b'A', b'A', b'o', b'A', b'A', ..], 48) => &[Method::LiferayPbkdf2],
        ([b's', b'2', b':', ..], 132..) if is_lucia(text) => &[Method::BetterAuth],
        // Of version 2: a byte of zeros, then a salt and a key, 49 bytes in all.
        ([b'A', b'A'..=b'P', .., b'=', b'='], 68)
        | ([b'A', b'A', b'A' | b'E', ..], 68..)
        | ([b'A', b'Q', b'A', b'A', b'A', b'A', ..], 60..) => &[Method::Aspnet],
        ([b's', b'h', b'a', b'1', b'$', ..], _) if text.matches('$').count() == 2 => {
            &[Method::DjangoSha1, Method::WerkzeugHmac]
        }
        ([b'm', b'd', b'5', b'$', ..], _) if text.matches('$').count() == 2 => {
            &[Method::DjangoMd5, Method::WerkzeugHmac]
        }
        // Werkzeug's is an HMAC, and others' a digest.
        ([b's', b'h', b'a', b'2', b'5', b'6', b'$', ..], _) if text.matches('$').count() == 2 => {
            &[Method::WerkzeugHmac, Method::Sha256SaltedPrefix]
        }
        ([b's', b'h', b'a', b'5', b'1', b'2', b'$', ..], _) if text.matches('$').count() == 2 => {
            &[Method::WerkzeugHmac, Method::Sha512SaltedPrefix]
        }
        ([b's', b'h', b'a', b'2' | b'3' | b'5', ..], _) if text.matches('$').count() == 2 => &[Method::WerkzeugHmac],
        ([b's' | b'm', ..], _) if is_defuse(text) => &[Method::DefusePbkdf2],
        ([b'0'..=b'9' | b'a'..=b'f', ..], 70..) if is_ruby_scrypt(text) => &[Method::RubyScrypt],
        ([b'c', b'r', b'y', b'p', b't', b'$', ..], 22) if text.matches('$').count() == 2 => &[Method::Descrypt],
        ([b'_', ..], 20) => &[Method::Bsdicrypt],
        _ => match text.strip_prefix("argon2$") {
            Some(_) if text.starts_with("argon2$argon2id$") => &[Method::Argon2id],
            Some(_) if text.starts_with("argon2$argon2i$") => &[Method::Argon2i],
            Some(_) if text.starts_with("argon2$argon2d$") => &[Method::Argon2d],
            _ => &[],
        },
    }
}

/// A hash function's name, rounds and two or three parts more, with `:` between.
fn is_defuse(text: &str) -> bool {
    let mut parts = text.split(':');
    let is_first = matches!(parts.next(), Some("md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512"));
    let rounds = parts.next().unwrap_or_default();
    is_first && !rounds.is_empty() && rounds.bytes().all(|c| c.is_ascii_digit()) && matches!(parts.count(), 2 | 3)
}

/// Five parts in hex, the first three of them short.
fn is_ruby_scrypt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('$').collect();
    let is_short = |part: &&str| part.len() <= 8;
    parts.len() == 5 && parts.iter().all(|part| !part.is_empty() && is_hex(part)) && parts[..3].iter().all(is_short)
}

/// `s2:`, a salt, `:` and 128 hex digits.
fn is_lucia(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(head, hash)| head.len() > 3 && hash.len() == 128 && is_hex(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_nest_a_few_times_and_no_more() {
        let hash = "$2b$04$abcdefghijklmnopqrstuu";
        assert_eq!(named(&format!("{{ldap}}{{CRYPT}}{hash}")), [Method::Bcrypt]);
        assert_eq!(strip_wrapper(Method::Bcrypt, &format!("{{ldap}}{{CRYPT}}{hash}")), hash);
        for wrapper in ["{ldap}", "{CRYPT}", "{argon2}", "{ARGON2ID}", "{crypt}"] {
            let deep = wrapper.repeat(100_000) + hash;
            assert!(named(&deep).is_empty(), "{wrapper}");
            for method in Method::all() {
                assert_ne!(strip_wrapper(method, &deep), hash);
            }
        }
    }
}
