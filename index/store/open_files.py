"""How many files this process may have open: each mapped one is."""

from contextlib import suppress

_FOR_OTHERS = 512
"""Sockets, libraries, the model, and another snapshot that is being opened or let go of."""


def allow_open_files(count: int) -> None:
    """Raise this process's soft limit so that `count` more files can be open, as far as it may."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * count + _FOR_OTHERS
    if soft != resource.RLIM_INFINITY and soft < needed:
        allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(ValueError, OSError):  # where the system's own limit is lower than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
