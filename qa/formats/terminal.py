"""An answer as a person reads it: its citations, the passages behind it, how it came about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.text import Text

from index.records import Document, Span
from index.terminal import one_line
from qa.formats.fields import place_line
from qa.formats.labels import label
from qa.formats.links import link
from qa.formats.marked_text import CLOSEST, remarks, why_not, written_remarks
from qa.formats.quote_printing import print_indented, print_passage, print_quotes
from qa.records import (
    MOST_PLACES,
    Answer,
    AppliedCalibration,
    Citation,
    DroppedSentence,
    Hit,
    Place,
    WrittenAnswer,
    WrittenSentence,
)

_MOST_ROWS = 10
_HOW_TO_SEE = "--explain shows them"
_UNDO = "/new to ask it by itself"
"""Only a conversation, `pincite ask -i`, carries anything over."""


def print_answer(answer: Answer, console: Console, *, short: bool = False) -> None:
    """Print the answer, or that there is none, and unless `short` the ranked passages.

    Of an answer with written sentences, `print_written` has printed these already.
    """
    written = answer.written
    sentences = written.sentences if written else ()
    if not sentences:
        _print_remarks(answer, console)
    if answer.answered:
        if not sentences:
            print_quotes(answer, console)
        if short:
            console.print()
        cited = written.citations if written and sentences else answer.citations
        for _, group in groupby(cited, key=_named):
            _print_citations(list(group), console, short=short)
        if written and (told := list(written_remarks(written, how_to_see=_HOW_TO_SEE))):
            console.print()
            print_indented(Text("\n".join(told), style="dim"), console, 2)
    else:
        print_indented(Text(why_not(answer), style="bold"), console, 2)
    if not short:
        _print_hits("Passages" if answer.answered else CLOSEST, answer.hits, console)
        _print_summary(answer, console)
    if answer.explain is not None:
        lines = [*_explanation_lines(answer.explain), *(_check_lines(written) if written else ())]
        for line in lines:
            console.print(one_line(line), soft_wrap=True)


def print_written(
    answer: Answer,
    events: Iterable[WrittenSentence | DroppedSentence | WrittenAnswer],
    console: Console,
) -> Answer:
    """Print each sentence as soon as it comes; return the answer with all that was written."""
    style = "bold" if console.is_terminal else ""
    written, is_first = None, True
    for event in events:
        if isinstance(event, WrittenAnswer):
            written = event
        elif isinstance(event, WrittenSentence):
            if is_first:
                _print_remarks(answer, console)
            is_first = False
            marks = "".join(f"[{citation.number}]" for citation in event.citations)
            line = Text(f"{one_line(event.text)} ", style=style).append(marks, style="cyan")
            print_indented(line, console, 2)
    return replace(answer, written=written)


def _print_remarks(answer: Answer, console: Console) -> None:
    console.print()
    if answer_remarks := list(remarks(answer, undo=_UNDO)):
        print_indented(Text("\n".join(answer_remarks), style="dim"), console, 2)
        console.print()


def _named(citation: Citation) -> tuple[str, str]:
    return citation.document.id, label(citation.document, citation.span, citation.heading_path)


def _print_citations(citations: Sequence[Citation], console: Console, *, short: bool) -> None:
    """Print citations of one name, such as a row, its header and its unit."""
    document, path = citations[0].document, citations[0].heading_path
    marks = Text().append("".join(f"[{each.number}]" for each in citations), style="cyan")
    spans = [citation.span for citation in citations]
    agreeing = max(citation.agreeing for citation in citations)
    if not short:
        console.print()
    _print_place(marks.append(" "), document, spans, path, console, agreeing=agreeing)
    if not short:
        _print_also_said([place for citation in citations for place in citation.also_in], console)


def _print_hits(heading: str, hits: Sequence[Hit], console: Console) -> None:
    if hits:
        console.print()
        console.print(Text(heading, style="bold"))
    for rank, hit in enumerate(hits, 1):
        console.print()
        rank_and_score = Text().append(f"{rank:2}  ", "bold").append(f"{hit.score:.2f}  ", "green")
        passage = hit.passage
        _print_place(rank_and_score, hit.document, [passage.span], passage.heading_path, console)
        _print_also_said(hit.also_in, console)
        print_passage(hit, console, 6)


def _print_place(
    before: Text,
    document: Document,
    spans: Sequence[Span],
    heading_path: Iterable[str],
    console: Console,
    *,
    agreeing: int = 1,
) -> None:
    """Print a short name of a place, and where the words stand exactly.

    At a terminal the name is a link to the words on their web page; elsewhere that has a line.
    """
    name, place = label(document, spans[0], heading_path), place_line(document, *spans)
    is_exact = place.startswith(f"{name}:")
    url = link(document, spans[0]) or ""
    style = Style(link=url) if url else "default"
    line = before.append(place if is_exact else name, style=style)
    if agreeing > 1:
        line.append(f"  {agreeing} documents say this", style="green")
    print_indented(line, console, 2 if line.plain.startswith("[") else 0)
    if not is_exact:
        print_indented(Text(place, style="dim"), console, 6)
    if url and not console.is_terminal:
        console.print(Text(f"      {url}"), soft_wrap=True)


def _print_also_said(also_in: Sequence[Place], console: Console) -> None:
    if also_in:
        print_indented(Text(_also_said(also_in)), console, 6)


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
        print_indented(Text(one_line(_promise(answer.calibration)), style="dim"), console, 0)


def _promise(calibration: AppliedCalibration) -> str:
    if calibration.promise is not None:
        return calibration.promise
    if calibration.stale:
        return (
            "Nothing is promised: the documents changed since the calibration; make a new one with "
            "`pincite calibrate`."
        )
    return "Nothing is promised: the threshold was set by hand."


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


def _check_lines(written: WrittenAnswer) -> Iterator[str]:
    yield ""
    yield f"written by {written.model}, {written.took_ms:.0f} ms"
    for sentence in written.sentences:
        yield f"  shown, support {sentence.support:.3f}: {sentence.text}"
    for dropped in written.dropped:
        yield f"  dropped, {dropped.check.name}: {dropped.check.fault} “{dropped.text}”"
