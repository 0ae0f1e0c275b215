//! The numbers by which hashcat and John the Ripper know schemes that have a text of their own: each is a tag of ours.
//! Numbers of expressions are in `expression::known`.

use crate::expression::known::{HASHCAT_MODE, JOHN, number};

/// hashcat's modes.
const HASHCAT: [(u32, &str); 39] = [
    (101, "ldap_sha"),
    (111, "ldap_ssha"),
    (112, "oracle11"),
    (124, "django_sha1"),
    (131, "mssql2000"),
    (132, "mssql2005"),
    (200, "mysql323"),
    (300, "mysql41"),
    (400, "phpass"),
    (500, "md5crypt"),
    (1000, "ntlm"),
    (1411, "ldap_ssha256"),
    (1500, "descrypt"),
    (1600, "apr1"),
    (1711, "ldap_ssha512"),
    (1731, "mssql2012"),
    (1800, "sha512crypt"),
    (3100, "oracle10"),
    (3200, "bcrypt"),
    (3300, "sunmd5"),
    (3711, "mediawiki_b"),
    (7200, "grub"),
    (7400, "sha256crypt"),
    (7900, "drupal7"),
    (10000, "django_pbkdf2"),
    (12001, "atlassian"),
    (12400, "bsdicrypt"),
    (15100, "sha1crypt"),
    (20200, "pbkdf2"),
    (20300, "pbkdf2"),
    (20400, "pbkdf2"),
    (25600, "bcrypt_md5"),
    (25800, "bcrypt_sha1"),
    (28400, "bcrypt_sha512"),
    (28600, "scram_sha256"),
    (30000, "werkzeug_hmac"),
    (30120, "werkzeug_hmac"),
    (30600, "bcrypt_sha256_hex"),
    (34000, "argon2"),
];

/// John's dynamic formats.
const DYNAMIC: [(u32, &str); 3] = [(17, "phpass"), (27, "md5crypt"), (28, "apr1")];

/// The tag of a numbered name that is a scheme's.
pub(crate) fn mode(name: &str) -> Option<&'static str> {
    let find = |table: &[(u32, &'static str)], prefixes| {
        let number = number(name, prefixes)?;
        table.iter().find(|(known, _)| *known == number).map(|(_, tag)| *tag)
    };
    find(&HASHCAT, HASHCAT_MODE).or_else(|| find(&DYNAMIC, JOHN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_is_a_tag_and_no_expressions_number() {
        for (table, prefix) in [(&HASHCAT[..], "hashcat_"), (&DYNAMIC[..], "dynamic_")] {
            for (number, tag) in table {
                assert!(tag.parse::<crate::Tag>().is_ok(), "{tag}");
                assert_eq!(mode(&format!("{prefix}{number}")), Some(*tag));
            }
        }
        assert_eq!(mode("hashcat_99999"), None);
        assert_eq!(mode("hashcat_"), None);
    }
}
