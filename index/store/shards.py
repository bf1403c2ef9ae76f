"""A share of the documents and their vectors as files, and back.

A shard is five files:

- documents: JSON lines, what is said of each document (`document_lines`)
- texts: the documents' texts in UTF-8, one after the other
- columns: arrays, where documents and passages stand in these two files (`places`), what a
  question looks at of every passage and sentence (`columns`), and the documents' ids
- passage vectors: a NumPy array of float16, a row a passage
- terms: see `shard_terms`; they are joined when a snapshot is made, and not read to answer
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.records import ChunkedDocument
from index.store.array_file import arrays_in, arrays_to_bytes
from index.store.columns import Columns, make_columns
from index.store.document_lines import to_line
from index.store.manifest import Shard
from index.store.objects import ObjectFolder
from index.store.open_shard import OpenShard
from index.store.places import Places, make_places
from index.store.shard_terms import ShardTerms, count_terms

FILES_MAPPED = 4
"""How many files of a shard stay open at most while it is."""


def make_shard(
    documents: Sequence[ChunkedDocument], passage_vectors: NDArray[np.float16]
) -> OpenShard:
    """Return documents and their vectors as if they had been written and opened again.

    The documents are in the order of their ids; row by row, the vectors are of their passages.
    """
    lines = [to_line(chunked) for chunked in documents]
    texts = [chunked.document.text.encode() for chunked in documents]
    return OpenShard(
        ids=tuple(chunked.document.id for chunked in documents),
        lines=np.frombuffer(b"".join(lines), np.uint8),
        texts=np.frombuffer(b"".join(texts), np.uint8),
        columns=make_columns(documents),
        places=make_places(documents, lines, texts),
        passage_vectors=passage_vectors,
    )


def write_shard(
    documents: Sequence[ChunkedDocument],
    passage_vectors: NDArray[np.float16],
    objects: ObjectFolder,
) -> Shard:
    """Put the files of a shard into the store; those already there are not written again.

    Raises ValueError for the id of a document that has a line feed: ids are kept as lines.
    """
    made = make_shard(documents, passage_vectors)
    if any("\n" in name for name in made.ids):
        raise ValueError("the id of a document has a line feed")
    ids = np.frombuffer("\n".join(made.ids).encode(), np.uint8)
    columns = [*_arrays_of(made.places), *_arrays_of(made.columns), ids]
    return Shard(
        documents=objects.put(made.lines.tobytes()),
        texts=objects.put(made.texts.tobytes()),
        columns=objects.put(arrays_to_bytes(columns)),
        passage_vectors=objects.put_array(passage_vectors),
        terms=objects.put(count_terms(documents).to_bytes()),
    )


def read_shard(shard: Shard, objects: ObjectFolder) -> OpenShard:
    """Open a shard and compare its checksums; what is large stays on the disk, mapped.

    Raises StoreDamagedError if a file is not what was written.
    """
    objects.check(shard.terms)
    *numbers, ids = arrays_in(objects.map_bytes(shard.columns))
    places, columns = numbers[: len(fields(Places))], numbers[len(fields(Places)) :]
    return OpenShard(
        ids=tuple(ids.tobytes().decode().split("\n")),
        lines=objects.map_bytes(shard.documents),
        texts=objects.map_bytes(shard.texts),
        columns=Columns(*columns),
        places=Places(*places),
        passage_vectors=objects.map_array(shard.passage_vectors),
    )


def read_terms(shard: Shard, objects: ObjectFolder) -> ShardTerms:
    """Return a shard's terms. Raises StoreDamagedError if they are not what was written."""
    return ShardTerms.from_bytes(objects.get(shard.terms))


def _arrays_of(group: Columns | Places) -> list[NDArray[Any]]:
    return [getattr(group, field.name) for field in fields(group)]
