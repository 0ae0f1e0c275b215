//! One record: its fields, the rules it is held against, and the verdict.

use std::borrow::Cow;

use super::field::{Field, Problem};
use super::flat;
use super::json;
use super::source::Format;
use super::split::{Chunk, Raw};
use super::tag::{self, Tag};
use crate::{
    Code, Columns, Identification, Keyring, Limits, Method, ParseError, Password, StoredHash, TextEncoding, identify,
};

/// A good record: a user, with a validated hash or none.
///
/// The three JSON fields hold one JSON object each, byte for byte as it stood in the input (fields that the schema does not know
/// are appended to `custom_data`). It has no `Debug`: it holds a hash.
#[derive(Default)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are the user schema's")]
pub struct Record<'a> {
    pub username: Option<Cow<'a, str>>,
    pub primary_email: Option<Cow<'a, str>>,
    pub primary_phone: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    pub avatar: Option<Cow<'a, str>>,
    pub profile: Option<Cow<'a, str>>,
    pub custom_data: Option<Cow<'a, str>>,
    pub identities: Option<Cow<'a, str>>,
    /// What the user signs in with.
    pub credential: Credential,
    /// The password to verify, in batch verification.
    pub attempt: Option<Password>,
    /// What is worth knowing about it.
    pub warnings: Warnings,
}

/// What a user signs in with.
#[derive(Default)]
#[non_exhaustive]
pub enum Credential {
    /// No password: a social user, or one who must set one.
    #[default]
    None,
    /// A hash, in canonical text.
    Hash(StoredHash),
    /// A password in the clear, to be hashed at once and never stored.
    Plaintext(Password),
}

impl Credential {
    /// The method of the hash, if there is one.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match self {
            Self::Hash(hash) => Some(hash.method()),
            Self::None | Self::Plaintext(_) => None,
        }
    }
}

/// The warnings that a good record can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings(u8);

impl Warnings {
    const ALL: [Code; 7] = [
        Code::TrimmedWhitespace,
        Code::UppercaseHex,
        Code::TruncatingMethod,
        Code::WeakCost,
        Code::DisabledAccount,
        Code::PaddedIdentifier,
        Code::SharedIdentifier,
    ];

    pub(super) fn add(&mut self, code: Code) {
        self.0 |= Self::ALL.iter().position(|known| *known == code).map_or(0, |place| 1 << place);
    }

    /// The codes.
    pub fn iter(self) -> impl Iterator<Item = Code> {
        Self::ALL.into_iter().enumerate().filter(move |(place, _)| self.0 & (1 << place) != 0).map(|(_, code)| code)
    }
}

/// What became of a raw record. Large, because it is meant to be looked at and dropped.
#[must_use]
#[allow(clippy::large_enum_variant, reason = "the good case is the common one, and is not kept")]
pub enum Verdict<'a> {
    /// It is a user.
    Good(Record<'a>),
    /// It is not; each thing that is wrong with it.
    Bad(Vec<Problem>),
}

/// What records are held against.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rules {
    /// The method of hashes that neither a tag nor their own text names.
    pub default_method: Option<crate::Tag>,
    /// What a hash may cost.
    pub limits: Limits,
    /// The keys that hashes may need.
    pub keys: Keyring,
    /// Whether a record may hold a password in the clear.
    pub allow_plaintext: bool,
    /// Whether records carry a password to verify, and need no identifier: batch verification.
    pub is_batch: bool,
}

/// The fields that a user can be known by, in the order of the schema.
const IDENTIFIERS: [Field; 3] = [Field::Username, Field::PrimaryEmail, Field::PrimaryPhone];

/// What there is to a good record beside its fields.
pub(super) struct Good<'a> {
    /// A hash is as it was read, and not yet in canonical text; none where there is none, or where it is not kept and known to be good
    /// as it stands. In a box, since it is large and most of what is judged has none here.
    credential: Option<Box<Credential>>,
    pub(super) method: Option<Method>,
    pub(super) warnings: Warnings,
    attempt: Option<Password>,
    custom_data: Option<Cow<'a, str>>,
}

