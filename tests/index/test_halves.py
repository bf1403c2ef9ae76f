"""Half precision made wider."""

import numpy as np
import pytest

from index.search.dense import widened


def test_every_finite_half_is_the_same_number_as_a_float() -> None:
    every = np.arange(1 << 16, dtype=np.uint32).astype(np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    floats = widened(finite)
    assert floats.dtype == np.float32
    assert np.array_equal(floats, finite.astype(np.float32))
    assert np.array_equal(np.signbit(floats), np.signbit(finite)), "minus nought, too"


def test_what_is_widened_is_left_as_it_was_whatever_its_shape() -> None:
    halves = np.linspace(-1, 1, 24).astype(np.float16).reshape(4, 6)
    before = halves.copy()
    for part in (halves, halves[::2], halves[:, 1:4], halves.T, halves[:0]):
        assert np.array_equal(widened(part), part.astype(np.float32))
    assert np.array_equal(halves, before)


def test_what_is_not_half_precision_is_refused() -> None:
    with pytest.raises(TypeError, match="float32"):
        widened(np.ones(3, np.float32))
