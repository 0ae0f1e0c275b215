//! Why a password was not accepted, or a new hash not made.

use std::fmt;

use crate::{Password, Unverifiable};

/// The password was not accepted. To the visitor every variant is the same; to the operator they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum Denied {
    /// The password does not belong to the hash.
    WrongPassword,
    /// Nobody can tell: the row or the configuration is broken. Show the operator, not the visitor.
    Unverifiable(Unverifiable),
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPassword => f.write_str("wrong password"),
            Self::Unverifiable(why) => write!(f, "cannot be verified: {why}"),
        }
    }
}

impl std::error::Error for Denied {}

impl Denied {
    /// Whether the same attempt may be answered otherwise a moment later, since it was memory that was wanting: to be told "come back
    /// later", as who finds the pool full is, and not counted as a wrong password.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unverifiable(Unverifiable::OutOfMemory { .. }))
    }
}

/// Why a password was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum ChangeError {
    /// The old password was not accepted. To the visitor this is what a refused sign-in is.
    Denied(Denied),
    /// The old one was right, and the hash of the new one could not be made.
    HashFailed(HashError),
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(denied) => denied.fmt(f),
            Self::HashFailed(error) => write!(f, "the new hash could not be made: {error}"),
        }
    }
}

impl From<Denied> for ChangeError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl std::error::Error for ChangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Denied(denied) => denied.source(),
            Self::HashFailed(error) => Some(error),
        }
    }
}

/// Why a new hash could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashError {
    /// The password has more than [`Password::BYTES_MAX`] bytes.
    PasswordTooLong,
    /// The memory could not be reserved.
    OutOfMemory {
        /// How much was asked for, in KiB.
        memory_kib: u32,
    },
    /// The operating system gave no random bytes.
    Entropy,
    /// The new hash did not pass the engine's own parser and limits: a fault of this library.
    SelfCheck,
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordTooLong => write!(f, "the password has more than {} bytes", Password::BYTES_MAX),
            Self::OutOfMemory { memory_kib } => write!(f, "{memory_kib} KiB of memory could not be reserved"),
            Self::Entropy => f.write_str("the operating system gave no random bytes"),
            Self::SelfCheck => f.write_str("the new hash did not pass its own check"),
        }
    }
}

impl std::error::Error for HashError {}
