"""Does an answer still hold: in the files as they are now, and in what the store holds."""

import copy
import dataclasses
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from index.encoding.model import Model
from index.records import Document, Layout
from index.store import open_store
from index.store.protocols import Snapshot
from index.store.records import Upload, UploadChange
from index.sync import change_uploads, sync
from qa.engine import Engine
from qa.errors import CitationFormatError
from qa.formats.answer import AnswerJson
from qa.formats.verdicts import VerificationJson, verdict_lines
from qa.verify.answer_json import GivenAnswer, GivenCitation, read_answer
from qa.verify.checking import Verification, verify
from qa.verify.relocation import NOT_SEARCHED, Documents, SnapshotDocuments, SourceDocuments
from tests.documents import document
from tests.encoders import HashingEncoder

TEXT = "🌵 Redness fades. Frost bites. Redness fades.\n"


def cited(start: int, words: str = "Redness fades.", document: str = "a") -> GivenCitation:
    return GivenCitation(
        document_id=document,
        cited_text=words,
        start_char_index=start,
        end_char_index=start + len(words),
    )


class Library(Documents):
    """Documents by their ids, each with its versions, and others to look through."""

    def __init__(
        self, versions: Mapping[str, tuple[Document, ...]] | None = None, *others: Document
    ) -> None:
        super().__init__()
        self.versions = {each.id: (each,) for each in others} | dict(versions or {})
        self.others = others
        self.asked: list[str] = []

    def _read_versions(self, document_id: str) -> tuple[Document, ...]:
        self.asked.append(document_id)
        return self.versions.get(document_id, ())

    def __iter__(self) -> Iterator[Document]:
        return iter(self.others)


def verified(*citations: GivenCitation, text: str | None = TEXT) -> Verification:
    versions = {"a": (document(text, "a"),)} if text is not None else {}
    return verify(GivenAnswer(citations=list(citations)), Library(versions))


def judged(citation: GivenCitation, text: str | None = TEXT) -> tuple[str, tuple[int, int] | None]:
    (verdict,) = verified(citation, text=text).citations
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


def test_it_holds_only_if_each_citation_is_valid() -> None:
    assert verified().holds
    assert verified(cited(2), cited(30)).holds
    assert not verified(cited(2), cited(3)).holds


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", "notes/b.txt"),
        ("document_title", "Another"),
        ("text_sha256", "0" * 64),
    ],
)
def test_a_document_that_is_not_the_one_described_is_told_field_by_field(
    field: str, value: str
) -> None:
    known = document(TEXT, "a")
    described = {
        "source": known.source,
        "document_title": known.display_title,
        "document_sha256": known.document_sha256,
        "text_sha256": known.text_sha256,
    }
    right = cited(2).model_copy(update=described)
    assert verified(right).holds
    (verdict,) = verified(right.model_copy(update={field: value})).citations
    assert (verdict.status, verdict.span, verdict.differs) == ("moved", (2, 16), (field,))


def test_the_verdicts_have_a_json_form() -> None:
    elsewhere = cited(30)
    claims = [cited(2).model_copy(update={"also_in": [elsewhere]}), cited(3), cited(0, "Gone.")]
    place = {"status": "valid", "document_id": "a", "differs": []}
    valid: dict[str, Any] = place | {"also_in": [], "nearest": None, "found_in": [], "note": None}
    assert VerificationJson.of(verified(*claims)).model_dump() == {
        "holds": False,
        "results": [
            valid
            | {"start_char_index": 2, "end_char_index": 16}
            | {"also_in": [place | {"start_char_index": 30, "end_char_index": 44}]},
            valid | {"status": "moved", "start_char_index": 2, "end_char_index": 16},
            valid | {"status": "stale", "start_char_index": None, "end_char_index": None},
        ],
        "passages": [],
        "listed": [],
        "written": [],
        "faults": [],
    }


# What there is instead of words that are lost.


