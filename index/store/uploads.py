"""Documents that were uploaded: kept in the store, for they are in no file of the user's.

`uploads/ID.json` says what an upload is; its content is a file among the store's objects.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from index.errors import StoreError
from index.records import UPLOADED, Document, MetadataValue
from index.sources.listing import SourceFile
from index.store.objects import ObjectFolder, StoredFile, fsync_folder, write_atomically

UPLOAD_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,118}[a-z0-9])?")


def is_upload(source: str) -> bool:
    """Tell whether a document's source is an upload."""
    return source.startswith(UPLOADED)


def upload_id_of(source: str) -> str:
    """Return the id that an upload was given, by its source; "" for a file of a SOURCE."""
    return source.removeprefix(UPLOADED).rpartition(".")[0] if is_upload(source) else ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that was put into the store by itself.

    `kind` is what reads it, such as ".pdf"; `modified` is when it was uploaded, in ISO 8601.
    `title` and `metadata` were given with it and come before what is found in the content.
    """

    id: str
    kind: str
    content: StoredFile
    modified: str
    title: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])

    @property
    def source(self) -> str:
        """The name that it goes by among the sources; no file has one without a slash."""
        return self.source_of(self.id, self.kind)

    @staticmethod
    def source_of(upload_id: str, kind: str) -> str:
        """Return the name that an upload goes by."""
        return f"{UPLOADED}{upload_id}{kind}"

    def describe(self, document: Document) -> Document:
        """Return a document of its content with what was given with it."""
        return replace(
            document,
            title=self.title or document.title,
            metadata={**document.metadata, **self.metadata},
            modified=self.modified,
        )


@dataclass(frozen=True, slots=True)
class UploadChange:
    """That an upload is to be added or replaced, or, where it is None, removed."""

    id: str
    upload: Upload | None = None
    content: bytes = field(default=b"", repr=False)


class Uploads:
    """The uploads of a store. Whoever changes them holds the store for writing."""

    def __init__(self, folder: Path, objects: ObjectFolder) -> None:
        self._folder = folder
        self._objects = objects

    def all(self) -> list[Upload]:
        """Return all uploads by id. Raises StoreError."""
        if not self._folder.is_dir():
            return []
        return [_read(path) for path in sorted(self._folder.glob("*.json"))]

    def find(self, upload_id: str) -> Upload | None:
        """Return an upload; None if there is none of that id that can be read."""
        try:
            return _read(self._path(upload_id))
        except (FileNotFoundError, StoreError):
            return None

    @contextmanager
    def changing(
        self, changes: Sequence[UploadChange], undo: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Make changes for the body to publish.

        Where it fails, all is as it was before, unless `undo` says that it is too late for that.
        """
        before = {change.id: self.find(change.id) for change in changes}
        try:
            for change in changes:
                if change.upload:
                    self._objects.put(change.content)
                self._set(change.id, change.upload)
            yield
        except BaseException:
            if not undo():
                raise
            for upload_id, upload in before.items():
                with suppress(OSError):
                    self._set(upload_id, upload)
            raise

    def file(self, upload: Upload) -> SourceFile:
        """Return where the content of an upload lies."""
        return SourceFile(self._objects.path(upload.content), upload.source, upload.kind, upload.id)

    def _set(self, upload_id: str, upload: Upload | None) -> None:
        """Write what an upload is, or remove it; it is on the disk when this returns."""
        path = self._path(upload_id)
        if upload:
            self._folder.mkdir(exist_ok=True)
            options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
            content = orjson.dumps(asdict(upload), option=options)
            write_atomically(path, content, aside=self._objects.folder)
        elif path.is_file():
            path.unlink()
            fsync_folder(self._folder)

    def _path(self, upload_id: str) -> Path:
        if not UPLOAD_ID.fullmatch(upload_id):
            raise ValueError(f"{upload_id!r} is no id of an upload")
        return self._folder / f"{upload_id}.json"


def _read(path: Path) -> Upload:
    try:
        fields: dict[str, Any] = orjson.loads(path.read_bytes())
        content = StoredFile(**fields.pop("content"))
        metadata = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.pop("metadata").items()
        }
        return Upload(content=content, metadata=metadata, **fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreError(
            f"The upload {path.stem} cannot be read: remove {path} and upload the document again."
        ) from None
