//! Any processor.

use super::{Block, Isa, Segment, fill_segment};

struct Portable;

/// # Safety
///
/// As for [`fill_segment`].
pub(super) unsafe fn fill(segment: &Segment) {
    // SAFETY: as the caller promises.
    unsafe { fill_segment::<Portable>(segment) }
}

impl Isa for Portable {
    #[inline]
    unsafe fn compress(
        previous: *const Block,
        reference: *const Block,
        next: *mut Block,
        adds: bool,
        early: impl FnOnce(u64),
    ) {
        // SAFETY: as the caller promises.
        let (previous, reference, next) = unsafe { (&*previous, &*reference, &mut *next) };
        let mut state = Block::ZERO;
        for (place, word) in state.0.iter_mut().enumerate() {
            *word = previous.0[place] ^ reference.0[place];
        }
        let mut sum = state;
        if adds {
            sum.0.iter_mut().zip(next.0).for_each(|(word, old)| *word ^= old);
        }
        for row in 0..8 {
            round(&mut state.0, |word| 16 * row + word);
        }
        let column = |column: usize| move |word: usize| 2 * column + 16 * (word / 2) + word % 2;
        round(&mut state.0, column(0));
        early(state.0[0] ^ sum.0[0]);
        for place in 1..8 {
            round(&mut state.0, column(place));
        }
        for (place, word) in next.0.iter_mut().enumerate() {
            *word = state.0[place] ^ sum.0[place];
        }
    }

    #[inline]
    unsafe fn prefetch(_block: *const Block) {}
}

/// BLAKE2b's round over sixteen words.
#[inline(always)]
fn round(words: &mut [u64; 128], at: impl Fn(usize) -> usize) {
    let mut mix = |a: usize, b: usize, c: usize, d: usize| {
        let (a, b, c, d) = (at(a), at(b), at(c), at(d));
        for (right, left) in [(32, 24), (16, 63)] {
            words[a] = add(words[a], words[b]);
            words[d] = (words[d] ^ words[a]).rotate_right(right);
            words[c] = add(words[c], words[d]);
            words[b] = (words[b] ^ words[c]).rotate_right(left);
        }
    };
    for column in 0..4 {
        mix(column, column + 4, column + 8, column + 12);
    }
    for column in 0..4 {
        mix(column, (column + 1) % 4 + 4, (column + 2) % 4 + 8, (column + 3) % 4 + 12);
    }
}

/// Argon2's addition: with a multiplication of the lower halves.
#[inline(always)]
fn add(x: u64, y: u64) -> u64 {
    let product = (x & 0xffff_ffff).wrapping_mul(y & 0xffff_ffff);
    x.wrapping_add(y).wrapping_add(product.wrapping_mul(2))
}
