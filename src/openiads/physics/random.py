"""Random numbers as functions: a draw depends on its name only, never on the draws before it.

Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC'11, doi 10.1145/2063384.2063405. Validated against the
known-answer vectors of the Random123 distribution (tests/validation/test_random123.py).
"""

from __future__ import annotations

import math

import numpy as np

from openiads.kernel import kernel

_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)
_W1 = np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_TO_UNIT = 1.0 / 4294967296.0


@kernel
def philox_words(c0, c1, c2, c3, k0, k1):
    """Philox4x32 with ten rounds on six 32-bit words, each carried in a uint64.

    Args: the counter words c0..c3 and the key words k0, k1. Returns four words, uint64 < 2**32.
    """
    x0, x1 = np.uint64(c0) & _LOW, np.uint64(c1) & _LOW
    x2, x3 = np.uint64(c2) & _LOW, np.uint64(c3) & _LOW
    a, b = np.uint64(k0) & _LOW, np.uint64(k1) & _LOW
    for _ in range(10):
        p0 = _M0 * x0
        p1 = _M1 * x2
        x0, x1, x2, x3 = (p1 >> _32) ^ x1 ^ a, p1 & _LOW, (p0 >> _32) ^ x3 ^ b, p0 & _LOW
        a = (a + _W0) & _LOW
        b = (b + _W1) & _LOW
    return x0, x1, x2, x3


def philox4x32(counter, key):
    """Philox4x32-10: ``counter`` of four and ``key`` of two 32-bit words -> four 32-bit words.

    Shapes: counter (4,), key (2,), integers in [0, 2**32); returns a uint32 array of shape (4,).
    Reference: Salmon et al. 2011, section 5.3.
    """
    words = philox_words(*(np.uint64(int(c)) for c in counter), *(np.uint64(int(k)) for k in key))
    return np.array([int(w) for w in words], dtype=np.uint32)


@kernel
def unit(word):
    """A 32-bit word as a number in the open interval (0, 1): (word + 1/2) / 2**32."""
    return (float(word) + 0.5) * _TO_UNIT


@kernel
def draw4(seed, replication, entity, purpose, serial):
    """Four independent uniforms in (0, 1) named by (seed, replication, entity, purpose, serial).

    ``seed`` is a 64-bit key; ``replication``, ``entity``, ``purpose`` and ``serial`` are the four
    32-bit words of the counter, so no two names share a draw.
    """
    key = np.uint64(seed)
    w0, w1, w2, w3 = philox_words(
        np.uint64(replication),
        np.uint64(entity),
        np.uint64(purpose),
        np.uint64(serial),
        key & _LOW,
        key >> _32,
    )
    return unit(w0), unit(w1), unit(w2), unit(w3)


@kernel
def draw(seed, replication, entity, purpose, serial):
    """One uniform in (0, 1): the first of `draw4` under the same name."""
    return draw4(seed, replication, entity, purpose, serial)[0]


@kernel
def gaussian_pair(u1, u2):
    """Two independent standard normals from two uniforms (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(u1))
    angle = 2.0 * math.pi * u2
    return radius * math.cos(angle), radius * math.sin(angle)


@kernel
def poisson(mean, u):
    """A Poisson count by inversion of one uniform ``u``; for means up to about 500."""
    term = math.exp(-mean)
    total = term
    count = 0
    while u > total and count < 10_000:
        count += 1
        term *= mean / count
        total += term
        if term < 1e-300 and count > mean:
            break
    return count
