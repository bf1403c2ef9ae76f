"""Why not this passage? What is said must agree with what the engine really answers."""

import dataclasses
import json
import re

import numpy as np
import pytest

from eval.gold import PACKAGED_GOLD
from index.records import Document, Span
from qa.answer.quotes import ANSWER_WORDS, MAX_QUOTES, QUOTE_MARGIN
from qa.answer.units import probability
from qa.engine import Engine
from qa.errors import QuestionError, QuoteError
from qa.formats.why import why_json
from qa.read.windows import PASSAGES, WINDOWS
from qa.records import Answer, Hit
from qa.why.report import Report, Way, follow, why
from qa.why.stages import STAGES, Considered, Finding
from tests.qa.conftest import Ask, Hashed, Library

QUESTION = "What fades?"


def lost(report: Report, at: str) -> Finding:
    """Return the finding of the stage where the quote was lost, which must be `at`."""
    assert report.way.lost_at == at, report.way.findings
    assert report.way.cited == ()
    names = list(STAGES)
    assert [*report.way.findings] == names
    assert all(report.way.findings[name].passed for name in names[: names.index(at)])
    return report.way.findings[at]


def place(way: Way) -> tuple[str, Span]:
    assert way.expected is not None
    return way.expected.place.document.source, way.expected.place.span


# Lost before any question.


def test_a_quote_that_stands_nowhere_was_not_ingested(hashed: Hashed) -> None:
    engine = hashed({"a.txt": "Rain fell. Redness fades within two days."})
    report = why(engine, QUESTION, "The redness fades in two days.")
    assert "pincite index" in lost(report, "ingested").detail
    assert report.way.expected is None
    assert all(each.passed is None for each in [*report.way.findings.values()][1:])
    assert report.nearest is not None
    nearest = report.nearest.place
    assert (nearest.document.source, nearest.text) == (
        "notes/a.txt",
        "Redness fades within two days.",
    )
    assert 0.8 < report.nearest.similarity < 1


def test_where_nothing_is_alike_no_text_is_named(hashed: Hashed) -> None:
    report = why(hashed({"a.txt": "Rain fell."}), QUESTION, "Xylophones jingle by moonlight")
    lost(report, "ingested")
    assert report.nearest is None


def test_words_that_differ_in_blanks_and_quotation_marks_are_found_and_it_is_said(
    hashed: Hashed,
) -> None:
    engine = hashed({"a.txt": "What “fades”\nis the redness. Rain fell."})
    report = why(engine, QUESTION, ' what "fades" is  ')
    assert place(report.way) == ("notes/a.txt", Span(0, 15))
    assert report.way.expected is not None
    assert not report.way.expected.verbatim
    assert "but for" in report.way.findings["ingested"].detail
    exact = why(engine, QUESTION, "“fades”\nis").way
    assert exact.expected is not None
    assert exact.expected.verbatim
    assert "word for word" in exact.findings["ingested"].detail


def test_the_very_words_elsewhere_keep_other_spellings_out(hashed: Hashed) -> None:
    engine = hashed({"a.txt": "redness FADES here.", "b.txt": "Redness fades there."})
    report = why(engine, QUESTION, "Redness fades")
    assert place(report.way) == ("notes/b.txt", Span(0, 13))
    assert report.others == ()


def test_a_heading_is_in_no_passage(hashed: Hashed) -> None:
    engine = hashed({"a.md": "# What fades\n\nRain fell for two days.\n"})
    assert "heading" in lost(why(engine, QUESTION, "What fades"), "chunked").detail


def test_a_quote_that_takes_in_a_heading_is_followed_where_it_is_text(hashed: Hashed) -> None:
    engine = hashed({"a.md": "# Care\n\nRedness fades.\n"})
    report = why(engine, QUESTION, "Care\n\nRedness fades.")
    # "Redness fades." has 14 characters, "Care" and two line ends 6.
    assert "14 of its 20" in report.way.findings["chunked"].detail
    assert "heading" in report.way.findings["chunked"].detail
    assert report.way.cited == (1,)
    assert report.way.findings["answered"].detail == "cited as [1], in part"


