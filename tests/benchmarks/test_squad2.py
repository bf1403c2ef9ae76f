"""SQuAD 2.0's questions, by what the reader was trained on."""

from benchmarks.squad2 import read_squad2
from tests.benchmarks.squad2 import squad2_set


def test_questions_are_told_apart_by_article(tmp_path):
    squad2 = read_squad2(squad2_set(tmp_path / "squad2_half"))
    assert [each.id for each in squad2.about("unseen")] == ["u1", "u2"]
    assert [each.id for each in squad2.about("seen")] == ["s1"]
    assert [each.id for each in squad2.about("kept-out", "unseen")] == ["u1", "u2", "k1"]


def test_spans_are_the_answers(tmp_path):
    squad2 = read_squad2(squad2_set(tmp_path / "squad2_half"))
    texts = {each.id: each.text for each in squad2.documents}
    answerable, impossible = squad2.about("unseen")
    (gold,) = answerable.spans
    assert gold.span.of(texts[gold.document_id]) == "in 1928"
    assert list(answerable.documents) == [gold.document_id]
    assert (impossible.kind, impossible.spans, impossible.documents) == ("near-miss", (), {})
