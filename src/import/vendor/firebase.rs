//! Firebase's users, whose hash parameters are a project's and come from a file of their own.

use std::fmt;

use zeroize::Zeroizing;

use super::super::field::{Field, Problem};
use super::super::record::Fields;
use super::object::{Object, User, at, base64, digest_tag};
use crate::{Code, KeyId, codec};

/// The id under which a project's signer key is registered, where the parameters do not name another.
const KEY_ID: &str = "firebase";

/// How many columns `auth:export`'s CSV had before it made room for six more providers.
pub(super) const FEWER_COLUMNS: usize = 28;

/// The columns of `auth:export`'s CSV, which has no header. The last six providers' names are not published.
pub(in super::super) fn columns() -> Vec<String> {
    let mut columns: Vec<String> =
        ["localId", "email", "emailVerified", "passwordHash", "salt", "displayName", "photoUrl"]
            .map(str::to_owned)
            .into();
    let mut providers = |names: &[&str]| {
        for name in names {
            for part in ["Id", "Email", "DisplayName", "PhotoUrl"] {
                columns.push(format!("{name}{part}"));
            }
        }
    };
    providers(&["google", "facebook", "twitter", "github"]);
    for name in ["createdAt", "lastLoginAt", "phoneNumber", "disabled", "customAttributes"] {
        columns.push(name.to_owned());
    }
    for place in 1..=6 {
        for part in ["Id", "Email", "DisplayName", "PhotoUrl"] {
            columns.push(format!("provider{place}{part}"));
        }
    }
    columns
}

/// A row. firebase-tools quotes names alone, so that a comma in a photograph's address moves all that follows it by a column: such a
/// row is refused, and known by what can stand in some of the columns only.
pub(super) fn row(columns: &[String], text: &str) -> Result<Object, Problem> {
    let cells = super::super::csv::cells(text).count();
    // Each line ends with a comma.
    if cells > columns.len() + 1 {
        let remedy = format!("has {cells} columns, not {}: a comma may stand in one of them", columns.len());
        return Err(Problem::record(Code::BadCsv, remedy));
    }
    let mut object = Object::of_row(columns, super::super::csv::cells(text).map(Some))?;
    let is_number = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let is_truth = |text: &str| matches!(text, "true" | "false");
    for (name, is_fitting) in [
        ("emailVerified", &is_truth as &dyn Fn(&str) -> bool),
        ("createdAt", &is_number),
        ("lastLoginAt", &is_number),
        ("disabled", &is_truth),
    ] {
        if let Some(text) = object.text(name)? {
            if !is_fitting(&text) {
                let remedy = "cannot be what stands there: a comma in an earlier column moved it; quote that column";
                return Err(at(name, Code::BadCsv, remedy));
            }
            object.put(name, text);
        }
    }
    Ok(object)
}

/// Whether a row without a header can be Firebase's: its third cell is a truth value.
pub(super) fn is_row(mut object: Object) -> bool {
    let verified = object.text("emailVerified").ok().flatten();
    object.has("localId") && verified.is_none_or(|text| matches!(text.as_str(), "true" | "false"))
}

/// The parameters with which a Firebase project hashes: the console's `hash_config`, or JSON with the same names.
#[derive(Clone)]
pub struct HashConfig {
    algorithm: String,
    key: Option<Zeroizing<Vec<u8>>>,
    key_id: KeyId,
    separator: String,
    rounds: u64,
    memory: u64,
    parallelism: u64,
    block_size: u64,
    is_salt_first: Option<bool>,
}

impl HashConfig {
    /// All that it says but the key, in words.
    #[must_use]
    pub fn parameters(&self) -> String {
        let Self { algorithm, separator, rounds, memory, parallelism, block_size, is_salt_first, .. } = self;
        format!(
            "{algorithm} {} {separator:?} {rounds} {memory} {parallelism} {block_size} {is_salt_first:?}",
            codec::to_base64(self.key_id.bytes())
        )
    }
}

impl fmt::Debug for HashConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashConfig").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Why a text is no hash configuration. It never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashConfigError(String);

impl fmt::Display for HashConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HashConfigError {}

/// Names and values, from JSON or from lines of `name: value,` in braces.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let text = text.trim();
    if text.starts_with('{') {
        let mut object = Object::parse(text).ok()?;
        for name in ["hash_config", "hashConfig"] {
            if let Ok(Some(inner)) = object.object(name) {
                object = inner;
            }
        }
        return object.into_texts();
    }
    let body = text.split_once('{').map_or(text, |(_, body)| body);
    let lines =
        body.split(['\n', ',']).map(|line| line.trim().trim_end_matches('}').trim()).filter(|line| !line.is_empty());
    lines
        .map(|line| line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())))
        .collect()
}

/// One name for each parameter, of those under which it may stand.
fn parameter(name: &str) -> &str {
    match name {
        "hashalgo" => "algorithm",
        "base64signerkey" | "signerkey" | "hashkey" => "key",
        "base64saltseparator" => "saltseparator",
        "memorycost" => "memcost",
        "derivedkeylength" => "dklen",
        "inputorder" => "hashinputorder",
        _ => name,
    }
}

