"""Where measurements are kept, what has to be known of each, and how figures are written.

A measurement is a JSON file. `report.py` makes RESULTS.md of those that are kept with the code, in
results/.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

WORK = Path(".cache/benchmarks")
"""Where stores and environments lie, below the working directory."""

LATEST = WORK / "results"
"""Where a measurement is kept if nothing else is said."""

WITH_THE_CODE = Path(__file__).parent / "results"

_PACKAGES = (
    "faiss-cpu", "fastapi", "numpy", "openvino", "sentence-transformers", "torch", "uvicorn",
)  # fmt: skip
_TELLING = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")


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


def conditions() -> dict[str, Any]:
    """Return what has to be known of a figure, as JSON."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def machine() -> str:
    """Return processor and memory in words."""
    cpu = _fields("/proc/cpuinfo")
    flags = [flag for flag in _TELLING if flag in cpu.get("flags", "").split()]
    gib = int(_fields("/proc/meminfo")["MemTotal"].split()[0]) / 2**20
    name = cpu.get("model name", platform.machine())
    return f"{os.cpu_count()} cores of {name} ({', '.join(flags)}), {gib:.0f} GiB of memory"


def _fields(path: str) -> dict[str, str]:
    """Return the first value of each field of a file of the kernel's (Linux)."""
    found: dict[str, str] = {}
    for line in Path(path).read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return found


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
        ).stdout.strip()

    commit = git("rev-parse", "--short", "HEAD")
    changed = git("status", "--porcelain", "--", "*.py", ":!/benchmarks")
    return f"{commit or 'unknown'}{' and changes not committed' if changed else ''}"


def at(figures: Mapping[str, Any], place: Iterable[str]) -> Any:
    """Return what stands at a place of nested figures; None where nothing does."""
    found: Any = figures
    for name in place:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def middle(value: Any) -> float | None:
    """Return a figure, the median of one that was measured several times."""
    found: float | None = value["median"] if isinstance(value, Mapping) else value
    return found


def shown(value: Any) -> str:
    """Write a figure with three significant digits, and its least and greatest if known."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if value["least"] == value["most"]:  # measured once
            return shown(value["median"])
        return f"{shown(value['median'])} ({shown(value['least'])} to {shown(value['most'])})"
    if isinstance(value, str):
        return value
    if value and abs(value) < 100:
        return f"{value:#.3g}".rstrip(".")
    return f"{value:,.0f}"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table; all columns but the first are numbers, and stand to the right."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    lines += [[shown(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
