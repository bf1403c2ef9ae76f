"""What became of an expected quote: its JSON form, and what a person reads."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from index.terminal import one_line
from qa.formats.cited import PlaceJson
from qa.formats.fields import likeness, place_line
from qa.records import Place
from qa.why.report import Report, Way
from qa.why.stages import STAGES, Finding

_MAX_OTHERS = 20
_MAX_OTHERS_PRINTED = 5


def why_json(report: Report) -> dict[str, Any]:
    """Return the JSON form of `report`: at which stage the quote was lost, or that it was cited.

    `way` begins at the place where the quote got furthest, `others` at its other places.
    """
    nearest = report.nearest
    return {
        "question": report.question,
        "expected": report.quote,
        "top_k": report.top_k,
        "way": _way_json(report.way),
        "others": [_way_json(way) for way in report.others[:_MAX_OTHERS]],
        "others_count": len(report.others),
        "nearest": nearest
        and {"place": _place_json(nearest.place), "similarity": nearest.similarity},
        "snapshot": report.snapshot,
        "model": report.model,
    }


def _way_json(way: Way) -> dict[str, Any]:
    expected = way.expected
    return {
        "place": _place_json(expected.place) if expected else None,
        "verbatim": expected.verbatim if expected else None,
        "passage_id": expected.passage.id if expected and expected.passage else None,
        "cited": way.cited,
        "lost_at": way.lost_at,
        "stages": [{"stage": stage, **asdict(finding)} for stage, finding in way.findings.items()],
    }


def _place_json(place: Place) -> dict[str, Any]:
    return PlaceJson.of(place).model_dump()


_MARKS = {True: "✓", False: "✗", None: "–"}
_STYLES = {True: "green", False: "bold red", None: "dim"}
_NAME_WIDTH = max(map(len, STAGES))


def print_report(report: Report, console: Console) -> None:
    """Print the verdict, a line for each stage, and one for each other place."""
    _print_hanging(Text(style="bold"), _verdict(report.way), console)
    console.print()
    if report.way.expected:
        for stage, finding in report.way.findings.items():
            _print_hanging(_head(stage, finding), finding.detail, console)
    if report.nearest:
        place, alike = report.nearest.place, likeness(report.nearest.similarity)
        where = place_line(place.document, place.span)
        _print_hanging(Text(), f"The nearest text there is, {alike}: {where}", console)
        _print_hanging(Text("  "), f"“{' '.join(place.text.split())}”", console)
    if report.others:
        _print_others(report.others, console)


def _verdict(way: Way) -> str:
    if way.lost_at is None:
        cited = way.findings["answered"].detail
        return f"{cited[:1].upper()}{cited[1:]}."
    return f"Lost at: {way.lost_at} — {way.findings[way.lost_at].detail}."


def _head(stage: str, finding: Finding) -> Text:
    """Return what stands before a stage's detail: mark, name, rank and score, in columns."""
    rank = "" if finding.rank is None else str(finding.rank)
    score = "" if finding.score is None else f"{finding.score:.3f}"
    head = Text(f"{_MARKS[finding.passed]} ", style=_STYLES[finding.passed])
    return head.append(f"{stage:{_NAME_WIDTH}} {rank:>5}  {score:>5}  ", style="default")


def _print_hanging(head: Text, detail: str, console: Console) -> None:
    """Print a detail to the right of its head, however many lines it takes."""
    indent = Text(" " * head.cell_len)
    lines = Text(one_line(detail)).wrap(console, max(20, console.width - head.cell_len - 1))
    for number, line in enumerate(lines or [Text()]):
        whole = (indent.copy() if number else head.copy()).append_text(line)
        whole.rstrip()
        console.print(whole, soft_wrap=True)


def _print_others(others: tuple[Way, ...], console: Console) -> None:
    console.print()
    console.print(f"It also stands in {len(others)} other place{'s' * (len(others) > 1)}:")
    for way in others[:_MAX_OTHERS_PRINTED]:
        place = way.expected.place if way.expected else None
        where = place_line(place.document, place.span) if place else ""
        console.print(Text(one_line(f"  {where}: {_outcome(way)}")), soft_wrap=True)
    if len(others) > _MAX_OTHERS_PRINTED:
        console.print(f"  … and {len(others) - _MAX_OTHERS_PRINTED} more")


def _outcome(way: Way) -> str:
    if way.lost_at is None:
        return way.findings["answered"].detail
    rank = way.findings[way.lost_at].rank
    return f"lost at {way.lost_at}" + (f", rank {rank}" if rank else "")
