//! Which accounts elsewhere a user's social identities name. An account is one user's, which importers hold among the records of an
//! input and stores among all users.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// What an account's target and id may have together: what an index of every database takes.
const ACCOUNT_BYTES_MAX: usize = 1024;

/// An account elsewhere: the system, and the user's id in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Account {
    pub(crate) target: String,
    pub(crate) identity: String,
}

/// The accounts that a user's identities name. What is not of the shape `{"target":{"userId":"…"}}` names none.
pub(crate) fn accounts(held: Option<&str>) -> Vec<Account> {
    let members = held.and_then(members).unwrap_or_default();
    members.iter().filter_map(|(target, identity)| account(target, identity.get())).collect()
}

/// The account that one identity names: its `userId`, a text or an integer.
pub(crate) fn account(target: &str, identity: &str) -> Option<Account> {
    let id = members(identity)?.remove("userId")?.get();
    let is_integer = id.trim_start_matches('-').bytes().all(|c| c.is_ascii_digit());
    let identity = if is_integer { id.to_owned() } else { serde_json::from_str::<String>(id).ok()? };
    let is_storable = |text: &str| !text.is_empty() && !text.contains('\0');
    let is_short = target.len() + identity.len() <= ACCOUNT_BYTES_MAX;
    let is_one = is_storable(target) && is_storable(&identity) && is_short;
    is_one.then(|| Account { target: target.to_owned(), identity })
}

/// Of a name that stands twice, the last counts, as with whoever else reads it.
pub(crate) fn members(object: &str) -> Option<BTreeMap<String, &RawValue>> {
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
}
