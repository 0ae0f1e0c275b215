//! bcrypt's computation, several independent ones side by side. One is a chain of loads that wait for each other, and leaves
//! most of a core idle; two, three or four share it, and each takes little longer than it would alone.
//!
//! Whose key schedule it is, and what the text means, is for the scheme: this takes the eighteen words.

#![allow(clippy::needless_range_loop, reason = "a lane is an index into several arrays at once")]

use zeroize::{Zeroize, Zeroizing};

/// How many are computed side by side at most.
pub(crate) const LANES_MAX: usize = 4;

/// Blowfish's eighteen words of a key.
pub(crate) type Words = [u32; 18];

/// What is hashed. The key of the first expansion can differ from that of the others.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) first: Words,
    pub(crate) key: Words,
    pub(crate) salt: [u32; 4],
}

impl Drop for Job {
    fn drop(&mut self) {
        self.first.zeroize();
        self.key.zeroize();
    }
}

/// Six words, of which bcrypt keeps all bytes but one.
pub(crate) type Output = [u32; 6];

/// The first 18 words of the fraction of pi are the initial subkeys, the next 1024 the boxes.
static PI: [u8; 4 * 1042] = *include_bytes!("bcrypt/pi.bin");

/// Hashes jobs of one cost, as many as there are, and appends their outputs.
pub(crate) fn hash(jobs: &[Job], cost: u32) -> Vec<Output> {
    let mut outputs = Vec::with_capacity(jobs.len());
    let mut rest = jobs;
    while !rest.is_empty() {
        let (some, others) = rest.split_at(rest.len().min(LANES_MAX));
        rest = others;
        match some {
            [a] => outputs.extend(side_by_side([a], cost)),
            [a, b] => outputs.extend(side_by_side([a, b], cost)),
            [a, b, c] => outputs.extend(side_by_side([a, b, c], cost)),
            [a, b, c, d] => outputs.extend(side_by_side([a, b, c, d], cost)),
            _ => {}
        }
    }
    outputs
}

/// The states of `N` computations.
struct State<const N: usize> {
    boxes: [[[u32; 256]; 4]; N],
    subkeys: [Words; N],
}

impl<const N: usize> Drop for State<N> {
    fn drop(&mut self) {
        self.boxes.as_flattened_mut().as_flattened_mut().zeroize();
        self.subkeys.as_flattened_mut().zeroize();
    }
}

fn side_by_side<const N: usize>(jobs: [&Job; N], cost: u32) -> [Output; N] {
    let mut state = State::<N>::new();
    // The password, as words.
    let firsts = Zeroizing::new(jobs.map(|job| job.first));
    let keys = Zeroizing::new(jobs.map(|job| job.key));
    let salts: [Words; N] = jobs.map(|job| std::array::from_fn(|place| job.salt[place % 4]));
    state.expand_salted(&firsts, &salts);
    for _ in 0..1u64 << cost {
        state.expand(&keys);
        state.expand(&salts);
    }
    state.outputs()
}

impl<const N: usize> State<N> {
    fn new() -> Self {
        let word = |at: usize| u32::from_be_bytes([PI[4 * at], PI[4 * at + 1], PI[4 * at + 2], PI[4 * at + 3]]);
        let subkeys: Words = std::array::from_fn(word);
        let boxes = std::array::from_fn(|number| std::array::from_fn(|place| word(18 + 256 * number + place)));
        Self { boxes: [boxes; N], subkeys: [subkeys; N] }
    }

    /// One block of each computation.
    #[inline(always)]
    fn encipher(boxes: &[[[u32; 256]; 4]; N], subkeys: &[Words; N], left: &mut [u32; N], right: &mut [u32; N]) {
        for lane in 0..N {
            left[lane] ^= subkeys[lane][0];
        }
        // One after the other, so that every place is known beforehand.
        Self::two_rounds::<1>(boxes, subkeys, left, right);
        Self::two_rounds::<3>(boxes, subkeys, left, right);
        Self::two_rounds::<5>(boxes, subkeys, left, right);
        Self::two_rounds::<7>(boxes, subkeys, left, right);
        Self::two_rounds::<9>(boxes, subkeys, left, right);
        Self::two_rounds::<11>(boxes, subkeys, left, right);
        Self::two_rounds::<13>(boxes, subkeys, left, right);
        Self::two_rounds::<15>(boxes, subkeys, left, right);
        for lane in 0..N {
            right[lane] ^= subkeys[lane][17];
            std::mem::swap(&mut left[lane], &mut right[lane]);
        }
    }

    #[inline(always)]
    fn two_rounds<const ROUND: usize>(
        boxes: &[[[u32; 256]; 4]; N],
        subkeys: &[Words; N],
        left: &mut [u32; N],
        right: &mut [u32; N],
    ) {
        for lane in 0..N {
            right[lane] = settled(right[lane] ^ subkeys[lane][ROUND]) ^ mixed(&boxes[lane], left[lane]);
        }
        for lane in 0..N {
            left[lane] = settled(left[lane] ^ subkeys[lane][ROUND + 1]) ^ mixed(&boxes[lane], right[lane]);
        }
    }

