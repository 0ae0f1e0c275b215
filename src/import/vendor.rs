//! Other systems' exports, each read as that system writes it. A reader turns one of its records into the fields of ours;
//! what is then wrong with them is for the common rules to say. Whatever a record holds that the user schema has no place
//! for goes to `customData` under its own name.

mod accounts;
mod auth0;
mod clerk;
mod firebase;
mod fusionauth;
mod keycloak;
mod layout;
mod object;
mod secrets;
mod state;
mod text;

use std::fmt;
use std::str::FromStr;

use super::field::Problem;
use super::record::Fields;
use super::source::Format;
use crate::Code;
pub(super) use firebase::columns as firebase_columns;
pub use firebase::{HashConfig, HashConfigError};
pub(super) use layout::{Event, Keys, Layout, defaults, defaults_of_whole, head_of_lines, header, layout};
use object::Object;

macro_rules! vendors {
    ($($variant:ident $name:literal [$($alias:literal),*] [$($mark:literal),*] $about:literal;)*) => {
        /// A system whose exports can be read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Vendor {
            $(#[doc = $about] $variant,)*
        }

        impl Vendor {
            /// Every vendor.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as `--from` takes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What is read, in words.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),* }
            }

            fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*]),* }
            }

            /// Fields of which a record of this vendor has at least one.
            const fn marks(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($mark),*]),* }
            }
        }
    };
}

vendors! {
    Logto "logto" [] ["primaryEmail", "primaryPhone", "passwordDigest", "passwordEncrypted", "username"] "Logto's users: array or NDJSON, in the spelling of its API or of its table";
    Auth0 "auth0" [] ["custom_password_hash", "password_hash", "passwordHash", "user_id", "email_verified", "app_metadata", "user_metadata", "identifiers", "password_set_date"] "Auth0's bulk import (array) and its exports (NDJSON)";
    Firebase "firebase" ["google"] ["localId", "passwordSalt", "tokensValidAfterTime"] "Firebase's auth:export, JSON or CSV, and what the Admin SDK lists; its hash parameters come from --hash-config";
    Keycloak "keycloak" [] ["credentials", "enabled", "realmRoles", "federatedIdentities"] "a Keycloak realm, several, or a realm's users";
    Kratos "kratos" ["ory"] ["traits", "schema_id", "create", "credentials"] "Ory Kratos' identities: single, array, NDJSON or batch";
    Supabase "supabase" ["gotrue"] ["password_hash", "encrypted_password", "email_confirm", "email_confirmed_at", "raw_user_meta_data", "user_metadata", "aud"] "Supabase's users: array, NDJSON or CSV of auth.users";
    Clerk "clerk" [] ["passwordHasher", "password_hasher", "userId", "password_digest", "primary_email_address", "email_address", "unsafe_metadata", "emailAddresses", "passwordEnabled"] "Clerk's users, JSON or CSV";
    Django "django" [] ["model", "fields"] "Django's dumpdata of its user model";
    Wordpress "wordpress" ["wp"] ["user_login", "user_pass"] "WordPress' wp_users: CSV, or an SQL dump";
    Fusionauth "fusionauth" [] ["encryptionScheme", "registrations", "salt", "passwordChangeRequired", "twoFactorEnabled", "mobilePhone", "memberships"] "FusionAuth's import";
    Workos "workos" [] ["password_hash_type", "password_hash", "external_id", "first_name"] "WorkOS' users";
    Zitadel "zitadel" [] ["userName", "user_name", "hashedPassword", "hashed_password", "user", "human"] "Zitadel's import: users, or organisations with humanUsers";
    Shadow "shadow" ["unix"] [] "shadow(5)";
    Htpasswd "htpasswd" ["apache"] [] "htpasswd";
    Ldif "ldif" ["ldap"] [] "LDIF";
    Cognito "cognito" [] ["cognito:username", "Attributes", "UserStatus"] "Amazon Cognito's CSV and what its list-users prints, which have no passwords";
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name is no vendor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownVendor;

impl fmt::Display for UnknownVendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
        write!(f, "exports are read from {}", names.join(", "))
    }
}

