"""How much of the machine the processes of the command line take."""

import ctypes
import os

_ARENAS = 2
_M_ARENA_MAX = -8
"""Of mallopt(3), in malloc.h of the GNU C library."""


def take_little() -> None:
    """Take one thread for linear algebra and few pools of memory.

    The products of one question are small: a second thread costs more than it gains, and takes a
    core from the encoder. Of each pool that threads take memory from, some is held and not used.
    What the environment says (OPENBLAS_NUM_THREADS, MALLOC_ARENA_MAX) goes before. NumPy
    counts its threads when it is imported, so this comes first; processes started later inherit it.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The C library reads its own variable before Python runs.
    if "MALLOC_ARENA_MAX" not in os.environ and (mallopt := _of_c_library("mallopt")):
        mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Give the system the memory that was freed but is held for later, as far as that can be."""
    if malloc_trim := _of_c_library("malloc_trim"):
        malloc_trim(0)


def _of_c_library(name: str) -> "ctypes._NamedFuncPointer | None":
    """Return a function of the GNU C library; None where there is another one."""
    try:
        return getattr(ctypes.CDLL("libc.so.6"), name, None)
    except OSError:
        return None
