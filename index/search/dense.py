"""Search by vectors: exactly, or of very many, first by codes and then exactly among the best.

Codes are 4 bits for every 4 dimensions, a sixteenth of a vector in half precision. Product
quantization: H. Jégou, M. Douze and C. Schmid, "Product quantization for nearest neighbor search",
IEEE TPAMI 33 (2011); compared in registers, 32 vectors at a time: F. André, A.-M. Kermarrec and
N. Le Scouarnec, "Cache locality is not enough", PVLDB 9 (2015). They choose some thousands of
passages well, but do not rank them well.
"""

import os
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hits = list[tuple[int, float]]
"""Rows with their cosines, best first, equal ones in row order."""

Mask = NDArray[np.bool_]
"""Shape (passages,): true for each row that may be found."""

Codes = Any
"""A FAISS index of the codes of all passages. Safe to share between threads."""

CODED_FROM = 25_000
"""Passages. Fewer are compared exactly in little more than a millisecond."""

# How many of the nearest by their codes are compared exactly: 4,000 of a million.
_FEWEST_COMPARED = 1000
_COMPARED_FOR_EACH = 20
_COMPARED_OF_ALL = 1 / 250

# If more of all codes would have to be ranked, exact comparison takes less time.
_MOST_BY_CODES = 1 / 10


class DenseIndex:
    """The passages' float16 vectors, which may be mapped from disk. Threads may share it.

    Codes, if there are any, are those of the first rows; the rows behind them are compared exactly.
    """

    def __init__(self, vectors: NDArray[np.float16], codes: Codes | None = None) -> None:
        self.vectors = vectors
        self.codes = codes

    def search(
        self,
        question: NDArray[np.float32],
        limit: int,
        rows: Mask | None = None,
        *,
        exact: bool = False,
    ) -> Hits:
        """Return the `limit` nearest of the allowed `rows`, all without a mask.

        `question` has length one. With `exact`, no codes are looked at.
        """
        passages = len(self.vectors)
        allowed = passages if rows is None else int(np.count_nonzero(rows))
        limit = min(limit, allowed)
        if not limit:
            return []
        of_all = int(passages * _COMPARED_OF_ALL)
        compared = max(_FEWEST_COMPARED, _COMPARED_FOR_EACH * limit, of_all)
        if self.codes is not None and rows is not None and allowed <= compared:
            return self._nearest_of(np.flatnonzero(rows), question, limit)
        by_codes = compared * passages // allowed
        if self.codes is None or exact or by_codes > passages * _MOST_BY_CODES:
            return self._nearest_of_all(question, limit, rows)
        # A second thread would take a core from the encoder. The setting is this thread's own.
        _faiss().omp_set_num_threads(1)
        found: NDArray[np.int64] = self.codes.search(question[None, :], by_codes)[1][0]
        if rows is not None:
            found = found[rows[found]]
            if len(found) < compared / 2:  # the allowed rows are far from the question
                return self._nearest_of_all(question, limit, rows)
        return self._nearest_of(np.sort(found), question, limit, rows, self.codes.ntotal)

    def warm(self) -> None:
        """Bring vectors that are read at random into memory, by a thread of its own."""
        if self.codes is not None:
            bring_in([self.vectors])

    def _nearest_of(
        self,
        chosen: NDArray[np.int64],
        question: NDArray[np.float32],
        limit: int,
        rows: Mask | None = None,
        all_from: int | None = None,
    ) -> Hits:
        """Return the nearest of the chosen rows, and of all rows from `all_from` on."""
        blocks = [(self.vectors.take(chosen, axis=0), chosen)]
        if all_from is not None and all_from < len(self.vectors):
            blocks.append((self.vectors[all_from:], np.arange(all_from, len(self.vectors))))
        return nearest(blocks, question, limit, rows)

    def _nearest_of_all(self, question: NDArray[np.float32], limit: int, rows: Mask | None) -> Hits:
        return nearest([(self.vectors, np.arange(len(self.vectors)))], question, limit, rows)


