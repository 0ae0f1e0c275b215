//! The tag of a record: a method, a vendor whose own grammar decides, or an expression.

use std::fmt;
use std::str::FromStr;

use crate::Method;
use crate::recipe::{Family, canonical_expression};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(pub(crate) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The tag means nothing. It does not repeat the tag: columns get swapped, and the text may be a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTag(String);

impl fmt::Display for UnknownTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownTag {}

/// Names that say too little whatever the text is; what to say instead.
const SHARED: [(&str, &str); 6] = [
    ("md5_salted", "say on which side the salt stands: md5_salted_prefix or md5_salted_suffix"),
    ("sha256_salted", "say on which side the salt stands: sha256_salted_prefix or sha256_salted_suffix"),
    ("salted_md5", "say on which side the salt stands: md5_salted_prefix, or md5_salted_suffix (FusionAuth's)"),
    ("salted_sha1", "say on which side the salt stands: sha1_salted_prefix or sha1_salted_suffix"),
    (
        "salted_sha256",
        "say on which side the salt stands: sha256_salted_prefix, or sha256_salted_suffix (FusionAuth's)",
    ),
    ("salted_sha512", "say on which side the salt stands: sha512_salted_prefix or sha512_salted_suffix"),
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
        let plain = tag.replace('-', "_");
        if let Some((_, which)) = SHARED.iter().find(|(name, _)| name.eq_ignore_ascii_case(&plain)) {
            return Err(UnknownTag(format!("is two systems' name for two things: {which}")));
        }
        let is_expression = tag.contains('(')
            || ["dynamic_", "dynamic=", "hashcat_", "hashcat:"].iter().any(|known| tag.starts_with(known));
        if !is_expression {
            return Err(UnknownTag("names no method; `rehash methods` lists them".to_owned()));
        }
        match crate::recipe::check_expression(tag) {
            Ok(()) => canonical_expression(tag)
                .map(|text| Self(Kind::Expression(text.into())))
                .ok_or_else(|| UnknownTag("names no method; `rehash methods` lists them".to_owned())),
            Err(error) => Err(UnknownTag(error)),
        }
    }
}
