//! The families: a vendor's name as a tag, and the methods whose texts that vendor writes.

use super::named::{is_hex, strip_wrapper};
use crate::Method;

/// A vendor's name as a tag: the text is read by that vendor's own grammar. The first of its methods that reads the text
/// is the one; no two of one vendor read the same text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Family(pub(crate) &'static str, pub(crate) &'static [Method]);

impl Family {
    /// By its name in any case, with `-` and `_` alike or left out.
    pub(crate) fn of(name: &str) -> Option<Self> {
        fn plain(name: &str) -> impl Iterator<Item = u8> {
            name.bytes().filter(|byte| !matches!(byte, b'-' | b'_')).map(|byte| byte.to_ascii_lowercase())
        }
        FAMILIES
            .iter()
            .find(|(names, _)| names.iter().any(|known| plain(known).eq(plain(name))))
            .map(|(names, methods)| Self(names[0], methods))
    }

    /// Whether this vendor writes the method in the form that the text has: some know fewer forms than the method itself.
    pub(crate) fn writes(self, method: Method, text: &str) -> bool {
        match (self.0, method) {
            // crypt(3) has its mark before NTLM, and so has whatever stands in a directory as `{CRYPT}`.
            ("crypt" | "ldap" | "passlib" | "bsd_nthash", Method::Ntlm) => {
                strip_wrapper(method, text).starts_with("$3$$")
            }
            ("django", Method::Sha1) => text.starts_with("sha1$$"),
            ("django", Method::Md5) => text.starts_with("md5$$") || (text.len() == 32 && is_hex(text)),
            ("django", Method::Descrypt) => text.starts_with("crypt$"),
            ("passwap", Method::Md5SaltedPrefix | Method::Md5SaltedSuffix) => text.starts_with("$md5salted-"),
            ("spring", Method::SpringPbkdf2) => text.starts_with('{'),
            ("ldap", Method::Md4) => text.starts_with('{'),
            ("woltlab", Method::Bcrypt) => text.starts_with("Bcrypt:"),
            ("mediawiki", Method::Bcrypt | Method::Argon2id | Method::Argon2i) => text.starts_with(':'),
            ("passlib", Method::Mysql41) => text.starts_with('*'),
            ("passlib", Method::Sha1 | Method::Sha256 | Method::Sha512) => is_hex(text),
            _ => true,
        }
    }

    /// The text as the method itself reads it, where this vendor's form stands for another computation there: passlib knows FreeBSD's
    /// mark and hashes UTF-16 after it, while crypt(3) widens bytes.
    pub(crate) fn restated(self, method: Method, text: &str) -> Option<&str> {
        match (self.0, method) {
            ("passlib" | "bsd_nthash", Method::Ntlm) => text.strip_prefix("$3$$"),
            _ => None,
        }
    }

    /// Whether a text that names this method itself is one of this vendor's: what is written out says how the hash is computed, and
    /// earlier versions wrote the vendor's as the method that it goes back to.
    pub(crate) fn takes(self, method: Method) -> bool {
        self.1.contains(&method)
            || (self.0 == "wordpress" && matches!(method, Method::Phpass | Method::Md5))
            || (self.0 == "phpbb" && matches!(method, Method::Phpass | Method::Bcrypt | Method::Argon2id))
    }

    /// What a text can be of this vendor's, where nothing in it decides.
    pub(crate) fn undecided(self, text: &str) -> Option<&'static [Method]> {
        // hex_md5, hex_md4 and nthash; mysql323, which passlib writes in lower case, and oracle10, in upper case.
        match (self.0, text.len()) {
            ("passlib", 32) if is_hex(text) => Some(&[Method::Md5, Method::Md4, Method::Ntlm]),
            ("passlib", 16) if is_hex(text) && !text.bytes().any(|c| c.is_ascii_lowercase()) => {
                Some(&[Method::Mysql323, Method::Oracle10])
            }
            // Without a mark: PBKDF2 of its older defaults, or what was called standard before; one of two digests, with a salt or without.
            ("spring", 80) if is_hex(text) => Some(&[Method::SpringPbkdf2, Method::SpringStandard]),
            ("spring", 32..) if is_unmarked_digest(text) => Some(&[Method::SpringMd5, Method::SpringMd4]),
            _ => None,
        }
    }
}

