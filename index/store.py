"""A folder that holds snapshots, one of which is live.

- `live.json` names the live snapshot; it is replaced in one step
- `snapshots/ID.json` is a manifest: which files make up the snapshot
- `objects/SHA256` are the files, immutable and shared between snapshots
- `write.lock` is held by the one process that writes
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
from filelock import FileLock, Timeout

from index.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreMissingError,
    StoreUnusableError,
)
from index.manifest import FORMAT, OLDEST_UPGRADED, Manifest
from index.objects import ObjectFolder, write_atomically, write_errors_explained

SNAPSHOTS_KEPT = 2


class Store:
    """Reads and publishes the snapshots in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = ObjectFolder(folder / "objects")
        self._live = folder / "live.json"
        self._snapshots = folder / "snapshots"

    @property
    def exists(self) -> bool:
        """Whether a snapshot was ever published here. Raises StoreError if that cannot be told."""
        try:
            self._live.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise StoreError(f"{self._live} cannot be read: {error.strerror}.") from error
        return True

    def live_id(self) -> str:
        """Return the id of the live snapshot.

        Raises StoreMissingError if there is none, StoreError for another format,
        StoreDamagedError if the pointer cannot be read.
        """
        try:
            content = self._live.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise StoreMissingError(
                f"There is no store at {self.folder}: run `pincite index SOURCE…` first, "
                "or name another with --store."
            ) from None
        except OSError as error:
            raise StoreError(f"{self._live} cannot be read: {error.strerror}.") from error
        try:
            pointer = orjson.loads(content)
            written_format, snapshot = pointer["format"], pointer["snapshot"]
        except (ValueError, TypeError, KeyError):
            raise StoreDamagedError("live.json is not readable") from None
        if written_format not in range(OLDEST_UPGRADED, FORMAT + 1):
            raise StoreUnusableError(
                f"The store at {self.folder} has format {written_format}, "
                f"this Pincite reads {FORMAT}"
            )
        if not isinstance(snapshot, str) or not re.fullmatch(r"[0-9a-f]{16}", snapshot):
            raise StoreDamagedError("live.json names no snapshot")
        return snapshot

    def live_manifest(self) -> Manifest:
        """Return the manifest of the live snapshot. Raises as `live_id` does."""
        return self._manifest(self.live_id())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store for writing; a new one that nothing was published to is removed again.

        Raises StoreBusyError if another process holds it.
        """
        with write_errors_explained(self.folder):
            self._refuse_foreign_folder()
            is_new = not self.folder.exists()
            lock = self._lock()
        try:
            yield
        except BaseException:
            self._forget_unpublished(is_new=is_new)
            raise
        finally:
            lock.release()

    def publish(self, manifest: Manifest) -> None:
        """Make `manifest` live in one step, then let go of snapshots no longer kept.

        Everything it names must have been put into `objects` before.
        """
        path = self._snapshots / f"{manifest.id}.json"
        write_atomically(path, manifest.to_bytes())
        pointer = {"format": manifest.format, "snapshot": manifest.id}
        write_atomically(self._live, orjson.dumps(pointer), aside=self._snapshots)
        self._forget_old(manifest.id)

    def total_bytes(self) -> int:
        """Return how much disk the store takes."""
        return self.objects.total_bytes() + sum(
            path.stat().st_size for path in [self._live, *self._snapshots.iterdir()]
        )

    def _lock(self) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "objects").mkdir(exist_ok=True)
        self._snapshots.mkdir(exist_ok=True)
        lock = FileLock(self.folder / "write.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise StoreBusyError(
                f"Another process is writing the store {self.folder}; "
                "wait until it is done and try again."
            ) from None
        return lock

    def _manifest(self, snapshot: str) -> Manifest:
        try:
            content = (self._snapshots / f"{snapshot}.json").read_bytes()
        except FileNotFoundError:
            raise StoreDamagedError(f"the manifest of snapshot {snapshot} is missing") from None
        except OSError as error:
            raise StoreError(f"{self._snapshots} cannot be read: {error.strerror}.") from error
        return Manifest.from_bytes(content, snapshot)

    def _refuse_foreign_folder(self) -> None:
        """Never scatter a store's files among a user's own."""
        ours = {"live.json", "snapshots", "objects", "write.lock", "gold.json"}
        if self.folder.is_dir() and any(p.name not in ours for p in self.folder.iterdir()):
            raise StoreError(
                f"{self.folder} holds other files: name an empty or new folder with --store."
            )

    def _forget_unpublished(self, *, is_new: bool) -> None:
        """Give back the room that an attempt took which failed, on a full disk above all."""
        with suppress(StoreError, OSError):
            if self.exists:
                self._forget_old(self.live_id())
                return
            self.objects.remove_all_but(set())
            self._snapshots.rmdir()
            (self.folder / "objects").rmdir()
            # Last, and while it is held: who waits for it finds it gone and makes another.
            (self.folder / "write.lock").unlink()
            if is_new:
                self.folder.rmdir()

    def _forget_old(self, live: str) -> None:
        by_age = sorted(
            self._snapshots.glob("*.json"), key=lambda p: p.stat().st_mtime_ns, reverse=True
        )
        others = [path.stem for path in by_age if path.stem != live]
        kept = [live, *others[: SNAPSHOTS_KEPT - 1]]
        needed: set[str] = set()
        for snapshot in list(kept):
            try:
                files = self._manifest(snapshot).files
            except StoreDamagedError:
                kept.remove(snapshot)
                continue
            needed |= {file.sha256 for file in files}
        for path in self._snapshots.iterdir():
            if path.stem not in kept:
                path.unlink(missing_ok=True)
        self.objects.remove_all_but(needed)
