//! Methods whose hashes were stored under another's name before they had one of their own: they are the same hashes.

#[cfg(feature = "sqlite")]
use super::TaggedText;
#[cfg(feature = "sqlite")]
use crate::StoredHash;

/// A method's name, and the one that its hashes had before.
pub(super) const NAMED_BEFORE: [(&str, &str); 5] = [
    ("wordpress_phpass", "phpass"),
    ("phpbb3", "phpass"),
    ("wordpress_md5", "md5"),
    ("phpbb_bcrypt", "bcrypt"),
    ("phpbb_argon2id", "argon2id"),
];

/// Whether a hash that stands in a store comes by the name that its method has by now.
#[cfg(feature = "sqlite")]
pub(super) fn is_renamed(held: Option<&TaggedText>, new: Option<&StoredHash>) -> bool {
    let names = held.zip(new).map(|(held, new)| (new.method().as_str(), &*held.method));
    names.is_some_and(|names| NAMED_BEFORE.contains(&names))
}

/// Whether a hash that stands in a store is the one that comes, be it by the name that its method had.
#[cfg(feature = "sqlite")]
pub(super) fn is_same_hash(held: Option<&TaggedText>, new: Option<&StoredHash>) -> bool {
    fn plain(method: &str) -> &str {
        NAMED_BEFORE.iter().find_map(|(now, before)| (*now == method).then_some(*before)).unwrap_or(method)
    }
    match (held, new) {
        (Some(held), Some(new)) => held.text == new.kept_text() && plain(&held.method) == plain(new.method().as_str()),
        (None, None) => true,
        _ => false,
    }
}
