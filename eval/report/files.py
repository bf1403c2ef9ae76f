"""A report's files: eval.html, which needs nothing else, eval.md, and eval.json, read back too."""

import re
from codecs import BOM_UTF8
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import TypeAdapter, ValidationError

from eval.comparison import BaselineError, Comparison
from eval.measures import BY_NAME
from eval.measures.formulas import BINS, bin_of, risk_coverage
from eval.measures.table import Table
from eval.records import MAX_GRADE, Ranking, Result, Run
from eval.report import (
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
from index.errors import PinciteError
from index.terminal import printable

JSON_FILE = "eval.json"
FORMAT = 2
"""The format version of eval.json: raise it when a field changes its name or meaning."""

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
_DEEPEST = 1000


class ReportError(PinciteError):
    """The report cannot be written."""


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
    """Return the bins of confidence that hold a question: how sure, and how often right."""
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


def to_json(run: Run, comparison: Comparison | None = None) -> bytes:
    """Return the run, and what it was compared with, as indented JSON."""
    content: dict[str, Any] = {"format": FORMAT} | asdict(run)
    if comparison:
        content["comparison"] = asdict(comparison)
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_run(path: Path) -> Run:
    """Read a run back. Raises BaselineError for a file that is not one."""
    remedy = "name an eval.json, or make one by leaving out --baseline"
    try:
        content = path.read_bytes().removeprefix(BOM_UTF8)
        outer = orjson.loads(content)
    except OSError as error:
        raise BaselineError(f"{path} cannot be read ({error.strerror}): {remedy}.") from error
    except ValueError as error:
        raise BaselineError(f"{path} is not JSON: {remedy}.") from error
    if not isinstance(outer, dict) or "format" not in outer:
        raise BaselineError(f"{path} is not an evaluation: {remedy}.")
    if outer["format"] != FORMAT:
        raise BaselineError(f"{path} was written by another version of Pincite: make it anew.")
    try:
        run = TypeAdapter(Run).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BaselineError(f"{path}: {place}: {first['msg']}; make it anew.") from error
    for result in run.results:
        if not _is_possible(result):
            raise BaselineError(f"{path}: the result of {result.id} cannot be; make it anew.")
    return run


def _is_possible(result: Result) -> bool:
    """Tell whether a run can have these numbers: C code computes with some of them."""
    shares = 0 <= result.score <= 1 and 0 <= result.confidence <= 1 and result.took_ms >= 0
    overlaps = all(
        0 <= overlap.both <= min(overlap.gold, overlap.shown)
        for overlap in (result.cited, result.highlighted)
        if overlap
    )
    return shares and overlaps and (result.ranking is None or _can_rank(result.ranking))


def _can_rank(ranking: Ranking) -> bool:
    ranks = [item.rank for item in ranking.found]
    grades = [*(item.grade for item in ranking.found), *ranking.missed]
    return (
        0 <= ranking.depth <= _DEEPEST
        and all(1 <= rank <= ranking.depth for rank in ranks)
        and ranks == sorted(set(ranks))
        and grades != []
        and all(1 <= grade <= MAX_GRADE for grade in grades)
    )
