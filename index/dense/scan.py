"""Exact comparison of a question with vectors in half precision, where they lie.

NumPy and FAISS' decoder take longer to widen float16 than to read it. The kernel behind FAISS'
scalar quantizer multiplies as it widens, at the speed of memory, and wants nothing but an address.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hits = list[tuple[int, float]]
"""Rows with their cosines, best first, equal ones in row order."""

Mask = NDArray[np.bool_]
"""Shape (passages,): true for each row that may be found."""


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
