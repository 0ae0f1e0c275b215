//! What is handed to a scheme: an expression over the password. A stored hash is an outer scheme over such an
//! input, so that a vendor's wrapping is data and not another scheme.
//!
//! A leaf: it knows passwords, and nothing of stored text, limits or schemes.

use zeroize::Zeroizing;

/// The input of a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// `$p`: the password's bytes as they are.
    Password,
}

/// An evaluated input: borrowed where the expression is the password itself, else a buffer that is wiped.
pub(crate) enum Input<'a> {
    Borrowed(&'a [u8]),
    #[allow(dead_code, reason = "every expression but the bare password computes its input")]
    Computed(Zeroizing<Vec<u8>>),
}

impl Expression {
    /// The input for this password.
    pub(crate) const fn evaluate<'a>(&self, password: &'a [u8]) -> Input<'a> {
        match self {
            Self::Password => Input::Borrowed(password),
        }
    }
}

impl Input<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Computed(bytes) => bytes,
        }
    }
}
