"""What was found at which rank, which citations are on the gold, how many characters are."""

from dataclasses import replace

import pytest

from eval.gold import GoldSpan, Question
from eval.judge import Corpus, Family, judge, overlap, rank_documents, rank_passages
from eval.records import Found, Overlap, Ranking
from index.records import Document, Passage, Span
from index.store import open_store
from index.sync import sync
from qa.engine import Engine
from qa.records import Citation, Hit, Place
from tests.encoders import HashingEncoder

TEXT = "0123456789" * 10
QUOTE = GoldSpan("a", Span(20, 30))


def document(name: str) -> Document:
    return Document(name, f"notes/{name}.txt", "", TEXT, "text/plain", "text/1", "", "")


A, B = document("a"), document("b")


def passage(owner: Document, start: int, end: int) -> Passage:
    return Passage(f"{owner.id}:{start}-{end}", owner.id, start, end, (), (Span(start, end),))


def hit(owner: Document, start: int, end: int, *also_in: Place) -> Hit:
    return Hit(owner, passage(owner, start, end), 0.5, (), also_in)


def alone(*passages: Passage) -> list[Family]:
    """Passages of which none repeats another."""
    return [(each,) for each in passages]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (hit(A, 20, 30), True),  # exactly the quote
        (hit(A, 0, 50), True),
        (hit(A, 21, 50), False),  # the quote's first character is missing
        (hit(A, 0, 29), False),  # its last one is
        (hit(B, 0, 50), False),  # the right offsets in another document
        (hit(B, 0, 50, Place(A, Span(15, 30))), True),  # shown with it
        (hit(B, 0, 50, Place(A, Span(25, 50))), False),
        (hit(A, 0, 25, Place(A, Span(25, 50))), False),  # half here, half there
    ],
)
def test_a_passage_holds_a_quote_only_whole(found, expected):
    ranking = rank_passages([found], [QUOTE], alone(passage(A, 0, 50)))
    assert (ranking.found == (Found(1),)) is expected


def test_every_passage_that_holds_a_quote_is_relevant():
    quotes = [QUOTE, GoldSpan("a", Span(61, 69)), GoldSpan("b", Span(5, 6))]
    cut = alone(*(passage(A, at, at + 10) for at in (20, 60)), passage(B, 0, 10))
    hits = [hit(B, 50, 59), hit(A, 60, 70), hit(A, 0, 10), hit(A, 20, 30)]
    # relevant are a:60-70 and a:20-30, found at 2 and 4, and b:0-10, which was not returned
    assert rank_passages(hits, quotes, cut) == Ranking((Found(2), Found(4)), (1,), 4)
    assert rank_passages(hits[:1], quotes, cut) == Ranking((), (1, 1, 1), 1)
    assert rank_passages([], quotes, cut).first is None


def test_a_family_counts_once_however_much_of_it_is_found():
    quotes = [QUOTE, GoldSpan("b", Span(40, 50)), GoldSpan("b", Span(60, 70))]
    repeated: Family = (passage(A, 20, 30), passage(B, 35, 55))
    families = [repeated, (passage(B, 60, 70),)]
    shown_together = [hit(A, 20, 30, Place(B, Span(35, 55)))]
    assert rank_passages(shown_together, quotes, families) == Ranking((Found(1),), (1,), 1)
    apart = [hit(A, 0, 9), hit(B, 35, 55), hit(A, 20, 30), hit(B, 60, 70)]
    assert rank_passages(apart, quotes, families) == Ranking((Found(2), Found(4)), (), 4)
    assert rank_passages([], quotes, families) == Ranking((), (1, 1), 0)


def test_a_question_whose_quotes_are_in_no_passage_can_find_nothing():
    assert rank_passages([hit(A, 0, 25)], [QUOTE], []) == Ranking((), (1,), 1)


def test_documents_are_ranked_with_their_grades():
    ranking = rank_documents(["x", "b", "y", "a"], {"a": 1, "b": 2, "c": 3, "d": 1})
    assert ranking == Ranking((Found(2, 2), Found(4, 1)), (3, 1), 4)
    many = [f"d{i}" for i in range(60)]
    assert rank_documents(many, {"d49": 1, "d50": 1}) == Ranking((Found(50),), (1,), 50)


@pytest.mark.parametrize(
    ("gold", "shown", "expected"),
    [
        ([(0, 10)], [(5, 20)], Overlap(10, 15, 5)),
        ([(0, 10), (5, 12)], [(0, 3), (2, 4), (11, 30)], Overlap(12, 23, 5)),  # 0-4 and 11-12
        ([(0, 10)], [], Overlap(10, 0, 0)),
        ([(0, 10), (10, 20)], [(0, 20)], Overlap(20, 20, 20)),
    ],
)
def test_characters_count_once(gold, shown, expected):
    spans = [[GoldSpan("a", Span(*each)) for each in which] for which in (gold, shown)]
    assert overlap(*spans) == expected
    elsewhere = [GoldSpan("b", Span(*each)) for each in gold]
    assert overlap(elsewhere, spans[1]).both == 0


TEXTS = {
    "a.txt": "Redness of the skin fades within two days. Avoid the sun.\n",
    "b.txt": "The redness of the skin fades within two days. Drink water.\n",
    "c.txt": "Needles of half a millimetre are sold for use at home.\n",
}
FADES = "Redness of the skin fades within two days."


