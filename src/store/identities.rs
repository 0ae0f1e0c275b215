//! Social identities: adding one to the JSON object of those a user has, without touching a byte of the others. Which accounts
//! elsewhere such an object names is said in [`crate::identities`]; a table beside the users holds them.

use super::{StoreError, StoreErrorKind};
use crate::identities::members;
pub(super) use crate::identities::{Account, account, accounts};

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

#[cfg(test)]
mod tests {
    use super::*;

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