@pytest.mark.parametrize(
    ("text", "nearest", "similarity"),
    [
        ("🌵 Well: Redness\r\n  fades. Frost.", "Redness\r\n  fades.", 1.0),
        ("REDNESS FADES.", "REDNESS FADES.", 1.0),
        ("Frost bites. Redness faded.", "Redness faded.", 26 / 28),  # 13 of 14 in either
    ],
)
def test_of_stale_words_the_nearest_text_is_shown(
    text: str, nearest: str, similarity: float
) -> None:
    (verdict,) = verified(cited(2), text=text).citations
    assert verdict.status == "stale"
    assert verdict.nearest is not None
    assert verdict.nearest.place.text == nearest
    assert verdict.nearest.similarity == pytest.approx(similarity)
    written = VerificationJson.of(verified(cited(2), text=text)).results[0].nearest
    assert written is not None
    assert text[written.start_char_index : written.end_char_index] == written.text == nearest
    assert written.similarity == pytest.approx(similarity, abs=1e-4)


@pytest.mark.parametrize("text", ["", "Bread needs salt.", " \n"])
def test_where_nothing_is_like_stale_words_nothing_is_shown(text: str) -> None:
    (verdict,) = verified(cited(2), text=text).citations
    assert (verdict.status, verdict.nearest, verdict.note) == ("stale", None, "")


def test_nothing_is_looked_for_where_words_stand() -> None:
    for verdict in verified(cited(2), cited(3)).citations:
        assert (verdict.nearest, verdict.found_in, verdict.note) == (None, (), "")


def test_stale_words_are_looked_for_around_their_old_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qa.verify.relocation.AROUND", 100)
    text = f"Redness FADES.{' x' * 200} Redness fades!{' y' * 200}"
    for start, found in [(0, 0), (415, 415), (480, 415), (10**9, None)]:
        (verdict,) = verified(cited(start), text=text).citations
        assert (verdict.nearest.place.span.start if verdict.nearest else None) == found
    whole = "Redness FADES."
    (verdict,) = verified(cited(10**9), text=whole).citations
    assert verdict.nearest is not None
    assert verdict.nearest.place.text == whole


