//! The record's fields by name, and problems with them.

use std::borrow::Cow;
use std::fmt;

use crate::Code;

/// A field of the record. The names are those of the Logto user schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(usize)]
#[allow(missing_docs, reason = "the names are the documentation: see `Field::as_str`")]
pub enum Field {
    Username,
    PrimaryEmail,
    PrimaryPhone,
    Name,
    Avatar,
    Profile,
    CustomData,
    Identities,
    PasswordEncrypted,
    PasswordEncryptionMethod,
    PasswordSalt,
    PasswordSaltEncoding,
    PasswordSalt2,
    PasswordUser,
    PasswordEncoding,
    /// A password to verify: batch verification only.
    Password,
    /// The same, as hex.
    PasswordHex,
}

impl Field {
    pub(crate) const COUNT: usize = 17;

    const ALL: [Self; Self::COUNT] = [
        Self::Username,
        Self::PrimaryEmail,
        Self::PrimaryPhone,
        Self::Name,
        Self::Avatar,
        Self::Profile,
        Self::CustomData,
        Self::Identities,
        Self::PasswordEncrypted,
        Self::PasswordEncryptionMethod,
        Self::PasswordSalt,
        Self::PasswordSaltEncoding,
        Self::PasswordSalt2,
        Self::PasswordUser,
        Self::PasswordEncoding,
        Self::Password,
        Self::PasswordHex,
    ];

    /// The field's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::PrimaryEmail => "primaryEmail",
            Self::PrimaryPhone => "primaryPhone",
            Self::Name => "name",
            Self::Avatar => "avatar",
            Self::Profile => "profile",
            Self::CustomData => "customData",
            Self::Identities => "identities",
            Self::PasswordEncrypted => "passwordEncrypted",
            Self::PasswordEncryptionMethod => "passwordEncryptionMethod",
            Self::PasswordSalt => "passwordSalt",
            Self::PasswordSaltEncoding => "passwordSaltEncoding",
            Self::PasswordSalt2 => "passwordSalt2",
            Self::PasswordUser => "passwordUser",
            Self::PasswordEncoding => "passwordEncoding",
            Self::Password => "password",
            Self::PasswordHex => "passwordHex",
        }
    }

    /// The field of a name; the API's spellings are accepted for the schema's.
    pub(crate) fn of(name: &str) -> Option<Self> {
        // Each comparison is of a known length, and so a few instructions: every record's every name is looked up.
        Some(match name {
            "username" => Self::Username,
            "primaryEmail" => Self::PrimaryEmail,
            "passwordEncrypted" | "passwordDigest" => Self::PasswordEncrypted,
            "passwordEncryptionMethod" | "passwordAlgorithm" => Self::PasswordEncryptionMethod,
            "primaryPhone" => Self::PrimaryPhone,
            "name" => Self::Name,
            "avatar" => Self::Avatar,
            "profile" => Self::Profile,
            "customData" => Self::CustomData,
            "identities" => Self::Identities,
            "passwordSalt" => Self::PasswordSalt,
            "passwordSaltEncoding" => Self::PasswordSaltEncoding,
            "passwordSalt2" => Self::PasswordSalt2,
            "passwordUser" => Self::PasswordUser,
            "passwordEncoding" => Self::PasswordEncoding,
            "password" => Self::Password,
            "passwordHex" => Self::PasswordHex,
            _ => return None,
        })
    }

    /// The field that a database's column is named like, in any case and with or without `_`. A password to verify is none.
    #[cfg(feature = "source")]
    pub(super) fn of_column(name: &str) -> Option<Self> {
        let plain: String = name.chars().filter(|c| *c != '_').collect();
        let known =
            [("passwordDigest", Self::PasswordEncrypted), ("passwordAlgorithm", Self::PasswordEncryptionMethod)];
        let fields = Self::ALL.into_iter().map(|field| (field.as_str(), field)).chain(known);
        let of_user = |field: &Self| !matches!(field, Self::Password | Self::PasswordHex);
        fields
            .filter(|(_, field)| of_user(field))
            .find(|(name, _)| plain.eq_ignore_ascii_case(name))
            .map(|(_, field)| field)
    }

    /// Whether the field says how to read the hash.
    #[cfg(feature = "source")]
    pub(super) const fn describes_hash(self) -> bool {
        matches!(
            self,
            Self::PasswordEncryptionMethod
                | Self::PasswordSalt
                | Self::PasswordSaltEncoding
                | Self::PasswordSalt2
                | Self::PasswordUser
                | Self::PasswordEncoding
        )
    }

    /// Whether the field's value is a JSON object rather than a text.
    pub(crate) const fn is_object(self) -> bool {
        matches!(self, Self::Profile | Self::CustomData | Self::Identities)
    }

    /// The field's name that this one is but for case, blanks and signs: a header says so of itself, whatever else is in it.
    pub(crate) fn in_other_spelling(name: &str) -> Option<&'static str> {
        let wanted: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let names = Self::ALL.into_iter().map(Self::as_str).chain(["passwordDigest", "passwordAlgorithm"]);
        names.into_iter().find(|known| known.eq_ignore_ascii_case(&wanted))
    }

    /// What to make of a name that is no field: a near miss is a mistake, anything else is the user's own data.
    pub(crate) fn near_miss(name: &str) -> Option<&'static str> {
        let wanted: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match wanted.as_str() {
            "email" | "emailaddress" => return Some("primaryEmail"),
            "phone" | "phonenumber" => return Some("primaryPhone"),
            "user" | "login" | "userlogin" => return Some("username"),
            "passwordhash" | "hash" | "passwd" | "pwd" | "hashedpassword" => return Some("passwordEncrypted"),
            "passwordhasher" | "algorithm" | "hashalgorithm" => return Some("passwordEncryptionMethod"),
            "salt" => return Some("passwordSalt"),
            _ => {}
        }
        Self::in_other_spelling(&wanted)
            .or_else(|| wanted.starts_with("password").then_some("a password field of `rehash check --help`"))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with a record: which field, the stable code, and what to do. It never repeats a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The field, or `record` where it is the whole record.
    pub field: Cow<'static, str>,
    /// The stable code.
    pub code: Code,
    /// What to do, in words.
    pub remedy: Cow<'static, str>,
}

