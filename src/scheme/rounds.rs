//! The rounds of crypt(3) that md5crypt, sha256crypt and sha512crypt have in common. A message is the digest before and the
//! password in turn, with the salt between them in two rounds of three and the password again in six of seven: eight
//! messages, in each of which only the digest changes.

use crate::function::{Digest, Function, Secret};

struct Message {
    bytes: Secret,
    /// Where the digest stands.
    slot: usize,
}

/// Which of the eight messages a round hashes: one bit each for what stands first, for the salt and for the password again.
const fn kind(round: u32) -> u32 {
    (round & 1) | (if round.is_multiple_of(3) { 0 } else { 2 }) | (if round.is_multiple_of(7) { 0 } else { 4 })
}

/// How many blocks are hashed in so many rounds: after 42 of them the messages come again in the same order.
pub(super) fn work(function: Function, password_bytes: usize, salt_bytes: usize, rounds: u32) -> u64 {
    let message = |round| {
        let kind = kind(round);
        let (salt, again) = (usize::from(kind & 2 != 0), usize::from(kind & 4 != 0));
        function.bytes() + salt * salt_bytes + (1 + again) * password_bytes
    };
    let blocks: u64 = (0..42).map(|round| function.blocks(message(round) as u64)).sum();
    blocks.saturating_mul(rounds.into()) / 42
}

/// Runs the rounds from `digest` on, which holds the last one in its first bytes afterwards.
pub(super) fn run(function: Function, password: &[u8], salt: &[u8], rounds: u32, digest: &mut Digest) {
    let size = function.bytes();
    let mut messages: [Message; 8] = std::array::from_fn(|kind| {
        let (is_odd, has_salt, has_password) = (kind & 1 != 0, kind & 2 != 0, kind & 4 != 0);
        let mut bytes = Secret::new(Vec::with_capacity(size + 2 * password.len() + salt.len()));
        if is_odd {
            bytes.extend_from_slice(password);
        } else {
            bytes.resize(size, 0);
        }
        bytes.extend_from_slice(if has_salt { salt } else { b"" });
        bytes.extend_from_slice(if has_password { password } else { b"" });
        let slot = if is_odd { bytes.len() } else { 0 };
        if is_odd {
            bytes.resize(slot + size, 0);
        } else {
            bytes.extend_from_slice(password);
        }
        Message { bytes, slot }
    });
    for round in 0..rounds {
        let message = &mut messages[kind(round) as usize];
        message.bytes[message.slot..message.slot + size].copy_from_slice(&digest[..size]);
        function.digest_into(&message.bytes, &mut digest[..]);
    }
}