@pytest.fixture(scope="module")
def notes(tmp_path_factory, model) -> Engine:
    """An engine on three notes, of which two begin alike."""
    folder = tmp_path_factory.mktemp("judge")
    (folder / "notes").mkdir()
    for name, text in TEXTS.items():
        (folder / "notes" / name).write_text(text, encoding="utf-8")
    store = open_store(folder / "store")
    sync(store, [folder / "notes"], model, HashingEncoder())
    return Engine(store.open(), model, HashingEncoder(), model.tokenizer(), threshold=0.1)


def span_of(engine: Engine, name: str, words: str) -> GoldSpan:
    (document,) = (
        each.document
        for each in engine.snapshot.documents()
        if each.document.source == f"notes/{name}"
    )
    start = document.text.index(words)
    return GoldSpan(document.id, Span(start, start + len(words)))


def judged(engine: Engine, question: Question, citations=None):
    trace = engine.trace(question.text)
    answer = engine.answer(trace, 10)
    if citations is not None:
        answer = replace(answer, citations=citations, took_ms=3.5)
    return judge(question, Corpus.of(engine.snapshot), trace, answer, 10)


def test_an_answer_is_judged_by_its_citations(notes):
    gold = span_of(notes, "a.txt", FADES)
    question = Question("q-1", FADES, "answerable", "gold, line 1", spans=(gold,))
    document = notes.snapshot.document(gold.document_id)
    other = notes.snapshot.document(span_of(notes, "b.txt", "The").document_id)
    start, end = gold.span
    # the last character of the gold and ten after it; what comes then; another document
    places = [(document, end - 1, end + 10), (document, end, end + 10), (other, start, end)]
    citations = tuple(Citation(n, d, (), s, e) for n, (d, s, e) in enumerate(places, 1))
    result = judged(notes, question, citations)
    assert [each.on_gold for each in result.citations] == [True, False, False]
    assert [(e.source, e.start, e.end, e.text) for e in result.gold] == [
        ("notes/a.txt", start, end, FADES)
    ]
    assert result.cited == Overlap(gold=len(FADES), shown=11 + len(FADES), both=1)
    assert result.took_ms == 3.5
    assert result.ranking == Ranking((Found(1),), (), 2)


def test_near_duplicates_that_hold_the_gold_are_one_family(notes):
    both = (span_of(notes, "a.txt", FADES), span_of(notes, "b.txt", "The r" + FADES[1:]))
    question = Question("q-1", FADES, "answerable", "gold, line 1", spans=both)
    trace = notes.trace(FADES)
    (family,) = Corpus.of(notes.snapshot).families(both, trace)
    assert {passage.document_id for passage in family} == {span.document_id for span in both}
    assert judged(notes, question).ranking == Ranking((Found(1),), (), 2)


def test_verdicts(notes):
    gold = (span_of(notes, "c.txt", TEXTS["c.txt"].strip()),)
    asks_for_another = Question("q-1", FADES, "answerable", "gold, line 1", spans=gold)
    assert judged(notes, asks_for_another).verdict == "off the gold"
    both = (span_of(notes, "a.txt", FADES), span_of(notes, "b.txt", "The r" + FADES[1:]))
    answers = Question("q-1", FADES, "answerable", "gold, line 1", spans=both)
    assert judged(notes, answers).verdict == "right"
    silent = replace(notes, threshold=1.1)
    assert judged(silent, asks_for_another).verdict == "missed"
    near = Question("q-2", FADES, "near-miss", "gold, line 2")
    assert judged(notes, near).verdict == "false answer"
    assert judged(silent, near).verdict == "abstained"
    assert judged(silent, near).ranking is None


def test_what_would_be_cited_is_judged_though_nothing_is_answered(notes):
    gold = (span_of(notes, "a.txt", FADES), span_of(notes, "b.txt", "The r" + FADES[1:]))
    question = Question("q-1", FADES, "answerable", "gold, line 1", spans=gold)
    result = judged(replace(notes, threshold=1.1), question)
    assert (result.answered, result.right, result.citations) == (False, True, ())
    assert result.cited == Overlap(2 * len(FADES) + 4, 0, 0)


def test_documents_are_ranked_by_their_best_passage_ten_at_least(tmp_path, model):
    """Long documents on the subject must not leave a ranking of ten with fewer."""
    (tmp_path / "notes").mkdir()
    for name in ("long", "longer"):
        many = [f"Redness {n} of the skin fades on day {n} of the weeks." for n in range(900)]
        (tmp_path / "notes" / f"{name}.txt").write_text(f"{name} " + "\n\n".join(many))
    for n in range(12):
        (tmp_path / "notes" / f"{n}.txt").write_text(f"Needle {n} is sold for use at home, {n}.")
    store, encoder = open_store(tmp_path / "store"), HashingEncoder()
    sync(store, [tmp_path / "notes"], model, encoder)
    engine = Engine(store.open(), model, encoder, model.tokenizer())
    trace = engine.trace("redness of the skin")
    assert len({each.document.id for each in trace.candidates}) < 10
    assert len(Corpus.of(engine.snapshot).documents(trace)) >= 10


def test_what_stands_nowhere_any_more_cannot_be_found(notes):
    lost = judged(notes, Question("q-1", FADES, "answerable", "gold, line 1"))
    assert lost.ranking == Ranking((), (1,), 2)
    assert lost.gold == ()
    assert lost.verdict == "off the gold"  # it was asked all the same, and answered
    for each in (lost.cited, lost.highlighted):
        assert (each.gold, each.both) == (0, 0)
        assert each.shown > 0
