"""Public sets: what is refused and how, what is asked, what is left out."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from eval.gold import GoldError
from eval.report import rank_text
from eval.sets.layouts import is_beir, locate_spans, read_beir, read_spans
from eval.sets.leave_out import PACKAGED, far_off, leave_out
from eval.sets.protocols import IndexedSets, run_abstain, run_beir, run_spans
from index.progress import no_progress
from index.records import Document
from qa.settings import Settings
from tests.eval.sets import CORPUS, QRELS, QUERIES, TEXT, beir_set, spans_row, spans_set

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def sets(tmp_path) -> IndexedSets:
    return IndexedSets(Settings(top_k=10, reader="none"), tmp_path / "cache", no_progress)


def test_a_set_is_read(tmp_path):
    found = read_beir(beir_set(tmp_path / "set"), "test")
    assert [document.source for document in found.documents] == [
        f"set/{row['_id']}" for row in CORPUS
    ]
    assert found.documents[0].text == "# Redness\n\nRedness fades within two days of the treatment."
    assert found.documents[2].text == CORPUS[2]["text"]
    assert [question.id for question in found.asked.questions] == ["q1", "q2", "q3", "q4"]
    assert found.asked.questions[1].documents == {found.documents[1].id: 2}  # a grade of 0 is none


@pytest.mark.parametrize(
    ("file", "parts", "says"),
    [
        ("corpus.jsonl", {"corpus": [CORPUS[0], "{"]}, "line 2: is not JSON"),
        ("corpus.jsonl", {"corpus": [{"_id": "D1", "title": "x"}]}, "line 1: text is missing"),
        (
            "corpus.jsonl",
            {"corpus": [*CORPUS, CORPUS[1]]},
            "line 5: the _id “D2” is that of line 2",
        ),
        ("corpus.jsonl", {"corpus": []}, "is empty"),
        ("queries.jsonl", {"queries": [{"_id": "q1"}]}, "line 1: text is missing"),
        ("queries.jsonl", {"queries": [*QUERIES, QUERIES[0]]}, "line 6: the _id “q1” is that of"),
        ("queries.jsonl", {"queries": []}, "is empty"),
        ("test.tsv", {"qrels": [*QRELS, "q1 D1 1"]}, "line 7: a line is query-id"),
        ("test.tsv", {"qrels": [("q1", "D1", "much")]}, "line 2: a line is query-id"),
        ("test.tsv", {"qrels": [("q1", "D1", "--5")]}, "line 2: a line is query-id"),
        ("test.tsv", {"qrels": [("q1", "D1", "9" * 5000)]}, "line 2: a line is query-id"),
        ("test.tsv", {"qrels": [("q1", "D1", "9" * 200_000)]}, "line 2: a line is query-id"),
        ("test.tsv", {"qrels": ["q1\tD1\r1"]}, "line 2: a line is query-id"),
        ("test.tsv", {"qrels": [("q1", "D1", 9999)]}, "line 2: the score is above 1000"),
        ("test.tsv", {"qrels": [*QRELS, ("q1", "D9", 1)]}, "line 7: the document D9 is not in co"),
        ("test.tsv", {"qrels": [("q9", "D1", 1)]}, "line 2: the question q9 is not in queries"),
        ("test.tsv", {"qrels": [*QRELS, QRELS[0]]}, "line 7: judges the same as line 2"),
        ("test.tsv", {"qrels": []}, "judges no document to be relevant"),
        ("test.tsv", {"qrels": [("q2", "D1", 0)]}, "judges no document to be relevant"),
    ],
)
def test_a_malformed_set_is_refused_by_file_and_line(tmp_path, file, parts, says):
    folder = beir_set(tmp_path / "set", **parts)
    with pytest.raises(GoldError) as caught:
        read_beir(folder, "test")
    assert file in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_split_that_is_not_there_is_refused(tmp_path):
    folder = beir_set(tmp_path / "set")
    assert is_beir(folder, "test")
    assert not is_beir(folder, "dev")
    with pytest.raises(GoldError, match=r"dev\.tsv cannot be read"):
        read_beir(folder, "dev")


def test_documents_are_ranked_by_their_best_passage(tmp_path, sets):
    folder = beir_set(tmp_path / "set")
    run = run_beir(folder, "test", sets)
    assert [rank_text(result) for result in run.results] == ["rank 1"] * 4
    assert run.measures["all"]["ndcg_at_10"].value == 1
    assert run.settings.documents == len(CORPUS)
    again = run_beir(folder, "test", sets)
    assert again.settings.snapshot == run.settings.snapshot


@pytest.mark.parametrize("longer", ["redness and needles " * 300, "Redness" * 400])
def test_a_question_that_is_too_long_is_cut_and_that_is_noted(tmp_path, sets, longer):
    queries = [{"_id": "q1", "text": f"When does redness fade? {longer}"}, *QUERIES[1:]]
    run = run_beir(beir_set(tmp_path / "set", queries=queries), "test", sets)
    assert run.notes == ("1 questions are longer than the model reads, and were cut to that.",)
    assert len(run.results) == 4
    assert run.results[0].question.startswith("When does redness fade?")


def test_documents_without_text_are_no_obstacle(tmp_path, sets):
    empty, titled = {"_id": "D5", "text": ""}, {"_id": "D6", "title": "Owls", "text": " "}
    corpus = [*CORPUS, empty, titled]
    qrels = [*QRELS, ("q4", "D5", 1)]
    run = run_beir(beir_set(tmp_path / "set", corpus=corpus, qrels=qrels), "test", sets)
    assert run.settings.documents == 5  # D6 is its title
    ranking = run.results[3].ranking
    assert ranking is not None
    assert ranking.missed == (1,)  # what cannot be found counts


def test_a_changed_set_is_indexed_anew(tmp_path, sets):
    folder = beir_set(tmp_path / "set")
    before = run_beir(folder, "test", sets).settings
    after = run_beir(beir_set(folder, corpus=CORPUS[:3], qrels=QRELS[:2]), "test", sets).settings
    assert (before.documents, after.documents) == (4, 3)
    assert before.data_sha256 != after.data_sha256


def test_spans_are_located_and_measured(tmp_path):
    answering = IndexedSets(Settings(threshold=0), tmp_path / "cache", no_progress)
    run = run_spans(spans_set(tmp_path / "set"), answering)
    (result,) = run.results
    assert result.gold[0].text == "Stay out of the sun for a week."
    assert result.verdict == "right"
    assert run.measures["all"]["highlighted_recall"].value == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (spans_row(doc_id="none"), r"line 1: there is no text none\.md"),
        (spans_row(spans=[[0, 31]]), "line 1: the span 0-31 of care is not the answer"),
        (spans_row(spans=[[0, 31], [1, 2]]), "line 1: 2 spans but 1 answers"),
        (spans_row(spans=[], answers=[]), "line 1: spans: Tuple should have at least 1"),
        ("{}", "line 1: _id is missing"),
    ],
)
def test_a_malformed_span_is_refused_by_line(tmp_path, row, says):
    folder = spans_set(tmp_path / "set", row)
    document = Document("care", "corpora/care.md", "", TEXT, "text/markdown", "text/1", "", "")
    with pytest.raises(GoldError, match=says):
        locate_spans(folder, read_spans(folder), [document])


OTHER = [{"_id": f"o{n}", "text": f"What is the capital of country {n}?"} for n in range(5)]
OTHER_QRELS = [("o0", "D1", 1)]


def other_set(folder: Path) -> Path:
    return beir_set(folder, queries=OTHER, qrels=OTHER_QRELS)


def test_half_is_left_out_by_the_seed_alone(tmp_path):
    near = beir_set(tmp_path / "set")
    whole = read_beir(near, "test")
    other = far_off(other_set(tmp_path / "other"), near, whole, "test")
    kept, asked, notes = leave_out(whole, other, seed=1)
    assert (len(kept), notes) == (2, ())
    assert leave_out(whole, other, seed=1) == (kept, asked, notes)
    assert any(leave_out(whole, other, seed)[0] != kept for seed in range(2, 9))
    ids = {document.id for document in kept}
    for question, before in zip(asked.questions, whole.asked.questions, strict=False):
        left = before.documents.keys() & ids
        assert question.kind == ("answerable" if left else "near-miss")
        assert question.documents.keys() == left
    kinds = [question.kind for question in asked.questions]
    assert kinds.count("near-miss") == kinds.count("far-off") == 2
    assert len({question.id for question in asked.questions}) == len(asked.questions)
    assert leave_out(whole, replace(other, questions=other.questions[2:]), 1)[1].sha256 != (
        asked.sha256
    )


def test_too_few_far_off_questions_are_noted(tmp_path):
    near = beir_set(tmp_path / "set")
    whole = read_beir(near, "test")
    other = far_off(other_set(tmp_path / "other"), near, whole, "test")
    _, asked, notes = leave_out(whole, replace(other, questions=other.questions[:1]), seed=1)
    (note,) = notes
    assert note.startswith("There are 2 near misses and only 1 far-off questions (other): name")
    assert [question.kind for question in asked.questions].count("far-off") == 1


def test_a_question_stays_answerable_while_one_of_its_documents_is_left(tmp_path):
    everything = [("q1", row["_id"], 1) for row in CORPUS]
    near = beir_set(tmp_path / "set", qrels=everything)
    whole = read_beir(near, "test")
    _, asked, _ = leave_out(whole, far_off(None, near, whole, "test"), seed=0)
    assert [(q.kind, len(q.documents)) for q in asked.questions] == [("answerable", 2)]


def test_far_off_questions_come_from_a_set_beside_or_from_the_package(tmp_path):
    near = beir_set(tmp_path / "sets" / "near")
    whole = read_beir(near, "test")
    packaged = far_off(None, near, whole, "test")
    assert packaged.name == PACKAGED
    assert {question.kind for question in packaged.questions} == {"far-off"}
    assert "needling" in " ".join(question.text for question in packaged.questions)
    assert len(packaged.questions) == 76  # not those that are far off the seeds
    beir_set(tmp_path / "sets" / "a-copy")
    (tmp_path / "sets" / "a-link").symlink_to(near)
    assert far_off(None, near, whole, "test").name == PACKAGED
    other_set(tmp_path / "sets" / "beside")
    found = far_off(None, near, whole, "test")
    assert (found.name, len(found.questions)) == ("beside", len(OTHER))


def test_a_set_that_shares_questions_is_not_far_off(tmp_path):
    near = beir_set(tmp_path / "near")
    whole = read_beir(near, "test")
    for same in (near, beir_set(tmp_path / "copy")):
        with pytest.raises(GoldError, match="has questions in common"):
            far_off(same, near, whole, "test")


def test_leaving_out_gives_all_three_kinds_and_embeds_nothing_twice(tmp_path, sets, monkeypatch):
    folder = beir_set(tmp_path / "sets" / "near")
    run_beir(folder, "test", sets)
    embedded: list[str] = []
    watched = IndexedSets(sets.settings, tmp_path / "cache", lambda what, *_: embedded.append(what))
    run = run_abstain(folder, None, 0, "test", watched)
    assert "Embedding" not in embedded
    assert run.settings.documents == 2
    assert run.settings.options == {"split": "test", "seed": 0, "far_off": PACKAGED}
    kinds = [result.kind for result in run.results]
    assert kinds.count("answerable") == kinds.count("near-miss") == kinds.count("far-off") == 2
    names = {"answer_rate", "false_answers_near_miss", "false_answers_far_off", "auroc"}
    assert run.measures["all"].keys() >= names


def test_two_texts_of_one_name_are_refused(tmp_path):
    folder = spans_set(tmp_path / "set")
    both = [
        Document(name, f"corpora/{name}/care.md", "", TEXT, "text/markdown", "text/1", "", "")
        for name in ("x", "y")
    ]
    with pytest.raises(GoldError, match=r"would both be the doc_id care"):
        locate_spans(folder, read_spans(folder), both)


@pytest.mark.soak
def test_a_damaged_cache_is_made_anew(tmp_path, sets):
    folder = beir_set(tmp_path / "set")
    before = run_beir(folder, "test", sets)
    for path in (tmp_path / "cache").rglob("*"):
        if path.is_file() and path.parent.name == "objects":
            path.chmod(0o644)
            path.write_bytes(b"damaged")
    assert run_abstain(folder, None, 0, "test", sets).offsets.wrong == ()
    after = run_beir(folder, "test", sets)
    assert after.measures["all"]["ndcg_at_10"] == before.measures["all"]["ndcg_at_10"]


def test_a_cache_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    sets = IndexedSets(Settings(), tmp_path / "file", no_progress)
    with pytest.raises(GoldError, match="name another folder with --cache"):
        run_beir(beir_set(tmp_path / "set"), "test", sets)


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
@pytest.mark.soak
def test_a_cut_of_a_real_set(tmp_path, sets):
    real = DATA / "medquad_skin"
    folder = tmp_path / "cut"
    shutil.copytree(real, folder)
    corpus = (real / "corpus.jsonl").read_text(encoding="utf-8").split("\n")[:20]
    (folder / "corpus.jsonl").chmod(0o644)
    (folder / "corpus.jsonl").write_text("\n".join(corpus), encoding="utf-8")
    with pytest.raises(GoldError, match=r"test\.tsv, line \d+: the document .* is not in corpus"):
        read_beir(folder, "test")
    ids = {line.split('"_id": "', 1)[1].split('"', 1)[0] for line in corpus}
    qrels = (real / "qrels" / "test.tsv").read_text(encoding="utf-8").split("\n")
    kept = [
        row
        for row in qrels
        if "corpus-id" in row or (row.split("\t")[1:2] and row.split("\t")[1] in ids)
    ]
    (folder / "qrels" / "test.tsv").chmod(0o644)
    (folder / "qrels" / "test.tsv").write_text("\n".join(kept), encoding="utf-8")
    run = run_beir(folder, "test", sets)
    assert run.offsets.wrong == ()
    assert run.measures["all"]["ndcg_at_10"].value > 0.6
