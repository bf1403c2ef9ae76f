"""The check of offsets finds each kind of offset that does not hold."""

import copy
from typing import Any

import pytest

from eval.records import OffsetCheck
from eval.run import check_offsets
from qa.formats.answer import AnswerJson

TEXT = "Sleep well 👍🏽. Drink water. Sleep well 👍🏽."  # each sentence about sleep: 0-14, 28-42
TEXTS = {"a": TEXT}


def cited(start: int, end: int) -> dict[str, Any]:
    return {
        "document_id": "a",
        "document_title": "a.txt",
        "source": "notes/a.txt",
        "start_char_index": start,
        "end_char_index": end,
        "cited_text": TEXT[start:end],
    }


def answer() -> dict[str, Any]:
    described = {"heading_path": [], "also_in_count": 1, "label": "A", "table": None}
    citation = {**cited(15, 27), **described, "document_sha256": "", "text_sha256": ""}
    citation |= {"agreeing_documents": 1, "url": None}
    passage = {**cited(0, 27), **described, "rank": 1, "passage_id": "p", "score": 0.5}
    passage["text"] = passage.pop("cited_text")
    return {
        "question": "?",
        "answered": True,
        "confidence": 0.5,
        "answer": {
            "text": f"{TEXT[:14]} {TEXT[15:27]}",
            "spans": [
                {"start": 0, "end": 14, "citations": [1]},
                {"start": 15, "end": 27, "citations": [2]},
            ],
        },
        "citations": [
            {**citation, **cited(0, 14), "number": 1, "also_in": [cited(28, 42)]},
            {**citation, "number": 2, "also_in": []},
        ],
        "passages": [
            {**passage, "highlights": [{"start": 15, "end": 27}], "also_in": [cited(28, 42)]}
        ],
        "snapshot": "s",
        "model": "m",
        "more": False,
        "took_ms": 1.0,
    }


def check(content: dict[str, Any]) -> OffsetCheck:
    return check_offsets("q-1", AnswerJson.model_validate(content), TEXTS)


def test_a_right_answer_passes():
    # citations 2 + 1 also_in, passage 1 + 1 highlight + 1 also_in, answer spans 2 + its end
    assert check(answer()) == OffsetCheck(9, ())


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("citations", 1, "start_char_index"), 16, "citation 2"),
        (("citations", 1, "end_char_index"), 900, "citation 2"),
        (("citations", 1, "document_id"), "b", "citation 2"),
        (("citations", 0, "also_in", 0, "end_char_index"), 41, "citation 1, also_in 1"),
        (("passages", 0, "start_char_index"), 1, "passage 1"),
        (("passages", 0, "also_in", 0, "cited_text"), "Sleep!", "passage 1, also_in 1"),
        (("passages", 0, "highlights", 0, "end"), 28, "passage 1, highlight 15-28"),
        (("passages", 0, "highlights", 0, "start"), 27, "passage 1, highlight 27-27"),
        (("answer", "spans", 1, "start"), 16, "answer 16-27"),
        (("answer", "spans", 1, "citations"), [1], "answer 15-27"),
        (("answer", "spans", 1, "citations"), [], "answer 15-27"),
        (("answer", "spans", 1, "citations"), [3], "answer 15-27"),
        (("answer", "text"), f"{TEXT[:14]} {TEXT[15:27]} Really.", "answer after 27"),
        (("answer", "text"), f"{TEXT[:14]}…{TEXT[15:27]}", "answer 15-27"),
    ],
)
def test_a_wrong_offset_is_found(path, value, what):
    content = copy.deepcopy(answer())
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert f"q-1: {what}" in check(content).wrong


def test_an_abstention_has_only_its_passages_to_check():
    content = answer() | {"answered": False, "answer": None, "citations": []}
    assert check(content) == OffsetCheck(3, ())
