"""A calibration as part of a snapshot: published, taken away, carried on to the next one.

What it says is not understood here (`qa.answer.calibration` does). The file is put into the store
first, the manifest that names it is next, and the pointer to that comes last, so a crash
at any instant leaves the old snapshot live.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import orjson

from index.errors import StoreError
from index.records import Document
from index.store.entries import Entry
from index.store.manifest import Manifest
from index.store.objects import write_errors_explained
from index.store.snapshot import Snapshot
from index.store.store import Store


def publish_calibration(store: Store, measured: Snapshot, calibration: bytes) -> Manifest:
    """Make `calibration` part of the live snapshot, which must be the one that was measured.

    Returns the manifest that is live now. Raises StoreError if another snapshot went live
    meanwhile, StoreBusyError, StoreDamagedError.
    """
    with store.writing():
        live = store.live_manifest()
        if live.id != measured.id:
            raise StoreError(
                "The store changed while it was measured, so the calibration was not published: "
                "run it again."
            )
        with write_errors_explained(store.folder):
            file = store.objects.put(calibration)
            digest = corpus_digest(measured.chunked.without_texts())
            calibrated = replace(live, calibration=file, corpus=digest)
            store.publish(calibrated)
    return calibrated


def remove_calibration(store: Store) -> Manifest | None:
    """Take the calibration out of the live snapshot; return what is live now.

    Returns None if there was no calibration. Raises StoreMissingError, StoreBusyError,
    StoreDamagedError.
    """
    if store.live_manifest().calibration is None:  # before a folder is made for the lock
        return None
    with store.writing():
        plain = replace(store.live_manifest(), calibration=None, corpus=None)
        with write_errors_explained(store.folder):
            store.publish(plain)
    return plain


def carry_calibration(store: Store, manifest: Manifest, documents: Iterable[Entry]) -> Manifest:
    """Return `manifest` with the calibration of the live snapshot, be its other files damaged."""
    try:
        file = store.live_manifest().calibration
        if file is None:
            return manifest
        store.objects.get(file)
    except StoreError:
        return manifest
    return replace(manifest, calibration=file, corpus=corpus_digest(documents))


def corpus_digest(documents: Iterable[Document | Entry]) -> str:
    """Return a digest of the documents' ids and texts: it changes when any of them does."""
    texts = sorted((each.id, each.text_sha256) for each in documents)
    return hashlib.sha256(orjson.dumps(texts)).hexdigest()
