"""A small living corpus: files, uploads and their store; and all that can be read of a snapshot."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.changes import SyncReport
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.search.bm25 import Term
from index.search.features import Features
from index.search.terms import terms
from index.store import open_store
from index.store.protocols import Snapshot, Store
from index.store.records import Upload, UploadChange
from index.sync import change_uploads, sync
from tests.encoders import HashingEncoder

WORDS = "redness fades needle scar cream face night two days sun water depth mild".split()
TEXT = "Redness fades within two days.\n"
TEXTS = {
    "redness.txt": "Redness fades within two days. It is normal.\n",
    "depth.txt": "A needle of 0.5 mm suits the face. Scars need 1.5 mm.\n",
    "care.md": "# Care\n\nWash the face with lukewarm water. Keep out of the sun.\n",
}


class Living:
    """A folder `notes`, its store, and the fast encoder."""

    def __init__(
        self, folder: Path, model: Model, *, keep: int = 2, store: Store | None = None
    ) -> None:
        self.folder = folder
        self.files = folder / "notes"
        self.files.mkdir(parents=True, exist_ok=True)
        self.store: Any = store or open_store(folder / "store", keep=keep)  # of either kind
        self.model = model
        self.encoder: Encoder = HashingEncoder(16)

    def write(self, name: str, text: str, *, time: int = 1_700_000_000) -> Path:
        """Write a file as if it had been changed at a certain time."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (time, time))
        return path

    def index(self, **options: Any) -> SyncReport:
        return sync(self.store, [self.files], self.model, self.encoder, **options)

    def put(self, name: str, text: str, *, time: str = "2026-01-01T00:00:00Z") -> str:
        return change_uploads(
            self.store, [upload_change(name, text, time=time)], self.model, self.encoder
        ).id

    def delete(self, name: str) -> str:
        return change_uploads(self.store, [UploadChange(name)], self.model, self.encoder).id

    def texts(self) -> dict[str, str]:
        """The live documents' texts by source."""
        live = self.store.open().documents()
        return {each.document.source: each.document.text for each in live}

    def fresh(self) -> Store:
        """Build another store of what is there now: files, uploads and the calibration."""
        folder = self.folder / "fresh"
        shutil.rmtree(folder, ignore_errors=True)
        store = open_store(folder)
        sync(store, [self.files], self.model, self.encoder)
        uploads = self.store.uploads
        changes = [UploadChange(u.id, u, uploads.content(u)) for u in uploads.all()]
        if changes:
            change_uploads(store, changes, self.model, self.encoder)
        if calibration := self.store.live().calibration:
            store.set_calibration(store.live_id(), calibration)
        return store

    def assert_as_fresh(self) -> None:
        """Compare all that can be read with a fresh build."""
        here, there = self.store.open(), self.fresh().open()
        assert everything(here) == everything(there)
        assert here.id == there.id


def upload_change(name: str, text: str, *, time: str = "2026-01-01T00:00:00Z") -> UploadChange:
    content = text.encode()
    upload = Upload(name, ".txt", hashlib.sha256(content).hexdigest(), time)
    return UploadChange(name, upload, content)


def told_of(features: Features) -> tuple[object, ...]:
    """Return all that features tell."""
    words = tuple(features.words), tuple(features.ends)
    return tuple(features.digests), tuple(features.lengths), *words, features.units


def everything(snapshot: Snapshot, words: Sequence[str] = WORDS) -> dict[str, Any]:
    """Return what a snapshot says, as values that do not depend on its rows."""
    passages = dict(snapshot.passages())
    rows = np.array(sorted(passages), np.int64)
    names = [passages[row].id for row in rows.tolist()]
    documents = list(snapshot.documents())
    vectors = snapshot.vectors(rows)
    dimension = snapshot.info.made_by.dimension
    queries = HashingEncoder(dimension).encode(
        [" ".join(words[n : n + 3]) for n in (0, 5)], "query"
    )
    half = np.array([n % 2 == 0 for n in range(len(documents))], np.bool_)
    allowed = snapshot.passages_of(half)
    stems = sorted({stem for word in words for stem in terms(word)})
    asked = [Term(stem, 1, snapshot.words.weight(stem)) for stem in stems]

    def ranked(pairs: Sequence[tuple[int, float]]) -> list[tuple[float, str]]:
        return sorted((round(-float(score), 3), passages[int(row)].id) for row, score in pairs)

    def by_words(chosen: Any) -> list[tuple[float, str]]:
        found, scores = snapshot.words.best(asked, len(rows), chosen)
        return ranked(list(zip(found.tolist(), scores.tolist(), strict=True)))

    info = snapshot.info
    return {
        "documents": documents,
        "descriptions": list(snapshot.descriptions()),
        "passages": sorted(passages.values(), key=lambda p: p.id),
        "one by one": all(snapshot.passage(row) == passages[row] for row in passages),
        "by id": [snapshot.chunked(each.document.id) == each for each in documents],
        "texts": [snapshot.document(each.document.id).text for each in documents],
        "vectors": dict(zip(names, (vector.tobytes() for vector in vectors), strict=True)),
        "features": {
            name: told_of(snapshot.features(row))
            for name, row in zip(names, rows.tolist(), strict=True)
        },
        "frequencies": [snapshot.words.frequency(word) for word in stems],
        "weights": [round(snapshot.words.weight(word), 9) for word in stems],
        "forms": [snapshot.words.form(word) for word in stems],
        "beginning": sorted(
            form
            for letter in "abcdefghijklmnopqrstuvwxyz"
            for form in snapshot.words.forms_beginning_with(letter, range(1, 30))
        ),
        "nearest": [
            ranked(snapshot.nearest(query, len(rows), mask, exact=exact))
            for query in queries
            for mask in (None, allowed)
            for exact in (True, False)
        ],
        "by words": [by_words(None), by_words(allowed)],
        "scores": dict(
            zip(names, np.round(snapshot.words.scores(asked, rows)[0], 3).tolist(), strict=True)
        ),
        "of documents": dict(
            zip(names, np.round(snapshot.words.scores(asked, rows)[1], 3).tolist(), strict=True)
        ),
        "held": {
            name: snapshot.words.held_by_document(asked, int(row))
            for name, row in zip(names, rows, strict=True)
        },
        "info": (info.sources, info.held, info.ignore, info.documents, info.passages),
        "counts": (info.sentences, info.corpus, info.calibration, info.made_by),
    }