impl std::error::Error for UnknownVendor {}

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(name: &str) -> Result<Self, UnknownVendor> {
        let is_it = |vendor: &Self| {
            let mut names = vendor.aliases().iter().copied().chain([vendor.as_str()]);
            names.any(|known| known.eq_ignore_ascii_case(name))
        };
        Self::ALL.iter().copied().find(is_it).ok_or(UnknownVendor)
    }
}

/// How to read a vendor's export.
#[derive(Clone, Debug)]
pub struct Export {
    vendor: Vendor,
    hash_config: Option<HashConfig>,
}

impl Export {
    /// An export of this vendor.
    #[must_use]
    pub const fn new(vendor: Vendor) -> Self {
        Self { vendor, hash_config: None }
    }

    /// With Firebase's hash parameters, which its export does not hold.
    #[must_use]
    pub fn hash_config(mut self, config: HashConfig) -> Self {
        self.hash_config = Some(config);
        self
    }

    /// Whose it is.
    #[must_use]
    pub const fn vendor(&self) -> Vendor {
        self.vendor
    }
}

/// An export under way: what its head says holds for each of its records.
pub(super) struct Reading {
    pub(super) export: Export,
    /// The columns, where records are rows.
    pub(super) columns: Option<Vec<String>>,
    /// FusionAuth's scheme and factor for all users.
    pub(super) scheme: Option<String>,
    pub(super) factor: Option<u64>,
}

impl Reading {
    /// What FusionAuth's head says of all users, as a line before records that stand apart from it.
    pub(super) fn head_line(&self) -> Option<String> {
        let scheme = super::json::quote(self.scheme.as_deref()?);
        let factor = self.factor.map_or(String::new(), |factor| format!(",\"factor\":{factor}"));
        Some(format!("{{\"encryptionScheme\":{scheme}{factor}}}"))
    }

