"""What people said of answers, kept in the store: `feedback/ID.json`, a file each.

An entry appears whole or not at all, and several processes may write at the same time. Ids are in
the order in which the entries came.
"""

import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from index.errors import StoreError
from index.store.jobs import now
from index.store.objects import fsync_folder, write_atomically, write_errors_explained
from index.store.store_folder import FEEDBACK

MOST_ENTRIES = 10_000
MOST_BYTES = 64 * 1024 * 1024
"""How many are kept, and of what size in all; then none are taken until some are removed."""


@dataclass(frozen=True, slots=True)
class RatedQuote:
    """A place that an answer cited, as the answer gave it."""

    document_id: str
    start: int
    end: int
    cited_text: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """Whether an answer, or an abstention where `answered` is false, was of help.

    `answered` is None where that was not said. `created` is ISO 8601, UTC; `snapshot` and `comment`
    are "" if not given.
    """

    id: str
    created: str
    question: str
    helpful: bool
    answered: bool | None = None
    snapshot: str = ""
    citations: tuple[RatedQuote, ...] = ()
    comment: str = ""

    @classmethod
    def new(
        cls,
        question: str,
        *,
        helpful: bool,
        answered: bool | None = None,
        snapshot: str = "",
        citations: Sequence[RatedQuote] = (),
        comment: str = "",
    ) -> "Feedback":
        """Return an entry that comes in now."""
        entry_id = f"{time.time_ns():016x}{secrets.token_hex(4)}"
        return cls(
            entry_id, now(), question, helpful, answered, snapshot, tuple(citations), comment
        )


class FeedbackFullError(StoreError):
    """There is no room for more feedback."""


class FeedbackFolder:
    """The feedback in a store's folder."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._folder = store / FEEDBACK

    def add(self, entry: Feedback) -> None:
        """Keep an entry; it is on the disk when this returns.

        Raises FeedbackFullError where it would be more than MOST_ENTRIES or MOST_BYTES,
        StoreError.
        """
        with write_errors_explained(self._store):
            if not self._folder.exists():
                self._folder.mkdir(exist_ok=True)
                fsync_folder(self._store)
            content = orjson.dumps(asdict(entry))
            sizes = self._sizes()
            if len(sizes) >= MOST_ENTRIES or sum(sizes) + len(content) > MOST_BYTES:
                raise FeedbackFullError(
                    f"{len(sizes)} entries of feedback ({sum(sizes):,} bytes) are kept already: "
                    "make gold questions of them with `pincite feedback gold` and remove them with "
                    "`pincite feedback remove --all`."
                )
            write_atomically(self._path(entry.id), content)

    def all(self) -> list[Feedback]:
        """Return the entries in the order in which they came. Raises StoreError."""
        found: list[Feedback] = []
        for path in sorted(self._files()):
            with suppress(FileNotFoundError):  # another process removed it just now
                found.append(_read(path))
        return found

    def remove(self, ids: Sequence[str] | None = None) -> int:
        """Forget entries, all if no ids are given; return how many.

        Raises StoreError, before any is forgotten, for an id that there is not.
        """
        known = {path.stem for path in self._files()}
        wanted = known if ids is None else set(ids)
        for entry_id in sorted(wanted):
            if entry_id not in known:
                raise StoreError(
                    f"There is no feedback {entry_id!r}: `pincite feedback list` tells which there "
                    "is."
                )
        with write_errors_explained(self._store):
            for entry_id in wanted:
                self._path(entry_id).unlink(missing_ok=True)
        return len(wanted)

    def _path(self, entry_id: str) -> Path:
        return self._folder / f"{entry_id}.json"

    def _sizes(self) -> list[int]:
        """Return the size of each entry in bytes."""
        sizes: list[int] = []
        for path in self._files():
            with suppress(FileNotFoundError):  # another process removed it just now
                sizes.append(path.stat().st_size)
        return sizes

    def _files(self) -> list[Path]:
        with suppress(FileNotFoundError, NotADirectoryError):
            return [path for path in self._folder.iterdir() if path.suffix == ".json"]
        return []


def _read(path: Path) -> Feedback:
    try:
        fields: dict[str, Any] = orjson.loads(path.read_bytes())
        citations = tuple(RatedQuote(**each) for each in fields.pop("citations"))
        return Feedback(citations=citations, **fields)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreError(
            f"The feedback {path.stem} is damaged: `pincite feedback remove {path.stem}`."
        ) from None
