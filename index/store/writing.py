"""Documents and their vectors to the files of a snapshot; those that are there are used again."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.chunking.chunker import VERSION as CHUNKING
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.ingest import Ingested
from index.search.dense import are_worth_it, make_codes
from index.store.dealing import deal, shard_count, shard_number
from index.store.entries import Entry
from index.store.known import Known
from index.store.manifest import FORMAT, Manifest, Shard
from index.store.objects import StoredFile, write_errors_explained
from index.store.open_shard import OpenShard
from index.store.postings import join_terms, write_postings
from index.store.shards import read_terms, write_shard
from index.store.snapshot import Snapshot
from index.store.stack import Stack
from index.store.store import Store
from index.store.vectors import VectorCache


@dataclass(frozen=True, slots=True)
class _Written:
    """A shard that is in the store, and what it holds."""

    shard: Shard
    passages: int
    sentences: int


def write_snapshot(
    store: Store,
    ingested: Ingested,
    cache: VectorCache,
    model: Model,
    encoder: Encoder,
    before: Known,
) -> Manifest:
    """Write the files of a snapshot, and return its manifest without sources.

    Shards whose documents and vectors are as before are not made again. Raises StoreError.
    """
    shares = deal(ingested.documents)
    count = shard_count(len(ingested.documents))
    written = _by_number(before.snapshot if before.has_vectors else None, count)
    with write_errors_explained(store.folder):
        made = [_written(each, written.get(at), cache, store) for at, each in shares.items()]
        shards = tuple(each.shard for each in made)
        old = before.snapshot
        if old is not None and old.manifest.shards == shards and _is_whole(old):
            postings, codes = old.manifest.postings, old.manifest.codes
        else:
            terms = (read_terms(shard, store.objects) for shard in shards)
            postings = write_postings(join_terms(terms), store.objects)
            codes = _codes(shards, old, store)
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
        documents=len(ingested.documents),
        passages=sum(each.passages for each in made),
        sentences=sum(each.sentences for each in made),
        postings=postings,
        codes=codes,
    )


def _is_whole(old: Snapshot) -> bool:
    """Tell whether a snapshot has all files that one of its passages has today."""
    has_codes = old.manifest.codes is not None
    return old.manifest.postings is not None and has_codes == are_worth_it(old.passage_vectors)


def _by_number(old: Snapshot | None, count: int) -> dict[int, tuple[Shard, OpenShard]]:
    """Return the old shards by their numbers, if there are as many as now."""
    if old is None or shard_count(len(old.chunked)) != count:
        return {}
    return {
        shard_number(opened.ids[0], count): (shard, opened) for shard, opened in old.shards.items()
    }


def _codes(shards: Sequence[Shard], old: Snapshot | None, store: Store) -> StoredFile | None:
    known = old.shards if old else {}
    vectors = Stack(
        [
            known[shard].passage_vectors
            if shard in known
            else store.objects.map_array(shard.passage_vectors)
            for shard in shards
        ]
    )
    return store.objects.put(make_codes(vectors)) if are_worth_it(vectors) else None


def _written(
    share: Sequence[Entry],
    before: tuple[Shard, OpenShard] | None,
    cache: VectorCache,
    store: Store,
) -> _Written:
    shard, opened = before or (None, None)
    # Who is stored, is so in the old shard of the same number: as many are the same ones.
    same = opened is not None and len(share) == len(opened.ids)
    if shard and opened and same and all(entry.unchanged for entry in share):
        columns = opened.columns
        return _Written(shard, len(columns.passage_spans), len(columns.sentence_spans))
    documents = [entry.load() for entry in share]
    written = write_shard(documents, cache.vectors_of(documents), store.objects)
    passages = [passage for each in documents for passage in each.passages]
    return _Written(written, len(passages), sum(len(each.sentences) for each in passages))
