//! Hash functions by name, and what is built on any of them: HMAC and PBKDF2. The functions are well-kept crates'; this
//! file only chooses. A leaf.

use hmac::{KeyInit, Mac, SimpleHmac};
use md5::Digest as _;
use zeroize::Zeroizing;

/// Bytes that are wiped.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

/// Room for the longest digest, wiped.
pub(crate) type Digest = Zeroizing<[u8; 64]>;

macro_rules! functions {
    ($($variant:ident $name:literal $bytes:literal $type:ty;)*) => {
        /// A hash function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Function { $($variant),* }

        impl Function {
            /// Every function.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in expressions, in lower case.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The function of a name in lower case.
            pub(crate) fn of(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    "rmd160" | "ripemd_160" => Some(Self::Ripemd160),
                    "blake2b" => Some(Self::Blake2b512),
                    "blake2s" => Some(Self::Blake2s256),
                    "keccak256" => Some(Self::Keccak256),
                    "keccak512" => Some(Self::Keccak512),
                    _ => None,
                }
            }

            /// Digest length in bytes.
            pub(crate) const fn bytes(self) -> usize {
                match self { $(Self::$variant => $bytes),* }
            }

            /// The digest of `input`.
            pub(crate) fn digest(self, input: &[u8]) -> Secret {
                match self { $(Self::$variant => Secret::new(<$type>::digest(input).to_vec())),* }
            }

            /// The digest of `input` in the first bytes of `out`.
            pub(crate) fn digest_into(self, input: &[u8], out: &mut [u8]) {
                match self { $(Self::$variant => out[..$bytes].copy_from_slice(&<$type>::digest(input))),* }
            }

            /// The digest of `input` so many times over, without a copy of all that.
            pub(crate) fn digest_repeated(self, input: &[u8], times: usize) -> Secret {
                match self { $(Self::$variant => {
                    let mut hash = <$type>::new();
                    (0..times).for_each(|_| hash.update(input));
                    Secret::new(hash.finalize().to_vec())
                }),* }
            }

            /// HMAC of `message` under `key`.
            pub(crate) fn hmac(self, key: &[u8], message: &[u8]) -> Secret {
                match self { $(Self::$variant => {
                    let Ok(mut mac) = <SimpleHmac<$type> as KeyInit>::new_from_slice(key) else {
                        return Secret::default(); // HMAC takes keys of any length
                    };
                    mac.update(message);
                    Secret::new(mac.finalize().into_bytes().to_vec())
                }),* }
            }

            /// PBKDF2 of a password: `out` is filled.
            pub(crate) fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, out: &mut [u8]) {
                // The two that matter have their own fast path in the crate.
                match self {
                    Self::Sha256 => return pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, out),
                    Self::Sha512 => return pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt, iterations, out),
                    Self::Sha1 => return pbkdf2::pbkdf2_hmac::<sha1::Sha1>(password, salt, iterations, out),
                    _ => {}
                }
                // HMAC takes keys of any length, so that there is no error.
                let _ = match self { $(
                    Self::$variant => pbkdf2::pbkdf2::<SimpleHmac<$type>>(password, salt, iterations, out)
                ),* };
            }
        }
    };
}

impl Function {
    /// How many bytes it hashes at a time.
    pub(crate) const fn block_bytes(self) -> u64 {
        match self {
            Self::Sha384 | Self::Sha512 | Self::Sha512T224 | Self::Sha512T256 | Self::Blake2b512 => 128,
            Self::Sha3T224 => 144,
            Self::Sha3T256 | Self::Keccak256 => 136,
            Self::Sha3T384 => 104,
            Self::Sha3T512 | Self::Keccak512 => 72,
            _ => 64,
        }
    }

    /// How many blocks it hashes for so many bytes, with what it adds at their end.
    pub(crate) const fn blocks(self, input_bytes: u64) -> u64 {
        let end = match self {
            Self::Sha384 | Self::Sha512 | Self::Sha512T224 | Self::Sha512T256 => 17,
            Self::Whirlpool => 33,
            Self::Blake2b512 | Self::Blake2s256 => 0,
            Self::Sha3T224 | Self::Sha3T256 | Self::Sha3T384 | Self::Sha3T512 | Self::Keccak256 | Self::Keccak512 => 1,
            _ => 9,
        };
        let blocks = input_bytes.saturating_add(end).div_ceil(self.block_bytes());
        if blocks == 0 { 1 } else { blocks }
    }
}

/// GOST R 34.11-2012 with 256 bits: only gost-yescrypt wants it.
pub(crate) fn gost(input: &[u8]) -> Secret {
    Secret::new(streebog::Streebog256::digest(input).to_vec())
}

/// HMAC over GOST R 34.11-2012 with 256 bits.
pub(crate) fn gost_hmac(key: &[u8], message: &[u8]) -> Secret {
    let Ok(mut mac) = <SimpleHmac<streebog::Streebog256> as KeyInit>::new_from_slice(key) else {
        return Secret::default(); // HMAC takes keys of any length
    };
    mac.update(message);
    Secret::new(mac.finalize().into_bytes().to_vec())
}

functions! {
    Md4 "md4" 16 md4::Md4;
    Md5 "md5" 16 md5::Md5;
    Sha1 "sha1" 20 sha1::Sha1;
    Sha224 "sha224" 28 sha2::Sha224;
    Sha256 "sha256" 32 sha2::Sha256;
    Sha384 "sha384" 48 sha2::Sha384;
    Sha512 "sha512" 64 sha2::Sha512;
    Sha512T224 "sha512_224" 28 sha2::Sha512_224;
    Sha512T256 "sha512_256" 32 sha2::Sha512_256;
    Sha3T224 "sha3_224" 28 sha3::Sha3_224;
    Sha3T256 "sha3_256" 32 sha3::Sha3_256;
    Sha3T384 "sha3_384" 48 sha3::Sha3_384;
    Sha3T512 "sha3_512" 64 sha3::Sha3_512;
    Keccak256 "keccak_256" 32 sha3::Keccak256;
    Keccak512 "keccak_512" 64 sha3::Keccak512;
    Ripemd160 "ripemd160" 20 ripemd::Ripemd160;
    Whirlpool "whirlpool" 64 whirlpool::Whirlpool;
    Blake2b512 "blake2b512" 64 blake2::Blake2b512;
    Blake2s256 "blake2s256" 32 blake2::Blake2s256;
}

/// HMAC-SHA1 of `first`, then of what that gave, and so on. The key is worked in once, whatever its length.
pub(crate) fn hmac_sha1_chain(key: &[u8], first: &[u8], rounds: u32) -> Secret {
    let Ok(keyed) = <hmac::Hmac<sha1::Sha1> as KeyInit>::new_from_slice(key) else {
        return Secret::default(); // HMAC takes keys of any length
    };
    let mut value = Secret::new(first.to_vec());
    for _ in 0..rounds {
        let mut mac = keyed.clone();
        mac.update(&value);
        value = Secret::new(mac.finalize().into_bytes().to_vec());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_digest_has_its_length_and_name() {
        for function in Function::ALL {
            assert_eq!(function.digest(b"x").len(), function.bytes());
            assert_eq!(function.hmac(b"k", b"x").len(), function.bytes());
            assert_eq!(Function::of(function.as_str()), Some(*function));
            let mut out = vec![0; 70];
            function.pbkdf2(b"p", b"s", 2, &mut out);
            assert_ne!(out, vec![0; 70]);
        }
    }
}
