"""A report's files: eval.html, which needs nothing else, eval.md and eval.json."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.comparison import Comparison
from eval.errors import ReportError
from eval.measures import BY_NAME
from eval.measures.formulas import BINS, bin_of, risk_coverage
from eval.measures.table import Table
from eval.records import Run
from eval.report.figures import (
    FIRST,
    comparison_line,
    difference_rows,
    is_missed,
    kinds_line,
    meaning,
    measure_rows,
    moment,
    number,
    offsets_line,
    rank_text,
    setting_rows,
)
from eval.report.stored import to_json
from index.terminal import printable

JSON_FILE = "eval.json"
HEADLINES = (
    "ndcg_at_10",
    "success_at_3",
    "citation_hit_rate",
    "highlighted_iou",
    "answer_rate",
    "false_answers_near_miss",
    "false_answers_far_off",
    "latency_p50_ms",
)
"""The figures that the page shows first, as far as they are defined."""

_TEMPLATES = FileSystemLoader(Path(__file__).parent / "templates")
_MOST_POINTS = 200


def write_report(run: Run, comparison: Comparison | None, folder: Path) -> tuple[Path, ...]:
    """Write the three files into `folder` and return them. Raises ReportError."""
    contents = {
        folder / "eval.html": to_html(run, comparison).encode(),
        folder / "eval.md": to_markdown(run, comparison).encode(),
        folder / JSON_FILE: to_json(run, comparison),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in contents.items():
            file.write_bytes(content)
    except OSError as error:
        raise ReportError(
            f"The report cannot be written to {folder} ({error.strerror}): "
            "choose another folder with --out."
        ) from error
    return tuple(contents)


def to_markdown(run: Run, comparison: Comparison | None = None) -> str:
    """Return the run as Markdown: figures, settings, misses with what was answered."""
    return _render(
        "report.md",
        run,
        comparison,
        first=FIRST,
        missed=[result for result in run.results if is_missed(result)],
        false_answers=[result for result in run.results if result.verdict == "false answer"],
    )


def to_html(run: Run, comparison: Comparison | None = None) -> str:
    """Return the run as HTML. Everything from documents and questions is escaped."""
    measures = run.measures["all"]
    table = Table.of(run.results)
    return _render(
        "report.html",
        run,
        comparison,
        headlines=[(BY_NAME[name], measures[name]) for name in HEADLINES if name in measures],
        bins=_reliability(table),
        risks=_risks(table),
    )


def _render(template: str, run: Run, comparison: Comparison | None, **more: Any) -> str:
    environment = Environment(
        loader=_TEMPLATES,
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "printable": printable,
        "escaped": _escaped,
        "rank": rank_text,
        "meaning": meaning,
        "moment": moment,
    }
    return environment.get_template(template).render(
        run=run,
        kinds=kinds_line(run),
        offsets=offsets_line(run),
        parts=list(run.measures),
        rows=measure_rows(run),
        number=number,
        settings=list(setting_rows(run)),
        comparison=comparison,
        comparison_line=comparison_line(comparison) if comparison else "",
        differences=difference_rows(comparison) if comparison else [],
        **more,
    )


def _escaped(text: str) -> str:
    """Return the text on one line, nothing in it taken for Markdown or HTML."""
    return re.sub(r"([\\`*_<>\[\]#|&~])", r"\\\1", " ".join(text.split()))


def _reliability(table: Table) -> list[dict[str, float]]:
    """Return the bins of confidence that hold a question: how sure, and how often right.

    `share` is how many of all questions these are.
    """
    confidence, right = table["confidence"], table["right"]
    bins = bin_of(confidence)
    return [
        {
            "low": bin_number / BINS,
            "high": (bin_number + 1) / BINS,
            "confidence": float(confidence[bins == bin_number].mean()),
            "right": float(right[bins == bin_number].mean()),
            "questions": int((bins == bin_number).sum()),
            "share": float((bins == bin_number).mean()),
        }
        for bin_number in np.unique(bins)
    ]


def _risks(table: Table) -> list[tuple[float, float]]:
    """Return the risk-coverage curve as points, thinned out to 200 at most."""
    curve = risk_coverage(table, table.rows("all"))
    n = len(curve)
    shown = np.unique(np.linspace(0, n - 1, min(n, _MOST_POINTS)).astype(int))
    return [(float((row + 1) / n), float(curve[row])) for row in shown]
