"""Stand-ins for snapshots and stores: all but a few attributes are those of the original."""

from typing import Any, TypeVar, cast

T = TypeVar("T")


class _StandIn:
    def __init__(self, original: object, changes: dict[str, Any]) -> None:
        self.__dict__.update(changes)
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def stand_in(original: T, **changes: Any) -> T:
    """Return an object that behaves as `original`, but for the attributes given."""
    return cast("T", _StandIn(original, changes))
