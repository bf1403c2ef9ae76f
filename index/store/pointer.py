"""Which snapshot of a store is live, and which others are kept for a reason."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from index.errors import StoreDamagedError, StoreError, StoreMissingError

_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The content of `live.json`.

    `checked` is the last snapshot that a quality gate let through, `aside` the last one that it
    did not; None where there is none.
    """

    format: int
    snapshot: str
    checked: str | None = None
    aside: str | None = None

    @property
    def named(self) -> frozenset[str]:
        """The snapshots that must be kept."""
        return frozenset(each for each in (self.snapshot, self.checked, self.aside) if each)

    def to_bytes(self) -> bytes:
        """Return the form on disk."""
        return orjson.dumps({name: value for name, value in asdict(self).items() if value})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Pointer":
        """Read a pointer. Raises StoreDamagedError if it is none."""
        try:
            fields: dict[str, Any] = orjson.loads(content)
            pointer = cls(fields["format"], fields["snapshot"])
            others = {name: fields.get(name) for name in ("checked", "aside")}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise StoreDamagedError("live.json is not readable") from None
        if not _is_id(pointer.snapshot):
            raise StoreDamagedError("live.json names no snapshot")
        known = {name: value for name, value in others.items() if _is_id(value)}
        return cls(pointer.format, pointer.snapshot, **known)


def read_pointer(path: Path) -> Pointer:
    """Return the pointer of the store that `path` lies in.

    Raises StoreMissingError if there is none, StoreError, StoreDamagedError.
    """
    try:
        return Pointer.from_bytes(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise StoreMissingError(
            f"There is no store at {path.parent}: run `pincite index SOURCE…` first, "
            "or name another with --store."
        ) from None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
