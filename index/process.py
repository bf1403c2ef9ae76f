"""How many threads and how much memory a process of the command line takes."""

import ctypes
import os

_ARENAS = 2
_M_ARENA_MAX = -8  # in malloc.h of the GNU C library


def take_little() -> None:
    """Take one thread for linear algebra and few pools of memory. Call it before NumPy's import.

    The matrices of one question are so small that a second thread costs more than it gains. Each
    pool of memory holds some that is not used. The environment's OPENBLAS_NUM_THREADS and
    MALLOC_ARENA_MAX come first.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The C library has read its own variable before Python runs.
    if "MALLOC_ARENA_MAX" not in os.environ and (mallopt := _c_function("mallopt")):
        mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return freed memory to the system, where the C library can."""
    if malloc_trim := _c_function("malloc_trim"):
        malloc_trim(0)


def _c_function(name: str) -> "ctypes._NamedFuncPointer | None":
    """Return a function of the GNU C library; None where there is another library."""
    try:
        return getattr(ctypes.CDLL("libc.so.6"), name, None)
    except OSError:
        return None
