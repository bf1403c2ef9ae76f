"""A run as Markdown: for people, for a commit message, for the documentation."""

import re
from collections.abc import Iterable, Iterator, Sequence

from eval.comparison import Change, Comparison
from eval.records import Result, Run
from eval.report.figures import (
    FIRST,
    comparison_line,
    difference_rows,
    is_missed,
    kinds_line,
    measure_rows,
    moment,
    offsets_line,
    parts_of,
    rank_text,
    setting_rows,
)

_LISTED = 200
"""How many questions of each kind are listed; the JSON and HTML files hold all."""


def to_markdown(run: Run, comparison: Comparison | None = None) -> str:
    """Return the run as Markdown: figures, settings, misses with what was answered."""
    return "\n".join(_markdown(run, comparison)) + "\n"


def _markdown(run: Run, comparison: Comparison | None) -> Iterator[str]:
    yield f"# Evaluation: {_escaped(run.settings.data)}\n"
    yield f"{kinds_line(run)}; 95 % intervals in brackets.\n"
    yield from _table(("measure", *parts_of(run)), measure_rows(run))
    yield f"\n{offsets_line(run)}"
    yield from (f"- {_escaped(note)}" for note in run.notes)
    yield from (f"- wrong: {_escaped(wrong)}" for wrong in run.offsets.wrong)
    if comparison:
        yield from _comparison(comparison)
    yield "\n## Settings\n"
    yield from (f"- {name}: {_escaped(value)}" for name, value in setting_rows(run))
    missed = [result for result in run.results if is_missed(result)]
    false = [result for result in run.results if result.verdict == "false answer"]
    yield from _listed(f"Answerable, but not found in the first {FIRST} or not cited", missed)
    yield from _listed("Unanswerable, but answered", false)


def _comparison(comparison: Comparison) -> Iterator[str]:
    baseline = comparison.baseline
    yield "\n## Compared with the baseline\n"
    yield f"{comparison_line(comparison)} The baseline is of {moment(baseline.date)}.\n"
    head = ("measure", "before", "now", "difference (95 % interval)", "questions gained, lost", "")
    yield from _table(head, difference_rows(comparison))
    if comparison.conditions:
        yield "\nOther conditions than then:\n"
        for name, (before, now) in comparison.conditions.items():
            yield f"- {name}: {_escaped(before)} → {_escaped(now)}"
    for title, changes in (("Worse", comparison.worse), ("Better", comparison.better)):
        yield f"\n### {title} than then: {len(changes)}\n"
        for change in changes[:_LISTED]:
            yield from _change(change)
        yield from _more(changes)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _listed(title: str, results: Sequence[Result]) -> Iterator[str]:
    yield f"\n## {title}: {len(results)}\n"
    for result in results[:_LISTED]:
        about = ", ".join((result.split, _outcome(result), f"confidence {result.confidence:.2f}"))
        yield f"- **{_escaped(result.id)}** {_escaped(result.question)} ({about})  "
        yield f"  {_answer(result)}"
    yield from _more(results)


def _more(items: Sequence[object]) -> Iterator[str]:
    if len(items) > _LISTED:
        yield f"- … and {len(items) - _LISTED} more, in eval.json and eval.html"


def _change(change: Change) -> Iterator[str]:
    now = change.now
    yield f"- **{_escaped(now.id)}** {_escaped(now.question)}  "
    yield f"  before ({_outcome(change.before)}): {_answer(change.before)}  "
    yield f"  now ({_outcome(now)}): {_answer(now)}"


def _outcome(result: Result) -> str:
    return f"{result.kind}, {result.verdict}, {rank_text(result)}"


def _answer(result: Result) -> str:
    return _escaped(result.answer) if result.answer else "*not answered*"


def _escaped(text: str) -> str:
    """Return the text on one line, nothing in it taken for Markdown or HTML."""
    return re.sub(r"([\\`*_<>\[\]#|&~])", r"\\\1", " ".join(text.split()))
