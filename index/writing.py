"""Documents and their vectors to the files of a snapshot; those that are there are used again."""

from index.chunking import VERSION as CHUNKING
from index.encoder import Encoder
from index.gathering import Gathered
from index.known import Known
from index.manifest import FORMAT, Manifest, Shard
from index.model import Model
from index.objects import write_errors_explained
from index.postings import join_terms, write_postings
from index.records import ChunkedDocument
from index.shards import ShardContent, deal, read_terms, sentence_count, write_shard
from index.snapshot import Snapshot
from index.store import Store
from index.vectors import VectorCache


def write_snapshot(
    store: Store,
    gathered: Gathered,
    cache: VectorCache,
    model: Model,
    encoder: Encoder,
    before: Known,
) -> Manifest:
    """Write the files of a snapshot, and return its manifest without sources.

    Shards whose documents and vectors are as before are not made again. Raises StoreError.
    """
    shares = deal(gathered.documents)
    written = _by_first_document(before.snapshot if before.has_vectors else None)
    with write_errors_explained(store.folder):
        shards = tuple(_shard(share, written, cache, store) for share in shares)
        postings = join_terms(read_terms(shard, store.objects) for shard in shards)
        postings_files = write_postings(postings, store.objects)
    dimension = cache.dimension or encoder.encode(["Any text."], "document").shape[1]
    return Manifest(
        format=FORMAT,
        model_name=model.name,
        model_fingerprint=model.fingerprint,
        backend=encoder.backend,
        chunking=CHUNKING,
        dimension=dimension,
        sources=(),
        shards=shards,
        documents=len(gathered.documents),
        passages=sum(len(chunked.passages) for chunked in gathered.documents),
        sentences=sentence_count(gathered.documents),
        postings=postings_files,
    )


def _by_first_document(
    old: Snapshot | None,
) -> dict[str, tuple[Shard, tuple[ChunkedDocument, ...]]]:
    if old is None:
        return {}
    return {
        loaded.documents[0].document.id: (shard, loaded.documents)
        for shard, loaded in old.shards.items()
        if shard.heading_vectors is not None and shard.terms is not None
    }


def _shard(
    share: list[ChunkedDocument],
    written: dict[str, tuple[Shard, tuple[ChunkedDocument, ...]]],
    cache: VectorCache,
    store: Store,
) -> Shard:
    shard, documents = written.get(share[0].document.id, (None, ()))
    if shard is not None and documents == tuple(share):
        return shard
    content = ShardContent(
        tuple(share), cache.passages(share), cache.sentences(share), cache.headings(share)
    )
    return write_shard(content, store.objects)
