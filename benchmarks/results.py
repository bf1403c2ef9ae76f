"""Where measurements are kept: a JSON file each, with what has to be known of it.

`report.py` makes RESULTS.md of those that are kept with the code, in results/.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.machine import conditions
from benchmarks.tables import table

WORK = Path(".cache/benchmarks")
"""Where stores and environments lie, below the working directory."""

LATEST = WORK / "results"
"""Where a measurement is kept if nothing else is said."""

WITH_THE_CODE = Path(__file__).parent / "results"


def keep(name: str, method: str, figures: Mapping[str, Any], folder: Path = LATEST) -> Path:
    """Write the measurement `name` in place of an earlier one; return its file.

    `method` says in words what was measured and how.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {"method": method, "conditions": conditions(), "figures": figures}
    path.write_text(json.dumps(_rounded(content), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"Kept in {path}", flush=True)
    return path


def keep_table(
    name: str,
    method: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    folder: Path = LATEST,
) -> Path:
    """Print a table of figures, and keep it as the measurement `name`."""
    print(table(columns, rows))
    return keep(name, method, {"columns": [*columns], "rows": [[*row] for row in rows]}, folder)


def read_all(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what is kept in a folder, by the measurements' names, in their order."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))
    }


def spread(values: Iterable[float]) -> dict[str, float]:
    """Return the median of several runs' figures, with the least and the greatest."""
    ordered = sorted(values)
    return {"median": median(ordered), "least": ordered[0], "most": ordered[-1]}


def percentiles(values: Iterable[float], prefix: str = "") -> dict[str, float]:
    """Return p50, p95, p99 and the mean, by interpolation."""
    import numpy as np

    each = np.fromiter(values, float)
    p50, p95, p99 = np.percentile(each, (50, 95, 99))
    named = {"p50": p50, "p95": p95, "p99": p99, "mean": each.mean()}
    return {f"{prefix}{name}": float(value) for name, value in named.items()}


def _rounded(value: Any) -> Any:
    """Return JSON with five significant digits: a timing has no more."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value
