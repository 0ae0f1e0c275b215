#!/usr/bin/env python3
"""Makes pi.bin: the first 1042 words of the fraction of pi, big-endian, which are Blowfish's initial state."""
import pathlib

BITS = 32 * 1042
GUARD = 64


def arctan_of_inverse(x, one):
    """Of 1/x, as a multiple of 1/one."""
    term = one // x
    total, divisor, sign = term, 1, 1
    while term:
        term //= x * x
        divisor += 2
        sign = -sign
        total += sign * (term // divisor)
    return total


one = 1 << (BITS + GUARD)
pi = 4 * (4 * arctan_of_inverse(5, one) - arctan_of_inverse(239, one))
fraction = (pi - 3 * one) >> GUARD
pathlib.Path(__file__).with_name("pi.bin").write_bytes(fraction.to_bytes(BITS // 8, "big"))
