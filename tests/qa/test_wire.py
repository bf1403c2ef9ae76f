"""An answer's JSON is the same, whether a model writes it or it is made at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Document, Layout, Passage, Span
from qa.formats.answer import AnswerJson, answer_json
from qa.records import (
    MOST_PLACES,
    Answer,
    AnswerSpan,
    AppliedCalibration,
    Citation,
    Correction,
    Hit,
    Place,
    ReaderUsed,
)
from tests.qa.conftest import Ask

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
SHARE = st.floats(0, 1)
LAYOUTS = st.none() | st.builds(Layout, pages=st.sampled_from([(), (0,), (0, 3, 9)]))
DOCUMENTS = st.builds(
    Document,
    id=TEXT,
    source=TEXT,
    title=TEXT,
    text=TEXT,
    reader=st.sampled_from(["text/2", "rows/1"]),
    metadata=st.dictionaries(st.just("row"), st.integers(1, 9)),
    layout=LAYOUTS,
    modified=TEXT,
    media_type=TEXT,
    document_sha256=TEXT,
    text_sha256=TEXT,
)


def span_in(document: Document) -> st.SearchStrategy[Span]:
    places = st.integers(0, len(document.text))
    return st.tuples(places, places).map(lambda ends: Span(min(ends), max(ends)))


PLACES = DOCUMENTS.flatmap(lambda document: st.builds(Place, st.just(document), span_in(document)))
ALSO_IN = st.lists(PLACES, max_size=2).map(tuple) | PLACES.map(
    lambda place: (place,) * (MOST_PLACES + 1)
)


@st.composite
def citations(draw: st.DrawFn) -> Citation:
    place = draw(PLACES)
    number, start, end = draw(st.integers(1, 9)), place.span.start, place.span.end
    return Citation(number, place.document, draw(TEXTS), start, end, draw(ALSO_IN))


@st.composite
def hits(draw: st.DrawFn) -> Hit:
    place = draw(PLACES)
    span = place.span
    inside = st.integers(span.start, span.end)
    highlights = draw(st.lists(st.tuples(inside, inside).map(sorted), max_size=2))
    passage = Passage(draw(TEXT), place.document.id, span.start, span.end, draw(TEXTS), ())
    marked = tuple(Span(start, end) for start, end in highlights)
    return Hit(place.document, passage, draw(SHARE), marked, draw(ALSO_IN))


COUNT = st.integers(0, 99)
ANSWERS = st.builds(
    Answer,
    question=TEXT,
    answered=st.booleans(),
    confidence=SHARE,
    text=st.none() | TEXT,
    spans=st.lists(
        st.builds(AnswerSpan, COUNT, COUNT, st.lists(COUNT, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    citations=st.lists(citations(), max_size=2).map(tuple),
    hits=st.lists(hits(), max_size=2).map(tuple),
    snapshot=TEXT,
    model=TEXT,
    took_ms=st.floats(0, 1e6),
    calibration=st.none()
    | st.builds(AppliedCalibration, TEXT, st.none() | TEXT, SHARE, SHARE, SHARE, st.booleans()),
    corrections=st.lists(st.builds(Correction, TEXT, TEXT), max_size=2).map(tuple),
    unknown_words=TEXTS,
    missing_names=TEXTS,
    reader=st.none() | st.builds(ReaderUsed, TEXT, TEXT),
    explain=st.none() | st.dictionaries(TEXT, st.lists(SHARE | COUNT | TEXT, max_size=2)),
    stage_ms=st.just({}),
)


def in_order(content: str | bytes) -> str:
    """Return JSON in one way of writing numbers; the order of its fields counts."""
    return json.dumps(json.loads(content))


@given(ANSWERS)
def test_what_is_written_at_once_is_what_the_model_would_write(answer: Answer) -> None:
    modelled = AnswerJson.of(answer)
    assert in_order(answer_json(answer)) == in_order(modelled.model_dump_json())
    assert AnswerJson.model_validate_json(answer_json(answer)) == modelled


@pytest.mark.parametrize(
    "question",
    ["why do I get pimples after microneedling", "how long do pimpels last", "Who won in 1998?"],
)
@pytest.mark.parametrize("explain", [False, True])
def test_real_answers_are_written_alike_to_the_byte(
    ask: Ask, question: str, *, explain: bool
) -> None:
    answer = ask(question, explain=explain)
    assert answer_json(answer).decode() == AnswerJson.of(answer).model_dump_json()
