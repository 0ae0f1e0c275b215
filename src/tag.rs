//! The tag of a record: a method, a vendor whose own grammar decides, or an expression.

use std::fmt;
use std::str::FromStr;

use crate::Method;
use crate::recipe::{Family, canonical_expression, mode, redacted};

/// What a record says of the method that made its hash.
///
/// ```
/// use rehash::{Method, Tag};
///
/// assert_eq!("MD5".parse(), Ok(Tag::from(Method::Md5)));
/// assert!("django".parse::<Tag>().is_ok()); // whichever of Django's hashers the text names
/// assert!("md5(md5($p).$s)".parse::<Tag>().is_ok());
/// assert!("md5(md5($p)".parse::<Tag>().is_err());
/// ```
///
/// Its `Display` is the tag itself; its `Debug` leaves the constants of an expression out, which can be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag(pub(crate) Kind);

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Method(Method),
    Family(Family),
    /// In canonical spelling.
    Expression(Box<str>),
}

impl Tag {
    /// The method, where the tag is one.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match &self.0 {
            Kind::Method(method) => Some(*method),
            Kind::Family(_) | Kind::Expression(_) => None,
        }
    }
}

impl From<Method> for Tag {
    fn from(method: Method) -> Self {
        Self(Kind::Method(method))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Method(method) => method.fmt(f),
            Kind::Family(family) => f.write_str(family.0),
            Kind::Expression(expression) => f.write_str(expression),
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Expression(expression) => write!(f, "Tag({})", redacted(expression).unwrap_or_default()),
            Kind::Method(_) | Kind::Family(_) => write!(f, "Tag({self})"),
        }
    }
}

/// The tag means nothing. It does not repeat the tag: columns get swapped, and the text may be a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTag(String);

impl fmt::Display for UnknownTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownTag {}

/// Names that mean nothing by themselves; what to do instead.
const UNSAID: &[(&[&str], &str)] = &[
    (
        &["md5_salted", "sha256_salted", "salted_md5", "salted_sha1", "salted_sha256", "salted_sha512"],
        "is two systems' name for two things: say on which side the salt stands, as in md5_salted_prefix or \
         md5_salted_suffix; FusionAuth's are read with --from fusionauth",
    ),
    (
        &[
            "salted_hmac_sha256",
            "salted_pbkdf2_hmac_sha256",
            "salted_pbkdf2_hmac_sha256_512",
            "fusionauth",
            "salted_pbkdf2_hmac_sha512_512",
            "phppass_sha512",
        ],
        "has its salt and factor in fields of their own: read FusionAuth's export with --from fusionauth",
    ),
    (
        &["keycloak", "pbkdf2_keycloak", "argon2_keycloak"],
        "has its parameters in JSON of their own: read Keycloak's export with --from keycloak",
    ),
    (
        &["scrypt_auth0", "custom_password_hash"],
        "has its parameters in fields of their own: read Auth0's import file with --from auth0",
    ),
    (
        &["scrypt_firebase_standard", "standard_scrypt", "pbkdf2_firebase", "pbkdf_sha1", "hmac_sha1_firebase"],
        "has its parameters beside the export: read it with --from firebase and the file of hash parameters",
    ),
    (&["pbkdf2_logto"], "is a form of Logto's `Legacy`: write that"),
    (
        &["cognito", "awscognito"],
        "stands for no hash, because Cognito gives none: read its users with --from cognito, and leave the password out",
    ),
    (&["noop"], "is Spring's name for no hash at all: write plaintext, and allow it"),
];

impl FromStr for Tag {
    type Err = UnknownTag;

    fn from_str(tag: &str) -> Result<Self, UnknownTag> {
        if let Ok(method) = tag.parse::<Method>() {
            return Ok(method.into());
        }
        if let Some(family) = Family::of(tag) {
            return Ok(Self(Kind::Family(family)));
        }
        if let Some(known) = mode(tag) {
            return known.parse();
        }
        let plain = tag.replace('-', "_").to_ascii_lowercase();
        if let Some((_, what)) = UNSAID.iter().find(|(names, _)| names.contains(&plain.as_str())) {
            return Err(UnknownTag((*what).to_owned()));
        }
        let unknown = || UnknownTag("names no method; `rehash methods` lists them".to_owned());
        let salted = salted(tag);
        let tag = salted.as_deref().unwrap_or(tag);
        let is_number = ["dynamic_", "dynamic=", "hashcat_", "hashcat:"].iter().any(|known| plain.starts_with(known));
        if is_number && !crate::recipe::is_expression(tag) {
            return Err(UnknownTag(
                "is a number that is no method here; write its formula as an expression, if it is one".to_owned(),
            ));
        }
        if !tag.contains('(') && !is_number {
            return Err(unknown());
        }
        match crate::recipe::check_expression(tag) {
            Ok(()) => canonical_expression(tag).map(|text| Self(Kind::Expression(text.into()))).ok_or_else(unknown),
            Err(error) => Err(UnknownTag(error)),
        }
    }
}

