"""The numbered passages that a language model writes from, and the stretches it can rest on."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.records import Document, Passage, Span
from index.structure.tables import unit_of_measure
from index.structure.units import Unit, stands_above, units_of
from qa.read.windows import MOST_WORDS, Window
from qa.records import Answer

MOST_SOURCES = 5
_MOST_UNITS = 3
_TO_A_MODEL = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,20}"
    r"\b(?:all|any|your|previous|prior|earlier|preceding|these|other|everything)\b.{0,20}"
    r"\b(?:instructions?|prompts?|rules|guidelines|above|before|directions)\b"
    r"|\b(?:ignore|disregard|forget)\b.{0,20}\b(?:the above|what (?:you|was)|everything)\b"
    r"|\b(?:system|developer) (?:prompt|message)\b"
    r"|\byou are (?:now |an? |the )*(?:[\w-]+ ){0,4}"
    r"(?:AI|language model|LLM|(?:chat ?)?bot|assistant|agent|ChatGPT|DAN)\b"
    r"|\b(?:pretend|act|behave) (?:that you are|to be|as if|like|as) (?:you |an? )"
    r"|\bas an? (?:AI|language model|LLM|chat ?bot)\b"
    r"|\b(?:AI|LLM|language model|chat ?bot|assistant)s?\b.{0,40}"
    r"\b(?:answer|reply|respond|say|write|output|tell|state)\b"
    r"|^\W*(?:please )?(?:answer|reply|respond|say|write|output|state) that\b"
    r"|\b(?:answer|reply|respond|say|write|output|print|repeat|tell the (?:user|reader))\b.{0,30}"
    r"\b(?:only|exactly|instead|verbatim|following)\b.{0,20}[:“\"']"
    r"|\bnew instructions?\b|<\|?(?:im_start|system|assistant|user)\b|\[/?INST\]"
    r"|^\W*(?:system|assistant)\s*:"
    r"|\b(?:ignor(?:iere\w*|ez|a\w*)|missacht\w*|vergiss|oublie\w*|olvida\w*|esque[cç]\w*|negeer|игнорир\w*)\b.{0,40}"
    r"\b(?:anweisung|instruc|instruç|instruktion|istruzion|consigne|инструкци)"
    r"|(?:忽略|无视|無視).{0,20}(?:指令|指示|说明|說明)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A passage with the number, from 1, that the model cites it by.

    `text` is what the model sees, and `windows` are what a sentence can rest on: runs of one to
    three whole units. What speaks to a language model is in neither. `above` is the document's
    name and the nearest headings.
    """

    number: int
    document: Document
    heading_path: tuple[str, ...]
    above: str
    text: str
    windows: tuple[Window, ...]


def sources_of(answer: Answer) -> tuple[Source, ...]:
    """Return the first passages of an answer, and those that hold what it cites."""
    passages = [(hit.document, hit.passage) for hit in answer.hits]
    cited = [
        (document, passage)
        for document, passage in passages[MOST_SOURCES:]
        if any(
            document.id == c.document.id and passage.span.contains(c.span) for c in answer.citations
        )
    ]
    sources: list[Source] = []
    for document, passage in (*passages[:MOST_SOURCES], *cited):
        source = _source(len(sources) + 1, document, passage)
        if source.windows:
            sources.append(source)
    return tuple(sources)


def speaks_to_a_model(text: str) -> bool:
    """Tell whether a text seems to give a language model instructions."""
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(each for each in folded if unicodedata.category(each) != "Cf")
    return _TO_A_MODEL.search(seen) is not None


def _source(number: int, document: Document, passage: Passage) -> Source:
    above = stands_above(document, passage)
    above = "" if speaks_to_a_model(above) else above
    runs = list(_harmless(document.text, units_of(document.text, passage)))
    text = "\n…\n".join(_shown(document.text, run) for run in runs)
    windows = tuple(
        _with_measure(Window.of(number, document.text, above, units), document.text)
        for run in runs
        for units in _stretches(run)
    )
    return Source(number, document, passage.heading_path, above, text, windows)


def _harmless(text: str, units: Iterator[Unit]) -> Iterator[list[Unit]]:
    """Yield the runs of units between those that speak to a language model.

    What follows such a unit on its line belongs to it.
    """
    run: list[Unit] = []
    withheld_until = 0
    for unit in units:
        if any(speaks_to_a_model(part.of(text)) for part in unit.parts):
            line_end = text.find("\n", unit.span.end)
            withheld_until = line_end if line_end >= 0 else len(text)
        if unit.span.start >= withheld_until:
            run.append(unit)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _with_measure(window: Window, text: str) -> Window:
    """Return the window of a row with what says in which unit its figures are, such as millions."""
    unit = window.units[0]
    measure = unit_of_measure(text, unit.lead) if unit.kind == "row" and unit.lead else None
    if not measure or not unit.lead or unit.lead.contains(measure):
        return window
    above = ": ".join(filter(None, (window.above, measure.of(text))))
    return replace(window, parts=(measure, *window.parts), above=above)


def _shown(text: str, run: Sequence[Unit]) -> str:
    span = Span(run[0].span.start, run[-1].span.end)
    lead = run[0].lead
    return f"{lead.of(text)}\n{span.of(text)}" if lead and lead.end <= span.start else span.of(text)


def _stretches(run: Sequence[Unit]) -> Iterator[Sequence[Unit]]:
    """Yield all windows of up to three units; a row of a table stands by itself."""
    for first, opening in enumerate(run):
        size = 0
        for last in range(first, min(first + _MOST_UNITS, len(run))):
            unit = run[last]
            size += unit.size + (unit.size_above if last == first else unit.size_before)
            is_split = last > first and (size > MOST_WORDS or unit.kind == "row")
            if unit.kind == "header" or is_split:
                break
            yield run[first : last + 1]
            if opening.kind == "row":
                break
