"""A small living corpus: files, uploads, and their store."""

from pathlib import Path
from typing import Any

from index.changes import SyncReport
from index.encoding.model import Model
from index.store.objects import stored_as
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.store.uploads import Upload, UploadChange
from index.sync import change_uploads, sync
from tests.encoders import HashingEncoder


class Living:
    """A folder `notes`, its store, and the fast encoder."""

    def __init__(self, folder: Path, model: Model, *, keep: int = 2) -> None:
        self.files = folder / "notes"
        self.files.mkdir()
        self.store = Store(folder / "store", keep=keep)
        self.model = model
        self.encoder = HashingEncoder()

    def write(self, name: str, text: str) -> Path:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def index(self, **options: Any) -> SyncReport:
        return sync(self.store, [self.files], self.model, self.encoder, **options)

    def put(self, name: str, text: str, *, time: str = "2026-01-01T00:00:00Z") -> str:
        content = text.encode()
        upload = Upload(name, ".txt", stored_as(content), time)
        change = UploadChange(name, upload, content)
        return change_uploads(self.store, [change], self.model, self.encoder).id

    def delete(self, name: str) -> str:
        return change_uploads(self.store, [UploadChange(name)], self.model, self.encoder).id

    def texts(self) -> dict[str, str]:
        """The live documents' texts by source."""
        live = open_snapshot(self.store).chunked.values()
        return {each.document.source: each.document.text for each in live}
