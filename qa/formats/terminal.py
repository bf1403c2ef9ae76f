"""An answer as a person reads it: its citations, the passages behind it, how it came about."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from index.records import Span
from index.structure.wording import is_complete, is_lead_in, is_row
from index.terminal import one_line, printable
from qa.formats.fields import place_line
from qa.formats.marked_text import CLOSEST, headings_line, remarks, why_not
from qa.records import MOST_PLACES, Answer, AppliedCalibration, Citation, Hit, Place

_MOST_ROWS = 10
_UNDO = "/new to ask it by itself"
"""Only a conversation, `pincite ask -i`, carries anything over."""


def print_answer(answer: Answer, console: Console, *, short: bool = False) -> None:
    """Print the answer, or that there is none, and unless `short` the ranked passages."""
    console.print()
    if answer_remarks := list(remarks(answer, undo=_UNDO)):
        _print_indented(Text("\n".join(answer_remarks), style="dim"), console, 2)
        console.print()
    if answer.answered:
        _print_indented(_answer_text(answer, console), console, 2)
        if short:
            console.print()
        for citation in answer.citations:
            _print_citation(citation, console, short=short)
    else:
        _print_indented(Text(why_not(answer), style="bold"), console, 2)
    if not short:
        _print_hits("Passages" if answer.answered else CLOSEST, answer.hits, console)
        _print_summary(answer, console)
    if answer.explain is not None:
        for line in _explanation_lines(answer.explain):
            console.print(one_line(line), soft_wrap=True)


def _answer_text(answer: Answer, console: Console) -> Text:
    """Return the answer with its marks; each part of a quote begins a line."""
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
    """Join the lines of a sentence; rows, and what follows a whole sentence, begin a line."""
    unwrapped = before = ""
    for line in (" ".join(line.split()) for line in printable(words).split("\n")):
        if line:
            ends = is_row(before) or is_row(line) or is_complete(before) or is_lead_in(before)
            unwrapped += f"\n{line}" if ends else f" {line}"
            before = line
    return unwrapped.strip()


def _print_citation(citation: Citation, console: Console, *, short: bool) -> None:
    line = Text(f"[{citation.number}] ", style="cyan")
    line.append(place_line(citation.document, citation.span), style="default")
    if citation.agreeing > 1:
        line.append(f"  {citation.agreeing} documents say this", style="green")
    if short:
        _print_indented(line, console, 2)
    else:
        console.print()
        _print_indented(line, console, 2)
        _print_details(citation, citation.heading_path, console)


def _print_hits(heading: str, hits: Sequence[Hit], console: Console) -> None:
    if hits:
        console.print()
        console.print(Text(heading, style="bold"))
    for rank, hit in enumerate(hits, 1):
        console.print()
        line = Text(f"{rank:2}  ", style="bold").append(f"{hit.score:.2f}  ", style="green")
        console.print(line.append(place_line(hit.document, hit.passage.span), style="default"))
        _print_details(hit, hit.passage.heading_path, console)
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


def _print_details(item: Citation | Hit, heading_path: Iterable[str], console: Console) -> None:
    if path := headings_line(item.document, heading_path):
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
    summary = f"confidence {answer.confidence:.2f} · {answer.took_ms:.0f} ms · {answer.model}"
    console.print()
    line = Text(one_line(f"{summary} · {reader}"), style="dim")
    console.print(line, soft_wrap=not console.is_terminal)
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
    yield "decision"
    decision = explain["decision"]
    for name, value in (decision["evidence"] or {}).items():
        yield f"  {name} {value:.3f}"
    if decision["missing_names"]:
        yield f"missing names: {', '.join(decision['missing_names'])}"
    score, stale = f"score {decision['score']:.3f}", ", stale" * decision["stale"]
    calibration = decision["calibration"]
    yield f"{score}, calibration {calibration}{stale}" if calibration else score
    threshold = f"threshold {decision['threshold']:.3f}" + ", set by hand" * decision["by_hand"]
    yield f"confidence {decision['confidence']:.3f}, {threshold}"