@pytest.mark.parametrize("bound", ["MOST_SEARCHES", "MOST_ALIGNED"])
def test_so_much_is_looked_for_and_the_rest_says_so(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    text = "Redness FADES."
    monkeypatch.setattr(
        f"qa.verify.relocation.{bound}", 3 if bound == "MOST_SEARCHES" else 3 * len(text)
    )
    found = verified(*[cited(2)] * 5, text=text)
    assert [each.nearest is not None for each in found.citations] == [True] * 3 + [False] * 2
    assert [bool(each.note) for each in found.citations] == [False] * 3 + [True] * 2
    assert {each.status for each in found.citations} == {"stale"}
    results = VerificationJson.of(found).results
    assert results[0].note is None
    assert results[4].note == NOT_SEARCHED


@pytest.mark.soak
def test_a_long_text_that_changed_takes_bounded_time() -> None:
    text = "Frost bites the pipes of the old house every winter again. " * 80_000
    words = "Whatever grows in gardens likes the morning sun and some warm rain. " * 8
    started = time.thread_time()
    found = verified(*[cited(n, words) for n in range(0, 4_000_000, 40_000)], text=text)
    assert time.thread_time() - started < 30  # 2 s alone on a core
    assert found.citations[-1].note == NOT_SEARCHED


def test_of_a_missing_document_the_words_are_found_in_others() -> None:
    others = [document(f"{'x ' * n}Redness fades. Redness fades.", f"{n}") for n in range(9)]
    bread = document("Bread needs salt.", "b")
    claims = GivenAnswer(citations=[cited(14), cited(2, "No such words.")])
    found = verify(claims, Library(None, bread, *reversed(others)))
    first, second = found.citations
    assert [(each.document.source, each.span) for each in first.found_in] == [
        ("notes/0", (15, 29)),  # the second time is nearer to where it was
        ("notes/1", (17, 31)),
        *(("notes/2", (19, 33)), ("notes/3", (21, 35)), ("notes/4", (8, 22))),
    ]
    assert {place.text for place in first.found_in} == {"Redness fades."}
    assert (second.status, second.found_in, second.note) == ("missing", (), "")
    result = VerificationJson.of(found).results[0]
    assert result.found_in[0].model_dump() == {
        "document_id": others[0].id,
        "source": "notes/0",
        "start_char_index": 15,
        "end_char_index": 29,
    }


def test_a_document_of_the_same_bytes_or_text_comes_first() -> None:
    others = [document(f"Redness fades. {n}", f"{n}") for n in range(9)]
    for field in ("document_sha256", "text_sha256"):
        claim = cited(0).model_copy(update={field: others[7].text_sha256})
        (verdict,) = verify(GivenAnswer(citations=[claim]), Library(None, *others)).citations
        assert [each.document.source for each in verdict.found_in] == [
            f"notes/{n}" for n in (7, 0, 1, 2, 3)
        ]


@pytest.mark.parametrize("bound", ["MOST_SEARCHES", "MOST_READ"])
def test_other_documents_are_looked_through_so_often(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    other = document(TEXT, "b")
    monkeypatch.setattr(
        f"qa.verify.relocation.{bound}", 2 if bound == "MOST_SEARCHES" else 2 * len(TEXT)
    )
    claims = GivenAnswer(citations=[cited(2)] * 3)
    found = verify(claims, Library(None, other)).citations
    assert [(len(each.found_in), each.note) for each in found] == [(1, "")] * 2 + [
        (0, NOT_SEARCHED)
    ]


# What a language model wrote.


def told_of(text: str | None, *spans: tuple[int, int, int], **changes: Any) -> Verification:
    """Verify a text whose spans cite by number; there are two citations."""
    citations = [cited(start).model_dump() | {"number": n} for n, start in ((1, 2), (2, 30))]
    given = {
        "text": text,
        "spans": [{"start": start, "end": end, "citations": [n]} for start, end, n in spans],
        "citations": citations,
        **changes,
    }
    claims = GivenAnswer.model_validate({"citations": [], "written": given})
    return verify(claims, Library({"a": (document(TEXT, "a"),)}))


def test_a_written_sentence_says_it_in_words_of_its_own() -> None:
    found = told_of("It fades. Again.", (0, 9, 1), (10, 16, 2))
    assert found.holds
    assert [verdict.status for verdict in found.written] == ["valid", "valid"]
    assert [line.split()[:3] for line in verdict_lines(found)] == [
        ["written", "[1]", "valid"],
        ["written", "[2]", "valid"],
    ]


@pytest.mark.parametrize(
    ("text", "spans", "fault"),
    [
        ("It fades. Again.", [(0, 9, 1), (10, 17, 2)], "written 10-17: it is not a stretch"),
        ("It fades. Again.", [(0, 9, 1), (3, 16, 2)], "written 3-16: it is not a stretch"),
        ("It fades. Again.", [(0, 9, 1), (10, 16, 3)], "written 10-16: there is no citation 3"),
        ("It fades. Again.", [(0, 9, 1), (12, 16, 2)], "written 12-16: there are words before it"),
        ("It fades. Again. So.", [(0, 9, 1), (10, 16, 2)], "written after 16: nothing is cited"),
        ("It fades.", [(0, 9, 1)], "written citation 2: nothing in what is written rests on it"),
        (None, [(0, 9, 1)], "written 0-9: it is not a stretch"),
    ],
)
def test_each_written_sentence_must_cite_something(
    text: str | None, spans: list[tuple[int, int, int]], fault: str
) -> None:
    found = told_of(text, *spans)
    assert not found.holds
    assert any(line.startswith(fault) for line in found.faults), found.faults


def test_words_that_a_written_sentence_cites_must_stand_there() -> None:
    moved = [cited(3).model_dump() | {"number": 1}]
    found = told_of("It fades.", (0, 9, 1), citations=moved)
    assert (found.holds, found.faults) == (False, ())
    assert [verdict.status for verdict in found.written] == ["moved"]
    twice = told_of("It fades.", (0, 9, 1), citations=moved * 2)
    assert "written citation 1: more than one has this number" in twice.faults


FADING = {"document_title": "Redness in 2021", "heading_path": ["After 3 days"]}
PRICES = "| Item | Price in 2021 |\n| --- | --- |\n| Cream | 10 EUR |\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("It fades.", ""),
        ("It fades after 3 days.", ""),
        ("In 2021 redness fades.", ""),
        ("It fades after 4 days.", "written 0-22: “4 days” is not in what it cites"),
        ("In 2022 redness fades.", "written 0-22: “2022” is not in what it cites"),
        ("Tim Cook fades.", "written 0-15: “Tim” is not in what it cites"),
        ("It “never fades”.", "written 0-17: “never fades” is not in what it cites"),
    ],
)
def test_a_written_sentence_must_break_no_rule(text: str, fault: str) -> None:
    citations = [cited(2).model_dump() | {"number": 1} | FADING]
    found = told_of(text, (0, len(text), 1), citations=citations)
    assert found.faults == ((fault,) if fault else ())