def test_a_quote_across_two_passages_is_followed_in_the_one_that_holds_most(
    hashed: Hashed,
) -> None:
    sentences = [f"Frost number {n} came and stayed for {n} long weeks." for n in range(40)]
    engine = hashed({"a.txt": " ".join(sentences)})
    (document,) = engine.snapshot.documents()
    first, second, *_ = document.passages
    text = document.document.text
    quote = text[first.end - 8 : second.start + 30]
    report = why(engine, QUESTION, quote)
    assert report.way.expected is not None
    assert report.way.expected.passage == second
    detail = report.way.findings["chunked"].detail
    assert f"across {first.start}-{first.end} and {second.start}-{second.end}" in detail
    assert f"{second.start}-{second.end}, which holds 30 of its 39 characters" in detail


# Lost in retrieval.


def test_a_passage_too_far_from_the_question_is_not_looked_at(hashed: Hashed) -> None:
    near = {f"{n:03}.txt": f"What fades is a{n}x b{n}x c{n}x d{n}x." for n in range(120)}
    engine = hashed({**near, "far.txt": "Bread needs salt."})
    report = why(engine, QUESTION, "Bread needs salt.")
    found = lost(report, "lexical")
    looked_at = len(engine.trace(QUESTION).candidates)
    assert 100 <= looked_at < 121
    assert f"the {looked_at} that were looked at" in found.detail
    assert (found.rank, found.score) == (None, None), "it has no word of the question"
    dense = report.way.findings["dense"]
    assert dense.rank is not None
    assert dense.rank > 100
    assert "of 121 passages" in dense.detail
    assert report.way.findings["fused"].passed is None


def test_a_passage_that_only_its_words_bring_in_passes(hashed: Hashed) -> None:
    filler = {f"{n:03}.txt": f"What comes is a{n}x b{n}x." for n in range(120)}
    rare = "Nothing of the kind was ever seen, said or heard of by the old zwieback bakers."
    engine = hashed({**filler, "rare.txt": rare})
    way = why(engine, "What zwieback comes?", rare).way
    assert way.findings["lexical"].rank == 1
    assert way.findings["fused"].passed


def test_the_dense_rank_is_that_of_an_exact_search(engine: Engine) -> None:
    vector = engine.trace("what is microneedling").query.vector
    rows, passages = zip(*engine.snapshot.passages(), strict=True)
    cosines = engine.snapshot.vectors(np.array(rows)) @ vector
    for passage, cosine in [*zip(passages, cosines, strict=True)][::7]:
        text = passage.span.of(engine.snapshot.document(passage.document_id).text)
        found = why(engine, "what is microneedling", text).way.findings["dense"]
        assert found.rank == 1 + (cosines > cosine).sum()
        assert found.score == pytest.approx(cosine, abs=1e-4)  # in half precision


# Lost in the list.


def test_a_near_duplicate_is_folded_into_the_better_one(library: Library) -> None:
    engine = library(
        {
            "a.txt": "Redness fades within two days.",
            "b.txt": "Frost bursts the pipes.",
            "c.txt": "The redness fades within two days.",
        }
    )
    answer = engine.ask("How soon does redness fade?")
    (best,) = [hit for hit in answer.hits if hit.also_in]
    (folded,) = best.also_in
    report = why(engine, "How soon does redness fade?", folded.text)
    found = lost(report, "collapsed")
    assert found.rank == answer.hits.index(best) + 1 == 1
    assert f"{best.document.source}:0-" in found.detail
    assert "lies within" in found.detail
    assert report.way.findings["shown"].passed
    assert report.way.findings["read"].passed is None
    assert report.way.findings["quoted"].passed is None
    assert "[1] , which says" not in report.way.findings["answered"].detail
    assert "[1], which says the same" in report.way.findings["answered"].detail


def test_an_also_in_names_all_of_a_passage_that_is_folded(library: Library) -> None:
    fades = "Redness fades within two days of the treatment if the skin is kept clean and cool."
    others = {"a.txt": "Bread needs salt.", "b.txt": "Frost bursts pipes."}
    engine = library({name: f"{fades} {other}" for name, other in others.items()})
    question = "How soon does redness fade?"
    best, *_ = engine.ask(question).hits
    (folded,) = best.also_in
    (other,) = [words for words in others.values() if words not in best.document.text]
    assert folded.text == f"{fades} {other}"
    report = why(engine, question, other)
    assert "lies within" in lost(report, "collapsed").detail
    assert report.way.findings["shown"].passed


