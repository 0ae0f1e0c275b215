//! How vendors say that nobody may sign in with an account.

use super::object::Object;

/// Names, and the values that say so.
const SAID: [(&str, &[&str]); 14] = [
    ("enabled", &["false"]),
    ("Enabled", &["false"]),
    ("active", &["false"]),
    ("is_active", &["false", "f", "0"]),
    ("blocked", &["true"]),
    ("disabled", &["true"]),
    ("banned", &["true"]),
    ("locked", &["true"]),
    ("isSuspended", &["true"]),
    ("is_suspended", &["true", "t"]),
    ("state", &["inactive", "USER_STATE_INACTIVE", "USER_STATE_LOCKED", "USER_STATE_DELETED"]),
    ("nsaccountlock", &["true"]),
    ("ds-pwp-account-disabled", &["true"]),
    ("pwdaccountlockedtime", &["000001010000Z"]),
];

/// The second bit of Active Directory's `userAccountControl`.
const ACCOUNTDISABLE: u32 = 2;

/// Whether a record says so of itself.
pub(super) fn is_disabled(object: &Object) -> bool {
    let says = |(name, values): &(&str, &[&str])| {
        object.scalar(name).is_some_and(|text| values.iter().any(|value| value.eq_ignore_ascii_case(text)))
    };
    let flags = object.scalar("useraccountcontrol").and_then(|text| text.parse::<u32>().ok());
    // How long, nobody here knows the time for; those that are over are few.
    let has = |name: &str| object.scalar(name).is_some_and(|text| !text.is_empty() && text != "null");
    has("banned_until")
        || has("deleted_at")
        || SAID.iter().any(says)
        // Samba's, as in `[DU         ]`.
        || object.scalar("sambaacctflags").is_some_and(|flags| flags.contains('D'))
        || flags.is_some_and(|flags| flags & ACCOUNTDISABLE != 0)
}