    /// The whole state anew under these keys.
    #[inline(never)]
    fn expand(&mut self, keys: &[Words; N]) {
        let Self { boxes, subkeys } = self;
        for lane in 0..N {
            subkeys[lane].iter_mut().zip(keys[lane]).for_each(|(subkey, key)| *subkey ^= key);
        }
        let (mut left, mut right) = ([0; N], [0; N]);
        for place in (0..18).step_by(2) {
            Self::encipher(boxes, subkeys, &mut left, &mut right);
            for lane in 0..N {
                subkeys[lane][place] = left[lane];
                subkeys[lane][place + 1] = right[lane];
            }
        }
        for number in 0..4 {
            for place in (0..256).step_by(2) {
                Self::encipher(boxes, subkeys, &mut left, &mut right);
                for lane in 0..N {
                    boxes[lane][number][place] = left[lane];
                    boxes[lane][number][place + 1] = right[lane];
                }
            }
        }
    }

    /// The same, with the salt mixed into each block.
    fn expand_salted(&mut self, keys: &[Words; N], salts: &[Words; N]) {
        for lane in 0..N {
            self.subkeys[lane].iter_mut().zip(keys[lane]).for_each(|(subkey, key)| *subkey ^= key);
        }
        let (mut left, mut right) = ([0; N], [0; N]);
        for place in (0..1042).step_by(2) {
            for lane in 0..N {
                left[lane] ^= salts[lane][place % 4];
                right[lane] ^= salts[lane][place % 4 + 1];
            }
            Self::encipher(&self.boxes, &self.subkeys, &mut left, &mut right);
            for lane in 0..N {
                let words = match place.checked_sub(18) {
                    None => &mut self.subkeys[lane][place..place + 2],
                    Some(place) => &mut self.boxes[lane][place / 256][place % 256..place % 256 + 2],
                };
                words.copy_from_slice(&[left[lane], right[lane]]);
            }
        }
    }

    /// "OrpheanBeholderScryDoubt", enciphered sixty-four times.
    fn outputs(&self) -> [Output; N] {
        let text = *b"OrpheanBeholderScryDoubt";
        let word = |at: usize| u32::from_be_bytes([text[4 * at], text[4 * at + 1], text[4 * at + 2], text[4 * at + 3]]);
        let mut outputs = [[0; 6]; N];
        for pair in [0, 2, 4] {
            let (mut left, mut right) = ([word(pair); N], [word(pair + 1); N]);
            for _ in 0..64 {
                Self::encipher(&self.boxes, &self.subkeys, &mut left, &mut right);
            }
            for lane in 0..N {
                outputs[lane][pair] = left[lane];
                outputs[lane][pair + 1] = right[lane];
            }
        }
        outputs
    }
}

/// The word, which the compiler must have before what it is combined with: it would otherwise add the subkey to the loads that
/// everything waits for, a twelfth of the whole time.
#[inline(always)]
fn settled(word: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut word = word;
        // SAFETY: there is no instruction in it; the register goes in and comes out.
        unsafe {
            std::arch::asm!("/* {0:e} */", inout(reg) word, options(pure, nomem, nostack, preserves_flags));
        }
        word
    }
    #[cfg(not(target_arch = "x86_64"))]
    word
}

/// Blowfish's function of a word.
#[inline(always)]
fn mixed([first, second, third, fourth]: &[[u32; 256]; 4], word: u32) -> u32 {
    let sum = first[(word >> 24) as usize].wrapping_add(second[(word >> 16 & 0xff) as usize]);
    (sum ^ third[(word >> 8 & 0xff) as usize]).wrapping_add(fourth[(word & 0xff) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// `$2b$`'s schedule: the password and a NUL, over and over.
    fn job(password: &[u8], salt: [u8; 16]) -> Job {
        let mut bytes = password.iter().copied().chain([0]).cycle();
        let key = std::array::from_fn(|_| (0..4).fold(0, |word, _| word << 8 | u32::from(bytes.next().unwrap_or(0))));
        let word = |at: usize| u32::from_be_bytes([salt[at], salt[at + 1], salt[at + 2], salt[at + 3]]);
        Job { first: key, key, salt: std::array::from_fn(|place| word(4 * place)) }
    }

    fn bytes(output: Output) -> Vec<u8> {
        output.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_number_side_by_side_give_what_the_crate_gives(
            jobs in vec((vec(1u8..=255, 0..72), any::<[u8; 16]>()), 1..10),
            cost in 4u32..6,
        ) {
            let expected: Vec<_> =
                jobs.iter().map(|(password, salt)| ::bcrypt::bcrypt(cost, *salt, &[&password[..], &[0]].concat())).collect();
            let jobs: Vec<_> = jobs.iter().map(|(password, salt)| job(password, *salt)).collect();
            let outputs = hash(&jobs, cost);
            prop_assert_eq!(outputs.len(), jobs.len());
            for (output, expected) in outputs.into_iter().zip(expected) {
                prop_assert_eq!(bytes(output), expected.to_vec());
            }
        }
    }
}
