//! What a store says of itself.

#[cfg(doc)]
use super::Users;

/// What a store is, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreInfo {
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    /// Where it is: a path, or host and database; never a password.
    pub place: String,
    /// The database's own version.
    pub server: String,
    /// How many migrations it has had.
    pub schema: usize,
    /// How many migrations this program knows.
    pub known_schema: usize,
    /// Every identifier has its index ([`Users::build_indexes`]).
    pub is_indexed: bool,
    /// It can be read and not written.
    pub is_read_only: bool,
    /// What the database occupies, where it says.
    pub bytes: Option<u64>,
}
