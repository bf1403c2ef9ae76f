"""What may hold a new snapshot back."""

from collections.abc import Callable

from index.store.snapshot import Snapshot

Gate = Callable[[Snapshot, Snapshot, Snapshot | None], bool]
"""Tells whether a snapshot may follow the live one: given the live one, the candidate, and the last
one that a gate let through where that is neither of them."""
