"""Search by vectors: exactly, or of very many, first by codes and then exactly among the best.

Codes are short vectors, 4 bits for every 4 dimensions, that are compared in registers. Product
quantization with 16 centroids a part: H. Jégou, M. Douze and C. Schmid, "Product quantization for
nearest neighbor search", IEEE TPAMI 33 (2011); compared 32 vectors at a time: F. André, A.-M.
Kermarrec and N. Le Scouarnec, "Cache locality is not enough", PVLDB 9 (2015). A code is a sixteenth
of a vector in half precision. What it gives is near enough to choose some thousands of passages by,
not to rank them.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.store.stack import Stack

Hits = list[tuple[int, float]]
"""Rows with their cosines, best first, equal ones in row order."""

Mask = NDArray[np.bool_]
"""Shape (passages,): true for each row that may be found."""

CODED_FROM = 25_000
"""Passages. Fewer are compared exactly in little more than a millisecond, and made at once."""


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


_FEWEST_COMPARED = 1000
_COMPARED_FOR_EACH = 20
_COMPARED_OF_ALL = 1 / 250
"""How many of the nearest by their codes are compared exactly: 4,000 of a million."""

_MOST_BY_CODES = 1 / 10
"""If more of all codes would have to be ranked, exact comparison takes less time."""


class DenseIndex:
    """The passages' vectors, float16, shape (passages, dimension). Safe to share between threads.

    The vectors may lie on the disk; few are brought together in memory.
    """

    def __init__(self, vectors: Stack, codes: Codes | None = None) -> None:
        self.codes = codes
        self._vectors = vectors.joined() if len(vectors) < CODED_FROM else vectors

    def search(
        self,
        question: NDArray[np.float32],
        limit: int,
        rows: Mask | None = None,
        *,
        exact: bool = False,
    ) -> Hits:
        """Return the `limit` nearest rows as (row, cosine), best first.

        Equal ones are in row order; which of them are found at the limit is not said.

        With `rows`, shape (passages,), the nearest of those that are true: they are chosen before
        anything is cut off. With `exact`, no codes are looked at. `question` has length one.
        """
        passages = len(self._vectors)
        allowed = passages if rows is None else int(np.count_nonzero(rows))
        limit = min(limit, allowed)
        if not limit:
            return []
        compared = self._compared(limit)
        if self.codes and rows is not None and allowed <= compared:
            return self._among(np.flatnonzero(rows), question, limit)
        by_codes = compared * passages // allowed
        if self.codes is None or exact or by_codes > passages * _MOST_BY_CODES:
            return nearest(self._blocks(), question, limit, rows)
        found = self.codes.nearest(question, by_codes)
        if rows is not None:
            found = found[rows[found]]
            if len(found) < compared / 2:  # they are not where the question is
                return nearest(self._blocks(), question, limit, rows)
        return self._among(np.sort(found), question, limit)

    def warm(self) -> None:
        """Have what is read at random brought into memory by a thread of its own."""
        if self.codes:
            bring_in(self._vectors.arrays)

    def _compared(self, limit: int) -> int:
        of_all = int(len(self._vectors) * _COMPARED_OF_ALL)
        return max(_FEWEST_COMPARED, _COMPARED_FOR_EACH * limit, of_all)

    def _among(self, rows: NDArray[np.int64], question: NDArray[np.float32], limit: int) -> Hits:
        return nearest([(self._vectors.take(rows), rows)], question, limit)

    def _blocks(self) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        start = 0
        for vectors in self._vectors.arrays:
            end = start + len(vectors)
            yield vectors, np.arange(start, end)
            start = end


def nearest(
    blocks: Iterable[tuple[NDArray[np.float16], NDArray[np.int64]]],
    question: NDArray[np.float32],
    limit: int,
    allowed: Mask | None = None,
) -> Hits:
    """Return the `limit` nearest rows, or as many as there are.

    A block is vectors, shape (n, dimension), and the row of each, (n,); they are neither copied
    nor converted. With `allowed` no other rows are looked at.
    """
    import faiss  # here and not above: it takes a tenth of a second, while a model is loaded

    wrapped: Any = faiss  # its stubs have the signatures of C++
    quantizer = wrapped.ScalarQuantizer(len(question), wrapped.ScalarQuantizer.QT_fp16)
    only = None
    if allowed is not None:
        only = wrapped.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    question = np.ascontiguousarray(question, np.float32)  # the scanner keeps its address
    cosines = np.full(limit, -np.inf, np.float32)  # with `rows` a heap, the worst on top
    rows = np.full(limit, -1, np.int64)
    heap = wrapped.swig_ptr(cosines), wrapped.swig_ptr(rows)
    scanner = quantizer.select_InvertedListScanner(
        wrapped.METRIC_INNER_PRODUCT, quantizer=None, store_pairs=False, sel=only
    )
    try:
        scanner.set_query(wrapped.swig_ptr(question))
        scanner.set_list(0, 0.0)
        for vectors, numbers in blocks:
            codes = wrapped.swig_ptr(vectors.view(np.uint8))
            scanner.scan_codes(len(vectors), codes, wrapped.swig_ptr(numbers), *heap, limit)
    finally:
        # It is ours to delete. To let the wrapper do it, by `thisown`, ends in a crash (1.15.1).
        wrapped.InvertedListScanner.__swig_destroy__(scanner)
    best = np.lexsort((rows, -cosines))[: np.count_nonzero(rows >= 0)]
    return list(zip(rows[best].tolist(), cosines[best].tolist(), strict=True))


_DIMENSIONS = 4
"""Of a vector, in each part that has a code."""

_CENTROIDS = 16
_SAMPLE = 256 * _CENTROIDS
"""Rows that centroids are made of. Four times as many, and 25 rounds, found nothing more."""

_ROUNDS = 10
_AT_ONCE = 16_384
"""Rows that are widened to float32 at a time."""


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


SHARE_OF_MEMORY = 1 / 4
"""What is larger stays where it is: it would push out what else is needed."""

_PAGE = 4096


def bring_in(arrays: Sequence[NDArray[Any]]) -> threading.Thread | None:
    """Touch every page of the arrays, in a thread that holds up nothing.

    Nothing is done, and None returned, if they are larger than a quarter of the machine's memory.
    """
    if sum(array.nbytes for array in arrays) > SHARE_OF_MEMORY * memory_bytes():
        return None
    thread = threading.Thread(target=_touch, args=(arrays,), name="warming", daemon=True)
    thread.start()
    return thread


def memory_bytes() -> int:
    """Return how much memory the machine has; 0 where that is not told, as on Windows."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _touch(arrays: Sequence[NDArray[Any]]) -> None:
    for array in arrays:
        array.reshape(-1).view(np.uint8)[::_PAGE].max(initial=0)  # NumPy lets other threads run


_FRACTION_BITS = 23 - 10
_SIGN_AND_NUMBER = np.int32(np.uint32(0x8FFFE000).view(np.int32))
_BIAS = np.float32(2.0 ** (127 - 15))


def widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the same numbers as float32; they must be finite, as those of vectors are.

    The bits of a half stand as they are in a float, but for the exponent, which counts from
    another number: a multiplication sets that right. Raises TypeError for numbers of another type.
    """
    if halves.dtype != np.float16:
        raise TypeError(f"float16 is widened, not {halves.dtype}")
    bits = halves.view(np.int16).astype(np.int32)
    np.left_shift(bits, _FRACTION_BITS, out=bits)
    np.bitwise_and(bits, _SIGN_AND_NUMBER, out=bits)
    floats = bits.view(np.float32)
    return np.multiply(floats, _BIAS, out=floats)
