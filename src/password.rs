//! The password a visitor typed: bytes, held once and wiped. It does not trim, normalise or validate; what a
//! password may look like is the embedder's business, and what a method makes of it is the scheme's.

use zeroize::Zeroizing;

/// A password, as bytes: nothing is trimmed or normalised, and a NUL is a byte like any other.
///
/// Wiped when dropped. It has no `Debug`, `Clone`, `PartialEq` or serialisation, so it cannot be logged or kept by
/// accident.
///
/// A password of more than [`Password::BYTES_MAX`] bytes is marked, and all but its beginning is given up: it verifies
/// against nothing, at the cost of an ordinary wrong password, so that an oversized request is neither a way to burn the
/// machine nor a way to find out who has an account.
pub struct Password {
    bytes: Zeroizing<Vec<u8>>,
    oversized: bool,
}

impl Password {
    /// The longest password that can match, in bytes. Some schemes do work in the square of the length; nobody
    /// types four kibibytes.
    pub const BYTES_MAX: usize = 4096;
    /// What is kept of a longer one: as much as people type, since some schemes hash the password in every round.
    const BYTES_OF_OVERSIZED: usize = 32;

    /// Takes the bytes over. A `Vec` or `String` that is passed by value is wiped when the password is dropped;
    /// from a borrowed text a copy is made, and the original stays the caller's to wipe.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let mut bytes = Zeroizing::new(bytes.into());
        let oversized = bytes.len() > Self::BYTES_MAX;
        if oversized {
            zeroize::Zeroize::zeroize(&mut bytes[Self::BYTES_OF_OVERSIZED..]);
            bytes.truncate(Self::BYTES_OF_OVERSIZED);
        }
        Self { bytes, oversized }
    }

    /// Whether more than [`Password::BYTES_MAX`] bytes were given.
    #[must_use]
    pub fn is_oversized(&self) -> bool {
        self.oversized
    }

    /// The one door to the bytes; only schemes and the engine may use it.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Vec<u8>> for Password {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_password_is_whole_and_one_byte_more_is_oversized() {
        let whole = Password::new(vec![b'a'; Password::BYTES_MAX]);
        assert!(!whole.is_oversized());
        assert_eq!(whole.expose().len(), Password::BYTES_MAX);

        let over = Password::new(vec![b'a'; Password::BYTES_MAX + 1]);
        assert!(over.is_oversized());
        assert_eq!(over.expose().len(), Password::BYTES_OF_OVERSIZED, "it costs what others cost");
    }

    #[test]
    fn nothing_is_trimmed() {
        assert_eq!(Password::new(" p\0\r\n").expose(), b" p\0\r\n");
    }
}
