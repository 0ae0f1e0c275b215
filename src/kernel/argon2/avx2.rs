//! x86-64 with AVX2: four words at a time, two independent mixings side by side, so that the waits of one hide behind the
//! other.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::{Block, Isa, Segment, fill_segment};

struct Avx2;

/// # Safety
///
/// As for [`fill_segment`]; the processor has AVX2.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn fill(segment: &Segment) {
    // SAFETY: as the caller promises.
    unsafe { fill_segment::<Avx2>(segment) }
}

impl Isa for Avx2 {
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn compress(
        previous: *const Block,
        reference: *const Block,
        next: *mut Block,
        adds: bool,
        early: impl FnOnce(u64),
    ) {
        let (previous, reference) = (previous.cast::<__m256i>(), reference.cast::<__m256i>());
        let next = next.cast::<__m256i>();
        let rotations = rotations();
        let mut buffer = MaybeUninit::<[__m256i; 32]>::uninit();
        // Where the compiler sees through the buffer it holds all of it in registers, of which there are half as many.
        let state = std::hint::black_box(buffer.as_mut_ptr()).cast::<__m256i>();
        // SAFETY: blocks are 32 vectors, aligned to 64 bytes, and valid as the caller promises; of the buffer, every vector is
        // written before it is read.
        unsafe {
            for pair in 0..4 {
                let places = [0, 4, 1, 5, 2, 6, 3, 7].map(|place| 8 * pair + place);
                let mut rows = places.map(|place| {
                    let both = _mm256_xor_si256(
                        _mm256_load_si256(previous.add(place)),
                        _mm256_load_si256(reference.add(place)),
                    );
                    // What the result is added to waits where the result goes.
                    let sum = if adds { _mm256_xor_si256(both, _mm256_load_si256(next.add(place))) } else { both };
                    _mm256_store_si256(next.add(place), sum);
                    both
                });
                round_of_rows(&mut rows, &rotations);
                for (place, row) in places.into_iter().zip(rows) {
                    _mm256_store_si256(state.add(place), row);
                }
            }
            // The columns that hold the first word come first.
            round_of_columns_in(state, next, 0, &rotations);
            early(next.cast::<u64>().read());
            for place in 1..4 {
                round_of_columns_in(state, next, place, &rotations);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn prefetch(block: *const Block) {
        for line in 0..16 {
            _mm_prefetch::<_MM_HINT_T0>(block.cast::<i8>().wrapping_add(64 * line));
        }
    }
}

/// Byte shuffles that rotate words by 24 and by 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn rotations() -> [__m256i; 2] {
    // Where the compiler knows the second, it takes two instructions for the one.
    std::hint::black_box([
        _mm256_setr_epi8(
            3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10,
        ),
        _mm256_setr_epi8(
            2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9,
        ),
    ])
}

/// Two groups of columns, a vector of each row: mixed, and added to what waits in `next`.
///
/// # Safety
///
/// Both are valid for 32 vectors; the processor has AVX2.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn round_of_columns_in(state: *const __m256i, next: *mut __m256i, place: usize, rotations: &[__m256i; 2]) {
    // SAFETY: as the caller promises.
    unsafe {
        let places = [0, 4, 8, 12, 16, 20, 24, 28].map(|row| row + place);
        let mut columns = places.map(|place| _mm256_load_si256(state.add(place)));
        round_of_columns(&mut columns, rotations);
        for (place, column) in places.into_iter().zip(columns) {
            _mm256_store_si256(next.add(place), _mm256_xor_si256(column, _mm256_load_si256(next.add(place))));
        }
    }
}

/// Two rows of the block: `[a, a', b, b', c, c', d, d']`.
#[inline]
#[target_feature(enable = "avx2")]
fn round_of_rows(v: &mut [__m256i; 8], rotations: &[__m256i; 2]) {
    const LEFT: i32 = 0b00_11_10_01;
    const HALF: i32 = 0b01_00_11_10;
    const RIGHT: i32 = 0b10_01_00_11;
    mix(v, rotations);
    for place in 0..2 {
        v[2 + place] = _mm256_permute4x64_epi64::<LEFT>(v[2 + place]);
        v[4 + place] = _mm256_permute4x64_epi64::<HALF>(v[4 + place]);
        v[6 + place] = _mm256_permute4x64_epi64::<RIGHT>(v[6 + place]);
    }
    mix(v, rotations);
    for place in 0..2 {
        v[2 + place] = _mm256_permute4x64_epi64::<RIGHT>(v[2 + place]);
        v[4 + place] = _mm256_permute4x64_epi64::<HALF>(v[4 + place]);
        v[6 + place] = _mm256_permute4x64_epi64::<LEFT>(v[6 + place]);
    }
}

/// Two groups of columns, each in one half of the vectors: words 0 and 1 of a row of four in one, 2 and 3 in the next.
#[inline]
#[target_feature(enable = "avx2")]
fn round_of_columns(v: &mut [__m256i; 8], rotations: &[__m256i; 2]) {
    mix(v, rotations);
    let [_, _, b0, b1, c0, c1, d0, d1] = *v;
    v[2] = _mm256_alignr_epi8::<8>(b1, b0);
    v[3] = _mm256_alignr_epi8::<8>(b0, b1);
    (v[4], v[5]) = (c1, c0);
    v[6] = _mm256_alignr_epi8::<8>(d0, d1);
    v[7] = _mm256_alignr_epi8::<8>(d1, d0);
    mix(v, rotations);
    let [_, _, b0, b1, c0, c1, d0, d1] = *v;
    v[2] = _mm256_alignr_epi8::<8>(b0, b1);
    v[3] = _mm256_alignr_epi8::<8>(b1, b0);
    (v[4], v[5]) = (c1, c0);
    v[6] = _mm256_alignr_epi8::<8>(d1, d0);
    v[7] = _mm256_alignr_epi8::<8>(d0, d1);
}

#[inline]
#[target_feature(enable = "avx2")]
fn mix(v: &mut [__m256i; 8], rotations: &[__m256i; 2]) {
    let [by_24, by_16] = *rotations;
    let [a0, a1, b0, b1, c0, c1, d0, d1] = *v;
    let (a0, a1) = (add(a0, b0), add(a1, b1));
    let (d0, d1) = (_mm256_xor_si256(d0, a0), _mm256_xor_si256(d1, a1));
    let (d0, d1) = (_mm256_shuffle_epi32::<0b10_11_00_01>(d0), _mm256_shuffle_epi32::<0b10_11_00_01>(d1));
    let (c0, c1) = (add(c0, d0), add(c1, d1));
    let (b0, b1) = (_mm256_xor_si256(b0, c0), _mm256_xor_si256(b1, c1));
    let (b0, b1) = (_mm256_shuffle_epi8(b0, by_24), _mm256_shuffle_epi8(b1, by_24));
    let (a0, a1) = (add(a0, b0), add(a1, b1));
    let (d0, d1) = (_mm256_xor_si256(d0, a0), _mm256_xor_si256(d1, a1));
    let (d0, d1) = (_mm256_shuffle_epi8(d0, by_16), _mm256_shuffle_epi8(d1, by_16));
    let (c0, c1) = (add(c0, d0), add(c1, d1));
    let (b0, b1) = (_mm256_xor_si256(b0, c0), _mm256_xor_si256(b1, c1));
    let (b0, b1) = (by_63(b0), by_63(b1));
    *v = [a0, a1, b0, b1, c0, c1, d0, d1];
}

#[inline]
#[target_feature(enable = "avx2")]
fn by_63(x: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_srli_epi64::<63>(x), _mm256_add_epi64(x, x))
}

/// Argon2's addition: with a multiplication of the lower halves.
#[inline]
#[target_feature(enable = "avx2")]
fn add(x: __m256i, y: __m256i) -> __m256i {
    let product = _mm256_mul_epu32(x, y);
    _mm256_add_epi64(_mm256_add_epi64(x, y), _mm256_add_epi64(product, product))
}
