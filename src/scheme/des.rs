//! DES as crypt(3) uses it: with a salt that swaps bits of the expansion, many times over. Kept here because well-kept crates
//! have DES without the salt. The substitution looks values up by secret bits: nobody should keep such hashes for long.

use zeroize::Zeroizing;

/// Which bit of the block comes first, counted from 1 as the standard does.
const INITIAL: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32,
    24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47,
    39, 31, 23, 15, 7,
];
const FINAL: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21,
    61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9,
    49, 17, 57, 25,
];
const KEY: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
    47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
const SUBKEY: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
    40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const ROUND: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4,
    25,
];
const SHIFTS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/// The eight substitutions, row by row.
const BOXES: [[u8; 64]; 8] = [
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8, 4,
        1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
    ],
    [
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5, 0,
        14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
    ],
    [
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1, 13,
        6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
    ],
    [
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9, 10,
        6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
    ],
    [
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6, 4,
        2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
    ],
    [
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8, 9,
        14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
    ],
    [
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6, 1,
        4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
    ],
    [
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2, 7,
        11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ],
];

/// Each substitution with the round's permutation done: what six bits become.
const SUBSTITUTED: [[u32; 64]; 8] = {
    let mut out = [[0; 64]; 8];
    let mut place = 0;
    while place < 8 {
        let mut six = 0;
        while six < 64 {
            let row = (six >> 4 & 2) | (six & 1);
            let value = (BOXES[place][row * 16 + (six >> 1 & 15)] as u32) << (28 - 4 * place);
            let mut bit = 0;
            while bit < 32 {
                out[place][six] |= (value >> (32 - ROUND[bit]) & 1) << (31 - bit);
                bit += 1;
            }
            six += 1;
        }
        place += 1;
    }
    out
};

/// Picks bits of a value that is `width` bits wide, the first of them highest.
fn permute(value: u64, width: u32, table: &[u8]) -> u64 {
    table.iter().fold(0, |out, bit| out << 1 | (value >> (width - u32::from(*bit)) & 1))
}

/// A key, ready for its sixteen rounds.
pub(crate) struct Des {
    subkeys: Zeroizing<[u64; 16]>,
}

impl Des {
    /// The lowest bit of each byte is parity and is not looked at.
    pub(crate) fn new(key: u64) -> Self {
        const HALF: u64 = (1 << 28) - 1;
        let chosen = permute(key, 64, &KEY);
        let (mut left, mut right) = (chosen >> 28, chosen & HALF);
        let turn = |half: u64, by: u32| (half << by | half >> (28 - by)) & HALF;
        Self {
            subkeys: Zeroizing::new(SHIFTS.map(|by| {
                left = turn(left, by);
                right = turn(right, by);
                permute(left << 28 | right, 56, &SUBKEY)
            })),
        }
    }

    /// Encrypts a block `count` times. Bit i of `salt` swaps bits i and 24 + i of each round's expansion.
    pub(crate) fn encrypt(&self, block: u64, salt: u32, count: u32) -> u64 {
        let swapped = u64::from(salt.reverse_bits() >> 8);
        let block = permute(block, 64, &INITIAL);
        let (mut left, mut right) = ((block >> 32) as u32, block as u32);
        for _ in 0..count {
            for subkey in self.subkeys.iter() {
                let wide = (0..8)
                    .fold(0u64, |wide, group| wide << 6 | u64::from(right.rotate_left((5 + 4 * group) % 32) & 63));
                let differing = (wide >> 24 ^ wide) & swapped;
                let mixed = wide ^ differing ^ differing << 24 ^ subkey;
                let substituted = SUBSTITUTED
                    .iter()
                    .enumerate()
                    .fold(0, |out, (place, values)| out | values[(mixed >> (42 - 6 * place) & 63) as usize]);
                (left, right) = (right, left ^ substituted);
            }
            (left, right) = (right, left);
        }
        permute(u64::from(left) << 32 | u64::from(right), 64, &FINAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_vectors() {
        // FIPS 46's example, and two of NIST's known answers.
        assert_eq!(Des::new(0x1334_5779_9bbc_dff1).encrypt(0x0123_4567_89ab_cdef, 0, 1), 0x85e8_1354_0f0a_b405);
        assert_eq!(Des::new(0x0101_0101_0101_0101).encrypt(0x8000_0000_0000_0000, 0, 1), 0x95f8_a5e5_dd31_d900);
        assert_eq!(Des::new(0x8001_0101_0101_0101).encrypt(0, 0, 1), 0x95a8_d728_13da_a94d);
    }
}