/// A record's fields as they stand in it.
#[derive(Default)]
#[cfg_attr(test, derive(PartialEq))]
pub(super) struct Fields<'a> {
    values: [Option<Cow<'a, str>>; Field::COUNT],
    seen: u32,
    /// Whether the tag is the export's rather than the record's own.
    is_tag_implied: bool,
    /// Whether its vendor let nobody in with it.
    is_disabled: bool,
    /// What the schema has no place for: names, and values as JSON.
    others: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, field: Field, value: Option<Cow<'a, str>>) -> Result<(), Problem> {
        if self.take_once(field, value) {
            return Ok(());
        }
        Err(Problem::new(field, Code::DuplicateField, "stands twice in the record, or under two names"))
    }

    /// Takes a field's value; `false` where it has one.
    #[inline]
    pub(super) fn take_once(&mut self, field: Field, value: Option<Cow<'a, str>>) -> bool {
        let bit = 1 << field as u32;
        let is_first = self.seen & bit == 0;
        if is_first {
            self.seen |= bit;
            self.values[field as usize] = value;
        }
        is_first
    }

    pub(super) fn take_unknown(&mut self, name: Cow<'a, str>, raw: Cow<'a, str>) -> Result<(), Problem> {
        if let Some(meant) = Field::near_miss(&name) {
            return Err(Problem::unknown_field(&name, meant));
        }
        // As Logto's schema has it.
        self.is_disabled |= name == "isSuspended" && matches!(raw.trim_matches('"'), "true" | "1");
        self.others.push((name, raw));
        Ok(())
    }

    /// Keeps what a vendor's record holds beside what we know.
    pub(super) fn keep(&mut self, name: String, json: String) {
        self.others.push((name.into(), json.into()));
    }

    /// The tag is whose the export is: no record says it.
    pub(super) fn imply_tag(&mut self) {
        self.is_tag_implied = true;
    }

    /// The vendor let nobody in with this account.
    pub(super) fn disable(&mut self) {
        self.is_disabled = true;
    }

    pub(super) fn is_taken(&self, field: Field) -> bool {
        self.has(field)
    }

    fn get(&self, field: Field) -> Option<&str> {
        self.values[field as usize].as_deref()
    }

    /// Whether nothing stands beside the hash.
    const fn is_hash_alone(&self) -> bool {
        const BESIDE: u32 = 1 << Field::PasswordSalt as u32
            | 1 << Field::PasswordSaltEncoding as u32
            | 1 << Field::PasswordSalt2 as u32
            | 1 << Field::PasswordUser as u32
            | 1 << Field::PasswordEncoding as u32;
        self.seen & BESIDE == 0
    }

    /// The accounts elsewhere, as they stand in the record.
    pub(super) fn identities(&self) -> Option<&str> {
        self.get(Field::Identities)
    }

    /// The identifiers, in the order of the schema.
    pub(super) fn identifiers(&self) -> [Option<&str>; 3] {
        IDENTIFIERS.map(|field| self.get(field).filter(|text| !text.is_empty()))
    }

    fn has(&self, field: Field) -> bool {
        self.get(field).is_some_and(|text| !text.is_empty())
    }

    fn move_out(&mut self, field: Field) -> Option<Cow<'a, str>> {
        self.values[field as usize].take()
    }
}

impl Rules {
    /// Judges a raw record of a chunk. Hashes nothing; costs about as much as parsing the record.
    pub fn judge<'a>(&self, chunk: &'a Chunk, raw: Raw<'a>) -> Verdict<'a> {
        match self.judge_text(chunk, raw, std::str::from_utf8(raw.bytes), true, Record::new) {
            Ok(record) => Verdict::Good(record),
            Err(problems) => Verdict::Bad(problems),
        }
    }