/// `{SALT}` and 32 hex digits, or those alone: what Spring's MD5 and MD4 write, but for the mark.
fn is_unmarked_digest(text: &str) -> bool {
    let (salt, hash) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).unwrap_or(("", text));
    hash.len() == 32 && is_hex(hash) && !["MD5", "MD4"].contains(&salt)
}

const FAMILIES: &[(&[&str], &[Method])] = &[
    (&["bsd_nthash"], &[Method::Ntlm]),
    (&["argon2"], &[Method::Argon2id, Method::Argon2i, Method::Argon2d]),
    (
        &["django"],
        &[
            Method::DjangoPbkdf2,
            Method::Argon2id,
            Method::Argon2i,
            Method::Bcrypt,
            Method::DjangoBcryptSha256,
            Method::DjangoScrypt,
            Method::DjangoSha1,
            Method::DjangoMd5,
            Method::DjangoWrappedSha1,
            Method::DjangoWrappedMd5,
            Method::Sha1,
            Method::Md5,
            Method::Descrypt,
        ],
    ),
    (&["werkzeug", "flask"], &[Method::WerkzeugScrypt, Method::WerkzeugPbkdf2, Method::WerkzeugHmac]),
    // Names that stand for whichever of them the text is; where it can be several, the record must say.
    (&["pbkdf2_sha256"], &[Method::Pbkdf2, Method::DjangoPbkdf2, Method::ClerkPbkdf2]),
    (&["pbkdf2_sha1"], &[Method::Pbkdf2, Method::DjangoPbkdf2, Method::ClerkPbkdf2]),
    (&["pbkdf2_sha512"], &[Method::Pbkdf2, Method::ClerkPbkdf2]),
    (&["pbkdf2_sha512_hex"], &[Method::ClerkPbkdf2]),
    (&["bcrypt_sha256"], &[Method::PasslibBcryptSha256, Method::DjangoBcryptSha256, Method::BcryptSha256]),
    (&["django_argon2"], &[Method::Argon2id, Method::Argon2i, Method::Argon2d]),
    // Since version 10.1 it hashes with PHP's own functions.
    (&["drupal"], &[Method::Drupal7, Method::Bcrypt, Method::Argon2id, Method::Argon2i, Method::Phpass]),
    (&["drupal6"], &[Method::Phpass, Method::Drupal7, Method::Md5]),
    (&["laravel", "php", "codeigniter", "cakephp"], &[Method::Bcrypt, Method::Argon2id, Method::Argon2i]),
    (
        &["workos"],
        &[Method::Bcrypt, Method::FirebaseScrypt, Method::LdapSsha, Method::Scrypt, Method::Argon2id, Method::Argon2i],
    ),
    (
        &["passlib"],
        &[
            Method::Argon2id,
            Method::Argon2i,
            Method::Argon2d,
            Method::Bcrypt,
            Method::PasslibBcryptSha256,
            Method::Pbkdf2,
            Method::Scrypt,
            Method::Scrypt7,
            Method::Sha512crypt,
            Method::Sha256crypt,
            Method::Md5crypt,
            Method::Apr1,
            Method::Phpass,
            Method::LdapSha,
            Method::LdapMd5,
            Method::LdapSmd5,
            Method::LdapSsha,
            Method::LdapSsha256,
            Method::LdapSsha512,
            Method::Atlassian,
            Method::CtaPbkdf2,
            Method::DlitzPbkdf2,
            Method::Grub,
            Method::DjangoPbkdf2,
            Method::DjangoSha1,
            Method::DjangoMd5,
            Method::Mssql2000,
            Method::Mssql2005,
            Method::Oracle11,
            Method::Mysql41,
            Method::Sha1crypt,
            Method::Sunmd5,
            Method::Bsdicrypt,
            Method::Descrypt,
            Method::Mysql323,
            Method::PostgresMd5,
            Method::Fshp,
            Method::LdapPbkdf2,
            Method::PasslibScram,
            Method::DjangoBcryptSha256,
            Method::Ntlm,
            Method::Sha1,
            Method::Sha256,
            Method::Sha512,
        ],
    ),
    (
        &["ldap", "openldap", "389ds", "opendj", "apacheds", "dovecot"],
        &[
            Method::LdapSsha,
            Method::LdapSha,
            Method::LdapMd5,
            Method::LdapSmd5,
            Method::LdapSha256,
            Method::LdapSha384,
            Method::LdapSha512,
            Method::LdapSsha256,
            Method::LdapSsha384,
            Method::LdapSsha512,
            Method::Sha512crypt,
            Method::Sha256crypt,
            Method::Md5crypt,
            Method::Bcrypt,
            Method::Argon2id,
            Method::Argon2i,
            Method::LdapPbkdf2,
            Method::Atlassian,
            Method::ScramSha256,
            Method::ScramSha1,
            Method::CramMd5,
            Method::Md4,
            Method::Sha1crypt,
            Method::Apr1,
            Method::Sunmd5,
            Method::Yescrypt,
            Method::GostYescrypt,
            Method::Scrypt7,
            Method::Ntlm,
            Method::Bsdicrypt,
            Method::Descrypt,
        ],
    ),
    (
        &["spring"],
        &[
            Method::Bcrypt,
            Method::Argon2id,
            Method::Argon2i,
            Method::Argon2d,
            Method::SpringPbkdf2,
            Method::SpringScrypt,
            Method::SpringStandard,
            Method::SpringSha256,
            Method::SpringSha1,
            Method::SpringMd5,
            Method::SpringMd4,
            Method::LdapSha,
            Method::LdapSsha,
            Method::LdapMd5,
        ],
    ),
    (
        &["crypt", "shadow", "unix"],
        &[
            Method::Sha512crypt,
            Method::Sha256crypt,
            Method::Bcrypt,
            Method::Md5crypt,
            Method::Yescrypt,
            Method::GostYescrypt,
            Method::Scrypt7,
            Method::Sha1crypt,
            Method::Sunmd5,
            Method::Ntlm,
            Method::Phpass,
            Method::Apr1,
            Method::Bsdicrypt,
            Method::Descrypt,
        ],
    ),
    (
        &["htpasswd", "apache"],
        &[
            Method::Apr1,
            Method::Bcrypt,
            Method::LdapSha,
            Method::Sha512crypt,
            Method::Sha256crypt,
            Method::Md5crypt,
            Method::LdapSsha,
            Method::Yescrypt,
            Method::Bsdicrypt,
            Method::Descrypt,
        ],
    ),
    (
        &["kratos", "ory"],
        &[
            Method::Bcrypt,
            Method::Argon2id,
            Method::Argon2i,
            Method::KratosPbkdf2,
            Method::KratosScrypt,
            Method::FirebaseScrypt,
            Method::KratosTemplate,
            Method::KratosHmac,
            Method::Md5crypt,
            Method::Sha256crypt,
            Method::Sha512crypt,
            Method::LdapSsha,
            Method::LdapSsha256,
            Method::LdapSsha512,
        ],
    ),
    (
        &["clerk"],
        &[
            Method::ClerkPbkdf2,
            Method::Bcrypt,
            Method::BcryptPeppered,
            Method::Argon2id,
            Method::Argon2i,
            Method::DjangoBcryptSha256,
            Method::WerkzeugScrypt,
            Method::FirebaseScrypt,
            Method::Phpass,
            Method::LdapSsha,
            Method::ClerkSymfony,
            Method::Md5,
            Method::Sha256,
        ],
    ),
    (
        &["wordpress", "wp"],
        &[
            Method::WordpressBcrypt,
            Method::WordpressPhpass,
            Method::Bcrypt,
            Method::WordpressMd5,
            // What a filter may have it hash with.
            Method::Argon2id,
            Method::Argon2i,
        ],
    ),
    (
        &["phpbb"],
        &[
            Method::Phpbb3,
            Method::PhpbbCombined,
            Method::PhpbbBcrypt,
            Method::PhpbbArgon2id,
            Method::Argon2i,
            Method::Md5,
        ],
    ),
    (
        &["joomla"],
        &[
            Method::Bcrypt,
            Method::Phpass,
            Method::Argon2id,
            Method::Argon2i,
            Method::JoomlaSha256,
            Method::Md5SaltedSuffix,
            Method::Md5,
        ],
    ),
    (
        &["mediawiki"],
        &[
            Method::MediawikiPbkdf2,
            Method::MediawikiB,
            Method::MediawikiA,
            Method::Argon2id,
            Method::Argon2i,
            Method::Bcrypt,
        ],
    ),
    (&["lucia", "lucia3", "oslo"], &[Method::BetterAuth, Method::Argon2idNfkc, Method::BcryptNfkc]),
    (&["adonis", "adonisjs"], &[Method::Scrypt, Method::Bcrypt, Method::Argon2id, Method::Argon2i, Method::Argon2d]),
    (&["shiro"], &[Method::Shiro1, Method::Argon2id, Method::Argon2i, Method::Argon2d, Method::Bcrypt]),
    (&["liferay"], &[Method::LiferayPbkdf2, Method::Bcrypt, Method::LdapSsha, Method::LdapSha, Method::Sha1]),
    (
        &["passwap", "zitadel"],
        &[
            Method::Argon2id,
            Method::Argon2i,
            Method::Bcrypt,
            Method::Pbkdf2,
            Method::Scrypt,
            Method::Md5crypt,
            Method::Sha256crypt,
            Method::Sha512crypt,
            Method::Phpass,
            Method::Drupal7,
            Method::FirebaseScrypt,
            Method::LdapSsha,
            Method::LdapSsha256,
            Method::LdapSsha384,
            Method::LdapSsha512,
            Method::LdapSha,
            Method::LdapSha256,
            Method::LdapSha384,
            Method::LdapSha512,
            Method::Md5SaltedPrefix,
            Method::Md5SaltedSuffix,
            Method::Md5,
        ],
    ),
    (&["supabase", "gotrue"], &[Method::Bcrypt, Method::Argon2id, Method::Argon2i, Method::FirebaseScrypt]),
    (&["mssql", "mssqlserver", "sqlserver"], &[Method::Mssql2012, Method::Mssql2005, Method::Mssql2000]),
    (&["mysql", "mariadb"], &[Method::Mysql41, Method::Mysql323]),
    (&["postgresql", "postgres"], &[Method::ScramSha256, Method::PostgresMd5]),
    (&["oracle"], &[Method::Oracle11, Method::Oracle10]),
    // Magento 1 writes its hashes without a version.
    (
        &["magento1", "openmage"],
        &[
            Method::Magento,
            Method::Md5SaltedPrefix,
            Method::Sha256SaltedPrefix,
            Method::Sha512SaltedPrefix,
            Method::Bcrypt,
            Method::Md5,
        ],
    ),
    (&["woltlab", "wbb", "wcf"], &[Method::WoltlabBcrypt, Method::Bcrypt, Method::Wbb3]),
    (&["reachfive"], &[Method::Bcrypt, Method::Argon2id, Method::Argon2i, Method::FirebaseScrypt, Method::Magento]),
    (
        &["symfony", "symfony_native", "symfony_auto"],
        &[
            Method::SymfonyBcrypt,
            Method::Argon2id,
            Method::Argon2i,
            Method::SymfonyDigest,
            Method::SymfonyPbkdf2,
            Method::Pbkdf2,
        ],
    ),
    (&["spring-digest"], &[Method::SpringSha256, Method::SpringSha1, Method::SpringMd5, Method::SpringMd4]),
    (
        &["logto"],
        &[
            Method::Argon2i,
            Method::Argon2id,
            Method::Argon2d,
            Method::Bcrypt,
            Method::Legacy,
            Method::Sha256,
            Method::Sha1,
            Method::Md5,
        ],
    ),
    (
        &["auth0"],
        &[
            Method::Bcrypt,
            Method::Argon2id,
            Method::Argon2i,
            Method::Argon2d,
            Method::Pbkdf2,
            Method::Scrypt,
            Method::LdapSha,
            Method::LdapMd5,
            Method::LdapSmd5,
            Method::LdapSsha,
            Method::LdapSha256,
            Method::LdapSha384,
            Method::LdapSha512,
            Method::LdapSsha256,
            Method::LdapSsha384,
            Method::LdapSsha512,
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_familys_name_is_a_methods() {
        for (names, methods) in FAMILIES {
            assert!(!methods.is_empty());
            for name in *names {
                assert!(name.parse::<Method>().is_err(), "{name}");
            }
        }
    }
}
