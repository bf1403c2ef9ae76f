"""What became of an expected quote, as a person reads it."""

from rich.console import Console
from rich.text import Text

from index.terminal import one_line
from qa.why.finding import Finding, named
from qa.why.report import STAGES, Report, Way

_MARKS = {True: "✓", False: "✗", None: "–"}
_STYLES = {True: "green", False: "bold red", None: "dim"}
_NAME_WIDTH = max(len(stage.__name__) for stage in STAGES)
_MOST_OTHERS = 5


def print_report(report: Report, console: Console) -> None:
    """Print the verdict, a line for each stage, and one for each other place."""
    _print_hanging(Text(style="bold"), _verdict(report.way), console)
    console.print()
    if report.way.expected:
        for name, finding in report.way.findings.items():
            _print_hanging(_head(name, finding), finding.detail, console)
    if report.nearest is not None:
        place, similarity = report.nearest
        nearest = f"The nearest text there is, {similarity:.0%} alike: {named(place)}"
        _print_hanging(Text(), nearest, console)
        _print_hanging(Text("  "), f"“{' '.join(place.text.split())}”", console)
    if report.others:
        _print_others(report.others, console)


def _verdict(way: Way) -> str:
    if way.lost_at is None:
        cited = way.findings["answered"].detail
        return f"{cited[:1].upper()}{cited[1:]}."
    return f"Lost at: {way.lost_at} — {way.findings[way.lost_at].detail}."


def _head(name: str, finding: Finding) -> Text:
    """Return what stands before a stage's detail: mark, name, rank and score, in columns."""
    rank = "" if finding.rank is None else str(finding.rank)
    score = "" if finding.score is None else f"{finding.score:.3f}"
    head = Text(f"{_MARKS[finding.passed]} ", style=_STYLES[finding.passed])
    return head.append(f"{name:{_NAME_WIDTH}} {rank:>5}  {score:>5}  ", style="default")


def _print_hanging(head: Text, detail: str, console: Console) -> None:
    """Print a detail, wrapped so that it stays to the right of its head."""
    indent = Text(" " * head.cell_len)
    lines = Text(one_line(detail)).wrap(console, max(20, console.width - head.cell_len - 1))
    for number, line in enumerate(lines or [Text()]):
        whole = (indent.copy() if number else head.copy()).append_text(line)
        whole.rstrip()
        console.print(whole, soft_wrap=True)


def _print_others(others: tuple[Way, ...], console: Console) -> None:
    console.print()
    console.print(Text(f"It also stands in {_count(len(others), 'other place')}:"))
    for way in others[:_MOST_OTHERS]:
        place = named(way.expected.place) if way.expected else ""
        console.print(Text(one_line(f"  {place}: {_outcome(way)}")), soft_wrap=True)
    if len(others) > _MOST_OTHERS:
        console.print(Text(f"  … and {len(others) - _MOST_OTHERS} more"))


def _outcome(way: Way) -> str:
    if way.lost_at is None:
        return way.findings["answered"].detail
    rank = way.findings[way.lost_at].rank
    return f"lost at {way.lost_at}" + (f", rank {rank}" if rank else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
