"""A share of the documents and their vectors as files, and back.

A shard is seven files:

- documents: JSON lines, what is said of each document (`index.document_lines`)
- texts: the documents' texts in UTF-8, one after the other
- columns: arrays, where documents and passages stand in these two files (`index.places`), what a
  question looks at of every passage and sentence (`index.columns`), and the documents' ids
- passage vectors, sentence vectors: NumPy arrays of float16, a row a passage, and a row a sentence
  of each passage in turn
- heading vectors: the same, a row a heading, in the order of `distinct_headings`
- terms: see `index.shard_terms`; they are joined when a snapshot is made, and not read to answer
"""

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.array_file import arrays_in, arrays_to_bytes
from index.columns import Columns
from index.earlier_formats import read_earlier
from index.manifest import Shard
from index.objects import ObjectFolder
from index.open_shard import OpenShard
from index.places import Places
from index.shard_content import ShardContent
from index.shard_terms import ShardTerms, count_terms

FILES_MAPPED = 6
"""How many files of a shard stay open at most while it is."""


def write_shard(content: ShardContent, objects: ObjectFolder) -> Shard:
    """Put the files of a shard into the store; those already there are not written again.

    Raises ValueError for the id of a document that has a line feed: ids are kept as lines.
    """
    opened = content.opened()
    if any("\n" in name for name in opened.ids):
        raise ValueError("the id of a document has a line feed")
    ids = np.frombuffer("\n".join(opened.ids).encode(), np.uint8)
    columns = [*_arrays_of(opened.places), *_arrays_of(opened.columns), ids]
    return Shard(
        documents=objects.put(opened.lines.tobytes()),
        texts=objects.put(opened.texts.tobytes()),
        columns=objects.put(arrays_to_bytes(columns)),
        passage_vectors=objects.put_array(content.passage_vectors),
        sentence_vectors=objects.put_array(content.sentence_vectors),
        heading_vectors=objects.put_array(content.heading_vectors),
        terms=objects.put(count_terms(content.documents).to_bytes()),
    )


def read_shard(shard: Shard, objects: ObjectFolder) -> OpenShard:
    """Open a shard and compare its checksums; what is large stays on the disk, mapped.

    One that an earlier Pincite wrote is read into memory. Raises StoreDamagedError if a file is
    not what was written.
    """
    if shard.terms:
        objects.check(shard.terms)
    if not (shard.texts and shard.columns and shard.heading_vectors):
        return read_earlier(shard, objects).opened()
    *numbers, ids = arrays_in(objects.map_bytes(shard.columns))
    places, columns = numbers[: len(fields(Places))], numbers[len(fields(Places)) :]
    return OpenShard(
        ids=tuple(ids.tobytes().decode().split("\n")),
        lines=objects.map_bytes(shard.documents),
        texts=objects.map_bytes(shard.texts),
        columns=Columns(*columns),
        places=Places(*places),
        passage_vectors=objects.map_array(shard.passage_vectors),
        sentence_vectors=objects.map_array(shard.sentence_vectors),
        heading_vectors=objects.map_array(shard.heading_vectors),
    )


def read_terms(shard: Shard, objects: ObjectFolder) -> ShardTerms:
    """Return a shard's terms. Raises StoreDamagedError if they are not what was written."""
    if shard.terms is None:
        raise ValueError("a shard of an earlier format has no terms")
    return ShardTerms.from_bytes(objects.get(shard.terms))


def _arrays_of(group: Columns | Places) -> list[NDArray[Any]]:
    return [getattr(group, field.name) for field in fields(group)]
