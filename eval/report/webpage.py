"""A run as one HTML file that needs nothing else: styles, script and charts are in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.comparison import Comparison
from eval.measures import BY_NAME
from eval.measures.formulas import BINS, bin_of, risk_coverage
from eval.measures.table import AT, Table
from eval.records import Estimate, Result, Run
from eval.report.figures import (
    HEADLINES,
    comparison_line,
    difference_rows,
    kinds_line,
    meaning,
    measure_rows,
    moment,
    number,
    offsets_line,
    parts_of,
    rank_text,
    setting_rows,
)
from index.terminal import printable

_MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions whose confidence lies between two bounds: how sure, and how often right.

    `share` is how many of all questions these are.
    """

    low: float
    high: float
    confidence: float
    right: float
    questions: int
    share: float


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve, both in 0..1."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ByK:
    """A measure at several k."""

    label: str
    estimates: tuple[tuple[int, Estimate], ...]


def reliability(results: Sequence[Result]) -> list[Bin]:
    """Return the bins of the reliability diagram that hold a question."""
    table = Table.of(results)
    confidence, right = table["confidence"], table["right"]
    bins = bin_of(confidence)
    return [
        Bin(
            low=each / BINS,
            high=(each + 1) / BINS,
            confidence=float(confidence[bins == each].mean()),
            right=float(right[bins == each].mean()),
            questions=int((bins == each).sum()),
            share=float((bins == each).mean()),
        )
        for each in range(BINS)
        if (bins == each).any()
    ]


def risks(results: Sequence[Result]) -> list[Point]:
    """Return the risk-coverage curve, thinned out to 200 points at most."""
    table = Table.of(results)
    curve = risk_coverage(table, table.rows("all"))
    n = len(curve)
    shown = np.unique(np.linspace(0, n - 1, min(n, _MOST_POINTS)).astype(int))
    return [Point(float((row + 1) / n), float(curve[row])) for row in shown]


def by_k(run: Run) -> list[ByK]:
    """Return success@k and recall@k over all questions, as far as they are defined."""
    measures = run.measures["all"]
    curves = (
        ByK(
            label,
            tuple((k, measures[f"{name}_at_{k}"]) for k in AT if f"{name}_at_{k}" in measures),
        )
        for label, name in (("success@k", "success"), ("recall@k", "recall"))
    )
    return [curve for curve in curves if curve.estimates]


_TEMPLATES = Path(__file__).parent / "templates"


def to_html(run: Run, comparison: Comparison | None = None) -> str:
    """Return the run as HTML. Everything from documents and questions is escaped."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "printable": printable,
        "rank": rank_text,
        "meaning": meaning,
        "moment": moment,
    }
    measures = run.measures["all"]
    return environment.get_template("report.html").render(
        run=run,
        kinds=kinds_line(run),
        offsets=offsets_line(run),
        parts=parts_of(run),
        rows=measure_rows(run),
        headlines=[(BY_NAME[name], measures[name]) for name in HEADLINES if name in measures],
        number=number,
        settings=list(setting_rows(run)),
        comparison=comparison,
        comparison_line=comparison_line(comparison) if comparison else "",
        differences=difference_rows(comparison) if comparison else [],
        bins=reliability(run.results),
        risks=risks(run.results),
        curves=by_k(run),
    )