    /// The same where it is known what text the record's bytes are, if any; what is made of a good one is the caller's, who says
    /// whether the hash is kept.
    pub(super) fn judge_text<'a, T>(
        &self,
        chunk: &'a Chunk,
        raw: Raw<'a>,
        text: Result<&'a str, std::str::Utf8Error>,
        is_kept: bool,
        make: impl FnOnce(&mut Fields<'a>, Good<'a>) -> T,
    ) -> Result<T, Vec<Problem>> {
        if let Some(code) = raw.fault {
            return Err(vec![Problem::record(code, fault_remedy(code))]);
        }
        let text = text.map_err(|error| {
            let remedy = format!("byte {} is not UTF-8; convert the file", error.valid_up_to() + 1);
            vec![Problem::record(Code::BadUtf8, remedy)]
        })?;
        // In one place, and lent: it is large.
        let mut fields = Fields::default();
        match (&chunk.reading, chunk.format, &chunk.header) {
            (Some(reading), format, _) => fields = reading.fields(text, format)?,
            (None, Format::Csv, Some(header)) => fields = header.fields(text)?,
            _ if flat::read(text, &mut fields) => {}
            _ => fields = json::fields(text)?,
        }
        let good = self.good(&mut fields, is_kept)?;
        Ok(make(&mut fields, good))
    }

    /// What the fields amount to, or everything that is wrong with them.
    fn good<'a>(&self, fields: &mut Fields<'a>, is_kept: bool) -> Result<Good<'a>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut warnings = Warnings::default();
        self.check_identifiers(fields, &mut problems, &mut warnings);
        let mut method = None;
        let credential = self.credential(fields, &mut warnings, &mut method, is_kept).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        if fields.is_disabled {
            warnings.add(Code::DisabledAccount);
        }
        let attempt = self.attempt(fields).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        let custom_data = custom_data(fields).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        });
        if problems.is_empty() {
            Ok(Good { credential, method, warnings, attempt, custom_data })
        } else {
            Err(problems)
        }
    }

    fn check_identifiers(&self, fields: &Fields<'_>, problems: &mut Vec<Problem>, warnings: &mut Warnings) {
        if !self.is_batch && !IDENTIFIERS.into_iter().any(|field| fields.has(field)) {
            let remedy = "a record needs a username, primaryEmail or primaryPhone";
            problems.push(Problem::new(Field::Username, Code::MissingUsername, remedy));
        }
        for field in IDENTIFIERS {
            let Some(value) = fields.get(field) else { continue };
            if trimmed(value).len() != value.len() {
                warnings.add(Code::PaddedIdentifier);
            }
            let is_graphic = matches!(value.as_bytes(), [b'!'..=b'~', ..]);
            // Without branches, so that the compiler can look at many characters at once.
            let (has_nul, has_at) =
                value.bytes().fold((false, false), |(nul, at), byte| (nul | (byte == 0), at | (byte == b'@')));
            let wrong = if !value.is_empty() && !is_graphic && value.trim().is_empty() {
                "is blank"
            } else if has_nul {
                "holds a NUL character"
            } else if is_spreadsheet_number(value) {
                "was turned into a number by a spreadsheet; export it again as text"
            } else if field == Field::PrimaryEmail && !value.is_empty() && !has_at {
                "is not an email address; are columns swapped?"
            } else {
                continue;
            };
            problems.push(Problem::new(field, Code::BadField, wrong));
        }
    }

    fn credential(
        &self,
        fields: &Fields<'_>,
        warnings: &mut Warnings,
        method: &mut Option<Method>,
        is_kept: bool,
    ) -> Result<Option<Box<Credential>>, Problem> {
        let tag = fields.get(Field::PasswordEncryptionMethod).map(str::trim).filter(|tag| !tag.is_empty());
        let Some(hash) = fields.get(Field::PasswordEncrypted) else {
            let dangling = [Field::PasswordSalt, Field::PasswordSalt2, Field::PasswordUser, Field::PasswordEncoding];
            return if tag.is_some() || dangling.into_iter().any(|field| fields.has(field)) {
                let remedy = "there is no hash; leave out the other password fields for a user without a password";
                Err(Problem::new(Field::PasswordEncrypted, Code::MissingHash, remedy))
            } else {
                Ok(None)
            };
        };
        let tag = tag
            .map(|tag| {
                Tag::parse(tag)
                    .map_err(|remedy| Problem::new(Field::PasswordEncryptionMethod, Code::UnknownMethod, remedy))
            })
            .transpose()?;
        if tag == Some(Tag::Plaintext) {
            return self.plaintext(hash).map(|password| Some(Box::new(Credential::Plaintext(password))));
        }
        let text = trimmed(hash);
        // Django's mark of a password that nobody can enter.
        if text.starts_with('!') && matches!(&tag, Some(Tag::Hash(tag)) if tag.to_string() == "django") {
            return Ok(None);
        }
        if !is_kept && text.len() == hash.len() && self.is_plain(fields, text, tag.as_ref(), warnings, method) {
            return Ok(None);
        }
        let mut stored = self.hash(fields, text, tag.clone())?;
        if text.len() != hash.len() {
            // White space at the end of a salt is the salt's.
            let whole = without_line_end(hash);
            let exact = if stored.ends_with_salt() { self.hash(fields, whole, tag).ok() } else { None };
            // A salt that ends in white space may be one that a column filled up: that is worth knowing too.
            warnings.add(Code::TrimmedWhitespace);
            stored = exact.unwrap_or(stored);
        }
        *method = Some(stored.method());
        self.add_warnings(&stored, warnings);
        Ok(Some(Box::new(Credential::Hash(stored))))
    }

    /// Whether a hash is good for all that can be seen without reading it.
    fn is_plain(
        &self,
        fields: &Fields<'_>,
        text: &str,
        tag: Option<&Tag>,
        warnings: &mut Warnings,
        method: &mut Option<Method>,
    ) -> bool {
        let Some(Tag::Hash(tag)) = tag else { return false };
        let Some(tag) = tag.method().filter(|_| fields.is_hash_alone()) else { return false };
        let Some(plain) = StoredHash::plain(tag, text, &self.limits) else { return false };
        if plain.truncates {
            warnings.add(Code::TruncatingMethod);
        }
        if plain.is_weak {
            warnings.add(Code::WeakCost);
        }
        *method = Some(tag);
        true
    }

    fn hash(&self, fields: &Fields<'_>, text: &str, tag: Option<Tag>) -> Result<StoredHash, Problem> {
        let problem = |code, remedy| Problem::new(Field::PasswordEncrypted, code, remedy);
        if text.is_empty() {
            let remedy = "the hash is empty; leave the field out for a user without a password";
            return Err(problem(Code::MissingHash, Cow::Borrowed(remedy)));
        }
        let encoding = match fields.get(Field::PasswordEncoding).filter(|name| !name.is_empty()) {
            None => None,
            Some(name) => Some(name.parse::<TextEncoding>().map_err(|()| {
                Problem::new(Field::PasswordEncoding, Code::BadField, "must be hex, base64 or base64url")
            })?),
        };
        let (tag, is_untagged) = match tag {
            Some(Tag::Hash(tag)) => (Some(tag), false),
            Some(Tag::Plaintext) | None => (self.untagged(text)?, true),
        };
        let salts = [salt(fields, Field::PasswordSalt)?, salt(fields, Field::PasswordSalt2)?];
        let user = fields.get(Field::PasswordUser).filter(|user| !user.is_empty());
        let columns = Columns::default().encoding(encoding);
        let columns = Columns { salt: salts[0].as_deref(), salt2: salts[1].as_deref(), ..columns };
        let read_with = |tag: Option<&crate::Tag>, user: Option<&str>| {
            let columns = Columns { user: user.map(str::as_bytes), ..columns };
            match tag {
                Some(tag) => StoredHash::parse_tagged(tag, text, &columns, &self.limits),
                None => StoredHash::parse_self_describing(text, &self.limits),
            }
        };
        let username = fields.get(Field::Username).filter(|user| !user.is_empty());
        let read = |tag: Option<&crate::Tag>| match read_with(tag, user) {
            // The name that went into the hash is the username, where the record does not say otherwise.
            Err(error) if error.code() == Code::MissingUsername && username.is_some() => read_with(tag, username),
            parsed => parsed,
        };
        // A text that names its scheme does not say what went into that: where the method for all says so, it knows more.
        let named = tag.as_ref().filter(|_| is_untagged).and_then(crate::Tag::method);
        let default = self.default_method.as_ref().filter(|_| named.is_some());
        let finer =
            default.and_then(|default| read(Some(default)).ok()).filter(|stored| Some(stored.method()) != named);
        let stored = finer.map_or_else(|| read(tag.as_ref()), Ok).map_err(|error| match fields.is_tag_implied {
            true => refuse_untagged(text, &error),
            false => refuse(text, tag.is_some(), &error),
        })?;
        if tag.is_none() && (user.is_some() || salts.iter().any(Option::is_some)) {
            let field = if user.is_some() { Field::PasswordUser } else { Field::PasswordSalt };
            return Err(Problem::new(field, Code::BadField, "the hash says all there is to say; is the tag missing?"));
        }
        let takes_encoding = stored.takes_encoding();
        if encoding.is_some() && !takes_encoding {
            let remedy = "the method has an encoding of its own; leave the field out";
            return Err(Problem::new(Field::PasswordEncoding, Code::BadField, remedy));
        }
        if stored.looks_truncated() {
            let remedy = format!("cut off after {} characters by a narrow column; export it again whole", text.len());
            return Err(problem(Code::Truncated, remedy.into()));
        }
        stored.check_keys(&self.keys).map_err(|error| problem(error.code(), error.to_string().into()))?;
        Ok(stored)
    }

    /// What to read an untagged text as: `None` where it names its method itself.
    fn untagged(&self, text: &str) -> Result<Option<crate::Tag>, Problem> {
        if StoredHash::is_self_describing(text) {
            return Ok(None);
        }
        match (identify(text), &self.default_method) {
            (Identification::Named(method), _) => Ok(Some(method.into())),
            (Identification::Foreign(name), _) => {
                let remedy = format!("the hash is {name}, which is not supported");
                Err(Problem::new(Field::PasswordEncryptionMethod, Code::UnknownMethod, remedy))
            }
            (_, Some(tag)) => Ok(Some(tag.clone())),
            (identification, None) => Err(ambiguous(&identification)),
        }
    }

    fn plaintext(&self, text: &str) -> Result<Password, Problem> {
        let problem = |field, code, remedy: &'static str| Err(Problem::new(field, code, remedy));
        if !self.allow_plaintext {
            let remedy = "passwords in the clear are refused unless --allow-plaintext is given";
            return problem(Field::PasswordEncryptionMethod, Code::UnknownMethod, remedy);
        }
        if text.is_empty() {
            return problem(Field::PasswordEncrypted, Code::MissingHash, "the password is empty");
        }
        if tag::is_hash(text) {
            let remedy = "tagged plaintext, but it is a hash; tag it with its method";
            return problem(Field::PasswordEncrypted, Code::MethodConflict, remedy);
        }
        if text.len() > Password::BYTES_MAX {
            return problem(Field::PasswordEncrypted, Code::WrongLength, "the password has more than 4096 bytes");
        }
        Ok(Password::new(text))
    }

    fn add_warnings(&self, stored: &StoredHash, warnings: &mut Warnings) {
        let text = stored.text();
        if stored.takes_encoding() {
            // Without branches, so that the compiler can look at many characters at once.
            let (is_hex, is_upper) = text.bytes().fold((true, false), |(is_hex, is_upper), c| {
                (is_hex & c.is_ascii_hexdigit(), is_upper | c.is_ascii_uppercase())
            });
            if is_hex & is_upper {
                warnings.add(Code::UppercaseHex);
            }
        }
        if stored.truncates() {
            warnings.add(Code::TruncatingMethod);
        }
        if stored.is_weak() {
            warnings.add(Code::WeakCost);
        }
    }

    fn attempt(&self, fields: &Fields<'_>) -> Result<Option<Password>, Problem> {
        let (text, hex) = (fields.get(Field::Password), fields.get(Field::PasswordHex));
        if !self.is_batch {
            return match (text, hex) {
                (None, None) => Ok(None),
                _ => Err(Problem::new(
                    Field::Password,
                    Code::BadField,
                    "is not a field of a user record; put the hash into passwordEncrypted",
                )),
            };
        }
        match (text, hex) {
            (Some(text), None) => Ok(Some(Password::new(text))),
            (None, Some(hex)) => crate::codec::hex(hex.as_bytes())
                .map(|bytes| Some(Password::new(bytes)))
                .map_err(|_| Problem::new(Field::PasswordHex, Code::BadEncoding, "must be hex")),
            (Some(_), Some(_)) => {
                Err(Problem::new(Field::PasswordHex, Code::DuplicateField, "give either password or passwordHex"))
            }
            (None, None) => Err(Problem::new(Field::Password, Code::BadField, "there is no password to verify")),
        }
    }
}

