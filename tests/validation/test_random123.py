"""Philox4x32-10 against the known-answer vectors of the Random123 distribution.

Source: Random123 1.14, file tests/kat_vectors, lines "philox4x32 10" (D. E. Shaw Research).
Tolerance: none; the words are equal or the generator is wrong.
"""

import numpy as np
import pytest

from openiads.physics.random import draw4, philox4x32, unit

EVIDENCE = {
    "model": "random", "authority": "Random123 1.14 known answers", "kind": "published truth",
}  # fmt: skip
VECTORS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def words(text: str) -> list[int]:
    return [int(w, 16) for w in text.split()]


@pytest.mark.parametrize(("counter", "key", "answer"), VECTORS)
def test_known_answers(counter: str, key: str, answer: str) -> None:
    assert philox4x32(words(counter), words(key)).tolist() == words(answer)


def test_a_draw_is_the_generator_on_the_name() -> None:
    seed = (0xA4093822) | (0x299F31D0 << 32)
    name = words("243f6a88 85a308d3 13198a2e 03707344")
    expected = [unit(w) for w in words("d16cfe09 94fdcceb 5001e420 24126ea1")]
    assert draw4(np.uint64(seed), *(np.uint64(n) for n in name)) == tuple(expected)
