"""What was made last, kept as long as there is room for it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class RecentlyUsed(Generic[Key, Value]):
    """Values by their keys, of a `weight` of `limit` in all. Safe to share between threads.

    The last one is kept whatever it weighs.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.weight = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, key: Key) -> bool:
        """Tell whether the value of a key is kept."""
        return key in self._kept

    def get(self, key: Key, make: Callable[[], tuple[Value, int]]) -> Value:
        """Return the value of a key; where it is not kept, what `make` makes, with its weight."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value, weight = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value, weight
                self.weight += weight
                while self.weight > self._limit and len(self._kept) > 1:
                    _, (_, let_go) = self._kept.popitem(last=False)
                    self.weight -= let_go
        return value
