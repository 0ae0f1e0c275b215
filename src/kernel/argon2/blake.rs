//! What BLAKE2b does in Argon2: the hash of all that goes in, and hashes of any length.

use blake2::digest::block_api::{UpdateCore, VariableOutputCore};
use blake2::digest::block_buffer::LazyBuffer;
use blake2::{Blake2b512, Blake2bVarCore, Digest as _};
use zeroize::{Zeroize, Zeroizing};

use super::Input;

/// H0 and room for the eight bytes that the first blocks add to it.
pub(super) fn seed(input: &Input<'_>, output_length: usize) -> Zeroizing<[u8; 72]> {
    let number = |number: usize| (number as u32).to_le_bytes();
    let mut hash = Blake2b512::new();
    for value in
        [input.lanes, output_length as u32, input.memory_kib, input.passes, input.version as u32, input.variant as u32]
    {
        hash.update(value.to_le_bytes());
    }
    for field in [input.password, input.salt, input.secret, input.data] {
        hash.update(number(field.len()));
        hash.update(field);
    }
    let mut seed = Zeroizing::new([0; 72]);
    let mut digest = hash.finalize();
    seed[..64].copy_from_slice(&digest);
    digest.as_mut_slice().zeroize();
    seed
}

/// Argon2's hash of any length, H'.
pub(super) fn long_hash(parts: &[&[u8]], output: &mut [u8]) {
    let length = (output.len() as u32).to_le_bytes();
    if output.len() <= 64 {
        return short_hash(LazyBuffer::new(&length), parts, output);
    }
    let mut hash = Blake2b512::new();
    hash.update(length);
    parts.iter().for_each(|part| hash.update(part));
    let mut digest = hash.finalize();
    let mut rest = output;
    loop {
        let (first, others) = rest.split_at_mut(32);
        first.copy_from_slice(&digest[..32]);
        rest = others;
        if rest.len() <= 64 {
            break;
        }
        digest = Blake2b512::digest(digest);
    }
    short_hash(LazyBuffer::new(&digest), &[], rest);
    digest.as_mut_slice().zeroize();
}

/// BLAKE2b of at most 64 bytes.
fn short_hash(
    mut buffer: LazyBuffer<<Blake2bVarCore as blake2::digest::block_api::BlockSizeUser>::BlockSize>,
    parts: &[&[u8]],
    output: &mut [u8],
) {
    let Ok(mut core) = Blake2bVarCore::new(output.len()) else { return };
    for part in parts {
        buffer.digest_blocks(part, |blocks| core.update_blocks(blocks));
    }
    let mut whole = Default::default();
    core.finalize_variable_core(&mut buffer, &mut whole);
    output.copy_from_slice(&whole[..output.len()]);
}
