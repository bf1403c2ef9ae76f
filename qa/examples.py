"""Questions to begin with: such as stand in the documents and are answered by them."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import groupby, islice, zip_longest
from operator import attrgetter
from typing import NamedTuple

from index.records import ChunkedDocument, Passage, headings
from index.store.snapshot import Snapshot
from qa.engine import Engine
from qa.question.wording import content_words, leans_back, same_claim_words, word_count

MOST = 6
ENOUGH = 4
"""Where fewer questions stand in the documents, some are made of headings."""
MOST_ASKED = 24
"""How many questions are tried; each costs as much as one of a person's."""
SOURCES_LOOKED_AT = 60
DOCUMENTS_OF_A_SOURCE = 8
"""More than one only where a file's rows are documents."""
PASSAGES_OF_A_DOCUMENT = 40
SAME = 0.6
"""Two questions are near-duplicates from this Dice coefficient of their content words on."""

_LABEL = re.compile(r"^(?:q(?:uestion)?\s*\d*\s*[:.)]|\d+[.)]|[-*•])\s+", re.I)
_OPENS = re.compile(
    r"(?:what|why|how|when|where|who|whom|whose|which|can|could|do|does|did|is|are|may|must|should)"
    r"\b(?!\s+you\b)",
    re.I,
)
_MARKUP = re.compile(r"[*`|]|\]\(")
_POINTS = re.compile(
    r"\b(?:this|these|those|they|them|he|she|here|above|below|following)\b|\bit\W*$", re.I
)
_INTRODUCES = re.compile(r"(?:understanding|introducing|introduction|exploring|about)\b", re.I)
_SAYS_NOTHING = frozenset(
    "about abstract acknowledgements appendix background bibliography conclusion conclusions "
    "contents definitions discussion faq history home index introduction license links notes "
    "overview preface references related see summary table title untitled".split()
)


class Candidate(NamedTuple):
    """A question that might be an example, and the document it is from."""

    question: str
    document_id: str


def examples(engine: Engine) -> tuple[str, ...]:
    """Return up to MOST questions that the engine answers from the document each stands in.

    The same snapshot gives the same ones. However large it is, a bounded part of it is looked at,
    and at most MOST_ASKED questions are tried.
    """
    documents = _looked_at(engine.snapshot)
    asking = islice(_distinct(_questions(documents)), MOST_ASKED)
    asked = list(asking)
    found = list(islice((each for each in asked if _answers(engine, each)), MOST))
    if len(found) < ENOUGH:
        further = islice(_distinct(_from_headings(documents)), MOST_ASKED - len(asked))
        found += islice((each for each in further if _answers(engine, each)), ENOUGH - len(found))
    return tuple(each.question for each in found)


def _looked_at(snapshot: Snapshot) -> list[list[ChunkedDocument]]:
    """Return the first documents of some sources, in an order that has nothing to do with names."""
    by_source = groupby(snapshot.chunked.values(), key=attrgetter("document.source"))
    files = ((source, list(islice(each, DOCUMENTS_OF_A_SOURCE))) for source, each in by_source)
    spread = nsmallest(SOURCES_LOOKED_AT, files, key=lambda file: _digest(file[0]))
    return [documents for _, documents in spread]


def _digest(source: str) -> bytes:
    return hashlib.sha256(source.encode()).digest()


def _questions(files: Iterable[Iterable[ChunkedDocument]]) -> Iterator[Candidate]:
    """Yield what asks in the documents: the first question of each file, the second of each, …."""
    return _in_turn(
        (
            Candidate(question, chunked.document.id)
            for chunked in documents
            for passage in chunked.passages[:PASSAGES_OF_A_DOCUMENT]
            for question in _asked_in(chunked, passage)
        )
        for documents in files
    )


def _asked_in(chunked: ChunkedDocument, passage: Passage) -> Iterator[str]:
    for heading in headings(chunked.document, passage):
        question = _cleaned(heading)
        if question.endswith("?") and _can_be_shown(question):
            yield question
    if "?" not in passage.span.of(chunked.document.text):
        return
    for sentence in passage.sentences:
        question = _cleaned(sentence.of(chunked.document.text))
        opens = _OPENS.match(question) and question[0].isupper()
        if opens and question.endswith("?") and _can_be_shown(question):
            yield question


def _from_headings(files: Iterable[Iterable[ChunkedDocument]]) -> Iterator[Candidate]:
    return _in_turn(
        (
            Candidate(f"What is there to know about “{heading}”?", chunked.document.id)
            for chunked in documents
            for passage in chunked.passages[:PASSAGES_OF_A_DOCUMENT]
            for heading in map(_cleaned, reversed(headings(chunked.document, passage)))
            if not heading.endswith(("?", ":", ".", "!"))
            if not (_OPENS.match(heading) or _INTRODUCES.match(heading))
            if 2 <= word_count(heading) <= 7 and _can_be_shown(heading)
        )
        for documents in files
    )


def _in_turn(each: Iterable[Iterator[Candidate]]) -> Iterator[Candidate]:
    for round_ in zip_longest(*each):
        yield from (candidate for candidate in round_ if candidate)


def _cleaned(text: str) -> str:
    """Return the words in one line, without what marks a list or stands for bold."""
    return _LABEL.sub("", " ".join(text.split()).strip("*_# "))


def _can_be_shown(text: str) -> bool:
    """Tell whether a text stands by itself, and neither says next to nothing nor too much."""
    said = content_words(text)
    return (
        8 <= len(text) <= 110
        and text.isprintable()
        and bool(said - _SAYS_NOTHING)
        and (len(said) > 1 or not text.endswith("?"))
        and not leans_back(text)
        and not _POINTS.search(text)
        and not _MARKUP.search(text)
    )


def _distinct(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    kept: list[str] = []
    for candidate in candidates:
        if not any(_are_same(candidate.question, other) for other in kept):
            kept.append(candidate.question)
            yield candidate


def _are_same(question: str, other: str) -> bool:
    return question == other or same_claim_words(question, other) >= SAME


def _answers(engine: Engine, candidate: Candidate) -> bool:
    """Tell whether the engine answers from the question's document."""
    answer = engine.ask(candidate.question, top_k=1)
    return any(citation.document.id == candidate.document_id for citation in answer.citations)