    /// The fields of one record.
    pub(super) fn fields(&self, text: &str, format: Format) -> Result<Fields<'static>, Vec<Problem>> {
        self.map(text, format).map_err(|problem| vec![problem])
    }

    fn map(&self, text: &str, format: Format) -> Result<Fields<'static>, Problem> {
        match self.export.vendor {
            Vendor::Shadow => return text::shadow(text),
            Vendor::Htpasswd => return text::htpasswd(text),
            Vendor::Ldif => return text::ldif(text),
            _ => {}
        }
        let object = self.object(text, format)?;
        match self.export.vendor {
            Vendor::Logto => accounts::logto(object),
            Vendor::Auth0 => auth0::user(object),
            Vendor::Firebase => firebase::user(object, self.export.hash_config.as_ref()),
            Vendor::Keycloak => keycloak::user(object),
            Vendor::Kratos => accounts::kratos(object),
            Vendor::Supabase => accounts::supabase(object),
            Vendor::Clerk => clerk::user(object),
            Vendor::Django => accounts::django(object),
            Vendor::Wordpress => accounts::wordpress(object),
            Vendor::Fusionauth => fusionauth::user(object, self),
            Vendor::Workos => accounts::workos(object),
            Vendor::Zitadel => accounts::zitadel(object),
            Vendor::Cognito => accounts::cognito(object),
            Vendor::Shadow | Vendor::Htpasswd | Vendor::Ldif => {
                Err(Problem::record(Code::Malformed, "is read line by line"))
            }
        }
    }

    fn object(&self, text: &str, format: Format) -> Result<Object, Problem> {
        match (format, &self.columns) {
            (Format::Csv, Some(columns)) => {
                let is_short =
                    self.export.vendor == Vendor::Firebase && super::csv::cells(text).count() < columns.len();
                let columns = if is_short { &columns[..firebase::FEWER_COLUMNS] } else { columns };
                if self.export.vendor == Vendor::Firebase {
                    return firebase::row(columns, text);
                }
                Object::of_row(columns, super::csv::cells(text).map(Some))
            }
            (Format::Sql, Some(columns)) => Object::of_row(columns, text::sql_values(text)?.into_iter()),
            _ => Object::parse(text),
        }
    }

    /// A record, or the names of its columns, which say what a row is of whether it has something there or not.
    fn head_or(&self, object: Object, format: Format) -> Object {
        match (&self.columns, format) {
            (Some(columns), Format::Csv) if self.export.vendor != Vendor::Firebase => Object::of_names(columns),
            _ => object,
        }
    }

    /// Whether a record has anything that this vendor writes; `None` where it cannot be told.
    fn is_of_vendor(&self, text: &str, format: Format) -> Option<bool> {
        let marks = self.export.vendor.marks();
        match self.export.vendor {
            Vendor::Shadow | Vendor::Htpasswd => return Some(text::is_name_and_hash(text)),
            Vendor::Ldif => return Some(text::is_ldif(text)),
            Vendor::Fusionauth if self.scheme.is_some() => return Some(true),
            _ => {}
        }
        let object = match self.object(text, format) {
            Ok(object) => self.head_or(object, format),
            // Rows of another width are another table's.
            Err(_) => return (format == Format::Csv).then_some(false),
        };
        if self.export.vendor == Vendor::Firebase && format == Format::Csv {
            return Some(firebase::is_row(object));
        }
        if marks.iter().any(|mark| object.has(mark)) {
            return Some(true);
        }
        // Keycloak leaves out what a user does not have, down to the name.
        let is_bare = self.export.vendor == Vendor::Keycloak && object.has("username") && guess(&object).is_none();
        (!is_bare).then_some(false)
    }

    /// Looks at the first records: `Err` says whose they seem to be where none is this vendor's.
    pub(super) fn check_vendor<'t>(
        &self,
        records: impl Iterator<Item = &'t [u8]>,
        format: Format,
    ) -> Result<(), String> {
        let vendor = self.export.vendor;
        let mut strangers = 0;
        let mut likely = None;
        let records: Vec<&str> = records.take(20).filter_map(|bytes| std::str::from_utf8(bytes).ok()).collect();
        // What one other vendor alone writes is decisive, whatever the records have in common with this one's.
        for text in &records {
            let is_by_line = matches!(vendor, Vendor::Shadow | Vendor::Htpasswd | Vendor::Ldif);
            let object = if is_by_line { None } else { self.object(text, format).ok() };
            let whose = |object| secrets::stranger(&self.head_or(object, format), vendor);
            if let Some(owner) = object.and_then(whose) {
                let wanted = match self.is_of_vendor(text, format) {
                    Some(false) => wanted(vendor),
                    _ => String::new(),
                };
                return Err(format!("is no export of {vendor}{wanted}; it looks like {owner}'s, --from {owner}"));
            }
        }
        for text in records {
            match self.is_of_vendor(text, format) {
                Some(true) => return Ok(()),
                Some(false) => strangers += 1,
                None => continue,
            }
            likely = likely.or_else(|| self.object(text, format).ok().and_then(|object| guess(&object)));
        }
        if strangers == 0 {
            return Ok(());
        }
        let wanted = wanted(vendor);
        let likely = likely.map_or(String::new(), |likely| format!("; it looks like {likely}'s, --from {likely}"));
        Err(format!("is no export of {vendor}{wanted}{likely}"))
    }
}

/// What a vendor's records have at least one of, in words.
fn wanted(vendor: Vendor) -> String {
    match vendor.marks() {
        [] => String::new(),
        marks => format!(": none of the first records has {}", marks.join(", ")),
    }
}

/// Whose record it seems to be, by what only that vendor writes.
fn guess(object: &Object) -> Option<Vendor> {
    const ONLY: [(&[&str], Vendor); 13] = [
        (&["custom_password_hash", "app_metadata"], Vendor::Auth0),
        (&["localId"], Vendor::Firebase),
        (&["traits", "schema_id"], Vendor::Kratos),
        (&["encrypted_password", "raw_user_meta_data", "email_confirm"], Vendor::Supabase),
        (&["passwordHasher", "password_hasher", "unsafe_metadata"], Vendor::Clerk),
        (&["model"], Vendor::Django),
        (&["user_login", "user_pass"], Vendor::Wordpress),
        (&["encryptionScheme", "passwordChangeRequired"], Vendor::Fusionauth),
        (&["password_hash_type"], Vendor::Workos),
        (&["hashedPassword", "userName"], Vendor::Zitadel),
        (&["cognito:username"], Vendor::Cognito),
        (&["realmRoles", "credentials"], Vendor::Keycloak),
        (&["primaryEmail", "passwordDigest", "passwordEncrypted"], Vendor::Logto),
    ];
    ONLY.iter().find(|(names, _)| names.iter().any(|name| object.has(name))).map(|(_, vendor)| *vendor)
}
