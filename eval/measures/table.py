"""Results as columns of numbers, a row a question: what every measure is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.measures.ranking import ranking_values
from eval.records import Overlap, Result

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length. Where a value is not defined for a row it is 0.

    A column that is 0 or 1 can be used to choose rows: those where it is 1.
    """

    columns: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def rows(self, name: str) -> NDArray[np.intp]:
        """Return the rows where a column is not 0."""
        return np.flatnonzero(self.columns[name])

    @classmethod
    def of(cls, results: Sequence[Result]) -> "Table":
        """Return the columns of these results."""
        kinds = np.array([r.kind for r in results], dtype=object)
        columns = {
            "all": [1.0] * len(results),
            "answerable": kinds == "answerable",
            "near_miss": kinds == "near-miss",
            "far_off": kinds == "far-off",
            "unanswerable": kinds != "answerable",
            "answered": [r.answered for r in results],
            "confidence": [r.confidence for r in results],
            "right": [r.right for r in results],
            "took_ms": [r.took_ms for r in results],
            "cited_right": [r.verdict == "right" for r in results],
            "citations": [len(r.citations) for r in results],
            "citations_on_gold": [sum(c.on_gold for c in r.citations) for r in results],
            "ranked": [r.ranking is not None for r in results],
            "spanned": [r.cited is not None for r in results],
        }
        columns |= _overlaps("cited", [r.cited for r in results])
        columns |= _overlaps("highlighted", [r.highlighted for r in results])
        columns |= ranking_values([r.ranking for r in results])
        return cls({name: np.asarray(column, dtype=float) for name, column in columns.items()})


def _overlaps(name: str, overlaps: Sequence[Overlap | None]) -> dict[str, list[float]]:
    """Return recall, precision and IoU of characters, how many were shown, and whether any."""
    none = Overlap(0, 0, 0)
    counts = [each or none for each in overlaps]
    return {
        f"{name}_recall": [_share(o.both, o.gold) for o in counts],
        f"{name}_precision": [_share(o.both, o.shown) for o in counts],
        f"{name}_iou": [_share(o.both, o.gold + o.shown - o.both) for o in counts],
        f"{name}_length": [o.shown for o in counts],
        f"{name}_any": [o.shown > 0 for o in counts],
    }


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
