"""Mapped files brought into memory before a question needs them."""

import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHARE_OF_MEMORY = 1 / 4
"""What is larger stays where it is: it would push out what else is needed."""

_PAGE = 4096


def bring_in(arrays: Sequence[NDArray[Any]]) -> threading.Thread | None:
    """Touch every page of the arrays, in a thread that holds up nothing.

    Nothing is done, and None returned, if they are larger than a quarter of the machine's memory.
    """
    if sum(array.nbytes for array in arrays) > SHARE_OF_MEMORY * memory_bytes():
        return None
    thread = threading.Thread(target=_touch, args=(arrays,), name="warming", daemon=True)
    thread.start()
    return thread


def memory_bytes() -> int:
    """Return how much memory the machine has; 0 where that is not told, as on Windows."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _touch(arrays: Sequence[NDArray[Any]]) -> None:
    for array in arrays:
        array.reshape(-1).view(np.uint8)[::_PAGE].max(initial=0)  # NumPy lets other threads run
