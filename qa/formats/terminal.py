"""An answer as a person reads it: its citations, the passages behind it, how it came about."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from index.records import Span
from index.terminal import one_line, printable
from qa.formats.fields import place_line
from qa.formats.marked_text import CLOSEST, NOT_ANSWERED, NOTHING_SEARCHED, remarks
from qa.question.wording import is_complete, is_lead_in, is_row
from qa.records import MOST_PLACES, Answer, AppliedCalibration, Citation, Hit, Place

_MOST_ROWS = 10


def print_answer(answer: Answer, console: Console, *, short: bool = False) -> None:
    """Print the answer, or that there is none, and the ranked passages; these not if `short`."""
    console.print()
    answer_remarks = list(remarks(answer))
    for remark in answer_remarks:
        _print_indented(Text(remark, style="dim"), console, 2)
    if answer_remarks:
        console.print()
    if answer.answered:
        _print_indented(_answer_text(answer, console), console, 2)
        if short:
            console.print()
        for citation in answer.citations:
            _print_citation(citation, console, short=short)
    else:
        why_not = NOT_ANSWERED if answer.hits else NOTHING_SEARCHED
        _print_indented(Text(why_not, style="bold"), console, 2)
    if not short:
        _print_hits("Passages" if answer.answered else CLOSEST, answer.hits, console)
        _print_summary(answer, console)
    if answer.explain is not None:
        print_explanation(answer.explain, console)


def _answer_text(answer: Answer, console: Console) -> Text:
    """Return the answer with its marks; the parts of one quote stand below one another."""
    answer_text = answer.text or ""
    text = Text(style="bold" if console.is_terminal else "")
    end = 0
    for span in answer.spans:
        marks = "".join(f"[{number}]" for number in span.citations)
        text.append(answer_text[end : span.start])
        text.append(f"{_unwrapped(answer_text[span.start : span.end])} ")
        text.append(marks, style="cyan")
        end = span.end
    return text


def _unwrapped(words: str) -> str:
    """Join the lines of a sentence; rows, and what follows a whole sentence, keep their lines."""
    lines = [" ".join(line.split()) for line in printable(words).split("\n")]
    unwrapped = before = ""
    for line in filter(None, lines):
        joins = before and not (
            is_row(before) or is_row(line) or is_complete(before) or is_lead_in(before)
        )
        unwrapped += f" {line}" if joins else f"\n{line}" if unwrapped else line
        before = line
    return unwrapped


def _print_citation(citation: Citation, console: Console, *, short: bool) -> None:
    first = Text(f"[{citation.number}] ", style="cyan")
    first.append(place_line(citation.document, citation.span), style="default")
    if citation.agreeing > 1:
        first.append(f"  {citation.agreeing} documents say this", style="green")
    if not short:
        console.print()
    _print_indented(first, console, 2)
    if not short:
        _print_details(citation.document.title, citation, citation.heading_path, console)


def _print_hits(heading: str, hits: Sequence[Hit], console: Console) -> None:
    if hits:
        console.print()
        console.print(Text(heading, style="bold"))
    for rank, hit in enumerate(hits, 1):
        console.print()
        first = Text(f"{rank:2}  ", style="bold").append(f"{hit.score:.2f}  ", style="green")
        console.print(first.append(place_line(hit.document, hit.passage.span), style="default"))
        _print_details(hit.document.title, hit, hit.passage.heading_path, console)
        _print_indented(_passage(hit), console, 6)


def _passage(hit: Hit) -> Text:
    """Return a passage with its highlights; only a terminal shows them, in bold."""
    text = Text()
    position = hit.passage.start
    for span in hit.highlights:
        text.append(printable(Span(position, span.start).of(hit.document.text)), style="dim")
        text.append(printable(span.of(hit.document.text)), style="bold yellow")
        position = span.end
    return text.append(printable(hit.document.text[position : hit.passage.end]), style="dim")


def _print_details(
    title: str, item: Citation | Hit, heading_path: Iterable[str], console: Console
) -> None:
    path = " › ".join(dict.fromkeys(one_line(part) for part in (title, *heading_path) if part))
    if path:
        _print_indented(Text(path, style="italic"), console, 6)
    if item.also_in:
        _print_indented(Text(_also_said(item.also_in)), console, 6)


def _also_said(also_in: Sequence[Place]) -> str:
    places, unlisted = also_in[:MOST_PLACES], len(also_in[MOST_PLACES:])
    sources = ", ".join(dict.fromkeys(one_line(place.document.source) for place in places))
    times = "once" if len(places) == 1 else f"{len(places)} times"
    more = f", and in {unlisted} more place{'s' * (unlisted > 1)}" if unlisted else ""
    return f"also said {times} in {sources}{more}"


def _print_summary(answer: Answer, console: Console) -> None:
    reader = f"reader {answer.reader.name}" if answer.reader else "no reader"
    summary = (
        f"confidence {answer.confidence:.2f} · {answer.took_ms:.0f} ms · {answer.model} · {reader}"
    )
    console.print()
    console.print(Text(one_line(summary), style="dim"), soft_wrap=not console.is_terminal)
    if answer.calibration is not None:
        _print_indented(Text(one_line(_promise(answer.calibration)), style="dim"), console, 0)


def _promise(calibration: AppliedCalibration) -> str:
    if calibration.promise is not None:
        return calibration.promise
    if calibration.stale:
        return (
            "Nothing is promised: the documents changed since the calibration; make a new one with "
            "`pincite calibrate`."
        )
    return "Nothing is promised: the threshold was set by hand."


def _print_indented(text: Text, console: Console, indent: int) -> None:
    for line in text.wrap(console, max(1, console.width - indent - 2)):
        line.rstrip()
        console.print(Text(" " * indent if line else "").append_text(line))


def print_explanation(explain: Any, console: Console) -> None:
    """Print what an answer's `explain` has; no line is cut or broken."""
    for line in _explanation_lines(explain):
        console.print(one_line(line), soft_wrap=True)


def _explanation_lines(explain: Any) -> Iterator[str]:
    terms = (f"{term['text']} {term['weight']:.2f}" for term in explain["question"]["terms"])
    yield ""
    yield f"terms and their weights: {', '.join(terms)}"
    yield f"stages: {', '.join(['dense', *explain['stages']])}"
    for stage in ("dense", "lexical", "fused", "read", "quotes"):
        yield ""
        yield stage
        for row in explain[stage][:_MOST_ROWS]:
            chosen = "  chosen" * row.get("chosen", False)
            yield f"{row['rank']:3}  {row['score']:.3f}  {row['place']}{chosen}"
    yield ""
    places = {row["passage_id"]: row["place"] for row in explain["dense"]}
    for group in explain["collapsed"]:
        stands_for = ", ".join(places[each] for each in group["stands_for"])
        yield f"{places[group['passage_id']]} stands for {stands_for}"
    yield from _decision_lines(explain["decision"])


def _decision_lines(decision: Any) -> Iterator[str]:
    yield "decision"
    for name, value in (decision["evidence"] or {}).items():
        yield f"  {name} {value:.3f}"
    if decision["missing_names"]:
        yield f"missing names: {', '.join(decision['missing_names'])}"
    calibration = ""
    if decision["calibration"] is not None:
        calibration = f", calibration {decision['calibration']}{', stale' * decision['stale']}"
    yield f"score {decision['score']:.3f}{calibration}"
    by_hand = ", set by hand" * decision["by_hand"]
    yield (
        f"confidence {decision['confidence']:.3f}, threshold {decision['threshold']:.3f}{by_hand}"
    )