/// Custom data with the fields that the schema has no place for, so that nothing is dropped.
fn custom_data<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, Problem> {
    let mut object = fields.move_out(Field::CustomData).filter(|text| !text.is_empty());
    let others = std::mem::take(&mut fields.others);
    if !others.is_empty() {
        let whole = json::with_members(object.as_deref().unwrap_or("{}"), &others).map_err(|name| {
            let name = super::field::printable(&name);
            let remedy = format!("`{name}`, which goes to customData, stands twice in the record, or there already");
            Problem::new(Field::CustomData, Code::DuplicateField, remedy)
        })?;
        object = Some(Cow::Owned(whole));
    }
    Ok(object)
}

fn ambiguous(identification: &Identification) -> Problem {
    let remedy = match identification {
        Identification::Ambiguous { candidates, .. } => {
            format!("can be {}; tag the record or give --method", candidates.join(", "))
        }
        _ => "does not name its method; tag the record or give --method".to_owned(),
    };
    Problem::new(Field::PasswordEncrypted, Code::AmbiguousMethod, remedy)
}

/// Why a text is no hash of its method. One that names a scheme of its own was tagged wrongly.
fn refuse(text: &str, is_tagged: bool, error: &ParseError) -> Problem {
    let field = match error.code() {
        Code::MissingSalt => Field::PasswordSalt,
        Code::MissingUsername => Field::PasswordUser,
        Code::UnknownMethod => Field::PasswordEncryptionMethod,
        Code::BadField if error.is_about_user() => Field::PasswordUser,
        Code::BadField => Field::PasswordSalt,
        _ => Field::PasswordEncrypted,
    };
    if field != Field::PasswordEncrypted {
        return Problem::new(field, error.code(), error.to_string());
    }
    let (code, remedy) = match identify(text) {
        Identification::Foreign(name) if is_tagged => {
            (Code::MethodConflict, format!("the hash is {name}, which the tag does not say"))
        }
        _ if is_spreadsheet_number(text) => {
            (Code::Malformed, "was turned into a number by a spreadsheet; export it again as text".to_owned())
        }
        _ => (error.code(), error.to_string()),
    };
    Problem::new(field, code, remedy)
}

