"""A run as Markdown for people, as JSON for programs, and as a table for the terminal."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
from rich.table import Table

from eval.errors import ReportError
from eval.records import Measures, Part, Result, Run

FORMAT = 1
"""The JSON's format version: raise it when a field changes its name or meaning."""

PARTS: tuple[Part, ...] = ("tune", "report", "all")
FIRST = 3
"""An answerable question without a quote in so many first passages is listed as a miss."""

_ROWS: tuple[tuple[str, Callable[[Measures], str]], ...] = (
    ("questions", lambda m: str(m.questions)),
    (
        "answerable / near-miss / far-off",
        lambda m: f"{m.answerable} / {m.near_miss} / {m.far_off}",
    ),
    ("recall@1", lambda m: _number(m.recall_at_1)),
    ("recall@3", lambda m: _number(m.recall_at_3)),
    ("recall@5", lambda m: _number(m.recall_at_5)),
    ("recall@10", lambda m: _number(m.recall_at_10)),
    ("MRR", lambda m: _number(m.mrr)),
    ("citation hit rate", lambda m: _number(m.citation_hit_rate)),
    ("citation precision", lambda m: _number(m.citation_precision)),
    ("answer rate", lambda m: _number(m.answer_rate)),
    ("false answers, near-miss", lambda m: _number(m.false_answers_near_miss)),
    ("false answers, far-off", lambda m: _number(m.false_answers_far_off)),
    ("latency p50, ms", lambda m: _number(m.latency_p50_ms, 1)),
    ("latency p95, ms", lambda m: _number(m.latency_p95_ms, 1)),
)


def table_rows(run: Run) -> list[tuple[str, ...]]:
    """Return the headline table: a measure's name, then its value for each of `PARTS`."""
    return [(label, *(value(run.measures[part]) for part in PARTS)) for label, value in _ROWS]


def offsets_line(run: Run) -> str:
    """Return how many offsets were checked and how many are wrong."""
    return f"offsets checked: {run.offsets.checked}, wrong: {len(run.offsets.wrong)}"


def to_table(run: Run) -> Table:
    """Return the headline table for a terminal."""
    table = Table("measure", title=f"{run.settings.gold}, snapshot {run.settings.snapshot}")
    for part in PARTS:
        table.add_column(part, justify="right")
    for row in table_rows(run):
        table.add_row(*row)
    return table


def to_json(run: Run) -> bytes:
    """Return the run as indented JSON."""
    content: dict[str, Any] = {"format": FORMAT}
    content |= {field.name: getattr(run, field.name) for field in fields(run)}
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def to_markdown(run: Run) -> str:
    """Return the run as Markdown: headline table, settings, misses with what was answered."""
    return "\n".join(_markdown(run)) + "\n"


def write_report(run: Run, folder: Path) -> tuple[Path, Path]:
    """Write `eval.json` and `eval.md` into `folder` and return them. Raises ReportError."""
    files = (folder / "eval.json", folder / "eval.md")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files[0].write_bytes(to_json(run))
        files[1].write_bytes(to_markdown(run).encode())
    except OSError as error:
        raise ReportError(
            f"The report cannot be written to {folder} ({error.strerror}): "
            "choose another folder with --out."
        ) from error
    return files


def _markdown(run: Run) -> Iterator[str]:
    yield "# Evaluation\n"
    yield from _markdown_table(("measure", *PARTS), table_rows(run))
    yield f"\n{offsets_line(run)}"
    yield from (f"- wrong: {_escaped(wrong)}" for wrong in run.offsets.wrong)
    yield "\n## Settings\n"
    for field in fields(run.settings):
        value = getattr(run.settings, field.name)
        if field.name == "versions":
            value = ", ".join(f"{package} {number}" for package, number in value.items())
        yield f"- {field.name}: {value}"
    missed = [result for result in run.results if _is_missed(result)]
    false = [result for result in run.results if _is_false(result)]
    yield f"\n## Answerable, but not found in the first {FIRST} or not cited: {len(missed)}\n"
    for result in missed:
        yield from _miss(result, f"{_rank(result)}, {'' if result.cited else 'not '}cited")
    yield f"\n## Unanswerable, but answered: {len(false)}\n"
    for result in false:
        yield from _miss(result, result.kind)


def _markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _miss(result: Result, what: str) -> Iterator[str]:
    about = f"{result.split}, {what}, confidence {result.confidence:.2f}"
    yield f"- **{_escaped(result.id)}** {_escaped(result.question)} ({about})  "
    yield f"  {_escaped(result.answer) if result.answer else '*not answered*'}"


def _is_missed(result: Result) -> bool:
    if result.kind != "answerable":
        return False
    return not result.cited or result.rank is None or result.rank > FIRST


def _is_false(result: Result) -> bool:
    return result.kind != "answerable" and result.answered


def _rank(result: Result) -> str:
    return f"rank {result.rank}" if result.rank else "in no passage"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _escaped(text: str) -> str:
    """Return the text on one line, nothing in it taken for Markdown or HTML."""
    return re.sub(r"([\\`*_<>\[\]#|&~])", r"\\\1", " ".join(text.split()))
