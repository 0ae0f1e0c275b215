//! Whether a text has symbols of one class alone, all of it at once. The time tells of its length, and of nothing in it.

/// The longest text that is looked at.
pub(crate) const SYMBOLS_MAX: usize = 64;

/// Which symbols there are: ranges, each by its first and its last.
pub(crate) trait Class {
    const RANGES: &'static [(u8, u8)];
}

/// Whether a text of at most [`SYMBOLS_MAX`] bytes has symbols of a class alone; a longer one is said not to.
#[inline]
pub(crate) fn is_made_of<C: Class>(text: &[u8]) -> bool {
    if text.len() > SYMBOLS_MAX {
        return false;
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512bw") {
        // SAFETY: the processor has the instructions.
        return unsafe { avx512::<C>(text) };
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        return unsafe { avx2::<C>(text) };
    }
    one_by_one::<C>(text)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw")]
fn avx512<C: Class>(text: &[u8]) -> bool {
    use std::arch::x86_64::{_mm512_cmple_epu8_mask, _mm512_maskz_loadu_epi8, _mm512_set1_epi8, _mm512_sub_epi8};

    let is_there = u64::MAX.checked_shr((SYMBOLS_MAX - text.len().min(SYMBOLS_MAX)) as u32).unwrap_or(0);
    // SAFETY: of the 64 bytes, those beyond the text are not read.
    let symbols = unsafe { _mm512_maskz_loadu_epi8(is_there, text.as_ptr().cast()) };
    let all = |byte: u8| _mm512_set1_epi8(byte.cast_signed());
    let of_class = C::RANGES.iter().fold(0, |found, (first, last)| {
        found | _mm512_cmple_epu8_mask(_mm512_sub_epi8(symbols, all(*first)), all(last - first))
    });
    of_class & is_there == is_there
}

/// What the compiler makes of it with wider vectors.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<C: Class>(text: &[u8]) -> bool {
    one_by_one::<C>(text)
}

/// As numbers and without an early end, so that the compiler looks at many at a time.
#[inline(always)]
fn one_by_one<C: Class>(text: &[u8]) -> bool {
    let Some((nought, _)) = C::RANGES.first() else { return text.is_empty() };
    let mut block = [*nought; SYMBOLS_MAX];
    let Some(place) = block.get_mut(..text.len()) else { return false };
    place.copy_from_slice(text);
    let is_of_class = |symbol: u8| {
        C::RANGES.iter().fold(0, |found, (first, last)| found | u8::from(symbol.wrapping_sub(*first) <= last - first))
    };
    block.iter().fold(1, |all, symbol| all & is_of_class(*symbol)) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Some3;

    impl Class for Some3 {
        const RANGES: &'static [(u8, u8)] = &[(b'0', b'9'), (b'_', b'_'), (0xf0, 0xff)];
    }

    struct Nothing;

    impl Class for Nothing {
        const RANGES: &'static [(u8, u8)] = &[];
    }

    fn holds(text: &[u8]) {
        let expected = text.len() <= SYMBOLS_MAX
            && text.iter().all(|symbol| Some3::RANGES.iter().any(|(first, last)| (first..=last).contains(&symbol)));
        assert_eq!(is_made_of::<Some3>(text), expected, "{text:?}");
        assert_eq!(one_by_one::<Some3>(text), expected, "{text:?}");
        assert_eq!(is_made_of::<Nothing>(text), text.is_empty());
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && text.len() <= SYMBOLS_MAX {
            // SAFETY: the processor has the instructions.
            assert_eq!(unsafe { avx2::<Some3>(text) }, expected, "{text:?}");
        }
    }

    #[test]
    fn every_byte_at_every_place_of_every_length_is_told() {
        for length in 0..=SYMBOLS_MAX + 1 {
            // A box of its own, so that a read beyond its end is found by who looks for it.
            let text = vec![b'5'; length].into_boxed_slice();
            holds(&text);
            for place in 0..length {
                for byte in [0, b'/', b'0', b'9', b':', b'^', b'_', b'`', 0xef, 0xf0, 0xff, byte_of(length, place)] {
                    let mut text = text.clone();
                    text[place] = byte;
                    holds(&text);
                }
            }
        }
        (0..=u8::MAX).for_each(|byte| holds(&[byte]));
    }

    fn byte_of(length: usize, place: usize) -> u8 {
        (length * 37 + place * 101) as u8
    }
}