def worded(count: int) -> dict[str, str]:
    """Passages that answer alike and say different things, the shorter ones better."""
    return {f"{n:02}.txt": "What fades " + f"w{n}x " * n + "." for n in range(count)}


def test_a_passage_below_the_cut_is_not_shown(hashed: Hashed) -> None:
    engine = hashed(worded(9))
    hits = engine.ask(QUESTION, 9).hits
    assert len(hits) == 9
    for rank, hit in enumerate(hits, 1):
        report = why(engine, QUESTION, hit.document.text, 3)
        found = report.way.findings["shown"]
        assert (found.passed, found.rank, found.needed) == (rank <= 3, rank, 3)
        if rank > 3:
            assert found.detail == f"{rank - 3} below the cut of 3, yet answers are drawn from it"
        if rank > 3 and not report.way.cited:
            assert lost(report, "shown") == found


def test_a_passage_below_a_small_cut_can_be_cited_all_the_same(hashed: Hashed) -> None:
    engine = hashed(
        {
            "a.txt": "What fades is redness after winter.",
            "b.txt": "What fades is swelling under bandages.",
            "c.txt": "Bread needs salt.",
        }
    )
    assert len(engine.ask(QUESTION).citations) == 2
    second = engine.ask(QUESTION).hits[1]
    report = why(engine, QUESTION, second.document.text, 1)
    assert report.way.findings["shown"].passed is False
    assert "yet answers are drawn from it" in report.way.findings["shown"].detail
    assert report.way.lost_at is None
    assert report.way.cited == (2,)


def test_a_passage_behind_fifty_others_is_in_no_list(hashed: Hashed) -> None:
    engine = hashed({f"{n:02}.txt": f"What fades is a{n}x b{n}x c{n}x." for n in range(70)})
    trace = engine.trace(QUESTION)
    kept = {group.best.passage.id for group in trace.groups(50)}
    last = list(trace.candidates)[-1]
    assert len(kept) == 50
    assert last.passage.id not in kept
    report = why(engine, QUESTION, last.document.text, 50)
    assert report.way.lost_at == "shown"
    assert report.way.findings["read"].passed is None
    found = report.way.findings["shown"]
    assert (found.rank, found.needed) == (None, 50)
    assert "all 50" in found.detail


# Lost in the answer.


def test_answers_are_drawn_from_what_is_read_only(hashed: Hashed) -> None:
    engine = hashed(worded(PASSAGES + 2))
    hits = engine.ask(QUESTION, 50).hits
    reports = [why(engine, QUESTION, hit.document.text, 50) for hit in hits]
    outcomes = [report.way.findings["read"].passed for report in reports]
    assert outcomes.count(True) == WINDOWS
    for report, passed in zip(reports, outcomes, strict=True):
        if not passed:
            assert f"among the {WINDOWS} that promise most" in lost(report, "read").detail
            assert report.way.findings["shown"].passed
            assert report.way.findings["quoted"].passed is None


def test_without_a_reader_it_is_said_that_none_read(hashed: Hashed) -> None:
    found = why(hashed({"a.txt": "Redness fades."}), QUESTION, "Redness fades.").way.findings
    assert found["read"].passed
    assert "without a reader" in found["read"].detail
    assert (found["read"].rank, found["read"].score) == (None, None)


def test_what_the_reader_made_of_a_passage_is_told(library: Library) -> None:
    engine = library(
        {
            "a.txt": "The patients named redness as the reason of their visit to the clinic.",
            "b.txt": "Redness fades within two days, though sensitive skin may need a week.",
        }
    )
    question = "How long does redness last?"
    for rank, words in ((1, "within two days"), (2, "as the reason")):
        found = why(engine, question, words).way.findings["read"]
        assert (found.passed, found.rank) == (True, rank)
        assert "of 2 passages that were read" in found.detail
    first, second = (
        why(engine, question, words).way.findings["read"].score
        for words in ("within two days", "as the reason")
    )
    assert first is not None
    assert second is not None
    assert first > second


