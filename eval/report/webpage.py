"""A run as one HTML file that needs nothing else: styles, script and charts are in it."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eval.comparison import Comparison
from eval.measures import BY_NAME
from eval.records import Run
from eval.report import charts
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
        bins=charts.reliability(run.results),
        risks=charts.risks(run.results),
        curves=charts.by_k(run),
    )