impl Problem {
    pub(crate) fn new(field: Field, code: Code, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Cow::Borrowed(field.as_str()), code, remedy: remedy.into() }
    }

    pub(crate) fn record(code: Code, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Cow::Borrowed("record"), code, remedy: remedy.into() }
    }

    /// A user that the store has already, in another form: for importers that write records into a store.
    #[must_use]
    pub fn conflict(field: &'static str, remedy: &'static str) -> Self {
        Self { field: Cow::Borrowed(field), code: Code::DuplicateUser, remedy: Cow::Borrowed(remedy) }
    }

    /// A field that the store cannot hold: for importers that write records into a store.
    #[must_use]
    pub fn unstorable(field: &'static str, remedy: String) -> Self {
        Self { field: Cow::Borrowed(field), code: Code::BadField, remedy: Cow::Owned(remedy) }
    }

    pub(crate) fn unknown_field(name: &str, meant: &str) -> Self {
        let remedy = format!("is not a field; did you mean {meant}?");
        Self { field: printable(name).into_owned().into(), code: Code::BadField, remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.field, self.code, self.remedy)
    }
}

/// A text as one word of a shell's command line, to be pasted as it stands.
#[must_use]
pub fn shell_quoted(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !is_format(c);
    if text.chars().all(is_plain) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut quoted = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if is_plain(c) => quoted.push(c),
            // Byte by byte, which no locale changes.
            c => quoted.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\x{byte:02x}"))),
        }
    }
    quoted.push('\'');
    quoted
}

/// Text from outside, made safe for a terminal: control characters and those that reorder or hide text are
/// escaped, and it is cut after 80 characters.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    const CHARS_MAX: usize = 80;
    let is_plain = |c: char| !c.is_control() && !is_format(c);
    if text.len() <= CHARS_MAX && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out: String = text
        .chars()
        .take(CHARS_MAX)
        .flat_map(|c| {
            if is_plain(c) { c.to_string() } else { c.escape_default().to_string() }.chars().collect::<Vec<_>>()
        })
        .collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        out.push('…');
    }
    Cow::Owned(out)
}

/// Characters without width of their own that change how others look.
const fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_fool_a_terminal_is_escaped() {
        assert_eq!(printable("ada"), "ada");
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(printable(&"x".repeat(200)).chars().count(), 81);
    }

    #[test]
    fn fields_stand_where_they_point_and_near_misses_are_named() {
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, place);
            assert_eq!(Field::of(field.as_str()), Some(field));
        }
        assert_eq!(Field::near_miss("user_name"), Some("username"));
        assert_eq!(Field::near_miss("PASSWORDDIGEST"), Some("passwordDigest"));
        assert_eq!(Field::near_miss("Email"), Some("primaryEmail"));
        assert!(Field::near_miss("passwrodHash").is_none());
        assert!(Field::near_miss("password_algo").is_some());
        assert_eq!(Field::near_miss("createdAt"), None);
    }
}
