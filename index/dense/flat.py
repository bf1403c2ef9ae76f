"""Exact search: every vector is compared with the question's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors


class FlatIndex:
    """The vectors in memory, behind FAISS' flat index. Safe to share between threads."""

    def __init__(self, vectors: Vectors) -> None:
        import faiss  # here and not above: it takes a tenth of a second, while a model is loaded

        self._index: Any = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)

    def search(
        self, question: NDArray[np.float32], limit: int, rows: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """Return the `limit` nearest rows as (row, cosine), best first, ties in row order.

        With `rows`, shape (vectors,), the nearest of those that are true: they are chosen before
        anything is cut off.
        """
        import faiss

        # One thread a question: a second one would fight the encoder's for the cores. The setting
        # is the calling thread's own.
        faiss.omp_set_num_threads(1)
        limit = min(limit, self._index.ntotal if rows is None else int(np.count_nonzero(rows)))
        if not limit:
            return []
        only = None
        if rows is not None:
            wrapped: Any = faiss  # its stubs have the signatures of C++
            chosen = wrapped.IDSelectorBitmap(np.packbits(rows, bitorder="little"))
            only = wrapped.SearchParameters(sel=chosen)
        scores, nearest = self._index.search(question[None, :], limit, params=only)
        found = [(int(row), float(score)) for row, score in zip(nearest[0], scores[0], strict=True)]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))
