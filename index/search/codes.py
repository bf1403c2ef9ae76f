"""Vectors as short codes: 4 bits for every 4 dimensions, to be compared in registers.

Product quantization with 16 centroids a part: H. Jégou, M. Douze and C. Schmid, "Product
quantization for nearest neighbor search", IEEE TPAMI 33 (2011); compared 32 vectors at a time:
F. André, A.-M. Kermarrec and N. Le Scouarnec, "Cache locality is not enough", PVLDB 9 (2015).
A code is a sixteenth of a vector in half precision. What it gives is near enough to choose
some thousands of passages by, not to rank them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.store.stack import Stack

CODED_FROM = 25_000
"""Passages. Fewer are compared exactly in little more than a millisecond, and made at once."""

_DIMENSIONS = 4
"""Of a vector, in each part that has a code."""

_CENTROIDS = 16
_SAMPLE = 256 * _CENTROIDS
"""Rows that centroids are made of. Four times as many, and 25 rounds, found nothing more."""

_ROUNDS = 10
_AT_ONCE = 16_384
"""Rows that are widened to float32 at a time."""


class Codes:
    """The codes of all passages. Safe to share between threads."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __len__(self) -> int:
        """Return how many vectors have one."""
        return int(self._index.ntotal)

    def nearest(self, question: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
        """Return the rows of the `limit` nearest codes, best first; there are as many at least."""
        import faiss

        # One thread a question: a second one would fight the encoder's for the cores. The setting
        # is the calling thread's own.
        faiss.omp_set_num_threads(1)
        rows: NDArray[np.int64] = self._index.search(question[None, :], limit)[1][0]
        return rows


def are_worth_it(vectors: Stack) -> bool:
    """Tell whether there are so many vectors that codes find the nearest sooner."""
    return len(vectors) >= CODED_FROM and vectors.arrays[0].shape[1] % _DIMENSIONS == 0


def make_codes(vectors: Stack) -> bytes:
    """Return the codes of float16 vectors, as FAISS writes them: the same for the same vectors."""
    import faiss

    wrapped: Any = faiss
    dimension = vectors.arrays[0].shape[1]
    parts = dimension // _DIMENSIONS
    index = wrapped.IndexPQFastScan(dimension, parts, 4, wrapped.METRIC_INNER_PRODUCT)
    learning = index.pq.cp
    learning.niter = _ROUNDS
    learning.min_points_per_centroid = 1  # else it warns, where there are few
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # sums depend on how they are divided among threads
    try:
        spread = np.linspace(0, len(vectors) - 1, min(_SAMPLE, len(vectors))).astype(np.int64)
        index.train(vectors.take(spread).astype(np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    for start in range(0, len(vectors), _AT_ONCE):
        rows = vectors.rows(start, min(start + _AT_ONCE, len(vectors)))
        index.add(rows.astype(np.float32))
    content: bytes = wrapped.serialize_index(index).tobytes()
    return content


def read_codes(content: bytes) -> Codes:
    """Return the codes that `make_codes` wrote; they are held in memory."""
    import faiss

    wrapped: Any = faiss
    return Codes(wrapped.deserialize_index(np.frombuffer(content, np.uint8)))