def test_a_name_that_no_document_has_is_named(hashed: Hashed) -> None:
    engine = hashed({"a.txt": "Redness fades."})
    report = why(engine, "When does redness fade at Rowenta?", "Redness fades.")
    assert "no document has the name Rowenta" in lost(report, "quoted").detail


def test_a_document_that_lacks_a_name_that_others_have_is_not_quoted(hashed: Hashed) -> None:
    engine = hashed({"a.txt": "Redness fades.", "b.txt": "At Rowenta redness fades soon."})
    question = "When does redness fade at Rowenta?"
    report = why(engine, question, "Redness fades.")
    assert "lacks a name" in lost(report, "quoted").detail
    assert why(engine, question, "At Rowenta redness fades").way.cited == (1,)


def test_what_asks_or_heads_a_table_is_not_quoted_by_itself(hashed: Hashed) -> None:
    engine = hashed(
        {
            "a.txt": "What fades? Redness fades.",
            "b.md": "| What | Fades after |\n|---|---|\n| Redness | 2 days |\n| Heat | 1 day |\n",
        }
    )
    assert "asks" in lost(why(engine, QUESTION, "What fades?"), "quoted").detail
    header = why(engine, "redness fades after 2 days", "| What | Fades after |")
    assert header.way.cited or "table" in lost(header, "read").detail


def test_what_only_announces_is_cited_with_what_it_announces(hashed: Hashed) -> None:
    items = "These are what fades:\nHeat: It goes.\nCold: It goes, too.\n"
    engine = hashed({"a.txt": f"Rain fell.\n{items}", "b.txt": "This is what fades:"})
    report = why(engine, "these are what fades", "These are what fades:")
    assert report.way.cited
    alone = why(engine, QUESTION, "This is what fades:")
    assert "announces" in lost(alone, "quoted").detail


def words_apart(count: int) -> list[str]:
    """Return so many short words that have nothing to do with one another."""
    words = (
        "apple bank bird boat bone book box bridge bus cake camp car card cat chair church city "
        "clock cloud coat coin corn cow cup desk dog door dress duck ear east egg farm field fire "
        "fish floor flower foot forest fork game garden gate girl glass gold grass hall hand hat "
        "head hill horse hotel house island key king knife lake lamp leaf leg letter lion lip map "
        "market meat milk moon mouse nail neck night nose ocean park pen"
    ).split()
    assert len(words) >= count
    return words[:count]


def one_passage(*sentences: str) -> dict[str, str]:
    return {"a.txt": " ".join(sentences)}


def test_a_quote_that_scores_too_low_beside_the_best_is_not_chosen(hashed: Hashed) -> None:
    engine = hashed(one_passage("Redness fades.", "Salt makes good bread keep for weeks."))
    report = why(engine, "Redness fades", "Salt makes good bread")
    found = lost(report, "chosen")
    assert "too far below the best quote" in found.detail
    assert found.rank == 2
    best = engine.trace("Redness fades").ranked[0]
    assert found.needed == pytest.approx(probability(best.log_odds - QUOTE_MARGIN))
    assert found.score is not None
    assert found.needed is not None
    assert found.score < found.needed


def test_a_quote_after_enough_others_is_not_chosen(hashed: Hashed) -> None:
    more = words_apart(2 * (MAX_QUOTES + 2))
    sentences = [
        f"{one.title()} fades {other}." for one, other in zip(more[::2], more[1::2], strict=True)
    ]
    engine = hashed(one_passage(*sentences))
    assert len(engine.ask("What fades").citations) == MAX_QUOTES
    found = lost(why(engine, "What fades", sentences[-1]), "chosen")
    assert f"{MAX_QUOTES} better quotes" in found.detail
    assert found.rank == MAX_QUOTES + 2


