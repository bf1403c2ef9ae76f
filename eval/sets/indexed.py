"""Where public sets are indexed: stores in a cache folder, so that they are embedded once."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs
from filelock import FileLock

from eval.errors import GoldError
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import DEFAULT_MODEL, Model, find_model
from index.errors import StoreError
from index.progress import Progress
from index.records import Document
from index.store.snapshot import Snapshot, open_snapshot
from index.store.store import Store
from index.sync import publish_documents, sync
from qa.engine import Engine
from qa.settings import Settings


class IndexedSets:
    """Brings sets into stores and keeps those: each has its own, by its path and the model.

    `settings` are what engines are opened with, `progress` is told how far the work is.
    """

    def __init__(self, settings: Settings, cache: Path | None, progress: Progress) -> None:
        self.settings = settings
        self._cache = cache or platformdirs.user_cache_path("pincite") / "evaluation"
        self._model: Model = find_model(settings.model or DEFAULT_MODEL)
        self.progress = progress

    def folder(self, source: Path) -> Path:
        """Return the folder that what is made of `source` is kept in."""
        if not source.is_dir():
            raise GoldError(f"{source} is not a folder: name the folder of the set.")
        digest = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:10]
        model = self._model.fingerprint[:10]
        return self._cache / f"{source.resolve().name}-{digest}" / model

    def open_folder(self, source: Path, files: Path) -> Engine:
        """Index the files of a set as `pincite index` does; open an engine on them."""
        with self._alone(source) as folder:
            store = folder / "store"
            sync(Store(store), [files], self._model, self._encoder(), self.progress)
            return self._engine(store)

    def open_documents(
        self, source: Path, documents: Iterable[Document], share: str = "store"
    ) -> Engine:
        """Index documents of a set, of which `share` names a part; open an engine on them.

        What was embedded for the whole set is not embedded again for a part.
        """
        with self._alone(source) as folder:
            known: list[Snapshot] = []
            if share != "store":
                with suppress(StoreError):  # there may be none yet, or a damaged one
                    known = [open_snapshot(Store(folder / "store"))]
            store = folder / share
            publish_documents(
                Store(store),
                documents,
                self._model,
                self._encoder(),
                self.progress,
                vectors_from=known,
            )
            return self._engine(store)

    @contextmanager
    def _alone(self, source: Path) -> Iterator[Path]:
        """Give the set's folder; who else wants to index into it waits."""
        folder = self.folder(source)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GoldError(
                f"{folder} cannot be written ({error.strerror}): name another folder with --cache."
            ) from error
        with FileLock(folder / "set.lock"):
            yield folder

    def _engine(self, store: Path) -> Engine:
        return Engine.open(store, **self.settings.for_engine)

    def _encoder(self) -> Encoder:
        return open_encoder(self._model, self.settings.backend, indexing=True)
