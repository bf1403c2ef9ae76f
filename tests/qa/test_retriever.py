"""How far the search goes where documents repeat one another, and that `top_k` changes nothing."""

import dataclasses
from pathlib import Path

import pytest

from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.engine import Engine
from qa.formats.answer import AnswerJson
from qa.question.filters import Filter
from qa.retrieve.retriever import FIRST_LOOK, MOST_CANDIDATES
from tests.encoders import HashingEncoder
from tests.qa.conftest import Hashed
from tests.stand_ins import stand_in

REPORT = (
    "The inspector examined the boiler for signs of corrosion. "
    "All safety valves opened at the pressure that is stated on the plate. "
    "The operator keeps the log book of the boiler up to date."
)
OTHERS = (
    "Signs of corrosion on a bicycle are removed with vinegar.",
    "Corrosion eats the hull of a ship below the water line.",
    "A boiler full of soup feeds the whole village.",
    "The examined pupils wait for their marks.",
)
QUESTION = "Did the inspector find signs of corrosion on the boiler?"


@pytest.fixture(scope="module")
def repetitive(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Engine:
    """Three hundred times the same report, each with its number, and four other texts."""
    folder = tmp_path_factory.mktemp("repetitive")
    (folder / "reports").mkdir()
    for number in range(300):
        text = f"{REPORT} This is report {number}.\n"
        (folder / "reports" / f"{number:03}.txt").write_text(text)
    for number, text in enumerate(OTHERS):
        (folder / "reports" / f"other{number}.txt").write_text(f"{text}\n")
    store, encoder = open_store(folder / "store"), HashingEncoder()
    sync(store, [folder / "reports"], model, encoder)
    return Engine(store.open(), model, encoder, model.tokenizer(), threshold=0.0)


def test_repetitions_do_not_hide_what_says_something_else(repetitive: Engine) -> None:
    answer = repetitive.ask(QUESTION, 5)
    assert [hit.document.source.startswith("reports/other") for hit in answer.hits] == [
        *(False, True, True, True, True)
    ]
    assert len(answer.hits[0].also_in) == 299


def test_where_nothing_is_indexed_nothing_is_found(tmp_path: Path, model: Model) -> None:
    (tmp_path / "a.txt").write_text(f"{REPORT}\n")
    store, encoder = open_store(tmp_path / "store"), HashingEncoder()
    sync(store, [tmp_path / "a.txt"], model, encoder)
    with store.writing():  # as when the last upload is removed
        store.draft(store.live().made_by, None).commit(live=True)
    answer = Engine(store.open(), model, encoder, model.tokenizer()).ask(QUESTION)
    assert (answer.answered, answer.hits) == (False, ())


def test_what_is_listed_elsewhere_is_little_and_what_is_counted_is_all(
    repetitive: Engine,
) -> None:
    answer = AnswerJson.of(repetitive.ask(QUESTION, 50))
    assert answer.citations
    for citation in answer.citations:
        in_reports = citation.source[8:11].isdigit()
        assert citation.also_in_count == (299 if in_reports else 0)
        assert len(citation.also_in) == min(20, citation.also_in_count)
        sources = [place.source for place in citation.also_in]
        assert sources == sorted(sources)
    assert len(answer.model_dump_json()) < 100_000


@pytest.mark.parametrize("question", [QUESTION, "Where does a boiler feed the village?"])
def test_the_answer_is_the_same_for_every_top_k(repetitive: Engine, question: str) -> None:
    most = repetitive.ask(question, 50)
    for top_k in (1, 2, 5, 17):
        answer = repetitive.ask(question, top_k)
        assert answer.hits == most.hits[:top_k]
        same = dataclasses.replace(answer, hits=most.hits, took_ms=most.took_ms)
        assert same == most


def looked_at(engine: Engine) -> int:
    return len(engine.trace(QUESTION).candidates)


def test_the_search_stops_when_there_is_no_more(repetitive: Engine) -> None:
    assert looked_at(repetitive) == repetitive.snapshot.info.passages == 304


def test_the_search_stops_when_it_has_enough(
    repetitive: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.retrieve.retriever.ENOUGH", 1)
    assert FIRST_LOOK <= looked_at(repetitive) <= 2 * FIRST_LOOK


def test_the_search_has_a_bound(
    repetitive: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert MOST_CANDIDATES == 800
    monkeypatch.setattr("qa.retrieve.retriever.MOST_CANDIDATES", 150)
    assert 150 <= looked_at(repetitive) < 304


def test_passages_are_ranked_the_same_however_they_were_fetched(
    repetitive: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps = repetitive.trace(QUESTION).candidates
    monkeypatch.setattr("qa.retrieve.retriever.FIRST_LOOK", 800)
    at_once = repetitive.trace(QUESTION).candidates
    ids = [[each.passage.id for each in candidates] for candidates in (in_steps, at_once)]
    assert ids[0] == ids[1]


# Very many vectors are compared beside the search by words.


@pytest.fixture
def coded(hashed: Hashed, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setattr("index.search.dense.CODED_FROM", 20)
    texts = {
        f"{n}.md": f"---\nyear: {2000 + n % 2}\n---\nOwl {n} hunts at dusk {n % 7}."
        for n in range(40)
    }
    return hashed(texts)


@pytest.mark.parametrize("filters", [None, {"year": 2001}])
def test_codes_find_what_exact_search_would_find(
    coded: Engine, filters: dict[str, int] | None
) -> None:
    rows = None if filters is None else coded.rows_of(Filter.parse(filters))
    query = coded.trace("owl 7 at dusk").query
    expected = [row for row, _ in coded.snapshot.nearest(query.vector, 100, rows, exact=True)]
    assert coded.retriever.by_vectors(query, rows) == expected
    assert len(expected) == (40 if filters is None else 20)
    hits = coded.ask("owl 7 at dusk", 50, filters=filters).hits
    years = {hit.document.metadata["year"] for hit in hits}
    assert years == ({2000, 2001} if filters is None else {2001})


def test_what_fails_beside_fails_the_question(coded: Engine) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("no codes")

    snapshot = stand_in(coded.snapshot, nearest=failing)
    with pytest.raises(RuntimeError, match="no codes"):
        dataclasses.replace(coded, snapshot=snapshot).ask("owl 7 at dusk")
    assert coded.ask("owl 7 at dusk").hits