/// The same where whose export it is was all the tag there is: what is not that vendor's contradicts nobody.
fn refuse_untagged(text: &str, error: &ParseError) -> Problem {
    let problem = refuse(text, false, error);
    if error.code() != Code::MethodConflict {
        return problem;
    }
    let (code, remedy) = match identify(text) {
        Identification::Foreign(name) => {
            (Code::UnknownMethod, format!("the hash is {name}, which is not supported; leave the password out"))
        }
        _ => (Code::UnknownMethod, format!("{error}; a password in the clear is no hash")),
    };
    Problem { code, remedy: remedy.into(), ..problem }
}

/// A salt of a column of its own, decoded as the record says.
fn salt(fields: &Fields<'_>, field: Field) -> Result<Option<Vec<u8>>, Problem> {
    let encoding = fields.get(Field::PasswordSaltEncoding).unwrap_or_default().to_ascii_lowercase();
    let Some(text) = fields.get(field).filter(|text| !text.is_empty()) else {
        return match &*encoding {
            "" | "utf8" | "hex" | "base64" => Ok(None),
            _ => Err(Problem::new(Field::PasswordSaltEncoding, Code::BadField, "must be utf8, hex or base64")),
        };
    };
    // Base64 can have an E and a plus, and neither of the other two.
    if is_spreadsheet_number(text) && text.contains(['.', ',']) {
        let remedy = "was turned into a number by a spreadsheet; export it again as text";
        return Err(Problem::new(field, Code::BadField, remedy));
    }
    let decoded = match &*encoding {
        "" | "utf8" => return Ok(Some(text.as_bytes().to_vec())),
        "hex" => crate::codec::hex(text.as_bytes()),
        "base64" => crate::codec::base64_padded_or_not(text.as_bytes(), crate::codec::Alphabet::StandardOrUrl),
        _ => return Err(Problem::new(Field::PasswordSaltEncoding, Code::BadField, "must be utf8, hex or base64")),
    };
    decoded.map(Some).map_err(|fault| {
        let error = ParseError(fault);
        Problem::new(field, error.code(), error.to_string())
    })
}

