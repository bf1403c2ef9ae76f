"""Vectors in half precision made wider, several times as fast as NumPy's own conversion."""

import numpy as np
from numpy.typing import NDArray

_FRACTION_BITS = 23 - 10
_SIGN_AND_NUMBER = np.int32(np.uint32(0x8FFFE000).view(np.int32))
_BIAS = np.float32(2.0 ** (127 - 15))


def widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the same numbers as float32; they must be finite, as those of vectors are.

    The bits of a half stand as they are in a float, but for the exponent, which counts from
    another number: a multiplication sets that right. Raises TypeError for numbers of another type.
    """
    if halves.dtype != np.float16:
        raise TypeError(f"float16 is widened, not {halves.dtype}")
    bits = halves.view(np.int16).astype(np.int32)
    np.left_shift(bits, _FRACTION_BITS, out=bits)
    np.bitwise_and(bits, _SIGN_AND_NUMBER, out=bits)
    floats = bits.view(np.float32)
    return np.multiply(floats, _BIAS, out=floats)