def nearest(
    blocks: Iterable[tuple[NDArray[np.float16], NDArray[np.int64]]],
    question: NDArray[np.float32],
    limit: int,
    allowed: Mask | None = None,
) -> Hits:
    """Return the `limit` nearest of the `allowed` rows, or as many as there are.

    A block is vectors, shape (n, dimension), and the row of each, (n,); they are neither copied
    nor converted.
    """
    faiss = _faiss()
    quantizer = faiss.ScalarQuantizer(len(question), faiss.ScalarQuantizer.QT_fp16)
    only = None
    if allowed is not None:
        only = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    question = np.ascontiguousarray(question, np.float32)  # the scanner keeps its address
    cosines = np.full(limit, -np.inf, np.float32)  # with `rows` a heap, the worst on top
    rows = np.full(limit, -1, np.int64)
    heap = faiss.swig_ptr(cosines), faiss.swig_ptr(rows)
    scanner = quantizer.select_InvertedListScanner(
        faiss.METRIC_INNER_PRODUCT, quantizer=None, store_pairs=False, sel=only
    )
    try:
        scanner.set_query(faiss.swig_ptr(question))
        scanner.set_list(0, 0.0)
        for vectors, numbers in blocks:
            codes = faiss.swig_ptr(vectors.view(np.uint8))
            scanner.scan_codes(len(vectors), codes, faiss.swig_ptr(numbers), *heap, limit)
    finally:
        # The caller owns it. To let the wrapper delete it, by `thisown`, ends in a crash (1.15.1).
        faiss.InvertedListScanner.__swig_destroy__(scanner)
    best = np.lexsort((rows, -cosines))[: np.count_nonzero(rows >= 0)]
    return list(zip(rows[best].tolist(), cosines[best].tolist(), strict=True))


_DIMENSIONS = 4  # of a vector, in each part that has a code
_CENTROIDS = 16
_SAMPLE = 256 * _CENTROIDS  # rows to train on; four times as many, in 25 rounds, find no more
_ROUNDS = 10
_AT_ONCE = 16_384  # rows that are widened to float32 at a time


def codes_of(
    vectors: NDArray[np.float16], before: NDArray[np.uint8] | None
) -> NDArray[np.uint8] | None:
    """Return the codes of vectors as FAISS writes them, None where there are too few to need any.

    `before` are those of the first of these vectors. They are returned as they are while few came
    behind them. Then these are added, and when there are twice as many, all get codes anew.
    """
    count, dimension = vectors.shape
    if count < CODED_FROM or dimension % _DIMENSIONS:
        return None
    if before is not None:
        index = read_codes(before)
        if count - index.ntotal < CODED_FROM:
            return before
        if count < 2 * index.ntotal:
            return _with_codes(index, vectors)
    return _with_codes(_trained(vectors), vectors)


def _trained(vectors: NDArray[np.float16]) -> Codes:
    """Return an index without codes yet, which is the same for the same vectors."""
    faiss = _faiss()
    dimension = vectors.shape[1]
    index = faiss.IndexPQFastScan(
        dimension, dimension // _DIMENSIONS, 4, faiss.METRIC_INNER_PRODUCT
    )
    index.pq.cp.niter = _ROUNDS
    index.pq.cp.min_points_per_centroid = 1  # else it warns, where there are few
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # sums depend on how threads divide them
    try:
        spread = np.linspace(0, len(vectors) - 1, min(_SAMPLE, len(vectors))).astype(np.int64)
        index.train(vectors.take(spread, axis=0).astype(np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def _with_codes(index: Codes, vectors: NDArray[np.float16]) -> NDArray[np.uint8]:
    """Add the codes of vectors that an index does not have; return its form on disk."""
    for start in range(index.ntotal, len(vectors), _AT_ONCE):
        index.add(vectors[start : start + _AT_ONCE].astype(np.float32))
    content: NDArray[np.uint8] = _faiss().serialize_index(index)
    return content


def read_codes(content: NDArray[np.uint8]) -> Codes:
    """Return the codes that `codes_of` wrote; they are held in memory."""
    return _faiss().deserialize_index(np.ascontiguousarray(content))


def _faiss() -> Any:
    """Import FAISS late, for it takes a tenth of a second, and without its stubs, made for C++."""
    import faiss

    return faiss


SHARE_OF_MEMORY = 1 / 4
"""Larger arrays stay on the disk: in memory they would push out other data."""

_PAGE = 4096


def bring_in(arrays: Sequence[NDArray[Any]]) -> threading.Thread | None:
    """Read every page of the arrays in a thread of its own; return it.

    Return None if the arrays are larger than a quarter of the machine's memory.
    """
    if sum(array.nbytes for array in arrays) > SHARE_OF_MEMORY * memory_bytes():
        return None

    def touch() -> None:
        for array in arrays:  # NumPy lets other threads run
            array.reshape(-1).view(np.uint8)[::_PAGE].max(initial=0)

    thread = threading.Thread(target=touch, name="warming", daemon=True)
    thread.start()
    return thread


def memory_bytes() -> int:
    """Return how much memory the machine has; 0 where the system does not tell, as on Windows."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
