"""Questions to begin with: they stand in the documents and are answered from them."""

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from heapq import nsmallest
from itertools import chain, groupby, islice, zip_longest
from operator import attrgetter

from index.records import ChunkedDocument, Passage, headings
from index.store.protocols import Snapshot
from index.structure.wording import content_words, leans_back, same_claim_words, word_count
from qa.engine import Engine

MOST = 6
ENOUGH = 4
"""If the documents have fewer questions, some are made of headings."""
MOST_ASKED = 24
"""How many questions are tried; each costs as much as one of a person's."""
SOURCES_LOOKED_AT = 60
DOCUMENTS_OF_A_SOURCE = 8
"""A source has more than one if a file's rows are documents."""
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


def examples(engine: Engine) -> tuple[str, ...]:
    """Return up to MOST questions that the engine answers from the document each stands in.

    The same snapshot gives the same ones. However large it is, the work is bounded.
    """
    files = _some_files(engine.snapshot)
    candidates = list(islice(_candidates(files, _questions_in), MOST_ASKED))
    answered = list(islice(_answered(engine, candidates), MOST))
    if len(answered) < ENOUGH:
        of_headings = islice(_candidates(files, _headings_in), MOST_ASKED - len(candidates))
        answered += islice(_answered(engine, of_headings), ENOUGH - len(answered))
    return tuple(answered)


def _some_files(snapshot: Snapshot) -> list[list[ChunkedDocument]]:
    """Return the first documents of some files, which are spread over all names."""
    by_source = groupby(snapshot.documents(), key=attrgetter("document.source"))
    files = ((source, list(islice(own, DOCUMENTS_OF_A_SOURCE))) for source, own in by_source)
    spread = nsmallest(SOURCES_LOOKED_AT, files, key=lambda file: sha256(file[0].encode()).digest())
    return [documents for _, documents in spread]


def _candidates(
    files: Iterable[Iterable[ChunkedDocument]],
    questions_in: Callable[[ChunkedDocument, Passage], Iterator[str]],
) -> Iterator[tuple[str, str]]:
    """Yield the first question of each file, the second of each, …, with its document's id.

    Of near-duplicates only the first comes.
    """
    by_file = (
        (
            (question, chunked.document.id)
            for chunked in documents
            for passage in chunked.passages[:PASSAGES_OF_A_DOCUMENT]
            for question in questions_in(chunked, passage)
        )
        for documents in files
    )
    earlier: list[str] = []
    for question, document_id in filter(None, chain.from_iterable(zip_longest(*by_file))):
        if all(same_claim_words(question, other) < SAME for other in earlier):
            earlier.append(question)
            yield question, document_id


def _answered(engine: Engine, candidates: Iterable[tuple[str, str]]) -> Iterator[str]:
    for question, document_id in candidates:
        citations = engine.ask(question, top_k=1).citations
        if any(citation.document.id == document_id for citation in citations):
            yield question


def _questions_in(chunked: ChunkedDocument, passage: Passage) -> Iterator[str]:
    for heading in map(_cleaned, headings(chunked.document, passage)):
        if heading.endswith("?") and _can_be_shown(heading):
            yield heading
    if "?" not in passage.span.of(chunked.document.text):
        return
    for sentence in passage.sentences:
        question = _cleaned(sentence.of(chunked.document.text))
        opens = _OPENS.match(question) and question[0].isupper()
        if opens and question.endswith("?") and _can_be_shown(question):
            yield question


def _headings_in(chunked: ChunkedDocument, passage: Passage) -> Iterator[str]:
    for heading in map(_cleaned, reversed(headings(chunked.document, passage))):
        is_name = not heading.endswith(("?", ":", ".", "!"))
        opens = _OPENS.match(heading) or _INTRODUCES.match(heading)
        if is_name and not opens and 2 <= word_count(heading) <= 7 and _can_be_shown(heading):
            yield f"What is there to know about “{heading}”?"


def _cleaned(text: str) -> str:
    """Return the words on one line, without marks of lists and of bold text."""
    return _LABEL.sub("", " ".join(text.split()).strip("*_# "))


def _can_be_shown(text: str) -> bool:
    """Tell whether a text stands by itself and says something, but not too much."""
    words = content_words(text)
    return (
        8 <= len(text) <= 110
        and text.isprintable()
        and bool(words - _SAYS_NOTHING)
        and (len(words) > 1 or not text.endswith("?"))
        and not leans_back(text)
        and not _POINTS.search(text)
        and not _MARKUP.search(text)
    )
