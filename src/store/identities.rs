//! Social identities: adding one to the JSON object of those a user has, without touching a byte of the others, and which
//! accounts elsewhere such an object names. An account is one user's, which a table beside the users holds.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{StoreError, StoreErrorKind};

/// What an account's target and id may have together: what an index of every database takes.
const ACCOUNT_BYTES_MAX: usize = 1024;

/// An account elsewhere: the system, and the user's id in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Account {
    pub(super) target: String,
    pub(super) identity: String,
}

/// The accounts that a user's identities name. What is not of the shape `{"target":{"userId":"…"}}` names none.
pub(super) fn accounts(held: Option<&str>) -> Vec<Account> {
    let members = held.and_then(members).unwrap_or_default();
    members.iter().filter_map(|(target, identity)| account(target, identity.get())).collect()
}

/// The account that one identity names: its `userId`, a text or an integer.
pub(super) fn account(target: &str, identity: &str) -> Option<Account> {
    let id = members(identity)?.remove("userId")?.get();
    let is_integer = id.trim_start_matches('-').bytes().all(|c| c.is_ascii_digit());
    let identity = if is_integer { id.to_owned() } else { serde_json::from_str::<String>(id).ok()? };
    let is_storable = |text: &str| !text.is_empty() && !text.contains('\0');
    let is_short = target.len() + identity.len() <= ACCOUNT_BYTES_MAX;
    let is_one = is_storable(target) && is_storable(&identity) && is_short;
    is_one.then(|| Account { target: target.to_owned(), identity })
}

/// What becomes of the object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The object with the identity.
    Add(String),
    /// It holds exactly this identity.
    Same,
    /// It holds another identity under this name.
    Other,
}

/// Links `identity`, the text of a JSON object, under `provider` in `held`.
pub(super) fn link(held: Option<&str>, provider: &str, identity: &str) -> Result<Link, StoreError> {
    let held = held.unwrap_or("{}").trim();
    let identity = identity.trim();
    let bad = |message| StoreError::new(StoreErrorKind::Other, message);
    let held_members = members(held).ok_or_else(|| bad("the user's identities are not a JSON object"))?;
    if members(identity).is_none() {
        return Err(bad("the identity is not a JSON object"));
    }
    if let Some(value) = held_members.get(provider) {
        return Ok(if value.get() == identity { Link::Same } else { Link::Other });
    }
    let name = serde_json::Value::from(provider);
    let body = held[1..held.len() - 1].trim_end();
    let comma = if held_members.is_empty() { "" } else { "," };
    Ok(Link::Add(format!("{{{body}{comma}{name}:{identity}}}")))
}

/// Of a name that stands twice, the last counts, as with whoever else reads it.
fn members(object: &str) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(object).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_name_accounts_where_they_have_an_id() {
        let named = |text: &str| {
            let accounts = accounts(Some(text)).into_iter();
            accounts.map(|account| format!("{} {}", account.target, account.identity)).collect::<Vec<_>>()
        };
        assert_eq!(named(r#"{"b":{"userId":"\u0031","details":{}},"a":{"userId":-7}}"#), ["a -7", "b 1"]);
        assert_eq!(named(r#"{"a":{"userId":"1"},"a":{"userId":"2"}}"#), ["a 2"]);
        for none in [
            "[]",
            "{",
            r#"{"a":"1","b":{},"c":{"userId":""},"d":{"userId":null},"e":{"userId":1.5},"":{"userId":"1"}}"#,
            r#"{"a":{"userId":"\u0000"},"b":{"userId":{"userId":"1"}},"c":{"userId":["1"]},"d":{"userId":true}}"#,
        ] {
            assert!(named(none).is_empty(), "{none}");
        }
        assert!(account("a", &format!("{{\"userId\":\"{}\"}}", "x".repeat(1024))).is_none());
        assert!(accounts(None).is_empty());
    }

    #[test]
    fn an_identity_is_added_and_the_others_keep_their_bytes() {
        let add = |held, provider, identity| link(held, provider, identity).ok();
        assert_eq!(add(None, "github", r#"{"userId":"1"}"#), Some(Link::Add(r#"{"github":{"userId":"1"}}"#.into())));
        assert_eq!(
            add(Some(r#"{ "a":{"n":1.50} }"#), "b\"", "{}"),
            Some(Link::Add(r#"{ "a":{"n":1.50},"b\"":{}}"#.into()))
        );
        assert_eq!(add(Some(r#"{"\u0061":{"x":1}}"#), "a", r#"{"x":1}"#), Some(Link::Same));
        assert_eq!(add(Some(r#"{"a":{"x":1}}"#), "a", r#"{"x":2}"#), Some(Link::Other));
        for bad in ["[]", "1", "", "{", "{}{}"] {
            assert!(link(None, "a", bad).is_err() && link(Some(bad), "a", "{}").is_err(), "{bad}");
        }
    }
}
