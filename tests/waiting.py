"""Waiting for what comes true, for long: a slow or busy machine is no failure."""

import time
from collections.abc import Callable

PATIENCE_S = 120


def until(holds: Callable[[], object]) -> bool:
    """Wait until it holds; tell whether it does in the end."""
    end = time.monotonic() + PATIENCE_S
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return bool(held)
