"""An answer's JSON form says what the answer says."""

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
    Check,
    Citation,
    Correction,
    DroppedSentence,
    Hit,
    Place,
    ReaderUsed,
    WrittenAnswer,
    WrittenSentence,
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
WRITTEN = st.builds(
    WrittenAnswer,
    model=TEXT,
    sentences=st.lists(
        st.builds(WrittenSentence, TEXT, st.lists(citations(), max_size=2).map(tuple), SHARE),
        max_size=2,
    ).map(tuple),
    dropped=st.lists(
        st.builds(DroppedSentence, TEXT, st.builds(Check, st.just("number"), TEXT)), max_size=2
    ).map(tuple),
    ended=TEXT,
    declined=st.booleans(),
    first_sentence_ms=st.none() | st.floats(0, 1e6),
    took_ms=st.floats(0, 1e6),
)
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
    written=st.none() | WRITTEN,
    explain=st.none() | st.dictionaries(TEXT, st.lists(SHARE | COUNT | TEXT, max_size=2)),
    stage_ms=st.just({}),
)


@given(ANSWERS)
def test_what_is_written_reads_back_as_the_same_answer(answer: Answer) -> None:
    written = AnswerJson.model_validate_json(answer_json(answer))
    assert written == AnswerJson.of(answer)
    assert (written.question, written.answered) == (answer.question, answer.answered)
    assert [each.cited_text for each in written.citations] == [
        each.cited_text for each in answer.citations
    ]
    for passage, hit in zip(written.passages, answer.hits, strict=True):
        text = hit.document.text
        assert passage.text == text[passage.start_char_index : passage.end_char_index]
        assert [passage.text[mark.start : mark.end] for mark in passage.highlights] == [
            span.of(text) for span in hit.highlights
        ]
        assert len(passage.also_in) == min(len(hit.also_in), MOST_PLACES)
        assert passage.also_in_count == len(hit.also_in)


FIELDS = (
    *("question", "answered", "confidence", "answer", "citations", "passages", "snapshot"),
    *("model", "reader", "calibration", "corrections", "unknown_words", "missing_names"),
    *("searched", "carried_over", "more", "all", "written"),
    *("took_ms", "explain"),
)


@pytest.mark.parametrize("explain", [False, True])
def test_the_fields_of_a_real_answer_are_written_in_order(ask: Ask, *, explain: bool) -> None:
    answer = ask("why do I get pimples after microneedling", explain=explain)
    written = json.loads(answer_json(answer))
    assert tuple(written) == FIELDS
    assert (written["explain"] is not None) == explain
