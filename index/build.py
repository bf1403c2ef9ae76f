"""From sources to a published snapshot: the store is made to hold exactly the sources."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.chunking import VERSION as CHUNKING
from index.chunking import Chunker
from index.embedding import Embedder
from index.encoder import Encoder
from index.errors import SourceError, StoreDamagedError, StoreError, StoreMissingError
from index.manifest import FORMAT, Manifest
from index.model import Model
from index.objects import write_errors_explained
from index.progress import Progress, no_progress
from index.readers import UnreadableFileError, read_file
from index.records import ChunkedDocument
from index.shards import ShardContent, deal, sentence_count, write_shard
from index.snapshot import Snapshot, open_snapshot
from index.sources import SkippedFile, SourceFile, list_files, locate, resolve_sources
from index.store import Store
from index.vectors import VectorCache


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did: sources by name, and how many texts had to be embedded."""

    snapshot: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    passages: int
    embedded: int
    repaired: str = ""


class NothingToIndexError(SourceError):
    """No file of the sources could be indexed; `skipped` says why."""

    def __init__(self, message: str, skipped: Sequence[SkippedFile]) -> None:
        super().__init__(message)
        self.skipped = tuple(skipped)


def sync(
    store: Store,
    sources: Sequence[str | Path],
    model: Model,
    encoder: Encoder,
    progress: Progress = no_progress,
) -> SyncReport:
    """Make `store` hold exactly what `sources` hold; with none given, those it remembers.

    Text that was embedded before, by the same model and backend, is not embedded again.
    The new snapshot goes live in one step at the end; on any error the old one stays.
    Raises SourceError, ModelError, StoreError.
    """
    with store.writing():
        old, repaired = _open_old(store)
        roots = _roots(store, sources)
        files, skipped = list_files(roots)
        own_folder = store.folder.resolve()
        files = [file for file in files if not file.path.resolve().is_relative_to(own_folder)]
        chunker = Chunker(model.tokenizer(), model.budget())
        reuse = _reusable(old, model)
        cache = VectorCache(old, model, encoder.backend)
        documents: list[ChunkedDocument] = []
        with Embedder(cache, encoder, progress) as embedder:
            for done, file in enumerate(files, 1):
                try:
                    found = _chunk(file, chunker, reuse)
                except UnreadableFileError as error:
                    skipped.append(SkippedFile(file.source, str(error)))
                else:
                    documents.extend(found)
                    embedder.add(found)
                progress("Reading", done, len(files))
            skipped.sort(key=lambda file: file.path)
            _refuse_empty(roots, documents, skipped, old)
            embedded = embedder.finish()
        manifest = _write(store, documents, cache, model, encoder.backend, roots)
        if old is None or manifest.id != old.id:
            with write_errors_explained(store.folder):
                store.publish(manifest)
    return _report(old, documents, skipped, manifest, embedded, repaired)


def _open_old(store: Store) -> tuple[Snapshot | None, str]:
    """Return the live snapshot, if it can be used, else why it cannot."""
    try:
        return open_snapshot(store), ""
    except StoreMissingError:
        return None, ""
    except (StoreDamagedError, StoreError) as error:
        return None, str(error)


def _roots(store: Store, sources: Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the sources, else those that the store remembers, be its other files damaged."""
    if sources:
        return resolve_sources(sources)
    try:
        return resolve_sources(store.live_manifest().sources)
    except StoreMissingError:
        raise SourceError(
            "Nothing to index yet: run `pincite index SOURCE…` with a file or folder."
        ) from None


def _reusable(old: Snapshot | None, model: Model) -> dict[str, ChunkedDocument]:
    """Return, by source, the documents to keep as they are where the bytes are the same."""
    if old is None or old.manifest.chunking != CHUNKING:
        return {}
    if old.manifest.model_fingerprint != model.fingerprint:
        return {}
    return {chunked.document.source: chunked for chunked in old.chunked.values()}


def _chunk(
    file: SourceFile, chunker: Chunker, reuse: dict[str, ChunkedDocument]
) -> list[ChunkedDocument]:
    known = reuse.get(file.source)
    if known and _digest(file.path) == known.document.document_sha256:
        return [known]
    documents = [chunker.chunk(document) for document in read_file(file)]
    if not any(chunked.passages for chunked in documents):
        raise UnreadableFileError("nothing in it but headings or markup")
    return documents


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFileError(f"unreadable ({error.strerror})") from error


def _refuse_empty(
    roots: Sequence[Path],
    documents: Sequence[ChunkedDocument],
    skipped: Sequence[SkippedFile],
    old: Snapshot | None,
) -> None:
    """A SOURCE that lost all it had is a mistake to report, not an order to forget."""
    now = {chunked.document.source for chunked in documents}
    before = {chunked.document.source for chunked in old.chunked.values()} if old else set[str]()
    for root in roots:
        lost = _remembers(old, root) and any(_belongs(source, root) for source in before - now)
        if lost and not any(locate(source, [root]) for source in now):
            raise NothingToIndexError(
                f"{root} held documents before and now has none that can be indexed: nothing was "
                "changed. Bring them back, or run `pincite index SOURCE…` without it.",
                skipped,
            )
    if not documents:
        listed = ", ".join(str(root) for root in roots)
        raise NothingToIndexError(
            f"Nothing in {listed} could be indexed: give files or folders with .txt or .md text.",
            skipped,
        )


def _remembers(old: Snapshot | None, root: Path) -> bool:
    return old is not None and str(root) in old.manifest.sources


def _belongs(source: str, root: Path) -> bool:
    if root.is_file():
        return locate(source, [root]) is not None
    return source.startswith(f"{root.name or 'root'}/")


def _write(
    store: Store,
    documents: Sequence[ChunkedDocument],
    cache: VectorCache,
    model: Model,
    backend: str,
    roots: Sequence[Path],
) -> Manifest:
    with write_errors_explained(store.folder):
        shards = tuple(
            write_shard(
                ShardContent(tuple(share), cache.passages(share), cache.sentences(share)),
                store.objects,
            )
            for share in deal(documents)
        )
    return Manifest(
        format=FORMAT,
        model_name=model.name,
        model_fingerprint=model.fingerprint,
        backend=backend,
        chunking=CHUNKING,
        dimension=cache.dimension,
        sources=tuple(str(root) for root in roots),
        shards=shards,
        documents=len(documents),
        passages=sum(len(chunked.passages) for chunked in documents),
        sentences=sentence_count(documents),
    )


def _report(
    old: Snapshot | None,
    documents: Sequence[ChunkedDocument],
    skipped: Sequence[SkippedFile],
    manifest: Manifest,
    embedded: int,
    repaired: str,
) -> SyncReport:
    before = _digests(old.chunked.values()) if old else {}
    now = _digests(documents)
    both = sorted(before.keys() & now.keys())
    return SyncReport(
        snapshot=manifest.id,
        added=tuple(sorted(now.keys() - before.keys())),
        changed=tuple(source for source in both if before[source] != now[source]),
        removed=tuple(sorted(before.keys() - now.keys())),
        unchanged=tuple(source for source in both if before[source] == now[source]),
        skipped=tuple(skipped),
        passages=manifest.passages,
        embedded=embedded,
        repaired=repaired,
    )


def _digests(documents: Iterable[ChunkedDocument]) -> dict[str, str]:
    """Return the SHA-256 of each document's bytes by its source."""
    return {each.document.source: each.document.document_sha256 for each in documents}