def test_a_quote_too_long_to_be_added_is_not_chosen(hashed: Hashed) -> None:
    many = words_apart(80)
    long = [" ".join(many[:40]), " ".join(many[40:])]
    texts = one_passage(*(f"Frost fades {words}." for words in long), "Salt fades soon.")
    engine = hashed({**texts, "b.txt": "Bread needs water."})
    assert engine.snapshot.info.passages == 2
    ways = [why(engine, "frost fades", f"Frost fades {words}").way for words in long]
    (late,) = [way for way in ways if not way.cited]
    assert late.lost_at == "chosen"
    assert f"more than {ANSWER_WORDS} words" in late.findings["chosen"].detail


def test_a_quote_that_repeats_a_better_one_names_it(library: Library) -> None:
    first, second = "Redness fades within two days.", "The redness fades within two days."
    between = "Bread needs salt. Frost bursts the pipes. " * 3
    engine = library({"a.txt": f"{first} {between}{second}"})
    ways = [why(engine, "How soon does redness fade?", quote).way for quote in (first, second)]
    (cited,) = [way for way in ways if way.cited]
    (other,) = [way for way in ways if not way.cited]
    assert other.lost_at == "chosen"
    assert cited.expected is not None
    assert other.findings["chosen"].detail == f"it repeats “{cited.expected.place.text}”"


def test_below_the_threshold_nothing_is_cited(hashed: Hashed) -> None:
    texts = one_passage("Redness fades.", "Bread needs salt.")
    engine = hashed(texts)
    assert why(engine, QUESTION, "Redness fades.").way.cited == (1,)
    strict = dataclasses.replace(engine, threshold=0.99)
    found = lost(why(strict, QUESTION, "Redness fades."), "answered")
    assert found.needed == 0.99
    assert found.score == strict.ask(QUESTION).confidence


# Several places.


def test_the_place_that_got_furthest_is_reported_and_the_others_follow(hashed: Hashed) -> None:
    engine = hashed(
        {
            "a.md": "# Redness fades\n\nRain fell.\n",
            "b.txt": "Bread needs salt. Much later redness fades: Redness fades",
            "c.txt": "What fades? Redness fades.",
        }
    )
    report = why(engine, QUESTION, "Redness fades")
    assert place(report.way)[0] == "notes/c.txt"
    assert report.way.cited
    assert len(report.others) == 2
    assert place(report.others[-1]) == ("notes/a.md", Span(2, 15))
    assert report.others[-1].lost_at == "chunked"
    names = list(STAGES)
    order = [names.index(way.lost_at) if way.lost_at else 99 for way in report.others]
    assert order == sorted(order, reverse=True)


# What is said agrees with what is answered.


def gold_quotes() -> dict[str, list[str]]:
    rows = [json.loads(line) for line in PACKAGED_GOLD.read_text(encoding="utf-8").splitlines()]
    answerable = [row for row in rows if row["quotes"]][:40]
    return {row["question"]: [each["quote"] for each in row["quotes"]] for row in answerable}


def stands(quote: str, documents: list[Document]) -> list[tuple[Document, Span]]:
    return [
        (document, Span(*found.span()))
        for document in documents
        for found in re.finditer(re.escape(quote), document.text)
    ]


def cites(answer: Answer, document: Document, span: Span) -> list[int]:
    return [
        citation.number
        for citation in answer.citations
        if citation.document.id == document.id and Span(citation.start, citation.end).overlaps(span)
    ]


def shows(hit: Hit, document: Document, span: Span, passage: Span) -> bool:
    own = hit.document.id == document.id and hit.passage.span == passage
    return own or any(
        place.document.id == document.id
        and place.span.overlaps(span)
        and passage.start <= place.span.start
        and place.span.end <= passage.end
        for place in hit.also_in
    )