impl HashConfig {
    /// Reads what the Firebase console shows (`hash_config { algorithm: SCRYPT, … }`), or JSON with these names.
    ///
    /// # Errors
    ///
    /// [`HashConfigError`], naming the parameter.
    pub fn parse(text: &str) -> Result<Self, HashConfigError> {
        let error = |message: String| HashConfigError(message);
        let mut config = Self {
            algorithm: String::new(),
            key: None,
            key_id: KeyId::new(KEY_ID).map_err(|_| error("the key's name".to_owned()))?,
            separator: String::new(),
            rounds: 1,
            memory: 14,
            parallelism: 1,
            block_size: 8,
            is_salt_first: None,
        };
        let mut seen = std::collections::HashSet::new();
        for (name, value) in
            pairs(text).ok_or_else(|| error("is neither the console's hash_config nor JSON".to_owned()))?
        {
            let name = name.to_ascii_lowercase().replace(['-', '_'], "");
            if !seen.insert(parameter(&name).to_owned()) {
                return Err(error(format!("{name} stands twice")));
            }
            let number = || value.parse::<u64>().map_err(|_| error(format!("{name} must be a whole number")));
            match name.as_str() {
                "algorithm" | "hashalgo" => config.algorithm = value.to_ascii_uppercase().replace('-', "_"),
                "base64signerkey" | "signerkey" | "hashkey" | "key" => {
                    let key = codec::base64_padded_or_not(value.as_bytes(), codec::Alphabet::StandardOrUrl);
                    config.key = Some(Zeroizing::new(key.map_err(|_| error(format!("{name} is not base64")))?));
                }
                "base64saltseparator" | "saltseparator" => config.separator = value,
                "rounds" => config.rounds = number()?,
                "memcost" | "memorycost" => config.memory = number()?,
                "parallelization" => config.parallelism = number()?,
                "blocksize" => config.block_size = number()?,
                "dklen" | "derivedkeylength" => {
                    number()?;
                }
                "keyid" => config.key_id = KeyId::new(value).map_err(|why| error(format!("keyid: {why}")))?,
                "hashinputorder" | "inputorder" => {
                    config.is_salt_first = match value.to_ascii_uppercase().as_str() {
                        "SALT_FIRST" => Some(true),
                        "PASSWORD_FIRST" => Some(false),
                        _ => return Err(error(format!("{name} must be SALT_FIRST or PASSWORD_FIRST"))),
                    }
                }
                _ => return Err(error("a parameter's name is none of Firebase's".to_owned())),
            }
        }
        // A default in their place would make hashes that nobody's password matches.
        if config.algorithm == "SCRYPT" {
            for (name, shown) in [
                ("rounds", "rounds"),
                ("memcost", "mem_cost"),
                ("saltseparator", "base64_salt_separator (which may be empty)"),
            ] {
                if !seen.contains(name) {
                    return Err(error(format!("SCRYPT needs {shown}, as the console shows it")));
                }
            }
        }
        match config.algorithm.as_str() {
            "SCRYPT" | "HMAC_SHA512" | "HMAC_SHA256" | "HMAC_SHA1" | "HMAC_MD5" if config.key.is_none() => {
                Err(error(format!("{} needs base64_signer_key", config.algorithm)))
            }
            "SCRYPT" | "HMAC_SHA512" | "HMAC_SHA256" | "HMAC_SHA1" | "HMAC_MD5" | "MD5" | "SHA1" | "SHA256"
            | "SHA512" | "PBKDF_SHA1" | "PBKDF2_SHA256" | "STANDARD_SCRYPT" | "BCRYPT" => Ok(config),
            _ => Err(error("algorithm is none of Firebase's".to_owned())),
        }
    }

    /// The signer key and the id that stored hashes name it by, for whoever verifies them.
    #[must_use]
    pub fn key(&self) -> Option<(KeyId, &[u8])> {
        self.key.as_ref().map(|key| (self.key_id.clone(), key.as_slice()))
    }