/// `salted-prefix(HASH)`, `salted-suffix(HASH)` and `hmac(HASH,key:NAME)`: what they compute.
fn salted(tag: &str) -> Option<String> {
    let (name, arguments) = tag.strip_suffix(')')?.split_once('(')?;
    let name = name.replace('-', "_").to_ascii_lowercase();
    match (name.as_str(), arguments.split_once(',')) {
        ("salted_prefix", None) => Some(format!("{}($s.$p)", arguments.to_ascii_lowercase())),
        ("salted_suffix", None) => Some(format!("{}($p.$s)", arguments.to_ascii_lowercase())),
        ("hmac", Some((hash, key))) => Some(format!("hmac_{}({},$p)", hash.trim().to_ascii_lowercase(), key.trim())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_other_spellings_are_the_tags_they_mean() {
        let same = [
            ("hashcat_3200", "bcrypt"),
            ("hashcat_300", "mysql41"),
            ("HASHCAT:2611", "md5(md5($p).$s)"),
            ("dynamic_17", "phpass"),
            ("dynamic_61", "sha256($s.$p)"),
            ("dynamic_404", "sha3_512(sha3_512_raw($p))"),
            ("salted-prefix(SHA384)", "sha384($s.$p)"),
            ("salted-suffix(md5)", "md5($p.$s)"),
            ("hmac(sha256, key:Site-1)", "hmac_sha256(key:Site-1,$p)"),
        ];
        for (spelling, meant) in same {
            assert_eq!(spelling.parse::<Tag>(), meant.parse(), "{spelling}");
            assert!(meant.parse::<Tag>().is_ok(), "{meant}");
        }
    }

    #[test]
    fn a_vendors_name_has_the_spellings_that_a_methods_has() {
        for (spelling, meant) in [
            ("pbkdf2-sha256", "pbkdf2_sha256"),
            ("PBKDF2-SHA512", "pbkdf2_sha512"),
            ("bcrypt-sha256", "bcrypt_sha256"),
            ("Spring_Digest", "spring-digest"),
            ("DjangoArgon2", "django_argon2"),
        ] {
            assert_eq!(spelling.parse::<Tag>(), meant.parse(), "{spelling}");
        }
        // passlib's own names.
        let names = "apr_md5_crypt argon2 atlassian_pbkdf2_sha1 bcrypt bcrypt_sha256 bsd_nthash bsdi_crypt cta_pbkdf2_sha1 des_crypt \
            django_argon2 django_bcrypt django_bcrypt_sha256 django_pbkdf2_sha256 django_pbkdf2_sha1 django_salted_sha1 \
            django_salted_md5 dlitz_pbkdf2_sha1 fshp grub_pbkdf2_sha512 hex_md4 hex_md5 hex_sha1 hex_sha256 hex_sha512 ldap_md5 \
            ldap_sha1 ldap_hex_md5 ldap_hex_sha1 ldap_salted_md5 ldap_salted_sha1 ldap_salted_sha256 ldap_salted_sha512 ldap_bcrypt \
            ldap_bsdi_crypt ldap_des_crypt ldap_md5_crypt ldap_sha1_crypt ldap_sha256_crypt ldap_sha512_crypt ldap_pbkdf2_sha1 \
            ldap_pbkdf2_sha256 ldap_pbkdf2_sha512 md5_crypt mssql2000 mssql2005 mysql323 mysql41 nthash oracle10 oracle11 pbkdf2_sha1 \
            pbkdf2_sha256 pbkdf2_sha512 phpass postgres_md5 scrypt sha1_crypt sha256_crypt sha512_crypt sun_md5_crypt";
        for name in names.split_whitespace() {
            assert!(name.parse::<Tag>().is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_that_says_too_little_says_what_to_write() {
        let said = |tag: &str| tag.parse::<Tag>().map_err(|error| error.to_string()).unwrap_err();
        for (names, what) in UNSAID {
            for name in *names {
                assert_eq!(said(name), *what, "{name}");
            }
        }
        assert!(said("hashcat_22000").contains("formula"));
        assert!(said("swordfish").contains("names no method"));
    }
}