/// A text without white space and byte order marks around it.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'),
    }
}

/// A hash without white space before it and one line end after it.
fn without_line_end(hash: &str) -> &str {
    let hash = hash.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let hash = hash.strip_suffix('\n').unwrap_or(hash);
    hash.strip_suffix('\r').unwrap_or(hash)
}

/// `1.23E+23`: what a spreadsheet makes of a long number.
fn is_spreadsheet_number(text: &str) -> bool {
    // Most texts are not, and each is asked.
    if !matches!(text.as_bytes(), [b'0'..=b'9', .., b'0'..=b'9']) || text.len() > 64 {
        return false;
    }
    if !text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'.' | b',' | b'E' | b'+')) {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once("E+") else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    // Half of the world writes a comma.
    is_digits(exponent) && mantissa.split(['.', ',']).count() <= 2 && mantissa.split(['.', ',']).all(is_digits)
}

const fn fault_remedy(code: Code) -> &'static str {
    match code {
        Code::RecordTooLarge => "has more than 4 MiB; it is not kept among the rejects",
        Code::Malformed => "is no statement with rows of values in brackets, or it is cut off",
        Code::BadCsv => "a quote stands in the middle of a cell or is never closed; quote cells as RFC 4180 does",
        _ => "is not JSON, or the comma before it is missing or one too many",
    }
}

