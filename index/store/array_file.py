"""Several arrays in one file, in NumPy's own format, one after the other."""

import io
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIGNMENT = 64
"""Bytes: each array begins at a multiple of it, as its numbers do by the length of its header."""
_LONGEST_HEADER = 1024


def arrays_to_bytes(arrays: Iterable[NDArray[Any]]) -> bytes:
    """Return the form on disk."""
    file = io.BytesIO()
    for content in arrays:
        # In C order: those who map it read no flags.
        np.save(file, np.ascontiguousarray(content), allow_pickle=False)
        file.write(bytes(-file.tell() % _ALIGNMENT))
    return file.getvalue()


def arrays_in(content: NDArray[np.uint8]) -> Iterator[NDArray[Any]]:
    """Yield each array of a file's content as a view of it: nothing of it is read yet."""
    at = 0
    while at < len(content):
        head = io.BytesIO(content[at : at + _LONGEST_HEADER].tobytes())
        np.lib.format.read_magic(head)
        shape, _, dtype = np.lib.format.read_array_header_1_0(head)
        at += head.tell()
        end = at + math.prod(shape) * dtype.itemsize
        yield content[at:end].view(dtype).reshape(shape)
        at = end + -end % _ALIGNMENT
