//! What handlers answer with: users without their hashes, and notes for the log.

use serde::Serialize;
use serde_json::value::RawValue;

use super::middleware::now_millis;
use crate::store::User;

/// What the log says of a request beside its status: for operators, never for the visitor.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    /// Of the problem that was answered.
    pub(super) code: Option<&'static str>,
    pub(super) outcome: Option<&'static str>,
    pub(super) method: Option<&'static str>,
    pub(super) upgrade: Option<&'static str>,
    pub(super) reason: Option<String>,
}

/// The user; their id alone where the store, after what was done for them, could not say more.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Who {
    Whole(Box<UserView>),
    Id { id: String },
}

/// A user as the API shows one. The three objects are given as they were stored, byte for byte.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserView {
    id: String,
    username: Option<String>,
    primary_email: Option<String>,
    primary_phone: Option<String>,
    name: Option<String>,
    avatar: Option<String>,
    profile: Box<RawValue>,
    custom_data: Box<RawValue>,
    pub(super) identities: Box<RawValue>,
    has_password: bool,
    /// The method of the hash that was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    imported_method: Option<String>,
    /// Unix time in milliseconds, as all times here.
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgraded_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_changed_at: Option<i64>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let millis = |seconds: i64| seconds.saturating_mul(1000);
        Self {
            id: user.id.to_string(),
            username: user.username,
            primary_email: user.primary_email,
            primary_phone: user.primary_phone,
            name: user.name,
            avatar: user.avatar,
            profile: object(user.profile),
            custom_data: object(user.custom_data),
            identities: object(user.identities),
            has_password: user.password.is_some(),
            imported_method: user.imported_method,
            created_at: millis(user.imported_at),
            upgraded_at: user.upgraded_at.map(millis),
            password_changed_at: user.password_changed_at.map(millis),
        }
    }
}

impl UserView {
    /// Its hash was replaced while it was read.
    pub(super) fn is_upgraded_now(&mut self) {
        let now = now_millis();
        let now = i64::try_from(now - now % 1000).unwrap_or(i64::MAX);
        self.upgraded_at = self.upgraded_at.max(Some(now));
    }
}

/// What is stored is JSON; where another program wrote something else, it is left out.
fn object(text: Option<String>) -> Box<RawValue> {
    let stored = text.and_then(|text| RawValue::from_string(text).ok());
    stored.or_else(|| RawValue::from_string("{}".to_owned()).ok()).unwrap_or_default()
}