def test_a_written_sentence_may_rest_on_the_header_of_a_row() -> None:
    header, row = PRICES.rpartition("| Cream")[0].strip(), "| Cream | 10 EUR |"
    citations = [
        cited(PRICES.index(words), words).model_dump() | {"number": number}
        for number, words in ((1, header), (2, row))
    ]
    for year, holds in ((2021, True), (2020, False)):
        text = f"The cream cost 10 EUR in {year}."
        spans = [{"start": 0, "end": len(text), "citations": [1, 2]}]
        given = {"text": text, "spans": spans, "citations": citations}
        claims = GivenAnswer.model_validate({"citations": [], "written": given})
        assert verify(claims, Library({"a": (document(PRICES, "a"),)})).holds is holds


def test_more_than_a_sentence_can_rest_on_is_not_compared() -> None:
    words = "Redness fades. " * 2000
    citations = [cited(0, words).model_dump() | {"number": 1}]
    given = {"text": "It fades.", "spans": [{"start": 0, "end": 9, "citations": [1]}]}
    claims = GivenAnswer.model_validate(
        {"citations": [], "written": given | {"citations": citations}}
    )
    [fault] = verify(claims, Library({"a": (document(words, "a"),)})).faults
    assert fault == "written 0-9: there is too much to compare it with"


# Pages.


def paged(text: str, *starts: int) -> Document:
    return dataclasses.replace(document(text, "a"), layout=Layout(pages=starts))


def paged_claim(start: int, *pages: int | None) -> GivenCitation:
    return cited(start).model_copy(
        update=dict(zip(("start_page_number", "end_page_number"), pages, strict=True))
    )


@pytest.mark.parametrize(
    ("claim", "differs"),
    [
        (paged_claim(2, 1, 1), ()),
        (paged_claim(30, 1, 2), ()),
        (paged_claim(30, None, None), ()),
        (paged_claim(30, 2, 2), ("start_page_number",)),
        (paged_claim(30, 1, 1), ("end_page_number",)),
        (paged_claim(2, 7, 0), ("start_page_number", "end_page_number")),
    ],
)
def test_pages_that_do_not_fit_are_told(claim: GivenCitation, differs: tuple[str, ...]) -> None:
    versions = (paged(TEXT, 0, 40),)
    (verdict,) = verify(GivenAnswer(citations=[claim]), Library({"a": versions})).citations
    assert verdict.differs == differs
    assert verdict.status == ("moved" if differs else "valid")


