"""Whether a new snapshot may follow the live one: asked before it goes live."""

from collections.abc import Callable

from index.snapshot import Snapshot

Gate = Callable[[Snapshot, Snapshot, Snapshot | None], bool]
"""Tells whether a snapshot may follow the live one: given the live one, the candidate, and the
last one that a gate let through where that is neither of them."""