    fn password(&self, user: &mut User, hash: &str, salt: &str) -> Result<(), Problem> {
        let input = |salt: &[u8]| match (salt.is_empty(), self.is_salt_first) {
            (true, _) => Ok("$p"),
            (false, Some(true)) => Ok("$s.$p"),
            (false, Some(false)) => Ok("$p.$s"),
            (false, None) => {
                let remedy =
                    "there is a salt, and --hash-config does not say hash_input_order: SALT_FIRST or PASSWORD_FIRST";
                Err(at("salt", Code::MissingSalt, remedy))
            }
        };
        let salt_bytes = base64("salt", salt)?;
        let digest = |user: &mut User, function: &str, key: &str| {
            let input = input(&salt_bytes)?;
            let tag = if key.is_empty() { digest_tag(function, input) } else { format!("{function}({key}{input})") };
            user.hash(&tag, hash)?;
            if salt_bytes.is_empty() { Ok(()) } else { user.salt(&salt_bytes) }
        };
        match self.algorithm.as_str() {
            "SCRYPT" => {
                let hash_bytes = base64("passwordHash", hash)?.len();
                if salt_bytes.is_empty() {
                    return Err(at("salt", Code::MissingSalt, "is not there, and SCRYPT's hashes always have one"));
                }
                if self.key.as_ref().is_some_and(|key| key.len() != hash_bytes) {
                    let remedy =
                        "is not as long as the signer key: does --hash-config have the whole key of this project?";
                    return Err(at("passwordHash", Code::WrongLength, remedy));
                }
                let text = format!(
                    "$fbscrypt$v=1,n={},r={},p=1,ss={},sk=key:{}${salt}${hash}",
                    self.memory, self.rounds, self.separator, self.key_id
                );
                user.hash("firebase_scrypt", text)
            }
            "STANDARD_SCRYPT" => {
                if !self.memory.is_power_of_two() || self.memory < 2 {
                    return Err(at("mem_cost", Code::Malformed, "must be a power of two for STANDARD_SCRYPT"));
                }
                let text = format!(
                    "$scrypt$ln={},r={},p={}${}${}",
                    self.memory.ilog2(),
                    self.block_size,
                    self.parallelism,
                    codec::to_base64(&salt_bytes),
                    codec::to_base64(&base64("passwordHash", hash)?)
                );
                user.hash("scrypt", text)
            }
            "PBKDF_SHA1" | "PBKDF2_SHA256" => {
                let name = if self.algorithm == "PBKDF_SHA1" { "sha1" } else { "sha256" };
                let output = base64("passwordHash", hash)?;
                let (salt, length) = (codec::to_base64(&salt_bytes), output.len());
                let output = codec::to_base64(&output);
                user.hash("pbkdf2", format!("$pbkdf2-{name}$i={},l={length}${salt}${output}", self.rounds))
            }
            "BCRYPT" => {
                let text = base64("passwordHash", hash)?;
                let text = String::from_utf8(text).map_err(|_| at("passwordHash", Code::Malformed, "is no text"))?;
                user.hash("bcrypt", text)
            }
            name @ ("MD5" | "SHA1" | "SHA256" | "SHA512") => {
                if self.rounds > 1 {
                    let remedy =
                        "what several rounds of a digest mean is not published: tag the records with an expression";
                    return Err(at("rounds", Code::UnknownMethod, remedy));
                }
                digest(user, &name.to_ascii_lowercase(), "")
            }
            hmac => digest(user, &hmac.to_ascii_lowercase(), &format!("key:{},", self.key_id)),
        }
    }
}

pub(super) fn user(mut object: Object, config: Option<&HashConfig>) -> Result<Fields<'static>, Problem> {
    let mut user = User::default();
    user.set(Field::PrimaryEmail, object.text("email")?)?;
    user.set(Field::PrimaryPhone, object.text("phoneNumber")?)?;
    user.set(Field::Name, object.text("displayName")?)?;
    user.set(Field::Avatar, object.first(&["photoUrl", "photoURL"])?)?;
    let mut found = Vec::new();
    let mut providers = object.array("providerUserInfo")?;
    // As the Admin SDK lists users.
    providers.extend(object.array("providerData")?);
    for provider in providers {
        let mut provider = Object::parse(provider.get())?;
        let (name, id) = (provider.text("providerId")?, provider.first(&["rawId", "uid", "federatedId"])?);
        if let (Some(name), Some(id)) = (name, id) {
            found.push((name, id, provider.to_json()));
        }
    }
    for name in ["google", "facebook", "twitter", "github"] {
        if let Some(id) = object.text(&format!("{name}Id"))? {
            let mut details = Object::default();
            for (part, key) in [("Email", "email"), ("DisplayName", "displayName"), ("PhotoUrl", "photoUrl")] {
                if let Some(text) = object.text(&format!("{name}{part}"))? {
                    details.put(key, text);
                }
            }
            found.push((format!("{name}.com"), id, details.to_json()));
        }
    }
    user.identities(found, "providerUserInfo")?;
    let (hash, salt) = (object.text("passwordHash")?, object.first(&["salt", "passwordSalt"])?);
    if let Some(hash) = hash {
        let Some(config) = config else {
            let remedy =
                "Firebase's hashes need the project's parameters: --hash-config FILE, as the console shows them";
            return Err(at("passwordHash", Code::MissingKey, remedy));
        };
        config.password(&mut user, &hash, &salt.unwrap_or_default())?;
    }
    let id = object.first(&["localId", "uid"])?;
    // A user who only ever signed in elsewhere may have neither email nor phone.
    if !user.fields.is_taken(Field::PrimaryEmail) && !user.fields.is_taken(Field::PrimaryPhone) {
        user.set(Field::Username, id.clone())?;
    }
    if let Some(id) = id {
        object.put("localId", id);
    }
    user.finish(object)
}
