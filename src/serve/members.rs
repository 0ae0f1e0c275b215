//! Objects in bodies, member by member, each as it stands there: what is kept byte for byte is looked at and not read.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::problem::Problem;

/// How deep what is kept may nest: what common parsers, and with them the readers of a store, can take.
pub(super) const DEPTH_MAX: usize = 128;

/// The members of a body in their order.
pub(super) struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl Members {
    /// What is stored; where another program wrote something else, nothing.
    pub(super) fn read(object: Option<&str>) -> Self {
        Self::held(object).unwrap_or(Self(Vec::new()))
    }

    /// What is stored, to be added to; `None` where another program wrote what is no object, and would be lost.
    pub(super) fn held(object: Option<&str>) -> Option<Self> {
        match object.filter(|object| object.trim() != "null") {
            Some(object) => serde_json::from_str(object).ok(),
            None => Some(Self(Vec::new())),
        }
    }

    pub(super) fn into_each(self) -> impl Iterator<Item = (String, Box<RawValue>)> {
        self.0.into_iter()
    }

    /// Puts a member in the place of the one of its name, or after the others.
    pub(super) fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(member, _)| member == name) {
            Some((_, held)) => *held = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Whether there was one of this name.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(member, _)| member != name);
        self.0.len() < before
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A member as it stands; of those that have one name, the first.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value.get())
    }

    /// Takes a member out.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<Box<RawValue>>, Problem> {
        let Some(at) = self.0.iter().position(|(member, _)| member == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        if self.0.iter().any(|(member, _)| member == name) {
            return Err(Problem::bad_field(name, "duplicate_field", "stands twice").misshapen());
        }
        Ok(Some(value))
    }

    /// Takes a member out that must be a text; null is as if it were not there.
    pub(super) fn take_text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(value) = self.take(name)?.filter(|value| value.get() != "null") else { return Ok(None) };
        let text = serde_json::from_str(value.get());
        text.map(Some).map_err(|_| Problem::bad_field(name, "bad_field", "must be a text").misshapen())
    }

    /// Takes a member out that must be an object, and can be kept; null is as if it were not there.
    pub(super) fn take_object(&mut self, name: &str) -> Result<Option<Box<RawValue>>, Problem> {
        let Some(value) = self.take(name)?.filter(|value| value.get() != "null") else { return Ok(None) };
        let bad = |why| Problem::bad_field(name, "bad_field", why).misshapen();
        if !value.get().starts_with('{') {
            return Err(bad("must be an object"));
        }
        check(value.get(), DEPTH_MAX).map_err(bad)?;
        Ok(Some(value))
    }

    pub(super) fn to_json(&self) -> String {
        let quoted = |name: &str| serde_json::Value::from(name).to_string();
        let members: Vec<_> = self.0.iter().map(|(name, value)| format!("{}:{}", quoted(name), value.get())).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Whether a value can be kept: it nests no deeper than that, and no object in it has a name twice.
pub(super) fn check(value: &str, depth_left: usize) -> Result<(), &'static str> {
    let is_object = value.starts_with('{');
    if !is_object && !value.starts_with('[') {
        return Ok(());
    }
    let Some(depth_left) = depth_left.checked_sub(1) else { return Err("nests deeper than 128 levels") };
    if !is_object {
        let values: Vec<&RawValue> = serde_json::from_str(value).map_err(|_| "is not JSON")?;
        return values.into_iter().try_for_each(|value| check(value.get(), depth_left));
    }
    let members: Members = serde_json::from_str(value).map_err(|_| "is not JSON")?;
    let mut names = HashSet::new();
    members.0.iter().try_for_each(|(name, value)| {
        if names.insert(name) { check(value.get(), depth_left) } else { Err("has a name twice in one object") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_nests_only_so_deep_and_has_no_name_twice() {
        for good in ["1e400", "{\"a\":[{\"a\":1},{\"a\":1}]}", "[]", "\"{\""] {
            assert_eq!(check(good, 3), Ok(()), "{good}");
        }
        for bad in ["{\"a\":1,\"\\u0061\":2}", "[{\"b\":{\"a\":1,\"a\":1}}]", "[[[[1]]]]"] {
            assert!(check(bad, 3).is_err(), "{bad}");
        }
    }
}
