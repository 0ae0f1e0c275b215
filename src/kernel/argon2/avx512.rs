//! x86-64 with AVX-512: eight words at a time, the whole block in registers, and rotations as one instruction each.
//!
//! Blocks lie in memory so that neither rows nor columns need to be gathered. A block is eight rows of sixteen words; a vector
//! holds the same four words of two neighbouring rows. Four vectors are then `a`, `b`, `c`, `d` of two rows, and the four that
//! stand in the same place of each such group are those of two groups of columns.

use std::arch::x86_64::*;

use super::{Block, Isa, Segment, fill_segment};

struct Avx512;

/// # Safety
///
/// As for [`fill_segment`]; the processor has AVX-512 F.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn fill(segment: &Segment) {
    // SAFETY: as the caller promises.
    unsafe { fill_segment::<Avx512>(segment) }
}

/// Where a word of a block stands in memory.
pub(super) const fn place(word: usize) -> usize {
    let (row, quarter, rest) = (word / 16, word % 16 / 4, word % 4);
    8 * (4 * (row / 2) + quarter) + 4 * (row % 2) + rest
}

impl Isa for Avx512 {
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn compress(
        previous: *const Block,
        reference: *const Block,
        next: *mut Block,
        adds: bool,
        early: impl FnOnce(u64),
    ) {
        let (previous, reference) = (previous.cast::<__m512i>(), reference.cast::<__m512i>());
        let next = next.cast::<__m512i>();
        // SAFETY: blocks are 16 vectors, aligned to 64 bytes, and valid as the caller promises.
        unsafe {
            let mut state: [__m512i; 16] = std::array::from_fn(|place| {
                _mm512_xor_si512(_mm512_load_si512(previous.add(place)), _mm512_load_si512(reference.add(place)))
            });
            // What the result is added to waits where the result goes.
            for (place, both) in state.into_iter().enumerate() {
                let sum = if adds { _mm512_xor_si512(both, _mm512_load_si512(next.add(place))) } else { both };
                _mm512_store_si512(next.add(place), sum);
            }
            round_of_rows(&mut state);
            // The columns that hold the first word come first.
            round_of_columns::<1>(&mut state, 0);
            let first = _mm512_castsi512_si128(_mm512_xor_si512(state[0], _mm512_load_si512(next)));
            early(_mm_cvtsi128_si64(first).cast_unsigned());
            round_of_columns::<3>(&mut state, 1);
            for (place, mixed) in state.into_iter().enumerate() {
                let whole = _mm512_xor_si512(mixed, _mm512_load_si512(next.add(place)));
                _mm512_store_si512(next.add(place), whole);
            }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn prefetch(block: *const Block) {
        for line in 0..16 {
            _mm_prefetch::<_MM_HINT_T0>(block.cast::<i8>().wrapping_add(64 * line));
        }
    }

    fn place(word: usize) -> usize {
        place(word)
    }
}

/// All eight rows, two in each group of four vectors.
#[inline]
#[target_feature(enable = "avx512f")]
fn round_of_rows(v: &mut [__m512i; 16]) {
    const LEFT: i32 = 0b00_11_10_01;
    const HALF: i32 = 0b01_00_11_10;
    const RIGHT: i32 = 0b10_01_00_11;
    let [mut a, mut b, mut c, mut d]: [[__m512i; 4]; 4] =
        std::array::from_fn(|part| std::array::from_fn(|group| v[4 * group + part]));
    mix(&mut a, &mut b, &mut c, &mut d);
    for group in 0..4 {
        b[group] = _mm512_permutex_epi64::<LEFT>(b[group]);
        c[group] = _mm512_permutex_epi64::<HALF>(c[group]);
        d[group] = _mm512_permutex_epi64::<RIGHT>(d[group]);
    }
    mix(&mut a, &mut b, &mut c, &mut d);
    for group in 0..4 {
        v[4 * group] = a[group];
        v[4 * group + 1] = _mm512_permutex_epi64::<RIGHT>(b[group]);
        v[4 * group + 2] = _mm512_permutex_epi64::<HALF>(c[group]);
        v[4 * group + 3] = _mm512_permutex_epi64::<LEFT>(d[group]);
    }
}

/// Four groups of columns: two in each of two sets of vectors, whose first is `first`. The four words of a column's part stand in
/// words 0, 1, 4, 5 of a vector, or in words 2, 3, 6, 7.
#[inline]
#[target_feature(enable = "avx512f")]
fn round_of_columns<const N: usize>(v: &mut [__m512i; 16], first: usize) {
    let left = _mm512_setr_epi64(1, 4, 3, 6, 5, 0, 7, 2);
    let right = _mm512_setr_epi64(5, 0, 7, 2, 1, 4, 3, 6);
    let half = |x| _mm512_shuffle_i64x2::<0b01_00_11_10>(x, x);
    let [mut a, mut b, mut c, mut d]: [[__m512i; N]; 4] =
        std::array::from_fn(|part| std::array::from_fn(|set| v[4 * part + first + set]));
    mix(&mut a, &mut b, &mut c, &mut d);
    for set in 0..N {
        b[set] = _mm512_permutexvar_epi64(left, b[set]);
        c[set] = half(c[set]);
        d[set] = _mm512_permutexvar_epi64(right, d[set]);
    }
    mix(&mut a, &mut b, &mut c, &mut d);
    for set in 0..N {
        v[first + set] = a[set];
        v[4 + first + set] = _mm512_permutexvar_epi64(right, b[set]);
        v[8 + first + set] = half(c[set]);
        v[12 + first + set] = _mm512_permutexvar_epi64(left, d[set]);
    }
}

/// Argon2's mixing of so many independent sets, side by side.
#[inline]
#[target_feature(enable = "avx512f")]
fn mix<const N: usize>(a: &mut [__m512i; N], b: &mut [__m512i; N], c: &mut [__m512i; N], d: &mut [__m512i; N]) {
    add(a, b);
    for set in 0..N {
        d[set] = _mm512_ror_epi64::<32>(_mm512_xor_si512(d[set], a[set]));
    }
    add(c, d);
    for set in 0..N {
        b[set] = _mm512_ror_epi64::<24>(_mm512_xor_si512(b[set], c[set]));
    }
    add(a, b);
    for set in 0..N {
        d[set] = _mm512_ror_epi64::<16>(_mm512_xor_si512(d[set], a[set]));
    }
    add(c, d);
    for set in 0..N {
        b[set] = _mm512_ror_epi64::<63>(_mm512_xor_si512(b[set], c[set]));
    }
}

/// Argon2's addition: with a multiplication of the lower halves.
#[inline]
#[target_feature(enable = "avx512f")]
fn add<const N: usize>(x: &mut [__m512i; N], y: &[__m512i; N]) {
    for set in 0..N {
        let product = _mm512_mul_epu32(x[set], y[set]);
        x[set] = _mm512_add_epi64(_mm512_add_epi64(x[set], y[set]), _mm512_add_epi64(product, product));
    }
}
