"""Do citations still hold: in the files as they are now, and in what the store holds."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from index.build import sync
from index.model import Model
from index.snapshot import Snapshot, open_snapshot
from index.store import Store
from qa.engine import Engine
from qa.errors import CitationFormatError
from qa.verify import (
    CitedSpan,
    Verdict,
    all_hold,
    citations_of,
    text_in_snapshot,
    text_in_sources,
    verify,
)
from qa.wire import AnswerJson, VerdictsJson
from tests.encoders import HashingEncoder

TEXT = "🌵 Redness fades. Frost bites. Redness fades.\n"


def cited(start: int, words: str = "Redness fades.", document: str = "a") -> CitedSpan:
    return CitedSpan(
        document_id=document,
        cited_text=words,
        start_char_index=start,
        end_char_index=start + len(words),
    )


def judged(citation: CitedSpan, text: str | None = TEXT) -> tuple[str, tuple[int, int] | None]:
    (verdict,) = verify([citation], {"a": text}.get)
    return verdict.status, verdict.span


# A citation against a text.


def test_words_that_stand_where_they_were_cited_are_valid() -> None:
    assert judged(cited(2)) == ("valid", (2, 16))
    assert judged(cited(30)) == ("valid", (30, 44))


@pytest.mark.parametrize(("start", "nearest"), [(0, 2), (15, 2), (17, 30), (3000, 30)])
def test_words_that_moved_are_found_where_they_are_nearest(start: int, nearest: int) -> None:
    assert judged(cited(start)) == ("moved", (nearest, nearest + 14))


def test_of_two_places_equally_near_it_is_the_first() -> None:
    assert judged(cited(4, "ab"), "x.ab...ab") == ("moved", (2, 4))
    assert judged(cited(5, "aa"), ".aaa") == ("moved", (2, 4))


def test_an_end_that_does_not_fit_is_put_right() -> None:
    longer = cited(2).model_copy(update={"end_char_index": 17})
    assert judged(longer) == ("moved", (2, 16))


@pytest.mark.parametrize("text", ["", "Redness  fades.", "REDNESS FADES.", "Redness\nfades."])
def test_words_that_are_not_there_any_more_are_stale(text: str) -> None:
    assert judged(cited(0), text) == ("stale", None)


def test_a_document_that_is_gone_is_missing() -> None:
    assert judged(cited(0), None) == ("missing", None)
    assert judged(cited(0, document="b")) == ("missing", None)


def test_all_hold_only_if_each_is_valid() -> None:
    valid, moved = verify([cited(2), cited(3)], {"a": TEXT}.get)
    assert all_hold([])
    assert all_hold([valid, valid])
    assert not all_hold([valid, moved])


def test_the_verdicts_have_a_json_form() -> None:
    verdicts = [
        *verify([cited(2), cited(3)], {"a": TEXT}.get),
        Verdict(cited(2), "stale", None),
    ]
    assert VerdictsJson.of(verdicts).model_dump() == {
        "results": [
            {"status": "valid", "document_id": "a", "start_char_index": 2, "end_char_index": 16},
            {"status": "moved", "document_id": "a", "start_char_index": 2, "end_char_index": 16},
            {
                "status": "stale",
                "document_id": "a",
                "start_char_index": None,
                "end_char_index": None,
            },
        ]
    }


# Citations against the files, which may have changed since.


class Shelf:
    """A folder with a file, the store made of it, and a citation from the first answer."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.file = self.notes / "care.txt"
        self.file.write_text("Wash the face with water.\nStay out of the sun.\n")
        (self.notes / "other.txt").write_text("Frost bursts the pipes.\n")
        self.model = model
        self.store = Store(folder / "store")
        self.index()
        answer = Engine(self.snapshot, model, HashingEncoder(), model.tokenizer(), threshold=0).ask(
            "Stay out of the sun"
        )
        self.answer = AnswerJson.of(answer)
        self.citations = citations_of(self.answer.model_dump_json().encode())[:1]
        assert self.citations[0].cited_text == "Stay out of the sun."

    @property
    def snapshot(self) -> Snapshot:
        return open_snapshot(self.store)

    def index(self) -> None:
        sync(self.store, [self.notes], self.model, HashingEncoder())

    def statuses(self) -> tuple[str, str]:
        """The verdict of the files, and that of the store."""
        (in_files,) = verify(self.citations, text_in_sources(self.snapshot))
        (in_store,) = verify(self.citations, text_in_snapshot(self.snapshot))
        return in_files.status, in_store.status


@pytest.fixture
def shelf(tmp_path: Path, model: Model) -> Shelf:
    return Shelf(tmp_path, model)


def test_an_answer_just_given_holds(shelf: Shelf) -> None:
    assert shelf.statuses() == ("valid", "valid")


def test_a_file_that_changed_after_indexing_is_judged_as_it_is_now(shelf: Shelf) -> None:
    shelf.file.write_text("New first line.\nWash the face with water.\nStay out of the sun.\n")
    assert shelf.statuses() == ("moved", "valid")
    shelf.index()
    assert shelf.statuses() == ("moved", "moved")
    shelf.file.write_text("Wash the face with water.\nStay in the shade.\n")
    assert shelf.statuses() == ("stale", "moved")


def test_a_byte_order_mark_moves_nothing(shelf: Shelf) -> None:
    shelf.file.write_bytes(b"\xef\xbb\xbf" + shelf.file.read_bytes())
    assert shelf.statuses() == ("valid", "valid")


def test_other_line_ends_move_what_comes_after(shelf: Shelf) -> None:
    shelf.file.write_bytes(shelf.file.read_bytes().replace(b"\n", b"\r\n"))
    assert shelf.statuses() == ("moved", "valid")


def test_a_file_that_is_gone_or_no_longer_text_is_missing(shelf: Shelf) -> None:
    shelf.file.write_bytes(b"\xff\xfe\x00")
    assert shelf.statuses() == ("missing", "valid")
    shelf.file.unlink()
    assert shelf.statuses() == ("missing", "valid")
    shelf.index()
    assert shelf.statuses() == ("missing", "missing")


def test_a_source_folder_that_is_gone_leaves_its_documents_missing(shelf: Shelf) -> None:
    shelf.notes.rename(shelf.notes.with_name("elsewhere"))
    assert shelf.statuses() == ("missing", "valid")


# What is not an answer.


def citation_json(**changes: Any) -> dict[str, Any]:
    return cited(2).model_dump() | changes


def file_of(*citations: Any) -> bytes:
    return json.dumps({"citations": citations}).encode()


def test_the_citations_of_an_answer_are_read_and_all_else_passed_over() -> None:
    content = json.dumps({"answer": None, "extra": 1, "citations": [citation_json(more="x")]})
    assert citations_of(content.encode()) == [cited(2)]
    assert citations_of(file_of()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"citations"',
        b"{}",
        b'{"citations": null}',
        b'{"citations": [1]}',
        b"[" * 100_000,
        file_of({}),
        file_of(citation_json(document_id="")),
        file_of(citation_json(cited_text="")),
        file_of(citation_json(cited_text=None)),
        file_of(citation_json(start_char_index=-1)),
        file_of(citation_json(start_char_index="two")),
        file_of(citation_json(end_char_index=1)),
        b'{"citations": [{"document_id": "\\ud800"}]}',
    ],
    ids=repr,
)
def test_what_is_not_an_answer_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(CitationFormatError, match="not an answer to verify") as raised:
        citations_of(content)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
    assert raised.value.exit_code == 2


def test_a_citation_does_not_change() -> None:
    with pytest.raises(ValidationError):
        cited(2).cited_text = "other"  # type: ignore[misc]
