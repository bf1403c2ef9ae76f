"""Reads and publishes snapshots in a folder; `index.store.store_folder` tells what lies there."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from index.errors import (
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreUnusableError,
)
from index.store.jobs import Jobs
from index.store.manifest import FORMAT, Manifest, Remembered
from index.store.objects import ObjectFolder, write_atomically, write_errors_explained
from index.store.pointer import Pointer, read_pointer
from index.store.store_folder import (
    JOBS,
    LIVE,
    OBJECTS,
    SNAPSHOTS,
    UPLOADS,
    WRITE_LOCK,
    refuse_foreign,
)
from index.store.uploads import Uploads

SNAPSHOTS_KEPT = 2


class Store:
    """Reads and publishes the snapshots in a folder.

    `keep` is how many are kept, the live one among them; those that a quality gate needs are
    kept besides.
    """

    def __init__(self, folder: Path, *, keep: int = SNAPSHOTS_KEPT) -> None:
        self.folder = folder
        self.objects = ObjectFolder(folder / OBJECTS)
        self.uploads = Uploads(folder / UPLOADS, self.objects)
        self.jobs = Jobs(folder / JOBS)
        self._keep = keep
        self._live = folder / LIVE
        self._snapshots = folder / SNAPSHOTS

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

    def pointer(self) -> Pointer:
        """Return which snapshots are named.

        They may be in an older format. Raises StoreMissingError if nothing was ever published,
        StoreUnusableError for a foreign format, StoreDamagedError if the pointer cannot be read.
        """
        pointer = read_pointer(self._live)
        if pointer.format not in range(1, FORMAT + 1):
            raise StoreUnusableError(
                f"The store at {self.folder} has format {pointer.format}, "
                f"this Pincite reads {FORMAT}"
            )
        return pointer

    def live_id(self) -> str:
        """Return the id of the live snapshot. Raises as `pointer` does."""
        return self.pointer().snapshot

    def live_manifest(self) -> Manifest:
        """Return the manifest of the live snapshot.

        Raises as `pointer` does, and StoreOutdatedError for an older format.
        """
        pointer = self.pointer()
        manifest = self.manifest(pointer.snapshot)
        if manifest.format != pointer.format:
            raise StoreDamagedError("live.json was altered")
        return manifest

    def remembered(self) -> Remembered:
        """Return what the next sync goes by, in whatever format. Raises as `pointer` does."""
        snapshot = self.live_id()
        return Remembered.from_bytes(self._manifest_bytes(snapshot), snapshot)

    @contextmanager
    def writing(self, *, wait_s: float = 0) -> Iterator[None]:
        """Hold the store for writing; a new one that nothing was published to is removed again.

        Raises StoreBusyError if another process holds it for `wait_s` seconds.
        """
        with write_errors_explained(self.folder):
            refuse_foreign(self.folder)
            is_new = not self.folder.exists()
            lock = self._lock(wait_s)
        try:
            yield
        except BaseException:
            self._forget_unpublished(is_new=is_new)
            raise
        finally:
            lock.release()

    def publish(
        self, manifest: Manifest, *, checked: bool = False, keep_aside: bool = True
    ) -> None:
        """Make `manifest` live in one step, then let go of snapshots no longer kept.

        Everything it names must have been put into `objects` before. `checked` tells that a
        quality gate let it through. What was kept aside is let go of unless `keep_aside`.
        """
        self._write_manifest(manifest)
        before = self._named()
        last = manifest.id if checked else before.checked
        aside = before.aside if keep_aside and before.aside != manifest.id else None
        self._point(Pointer(manifest.format, manifest.id, last, aside))

    def keep_aside(self, manifest: Manifest) -> None:
        """Keep a snapshot without making it live, in the place of the last one kept aside."""
        self._write_manifest(manifest)
        self._point(replace(self.pointer(), aside=manifest.id))

    def point_back(self, snapshot: str) -> None:
        """Make a snapshot live that is kept. Raises StoreDamagedError if it is not."""
        pointer, manifest = self._named(), self.manifest(snapshot)
        aside = None if pointer.aside == snapshot else pointer.aside
        self._point(Pointer(manifest.format, snapshot, pointer.checked, aside))

    def forget_checks(self) -> None:
        """Let go of the snapshots that are kept for a quality gate alone."""
        pointer = self.pointer()
        self._point(Pointer(pointer.format, pointer.snapshot))

    def snapshots(self) -> list[str]:
        """Return the ids of all snapshots that are there, the one published last first."""
        if not self._snapshots.is_dir():
            return []
        found = ((path.stat().st_mtime_ns, path.stem) for path in self._snapshots.glob("*.json"))
        return [snapshot for _, snapshot in sorted(found, reverse=True)]

    def published_at(self, snapshot: str) -> float:
        """Return when a snapshot was made, in seconds since 1970. Raises StoreError."""
        try:
            return (self._snapshots / f"{snapshot}.json").stat().st_mtime
        except OSError as error:
            raise StoreError(f"Snapshot {snapshot} is not here: {error.strerror}.") from error

    def published(self, snapshot: str) -> datetime:
        """Return when a snapshot that is there was last published. Raises StoreError."""
        return datetime.fromtimestamp(int(self.published_at(snapshot)), UTC)

    def total_bytes(self) -> int:
        """Return how much disk the store takes."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # another process may let go of it just now
                total += path.stat().st_size if path.is_file() else 0
        return total

    def _write_manifest(self, manifest: Manifest) -> None:
        write_atomically(self._snapshots / f"{manifest.id}.json", manifest.to_bytes())

    def _point(self, pointer: Pointer) -> None:
        """Replace the pointer. What a gate held back is no predecessor of anything."""
        refused = self._named().aside
        write_atomically(self._live, pointer.to_bytes(), aside=self._snapshots)
        with suppress(OSError):  # what is left over is let go of the next time
            if refused and refused not in pointer.named:
                (self._snapshots / f"{refused}.json").unlink(missing_ok=True)
            self._forget_old(pointer)

    def _named(self) -> Pointer:
        """Return the pointer; one that names nothing where it is of no use any more."""
        nothing = Pointer(FORMAT, "")
        try:
            pointer = self.pointer()
        except StoreError:
            return nothing
        return pointer if pointer.format == FORMAT else nothing

    def _lock(self, wait_s: float) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / OBJECTS).mkdir(exist_ok=True)
        self._snapshots.mkdir(exist_ok=True)
        lock = FileLock(self.folder / WRITE_LOCK, timeout=wait_s)
        try:
            lock.acquire()
        except Timeout:
            raise StoreBusyError(
                f"Another process is writing the store {self.folder}; "
                "wait until it is done and try again."
            ) from None
        return lock

    def manifest(self, snapshot: str) -> Manifest:
        """Return the manifest of a snapshot that is kept.

        Raises StoreDamagedError, StoreOutdatedError for an older format, StoreError.
        """
        return Manifest.from_bytes(self._manifest_bytes(snapshot), snapshot)

    def _manifest_bytes(self, snapshot: str) -> bytes:
        try:
            return (self._snapshots / f"{snapshot}.json").read_bytes()
        except FileNotFoundError:
            raise StoreDamagedError(f"the manifest of snapshot {snapshot} is missing") from None
        except OSError as error:
            raise StoreError(f"{self._snapshots} cannot be read: {error.strerror}.") from error

    def _forget_unpublished(self, *, is_new: bool) -> None:
        """Give back the room that an attempt took which failed, on a full disk above all."""
        with suppress(StoreError, OSError):
            if self.exists:
                self._forget_old(self.pointer())
                return
            if self.uploads.all():
                return
            self.objects.remove_all_but(set())
            self._snapshots.rmdir()
            (self.folder / OBJECTS).rmdir()
            # Last, and while it is held: who waits for it finds it gone and makes another.
            (self.folder / WRITE_LOCK).unlink()
            if is_new:
                self.folder.rmdir()

    def _forget_old(self, pointer: Pointer) -> None:
        """Let go of what is not kept; an older store stays whole until it is built anew."""
        if pointer.format != FORMAT:
            return
        others = [each for each in self.snapshots() if each not in pointer.named]
        kept = [*pointer.named, *others[: self._keep - 1]]
        try:
            needed = {upload.content.sha256 for upload in self.uploads.all()}
        except StoreError:
            return  # nothing is removed while it cannot be told what is needed
        for snapshot in list(kept):
            try:
                files = self.manifest(snapshot).files
            except StoreUnusableError:
                kept.remove(snapshot)
                continue
            needed |= {file.sha256 for file in files}
        for path in self._snapshots.iterdir():
            if path.stem not in kept:
                path.unlink(missing_ok=True)
        self.objects.remove_all_but(needed)
