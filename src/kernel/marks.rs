//! Where the bytes that matter to JSON's strings stand in a block of text.

/// The bytes that are looked at together.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of a block, the first byte's the lowest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) quotes: u64,
    pub(crate) backslashes: u64,
    /// Bytes below the blank.
    pub(crate) controls: u64,
}

impl Marks {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) fn of(block: &[u8; BLOCK]) -> Self {
        // SAFETY: every processor of this architecture has SSE2.
        unsafe { sse2(block) }
    }

    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    pub(crate) fn of(block: &[u8; BLOCK]) -> Self {
        one_by_one(block)
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn sse2(block: &[u8; BLOCK]) -> Marks {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_min_epu8, _mm_movemask_epi8, _mm_set1_epi8};

    let all = |byte: u8| _mm_set1_epi8(byte.cast_signed());
    let (quote, backslash, last_control) = (all(b'"'), all(b'\\'), all(b' ' - 1));
    let mut marks = Marks { quotes: 0, backslashes: 0, controls: 0 };
    for (place, part) in block.as_chunks::<16>().0.iter().enumerate() {
        // SAFETY: sixteen bytes, read as they are aligned.
        let bytes = unsafe { _mm_loadu_si128(part.as_ptr().cast::<__m128i>()) };
        let bits = |equal| u64::from(_mm_movemask_epi8(equal).cast_unsigned()) << (16 * place);
        marks.quotes |= bits(_mm_cmpeq_epi8(bytes, quote));
        marks.backslashes |= bits(_mm_cmpeq_epi8(bytes, backslash));
        marks.controls |= bits(_mm_cmpeq_epi8(bytes, _mm_min_epu8(bytes, last_control)));
    }
    marks
}

#[cfg(any(test, not(target_arch = "x86_64")))]
fn one_by_one(block: &[u8; BLOCK]) -> Marks {
    let bits = |is: fn(u8) -> bool| block.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(is(*byte)));
    Marks {
        quotes: bits(|byte| byte == b'"'),
        backslashes: bits(|byte| byte == b'\\'),
        controls: bits(|byte| byte < b' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_of_a_block_is_marked_as_what_it_is() {
        for byte in 0..=u8::MAX {
            for other in [0, b' ', b'!', b'"', b'\\', 0x7f, 0x80, 0xff] {
                for place in 0..BLOCK {
                    let mut block = [other; BLOCK];
                    block[place] = byte;
                    assert_eq!(Marks::of(&block), one_by_one(&block));
                }
            }
        }
        let marks = one_by_one(&std::array::from_fn(|place| [b'"', b'\\', 0x1f, b' '][place.min(3)]));
        assert_eq!(marks, Marks { quotes: 1, backslashes: 2, controls: 4 });
    }
}