def assert_agrees(
    report: Report, considered: Considered, answer: Answer, documents: list[Document]
) -> str:
    """Compare all that is said of every place with the answer. Return where it was lost."""
    ways = [report.way, *report.others]
    assert {(source, span) for source, span in map(place, ways)} == {
        (document.source, span) for document, span in stands(report.quote, documents)
    }
    assert bool(report.way.cited) == any(
        cites(answer, document, span) for document, span in stands(report.quote, documents)
    )
    for way in ways:
        assert way.expected is not None
        assert way.expected.passage is not None
        document, span = way.expected.place.document, way.expected.place.span
        passage = way.expected.passage.span
        assert list(way.cited) == cites(answer, document, span)
        assert (way.lost_at is None) == bool(way.cited)
        shown = way.findings["shown"]
        ranks = [
            rank for rank, hit in enumerate(answer.hits, 1) if shows(hit, document, span, passage)
        ]
        assert bool(shown.passed) == bool(ranks)
        if ranks:
            assert ranks == [shown.rank]
            own = answer.hits[ranks[0] - 1].passage == way.expected.passage
            assert way.findings["collapsed"].passed is own
            if own:
                was_read = {each.candidate.passage.id for each in considered.trace.windows}
                assert bool(way.findings["read"].passed) <= (way.expected.passage.id in was_read)
        assert way.findings["answered"].passed == answer.answered
        assert way.findings["answered"].score == answer.confidence
    return report.way.lost_at or "cited"


@pytest.mark.soak
def test_what_is_said_of_gold_quotes_agrees_with_the_answers(engine: Engine, ask: Ask) -> None:
    documents = [each.document for each in engine.snapshot.documents()]
    outcomes = set()
    for number, (question, quotes) in enumerate(gold_quotes().items()):
        top_k = 9 if number % 2 else 2
        considered, answer = Considered.of(engine, question, top_k), ask(question, top_k)
        for quote in quotes:
            report = follow(quote, considered, engine.snapshot)
            outcomes.add(assert_agrees(report, considered, answer, documents))
    assert {"cited", "collapsed", "shown", "chosen"} <= outcomes


def test_what_is_said_of_every_sentence_agrees_with_the_answers(engine: Engine, ask: Ask) -> None:
    """Those that ask and those that only announce included; and at a threshold that abstains."""
    strict = dataclasses.replace(engine, threshold=0.99)
    documents = [each.document for each in engine.snapshot.documents()]
    question = "why do I get pimples after microneedling"
    asked = [
        (Considered.of(engine, question, 5), ask(question)),
        (Considered.of(strict, question, 5), strict.ask(question)),
    ]
    for _, passage in engine.snapshot.passages():
        text = engine.snapshot.document(passage.document_id).text
        for sentence in passage.sentences:
            for considered, answer in asked:
                report = follow(sentence.of(text), considered, engine.snapshot)
                assert_agrees(report, considered, answer, documents)


# What cannot be looked for.


@pytest.mark.parametrize("quote", ["", " \n\t", "half \ud800", "x" * 20_001])
def test_a_quote_that_cannot_be_looked_for_is_refused_in_one_line(
    engine: Engine, quote: str
) -> None:
    with pytest.raises(QuoteError) as raised:
        why(engine, QUESTION, quote)
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 200


def test_an_empty_question_is_refused(engine: Engine) -> None:
    with pytest.raises(QuestionError):
        why(engine, " ", "Redness fades.")


# Its JSON form.


def test_the_json_has_the_numbers_and_every_offset_holds(engine: Engine) -> None:
    question, (quote, *_) = next(iter(gold_quotes().items()))
    report = why(engine, question, quote, 3)
    told = why_json(report)
    assert (told["question"], told["expected"], told["top_k"]) == (question, quote, 3)
    assert [stage["stage"] for stage in told["way"]["stages"]] == [*STAGES]
    assert [stage["rank"] for stage in told["way"]["stages"]] == [
        finding.rank for finding in report.way.findings.values()
    ]
    at = told["way"]["place"]
    text = engine.snapshot.document(at["document_id"]).text
    assert text[at["start_char_index"] : at["end_char_index"]] == at["cited_text"] == quote
    assert told["nearest"] is None
    nowhere = why_json(why(engine, question, quote[:40] + "ish words"))
    assert nowhere["way"]["place"] is nowhere["way"]["passage_id"] is None
    assert nowhere["way"]["lost_at"] == "ingested"
    nearest = nowhere["nearest"]["place"]
    text = engine.snapshot.document(nearest["document_id"]).text
    assert text[nearest["start_char_index"] : nearest["end_char_index"]] == nearest["cited_text"]
