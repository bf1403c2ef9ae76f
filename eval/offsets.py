"""The promise that every word is pinned, checked on answers as they are given out.

The JSON form is checked, not the records: those cut their words out of the document
themselves and could not disagree with it.
"""

from collections.abc import Iterator, Mapping

from eval.records import OffsetCheck
from qa.consistency import span_faults
from qa.wire import AnswerJson, PassageJson, PlaceJson

Texts = Mapping[str, str]
"""The documents' texts by their ids."""


def check_offsets(name: str, answer: AnswerJson, texts: Texts) -> OffsetCheck:
    """Compare every offset of an answer with the documents; `name` tells the answer in errors.

    Covers citations, passages, highlights, `also_in`, and the answer's spans: each equal
    to what its citations cite, and nothing but blanks between them.
    """
    checks = list(_checks(answer, texts))
    wrong = tuple(f"{name}: {what}" for what, holds in checks if not holds)
    return OffsetCheck(len(checks), wrong)


def join(checks: list[OffsetCheck]) -> OffsetCheck:
    """Return the sum of several checks."""
    wrong = tuple(each for check in checks for each in check.wrong)
    return OffsetCheck(sum(check.checked for check in checks), wrong)


def _checks(answer: AnswerJson, texts: Texts) -> Iterator[tuple[str, bool]]:
    """Yield what was looked at and whether it holds."""
    for citation in answer.citations:
        what = f"citation {citation.number}"
        start, end = citation.start_char_index, citation.end_char_index
        yield what, _stands(texts.get(citation.document_id), start, end, citation.cited_text)
        yield from _places(what, citation.also_in, texts)
    for passage in answer.passages:
        yield from _passage(passage, texts)
    yield from _answer(answer)


def _answer(answer: AnswerJson) -> Iterator[tuple[str, bool]]:
    if answer.answer is None:
        return
    cited = {citation.number: citation.cited_text for citation in answer.citations}
    for what, fault in span_faults(answer.answer.text, answer.answer.spans, cited):
        yield what, not fault


def _passage(passage: PassageJson, texts: Texts) -> Iterator[tuple[str, bool]]:
    what = f"passage {passage.rank}"
    text = texts.get(passage.document_id)
    start = passage.start_char_index
    yield what, _stands(text, start, passage.end_char_index, passage.text)
    for highlight in passage.highlights:
        words = passage.text[highlight.start : highlight.end]
        holds = highlight.start >= 0 and highlight.end <= len(passage.text)
        stands = _stands(text, start + highlight.start, start + highlight.end, words)
        yield f"{what}, highlight {highlight.start}-{highlight.end}", holds and stands
    yield from _places(what, passage.also_in, texts)


def _places(what: str, places: list[PlaceJson], texts: Texts) -> Iterator[tuple[str, bool]]:
    for number, place in enumerate(places, 1):
        start, end = place.start_char_index, place.end_char_index
        stands = _stands(texts.get(place.document_id), start, end, place.cited_text)
        yield f"{what}, also_in {number}", stands


def _stands(text: str | None, start: int, end: int, words: str) -> bool:
    """Tell whether `words`, at least one character, are what stands there in `text`."""
    if text is None or not 0 <= start < end <= len(text):
        return False
    return text[start:end] == words
