"""`pincite feedback`: from thumbs to gold questions that `pincite eval` takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from index.encoding.encoder import Encoder
from index.store import open_store
from index.store.records import Feedback, RatedQuote
from qa.live import LiveEngine
from qa.service.app import build_app
from qa.service.writer import Writer
from tests.cli.conftest import Command, assert_one_line, location

pytestmark = pytest.mark.usefixtures("anywhere")

HENS = "Hens are fed at eight every morning."
FOXES = "Foxes sleep in the day and hunt at night."


@pytest.fixture
def notes(tmp_path: Path, pincite: Command) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "hens.txt").write_text(f"{HENS}\n")
    (folder / "foxes.txt").write_text(f"{FOXES}\n")
    assert pincite("index", folder).code == 0
    return folder


class Asker:
    """Somebody who asks the service and says whether it was of help."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def ask(self, question: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.post("/v1/ask", json={"question": question}).json()
        return answer

    def rate(self, question: str, *, helpful: bool, **more: Any) -> dict[str, Any]:
        answer = self.ask(question)
        told = {name: answer[name] for name in ("question", "answered", "snapshot", "citations")}
        response = self._client.post("/v1/feedback", json=told | {"helpful": helpful} | more)
        assert response.status_code == 201, response.text
        return answer


@pytest.fixture
def asker(notes: Path, encoder: Encoder) -> Asker:
    """Asks a service that answers with the encoder which the fixture `pincite` put in place."""
    store = open_store(location())
    live = LiveEngine(location())
    app = build_app(live, writing=(store, Writer(store, live, watch=False)))
    return Asker(TestClient(app, base_url="http://127.0.0.1"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_helpful_answers_become_gold_that_eval_takes(
    pincite: Command, asker: Asker, tmp_path: Path
) -> None:
    for question in ("When are the hens fed?", "when do foxes sleep"):
        assert asker.rate(question, helpful=True)["answered"]
    done = pincite("feedback", "gold", "--output", "gold.jsonl")
    assert (done.code, done.out) == (0, "")
    assert "2 gold questions" in done.err
    rows = lines(tmp_path / "gold.jsonl")
    assert [row["question"] for row in rows] == ["When are the hens fed?", "when do foxes sleep"]
    assert rows[0]["quotes"] == [{"source": "notes/hens.txt", "quote": HENS}]
    measured = pincite("eval", "--gold", "gold.jsonl", "--out", "report", "--quiet")
    assert measured.code == 0, measured.err
    results = json.loads((tmp_path / "report" / "eval.json").read_text())["results"]
    assert [result["id"] for result in results] == [row["id"] for row in rows]
    assert all(result["right"] for result in results)


def test_without_a_file_gold_goes_to_stdout(pincite: Command, asker: Asker) -> None:
    asker.rate("when do foxes sleep", helpful=True)
    done = pincite("feedback", "gold")
    [row] = map(json.loads, done.out.splitlines())
    assert row["kind"] == "answerable"


def test_what_a_person_must_complete_is_a_draft_that_eval_refuses(
    pincite: Command, asker: Asker, tmp_path: Path
) -> None:
    assert asker.rate("when do foxes sleep", helpful=False)["answered"]
    assert not asker.rate("wer wurde 1998 Weltmeister", helpful=True)["answered"]
    assert not asker.rate("qui a gagné le tournoi", helpful=False)["answered"]
    asker.rate("When are the hens fed?", helpful=True, citations=[])
    told = pincite("feedback", "gold").err
    assert "4 for a person to complete: --drafts FILE" in told
    done = pincite("feedback", "gold", "--output", "gold.jsonl", "--drafts", "drafts.jsonl")
    assert done.code == 0
    assert not (tmp_path / "gold.jsonl").exists()
    drafts = lines(tmp_path / "drafts.jsonl")
    assert all(draft["kind"] == "draft" and not draft["quotes"] for draft in drafts)
    said = [draft["note"] for draft in drafts]
    for note, part in zip(said, ["no help", "rightly", "not answered", "not given"], strict=True):
        assert part in note
    refused = pincite("eval", "--gold", "drafts.jsonl")
    assert_one_line(refused, 1, "drafts.jsonl, line 1: kind", "'near-miss'")

    completed = drafts[1] | {"kind": "far-off"}
    del completed["note"]
    (tmp_path / "gold.jsonl").write_text(json.dumps(completed))
    measured = pincite("eval", "--gold", "gold.jsonl", "--out", "report", "--quiet")
    assert measured.code == 0, measured.err


def test_duplicates_and_contradictions_are_told(
    pincite: Command, asker: Asker, tmp_path: Path
) -> None:
    asker.rate("When are the hens fed?", helpful=True)
    asker.rate("when are the hens fed", helpful=True)
    asker.rate("when do foxes sleep", helpful=True)
    asker.rate("When do foxes sleep??", helpful=False)
    done = pincite("feedback", "gold", "--output", "gold.jsonl", "--drafts", "drafts.jsonl")
    assert "“When are the hens fed?” was rated 2 times, all alike." in done.err
    assert "“when do foxes sleep” was rated 2 times, 1 up, 1 down." in done.err
    assert [row["question"] for row in lines(tmp_path / "gold.jsonl")] == ["When are the hens fed?"]
    [draft] = lines(tmp_path / "drafts.jsonl")
    assert "up and down" in draft["note"]
    assert draft["quotes"] == [{"source": "notes/foxes.txt", "quote": FOXES}]


def test_only_quotes_that_still_stand_are_kept(
    pincite: Command, asker: Asker, notes: Path, tmp_path: Path
) -> None:
    asker.rate("When are the hens fed?", helpful=True)
    asker.rate("when do foxes sleep", helpful=True)
    (notes / "hens.txt").rename(notes / "poultry.txt")
    (notes / "foxes.txt").write_text("Foxes never sleep.\n")
    assert pincite("index").code == 0
    pincite("feedback", "gold", "--output", "gold.jsonl", "--drafts", "drafts.jsonl")
    [row] = lines(tmp_path / "gold.jsonl")
    assert row["quotes"] == [{"source": "notes/poultry.txt", "quote": HENS}]
    [draft] = lines(tmp_path / "drafts.jsonl")
    assert "no document has what was cited" in draft["note"]


@pytest.mark.parametrize(
    ("words", "start"),
    [
        pytest.param("e", 1, id="a letter where it stands"),
        pytest.param("e", 0, id="a letter elsewhere"),
        pytest.param("Hens are fed at", 0, id="a few words that are no sentence"),
        pytest.param("at eight every morning", 3, id="a few words elsewhere"),
        pytest.param("Foxes never sleep in the day.", 0, id="what stands nowhere"),
    ],
)
def test_words_that_could_stand_anywhere_are_no_gold(
    pincite: Command, asker: Asker, tmp_path: Path, words: str, start: int
) -> None:
    made_up = {"cited_text": words, "start_char_index": start, "end_char_index": start + len(words)}
    [cited] = asker.ask("When are the hens fed?")["citations"]
    asker.rate("When are the hens fed?", helpful=True, citations=[cited | made_up])
    done = pincite("feedback", "gold", "--output", "gold.jsonl", "--drafts", "drafts.jsonl")
    assert done.code == 0
    assert not (tmp_path / "gold.jsonl").exists()
    [draft] = lines(tmp_path / "drafts.jsonl")
    assert "too short" in draft["note"]
    assert draft["quotes"] == []


def test_a_short_sentence_is_gold_where_it_was_cited_and_not_where_it_moved(
    pincite: Command, asker: Asker, notes: Path, tmp_path: Path
) -> None:
    (notes / "cows.txt").write_text("Cows are milked twice.\n")
    assert pincite("index").code == 0
    asker.rate("How often are cows milked?", helpful=True)
    pincite("feedback", "gold", "--output", "gold.jsonl")
    [row] = lines(tmp_path / "gold.jsonl")
    assert row["quotes"] == [{"source": "notes/cows.txt", "quote": "Cows are milked twice."}]
    (notes / "cows.txt").write_text("It is so. Cows are milked twice.\n")
    assert pincite("index").code == 0
    assert "1 for a person to complete" in pincite("feedback", "gold").err


def test_a_sentence_that_moved_within_its_document_is_gold(
    pincite: Command, asker: Asker, notes: Path
) -> None:
    asker.rate("When are the hens fed?", helpful=True)
    (notes / "hens.txt").write_text(f"Ducks are not.\n\n{HENS}\n")
    assert pincite("index").code == 0
    [row] = map(json.loads, pincite("feedback", "gold").out.splitlines())
    assert row["quotes"] == [{"source": "notes/hens.txt", "quote": HENS}]


def test_blank_quotes_that_were_kept_once_are_drafts(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    quotes = [RatedQuote("notes-hens-txt", 4, 5, " "), RatedQuote("gone", 9, 2, "")]
    open_store(location()).feedback.add(
        Feedback.new("When are the hens fed?", helpful=True, answered=True, citations=quotes)
    )
    done = pincite("feedback", "gold", "--drafts", "drafts.jsonl")
    assert (done.code, done.out) == (0, "")
    [draft] = lines(tmp_path / "drafts.jsonl")
    assert "too short" in draft["note"]


def test_without_a_gold_question_it_is_said_why_no_file_is_written(
    pincite: Command, asker: Asker, tmp_path: Path
) -> None:
    done = pincite("feedback", "gold", "--output", "gold.jsonl")
    assert (done.code, done.out) == (0, "")
    assert "gold.jsonl was not written: there is no feedback." in done.err
    asker.rate("when do foxes sleep", helpful=False)
    done = pincite("feedback", "gold", "--output", "gold.jsonl")
    assert "gold.jsonl was not written: no question was rated helpful only" in done.err
    assert not (tmp_path / "gold.jsonl").exists()


def test_no_file_is_written_over(pincite: Command, asker: Asker, tmp_path: Path) -> None:
    asker.rate("when do foxes sleep", helpful=True)
    (tmp_path / "mine.jsonl").write_text("mine")
    for flag in ("--output", "--drafts"):
        done = pincite("feedback", "gold", flag, "mine.jsonl")
        assert_one_line(done, 1, "mine.jsonl", "new file")
    assert (tmp_path / "mine.jsonl").read_text() == "mine"
    done = pincite("feedback", "gold", "--output", tmp_path / "none" / "gold.jsonl")
    assert done.code == 1
    assert "cannot be written" in done.err


def test_entries_are_listed_and_removed(pincite: Command, asker: Asker) -> None:
    asker.rate("when do foxes sleep", helpful=False, comment="At noon,\x1b[2J I think.")
    asker.rate("wer wurde 1998 Weltmeister", helpful=True)
    listed = pincite("feedback", "list").out
    assert "down  answered   when do foxes sleep" in listed
    assert "up    abstained  wer wurde 1998 Weltmeister" in listed
    assert "At noon, [2J I think." in listed
    entries = json.loads(pincite("feedback", "list", "--json").out)
    assert [entry["helpful"] for entry in entries] == [False, True]
    first, second = (entry["id"] for entry in entries)
    assert_one_line(pincite("feedback", "remove", first, "nosuch"), 1, "'nosuch'")
    assert pincite("feedback", "remove", first).code == 0
    assert [e["id"] for e in json.loads(pincite("feedback", "list", "--json").out)] == [second]
    for arguments in ((), (second, "--all")):
        assert_one_line(pincite("feedback", "remove", *arguments), 2, "--all")
    assert pincite("feedback", "remove", "--all").code == 0
    assert json.loads(pincite("feedback", "list", "--json").out) == []


def test_where_there_is_no_store_that_is_said(pincite: Command) -> None:
    for command in ("list", "gold", "remove"):
        flags = ["--all"] if command == "remove" else []
        assert_one_line(pincite("feedback", command, *flags), 1, "pincite index")
    assert pincite("feedback").code == 2
