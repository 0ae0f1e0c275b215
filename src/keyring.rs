//! Peppers: secrets that live in configuration under a key id and never in a row. Old keys verify, the current
//! one is used for new hashes, and a missing one is a configuration error that names it.

use std::fmt;

use zeroize::Zeroizing;

/// The name of a key as it stands in stored hashes (`keyid=`): up to 64 bytes; those of peppers have at most eight, the bound of the PHC format.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Box<[u8]>);

impl KeyId {
    /// The longest key id, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// The longest id of a pepper, in bytes: the bound of the PHC format's `keyid=`.
    pub const PEPPER_BYTES_MAX: usize = 8;

    /// # Errors
    ///
    /// [`KeyError::IdLength`] where `id` is empty or longer than [`KeyId::BYTES_MAX`].
    pub fn new(id: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let id = id.as_ref();
        if id.is_empty() || id.len() > Self::BYTES_MAX { Err(KeyError::IdLength) } else { Ok(Self(id.into())) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Registered peppers, and which of them new hashes use.
///
/// ```
/// use rehash::{KeyId, Keyring};
///
/// let mut keys = Keyring::new();
/// keys.register(KeyId::new("2024")?, b"an old secret, still needed to verify".to_vec())?;
/// keys.register(KeyId::new("2026")?, b"read from a file or a vault".to_vec())?;
/// keys.set_current(&KeyId::new("2026")?)?;
/// # Ok::<(), rehash::KeyError>(())
/// ```
#[derive(Clone, Default)]
pub struct Keyring {
    keys: Vec<(KeyId, Zeroizing<Vec<u8>>)>,
    current: Option<KeyId>,
}

impl Keyring {
    /// No keys: new hashes are not peppered, and stored hashes with a `keyid` are refused.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key for verification.
    ///
    /// # Errors
    ///
    /// [`KeyError::EmptySecret`], or [`KeyError::Duplicate`] where the id is taken.
    pub fn register(&mut self, id: KeyId, secret: impl Into<Vec<u8>>) -> Result<(), KeyError> {
        let secret = Zeroizing::new(secret.into());
        if secret.is_empty() {
            return Err(KeyError::EmptySecret);
        }
        if self.secret(&id).is_some() {
            return Err(KeyError::Duplicate { id });
        }
        self.keys.push((id, secret));
        Ok(())
    }

    /// Chooses the key that new hashes use; hashes under another key, or none, are then upgraded.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unregistered`] where `id` was not registered; [`KeyError::IdLength`] where it is longer than
    /// [`KeyId::PEPPER_BYTES_MAX`].
    pub fn set_current(&mut self, id: &KeyId) -> Result<(), KeyError> {
        if self.secret(id).is_none() {
            return Err(KeyError::Unregistered { id: id.clone() });
        }
        if id.bytes().len() > KeyId::PEPPER_BYTES_MAX {
            return Err(KeyError::IdLength);
        }
        self.current = Some(id.clone());
        Ok(())
    }

    /// The key that new hashes use.
    #[must_use]
    pub const fn current(&self) -> Option<&KeyId> {
        self.current.as_ref()
    }

    /// Whether a key is registered.
    #[must_use]
    pub fn contains(&self, id: &KeyId) -> bool {
        self.secret(id).is_some()
    }

    /// Whether a key of this name is registered, as names are shown.
    #[cfg(feature = "serve")]
    pub(crate) fn has_named(&self, shown: &str) -> bool {
        self.keys.iter().any(|(key, _)| key.to_string() == shown)
    }

    pub(crate) fn secret(&self, id: &KeyId) -> Option<&[u8]> {
        self.keys.iter().find(|(key, _)| key == id).map(|(_, secret)| secret.as_slice())
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.keys.iter().map(|(id, _)| id).collect();
        f.debug_struct("Keyring").field("ids", &ids).field("current", &self.current).finish_non_exhaustive()
    }
}

/// What is wrong with a key or its id.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The key id is empty or too long.
    IdLength,
    /// A key must not be empty.
    EmptySecret,
    /// The id is registered already.
    Duplicate {
        /// Which.
        id: KeyId,
    },
    /// The id is not registered.
    Unregistered {
        /// Which.
        id: KeyId,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdLength => write!(
                f,
                "a key id has 1 to {} bytes, that of a pepper at most {}",
                KeyId::BYTES_MAX,
                KeyId::PEPPER_BYTES_MAX
            ),
            Self::EmptySecret => write!(f, "a key must not be empty"),
            Self::Duplicate { id } => write!(f, "the key `{id}` is registered twice"),
            Self::Unregistered { id } => write!(f, "the key `{id}` is not registered"),
        }
    }
}

impl std::error::Error for KeyError {}