def test_a_document_without_pages_has_not_the_page_that_is_claimed() -> None:
    (verdict,) = verified(paged_claim(2, 1, 1)).citations
    assert verdict.differs == ("start_page_number", "end_page_number")


def test_pages_hold_as_they_were_indexed_until_they_are_indexed_anew() -> None:
    now, indexed = paged(f"More. {TEXT}", 0, 4), paged(TEXT, 0, 40)
    claims = GivenAnswer(citations=[paged_claim(2, 1, 1)])
    (verdict,) = verify(claims, Library({"a": (now, indexed)})).citations
    assert (verdict.status, verdict.span, verdict.differs) == ("moved", (8, 22), ())
    (verdict,) = verify(claims, Library({"a": (now,)})).citations
    assert verdict.differs == ("start_page_number", "end_page_number")


# Citations against the files, which may have changed since.


class Shelf:
    """A folder with a file, the store made of it, and a citation from the first answer."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.file = self.notes / "care.txt"
        self.file.write_text("Wash the face with water.\nStay out of the sun.\n")
        (self.notes / "other.txt").write_text("Frost bursts the pipes.\nNow stay out of the sun.\n")
        self.model = model
        self.store = open_store(folder / "store")
        self.index()
        answer = Engine(self.snapshot, model, HashingEncoder(), model.tokenizer(), threshold=0).ask(
            "Stay out of the sun"
        )
        self.answer = AnswerJson.of(answer).model_dump(mode="json")
        self.claims = read_answer(json.dumps(self.answer).encode())
        first = self.claims.citations[0]
        assert first.cited_text == "Stay out of the sun."
        self.first = GivenAnswer(citations=[first])

    @property
    def snapshot(self) -> Snapshot:
        return self.store.open()

    @property
    def sources(self) -> SourceDocuments:
        return SourceDocuments(self.snapshot, self.store.uploads)

    def index(self) -> None:
        sync(self.store, [self.notes], self.model, HashingEncoder())

    def statuses(self) -> tuple[str, str]:
        """The verdict of the files, and that of the store."""
        (in_files,) = verify(self.first, self.sources).citations
        (in_store,) = verify(self.first, SnapshotDocuments(self.snapshot)).citations
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


def test_what_was_added_after_the_words_leaves_them_valid(
    shelf: Shelf,
) -> None:
    shelf.file.write_text(shelf.file.read_text() + "Drink water.\n")
    assert shelf.statuses() == ("valid", "valid")
    shelf.index()
    assert shelf.statuses() == ("valid", "valid")
    found = verify(shelf.first, shelf.sources)
    assert found.holds
    assert found.citations[0].differs == ("document_sha256", "text_sha256")
    assert list(verdict_lines(found)) == [
        "[1] valid  notes/care.txt:26-46  (the file was changed elsewhere)"
    ]


def test_a_web_page_edited_outside_of_its_text_leaves_the_words_valid(
    shelf: Shelf, model: Model
) -> None:
    page = "<title>Care</title><script>let a = 1</script><p>Keep the lotion in the fridge.</p>"
    file = shelf.notes / "care.html"
    file.write_text(page)
    shelf.index()
    engine = Engine(shelf.snapshot, model, HashingEncoder(), model.tokenizer(), threshold=0)
    answer = AnswerJson.of(engine.ask("Keep the lotion in the fridge"))
    claims = read_answer(answer.model_dump_json().encode())
    file.write_text(page.replace("let a = 1", "let a = 2"))
    shelf.index()
    verdict = verify(claims, shelf.sources).citations[0]
    assert verdict.given.cited_text == "Keep the lotion in the fridge."
    assert (verdict.status, verdict.differs) == ("valid", ("document_sha256",))


def test_what_is_said_for_people_is_not_checked(shelf: Shelf, model: Model) -> None:
    (shelf.notes / "fridge.md").write_text("| Lotion | Days |\n|---|---|\n| In the fridge | 12 |\n")
    shelf.index()
    engine = Engine(shelf.snapshot, model, HashingEncoder(), model.tokenizer(), threshold=0)
    answer = AnswerJson.of(engine.ask("how many days in the fridge")).model_dump(mode="json")
    told = answer["citations"][-1]
    assert told["table"]["cell"] == {"row": 0, "column": 1}
    for odd in ({"label": "?", "url": "?", "table": "?"}, {"label": 5, "url": [], "table": None}):
        told |= odd
        answer["passages"][0] |= odd
        assert verify(read_answer(json.dumps(answer).encode()), shelf.sources).holds


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


def test_an_upload_is_judged_as_it_is_now(shelf: Shelf) -> None:
    def upload(text: str) -> None:
        content = text.encode()
        sha256 = hashlib.sha256(content).hexdigest()
        uploaded = Upload("leaflet", ".txt", sha256, "2026-05-04T12:30:00Z")
        changes = [UploadChange("leaflet", uploaded, content)]
        change_uploads(shelf.store, changes, shelf.model, HashingEncoder())

    upload("Dry the skin. Use sunscreen.\n")
    snapshot = shelf.snapshot
    given = GivenAnswer(citations=[cited(14, "Use sunscreen.", "leaflet")])
    assert verify(given, SourceDocuments(snapshot, shelf.store.uploads)).holds
    upload("First: dry the skin. Use sunscreen.\n")
    (verdict,) = verify(given, SourceDocuments(snapshot, shelf.store.uploads)).citations
    assert (verdict.status, verdict.span) == ("moved", (21, 35))
    assert verify(given, SnapshotDocuments(snapshot)).holds


def found_in(shelf: Shelf) -> list[str]:
    """The names of the documents that hold the words now: by the files, then by the store."""
    (now,) = verify(shelf.first, shelf.sources).citations
    (indexed,) = verify(shelf.first, SnapshotDocuments(shelf.snapshot)).citations
    return [place.document.source for each in (now, indexed) for place in each.found_in]


def test_a_file_that_was_renamed_is_found_before_and_after_it_is_indexed(shelf: Shelf) -> None:
    (shelf.notes / "a.txt").write_text("First. Stay out of the sun.\n")
    (shelf.notes / "picture.png").write_bytes(b"\x89PNG")
    (shelf.notes / "broken.txt").write_bytes(b"\xff\xfe\x00")
    shelf.file.rename(shelf.notes / "renamed.txt")
    assert shelf.statuses() == ("missing", "valid")
    assert found_in(shelf) == ["notes/renamed.txt", "notes/a.txt"]
    shelf.index()
    assert found_in(shelf) == ["notes/renamed.txt", "notes/a.txt"] * 2


def test_words_that_another_file_has_lost_by_now_are_not_found_in_it(shelf: Shelf) -> None:
    (shelf.notes / "b.txt").write_text("Stay out of the sun.\n")
    shelf.index()
    shelf.file.unlink()
    assert found_in(shelf) == ["notes/b.txt"]
    (shelf.notes / "b.txt").write_text("Stay in.\n")
    assert found_in(shelf) == []
    (shelf.notes / "b.txt").unlink()
    assert found_in(shelf) == []


def test_a_file_that_is_not_indexed_yet_is_judged_as_it_is_now(shelf: Shelf) -> None:
    """Such as that of an answer given before the store was rolled back."""
    shelf.file.rename(shelf.notes / "renamed.txt")
    documents = shelf.sources
    (new,) = (each for each in documents if each.source == "notes/renamed.txt")
    given = GivenAnswer(citations=[cited(26, "Stay out of the sun.", new.id)])
    assert verify(given, documents).holds
    assert verify(given, SnapshotDocuments(shelf.snapshot)).citations[0].status == "missing"


def test_only_so_many_new_files_are_read(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.file.rename(shelf.notes / "z.txt")
    (shelf.notes / "y.txt").write_text("Nothing of interest.\n")
    monkeypatch.setattr("qa.verify.relocation.MOST_NEW_FILES", 1)
    assert found_in(shelf) == []


# What was tampered with.


def tampered(shelf: Shelf, path: tuple[str | int, ...], value: Any) -> Verification:
    content = copy.deepcopy(shelf.answer)
    place: Any = content
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value
    place[path[-1]] = value
    claims = read_answer(json.dumps(content).encode())
    found = verify(claims, shelf.sources)
    assert VerificationJson.of(found).holds is found.holds
    return found


def test_a_whole_answer_just_given_holds(shelf: Shelf) -> None:
    assert shelf.claims.passages
    assert any(citation.also_in for citation in shelf.claims.citations)
    found = verify(shelf.claims, shelf.sources)
    assert found.holds
    assert len(found.passages) == len(shelf.answer["passages"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("answer", "text"), "Bathe in the sun."),
        (("answer", "spans"), []),
        (("citations", 0, "number"), 9),
        (("citations", 0, "cited_text"), "Bathe in the sun."),
        (("citations", 0, "cited_text"), "Stay out"),
        (("citations", 0, "document_id"), "other"),
        (("citations", 0, "source"), "notes/other.txt"),
        (("citations", 0, "document_title"), "The Lancet"),
        (("citations", 0, "text_sha256"), "0" * 64),
        (("citations", 0, "start_char_index"), 0),
        (("citations", 0, "also_in", 0, "cited_text"), "Bathe in the sun."),
        (("citations", 0, "also_in", 0, "source"), "notes/journal.txt"),
        (("citations", 0, "also_in", 0, "start_char_index"), 1),
        (("citations", 0, "also_in_count"), 0),
        (("citations",), []),
        (("answered",), False),
        (("answer",), None),
        (("passages", 0, "text"), "Bathe in the sun."),
        (("passages", 0, "source"), "notes/journal.txt"),
        (("passages", 0, "document_title"), "The Lancet"),
        (("passages", 0, "start_char_index"), 1),
        (("passages", 0, "highlights", 0, "end"), 1000),
        (("passages", 0, "also_in"), [{}]),
    ],
    ids=repr,
)
def test_whatever_is_tampered_with_is_found(
    shelf: Shelf, path: tuple[str | int, ...], value: Any
) -> None:
    if value == [{}]:
        value = [shelf.answer["citations"][0]["also_in"][0] | {"cited_text": "Bathe in the sun."}]
    assert not tampered(shelf, path, value).holds


def test_an_answer_with_its_citations_taken_out_says_so(shelf: Shelf) -> None:
    lines = list(verdict_lines(tampered(shelf, ("citations",), [])))
    assert lines[0] == "no citations to check"
    assert "answered: true, but there are no citations" in lines


def test_an_abstention_has_no_citations_to_check_and_holds() -> None:
    found = verify(GivenAnswer(answered=False, citations=[]), Library())
    assert found.holds
    assert list(verdict_lines(found)) == ["no citations to check"]


def test_what_does_not_hold_has_a_line_of_its_own(shelf: Shelf) -> None:
    def lines(path: tuple[str | int, ...], value: Any) -> list[str]:
        return list(verdict_lines(tampered(shelf, path, value)))

    count = len(shelf.answer["citations"])
    place = "notes/care.txt:26-46"
    assert lines(("citations", 0, "text_sha256"), "0")[0] == (
        f"[1] moved  {place}  (another text_sha256)"
    )
    assert lines(("citations", 0, "also_in", 0, "cited_text"), "No.")[1].startswith(
        "[1] also_in 1: stale  "
    )
    found = lines(("passages", 0, "text"), "No.")[count:]
    assert found[0].startswith("passage 1: stale  ")
    found = lines(("answer", "text"), "x" + shelf.answer["answer"]["text"][1:])[count:]
    assert found == ["answer 0-20: its words are not those of citation 1"]


def test_what_there_is_instead_has_a_line_below() -> None:
    text = "Frost. Redness\n FADED."
    claims = GivenAnswer(citations=[cited(2), cited(2, document="gone")])
    versions = {"a": (document(text, "a"),)}
    other = document(TEXT, "b\x1b\n")
    found = verify(claims, Library(versions, other))
    assert list(verdict_lines(found)) == [
        "[1] stale  notes/a:2-16",
        "    nearest now, at 7-22, 93% alike: “Redness FADED.”",
        "    the same words stand in notes/b  :2-16",
        "[2] missing  gone:2-16",
        "    the same words stand in notes/b  :2-16",
    ]
    *_, last = verdict_lines(verified(*[cited(2)] * 21, text=text))
    assert last == f"    {NOT_SEARCHED}"
    long = "Redness of the skin fades. " * 40
    assert max(map(len, verdict_lines(verified(cited(0, long), text=long.upper())))) < 450


@pytest.mark.parametrize("text", ["Redness\r\n fades.", "REDNESS FADES.", "Redness fades."])
def test_words_that_differ_in_blanks_or_case_only_are_not_called_another_percentage(
    text: str,
) -> None:
    """Nor are they called valid: what is cited no longer stands there letter for letter."""
    if text == "Redness fades.":
        text, words = "“Redness” – fades.", '"Redness" - fades.'
    else:
        words = "Redness fades."
    found = verified(cited(0, words), text=text)
    status, instead = verdict_lines(found)
    assert status.startswith("[1] stale  ")
    assert "the same but for blanks, letter case or quotation marks: “" in instead
    assert "%" not in instead
    nearest = VerificationJson.of(found).results[0].nearest
    assert nearest is not None
    assert nearest.similarity == 1


def test_what_is_nearly_the_same_is_never_called_100_percent_alike() -> None:
    words = " ".join(
        f"Redness number {n} fades within {n} days of the cure." for n in range(1, 300)
    )
    found = verified(cited(0, words), text=words.replace(" 99 days", " 98 days"))
    assert found.citations[0].nearest is not None
    assert 0.9999 < found.citations[0].nearest.similarity < 1
    _, instead = verdict_lines(found)
    assert " 99% alike: " in instead
    nearest = VerificationJson.of(found).results[0].nearest
    assert nearest is not None
    assert nearest.similarity == 0.9999


def test_a_name_keeps_to_its_line() -> None:
    assert "\n" not in "".join(verdict_lines(verified(cited(0, document="a\n[2] valid\x1b[2J"))))


def test_a_document_is_looked_up_once_however_often_it_is_cited() -> None:
    library = Library({id_: (document(TEXT, id_),) for id_ in "ab"})
    verify(GivenAnswer(citations=[cited(2), cited(30), cited(2, document="b")]), library)
    assert library.asked == ["a", "b"]


# What is not an answer.


def citation_json(**changes: Any) -> dict[str, Any]:
    return cited(2).model_dump() | changes


def file_of(*citations: Any) -> bytes:
    return json.dumps({"citations": citations}).encode()


def test_the_citations_of_an_answer_are_read_and_all_else_passed_over() -> None:
    content = json.dumps({"answer": None, "extra": 1, "citations": [citation_json(more="x")]})
    assert read_answer(content.encode()).citations == [cited(2)]
    assert read_answer(file_of()).citations == []


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
        file_of(citation_json(start_char_index="2")),
        file_of(citation_json(start_char_index=True)),
        file_of(citation_json(end_char_index=1)),
        b'{"citations": [{"document_id": "\\ud800"}]}',
    ],
    ids=repr,
)
def test_what_is_not_an_answer_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(CitationFormatError, match="not an answer to verify") as raised:
        read_answer(content)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
    assert raised.value.exit_code == 2


def test_a_citation_does_not_change() -> None:
    with pytest.raises(ValidationError):
        cited(2).cited_text = "other"  # type: ignore[misc]