impl Good<'_> {
    pub(super) fn is_plaintext(&self) -> bool {
        matches!(self.credential.as_deref(), Some(Credential::Plaintext(_)))
    }
}

impl<'a> Record<'a> {
    /// The record that fields make which were found good.
    pub(super) fn new(fields: &mut Fields<'a>, good: Good<'a>) -> Self {
        let mut text = |field| fields.move_out(field).filter(|text| !text.is_empty());
        Self {
            username: text(Field::Username),
            primary_email: text(Field::PrimaryEmail),
            primary_phone: text(Field::PrimaryPhone),
            name: text(Field::Name),
            avatar: text(Field::Avatar),
            profile: text(Field::Profile),
            custom_data: good.custom_data,
            identities: text(Field::Identities),
            credential: match good.credential.map(|credential| *credential) {
                Some(Credential::Hash(hash)) => Credential::Hash(hash.into_canonical()),
                Some(other) => other,
                None => Credential::None,
            },
            attempt: good.attempt,
            warnings: good.warnings,
        }
    }
}

impl Record<'_> {
    /// The record with nothing borrowed.
    #[must_use]
    pub fn into_owned(self) -> Record<'static> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Record {
            username: own(self.username),
            primary_email: own(self.primary_email),
            primary_phone: own(self.primary_phone),
            name: own(self.name),
            avatar: own(self.avatar),
            profile: own(self.profile),
            custom_data: own(self.custom_data),
            identities: own(self.identities),
            credential: self.credential,
            attempt: self.attempt,
            warnings: self.warnings,
        }
    }

    /// The identifiers, in the order of the schema.
    pub(super) fn identifiers(&self) -> [(Field, Option<&str>); 3] {
        [
            (Field::Username, self.username.as_deref()),
            (Field::PrimaryEmail, self.primary_email.as_deref()),
            (Field::PrimaryPhone, self.primary_phone.as_deref()),
        ]
    }

    /// The record as one line of JSON, tagged with its method's canonical name; what [`super::check`] accepts again. Ends
    /// without a line end. A password in the clear is never written: `None`.
    #[must_use]
    pub fn to_json_line(&self) -> Option<String> {
        let mut line = String::with_capacity(256);
        let mut member = |field: Field, value: Option<&str>| {
            let Some(value) = value else { return };
            line.push(if line.is_empty() { '{' } else { ',' });
            line.push('"');
            line.push_str(field.as_str());
            line.push_str("\":");
            if field.is_object() {
                // Line ends stand only between tokens of JSON, never inside a string.
                line.extend(value.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }));
            } else {
                line.push_str(&json::quote(value));
            }
        };
        for (field, value) in self.identifiers() {
            member(field, value);
        }
        member(Field::Name, self.name.as_deref());
        member(Field::Avatar, self.avatar.as_deref());
        member(Field::Profile, self.profile.as_deref());
        member(Field::CustomData, self.custom_data.as_deref());
        member(Field::Identities, self.identities.as_deref());
        match &self.credential {
            Credential::None => {}
            Credential::Hash(hash) => {
                member(Field::PasswordEncrypted, Some(hash.text()));
                member(Field::PasswordEncryptionMethod, Some(hash.method().as_str()));
            }
            Credential::Plaintext(_) => return None,
        }
        line.push_str(if line.is_empty() { "{}" } else { "}" });
        Some(line)
    }
}
