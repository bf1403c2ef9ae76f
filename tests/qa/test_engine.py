"""Answers as a whole, with the real model: exact places, no repetition, abstention, no echo."""

import dataclasses
import gc
import itertools
import json
import shutil
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

from index.encoding.encoder import TorchEncoder
from index.encoding.model import Model, find_model
from index.errors import ModelError, StoreMissingError
from index.records import Span
from index.store import open_store
from index.structure.wording import content_words, is_question, word_count
from index.sync import sync
from qa.answer.quotes import LIST_WORDS
from qa.engine import Engine
from qa.errors import QuestionError
from qa.question.query import MAX_QUESTION_CHARS
from qa.read.reader import reader_used
from qa.read.windows import WINDOWS, windows_to_read
from qa.records import Answer
from qa.retrieve.retriever import Retriever
from tests.qa.conftest import Ask, Library, Traced

ON_SUBJECT = [
    "what is microneedling",
    "Why do I get pimples after microneedling?",
    "who should NOT have it done",
    "how common are infections from microneedling",
    "does microneedling make acne scars worse",
    "hyperpigmentation",
    "How long does the redness last, and when should I worry about it?",
    "can microneedling increase oil production?",
    "what should i do if i have an allergic reaction",
    "prevent breakouts skincare aftercare",
    "tell me how a practitioner plans the treatment beforehand",
]
CLEAR = [
    "what is microneedling",
    "does microneedling make acne scars worse",
    "hyperpigmentation",
    "can microneedling increase oil production?",
]
"""Questions that a sentence of the seed texts answers."""
FAR_OFF = [
    "What is the capital of France?",
    "how do I bake sourdough bread",
    "python list comprehension syntax",
    "Who won the 1998 football world cup?",
    "当前的汇率是多少",
]


def same_but_for_the_time(answer: Answer) -> Answer:
    return dataclasses.replace(answer, took_ms=0)


def dice(first: str, second: str) -> float:
    one, two = content_words(first), content_words(second)
    return 2 * len(one & two) / (len(one) + len(two))


def cited(answer: Answer) -> list[str]:
    return [citation.cited_text for citation in answer.citations]


def assert_every_offset_holds(engine: Engine, answer: Answer) -> None:
    """The promise of the whole: each offset is a place in a document, and says what it should."""
    texts = {each.document.id: each.document.text for each in engine.snapshot.documents()}
    for number, citation in enumerate(answer.citations, 1):
        assert citation.number == number
        assert citation.cited_text
        assert texts[citation.document.id][citation.start : citation.end] == citation.cited_text
    for hit in answer.hits:
        passage = hit.passage
        assert passage.document_id == hit.document.id
        assert texts[hit.document.id][passage.start : passage.end].strip()
        for span in hit.highlights:
            assert passage.start <= span.start < span.end <= passage.end
        for one, two in itertools.pairwise(hit.highlights):
            assert one.end <= two.start
    in_citations = [place for citation in answer.citations for place in citation.also_in]
    in_passages = [place for hit in answer.hits for place in hit.also_in]
    for place in (*in_citations, *in_passages):
        assert place.text
        assert texts[place.document.id][place.span.start : place.span.end] == place.text


def assert_the_answer_is_made_of_its_citations(answer: Answer) -> None:
    """Every span of the answer is its citation word for word.

    Only a blank or a line end lies between two of them.
    """
    text = answer.text or ""
    by_number = {citation.number: citation for citation in answer.citations}
    end = 0
    for span in answer.spans:
        (number,) = span.citations
        assert text[span.start : span.end] == by_number[number].cited_text
        assert text[end : span.start] in ((" ", "\n") if end else ("",))
        end = span.end
    assert end == len(text)
    assert {number for span in answer.spans for number in span.citations} == set(by_number)


# What holds for every question.


@pytest.fixture(scope="module")
def boldly(engine: Engine, unread: Engine, trace: Traced) -> Ask:
    """Ask the seed texts, with or without the reader, whatever the confidence is."""
    bold: dict[str, tuple[Engine, Traced]] = {
        "bundled": (dataclasses.replace(engine, threshold=0.0), trace),
        "none": (dataclasses.replace(unread, threshold=0.0), cache(unread.trace)),
    }

    def asked(reader_name: str, question: str, *, explain: bool = False) -> Answer:
        answering, traced = bold[reader_name]
        return answering.answer(traced(question), explain=explain)

    return asked


@pytest.fixture(scope="module")
def unread(engine: Engine) -> Engine:
    """The seed texts, answered from without a reader."""
    return dataclasses.replace(engine, reader=None)


@pytest.mark.parametrize("question", [*ON_SUBJECT, *FAR_OFF])
@pytest.mark.parametrize("reader_name", ["bundled", "none"])
def test_every_offset_of_an_answer_is_exact(
    engine: Engine, boldly: Ask, reader_name: str, question: str
) -> None:
    answer = boldly(reader_name, question)
    assert_every_offset_holds(engine, answer)
    assert_the_answer_is_made_of_its_citations(answer)


@pytest.mark.parametrize("question", ON_SUBJECT)
@pytest.mark.parametrize("reader_name", ["bundled", "none"])
def test_an_answer_is_short_says_something_and_announces_or_asks_nothing(
    engine: Engine, boldly: Ask, reader_name: str, question: str
) -> None:
    answer = boldly(reader_name, question)
    assert answer.answered
    assert answer.text
    assert word_count(answer.text) <= LIST_WORDS or len(answer.citations) == 1
    assert not answer.text.rstrip("*_ \"'").endswith(":")
    headings = {
        heading
        for chunked in engine.snapshot.documents()
        for passage in chunked.passages
        for heading in passage.heading_path
    }
    for citation in answer.citations:
        assert not citation.cited_text.rstrip("*_ \"'").endswith("?"), citation.cited_text
        for heading in headings:
            assert citation.cited_text != heading
            assert not citation.cited_text.startswith(f"{heading}\n")


@pytest.mark.parametrize("question", [*ON_SUBJECT, *FAR_OFF])
def test_scores_lie_between_nought_and_one_and_passages_are_ranked_by_them(
    ask: Ask, question: str
) -> None:
    answer = ask(question)
    scores = [hit.score for hit in answer.hits]
    assert all(0 <= score <= 1 for score in (answer.confidence, *scores))
    assert scores == sorted(scores, reverse=True)
    assert len({hit.passage.id for hit in answer.hits}) == len(scores) == 5


@pytest.mark.parametrize("question", [ON_SUBJECT[0], ON_SUBJECT[5], FAR_OFF[0]])
def test_top_k_decides_how_many_passages_are_shown_and_nothing_else(
    ask: Ask, question: str
) -> None:
    most = ask(question, 12)
    for top_k in (1, 3, 12):
        answer = ask(question, top_k)
        assert len(answer.hits) == top_k
        assert answer.hits == most.hits[:top_k]
        assert (answer.text, answer.citations) == (most.text, most.citations)
        assert answer.confidence == most.confidence


def test_top_k_fifty_gives_what_there_is(engine: Engine, ask: Ask) -> None:
    answer = ask(ON_SUBJECT[0], 50)
    assert 5 < len(answer.hits) <= min(50, engine.snapshot.info.passages)
    assert answer.text == ask(ON_SUBJECT[0]).text
    assert_every_offset_holds(engine, answer)


@pytest.mark.parametrize("question", [*ON_SUBJECT[:4], FAR_OFF[0]])
def test_the_same_question_gives_the_same_answer(engine: Engine, ask: Ask, question: str) -> None:
    again = engine.ask(question)
    assert same_but_for_the_time(again) == same_but_for_the_time(ask(question))
    assert again.took_ms > 0


def test_blanks_around_a_question_do_not_count(engine: Engine, ask: Ask) -> None:
    answer = engine.ask(f" \n\t{ON_SUBJECT[0]}  ")
    assert answer.question == ON_SUBJECT[0]
    assert same_but_for_the_time(answer) == same_but_for_the_time(ask(ON_SUBJECT[0]))


def test_an_answer_says_what_it_was_drawn_from(engine: Engine, ask: Ask) -> None:
    answer = ask(ON_SUBJECT[0])
    assert answer.snapshot == engine.snapshot.id
    assert answer.model == "all-MiniLM-L6-v2"
    assert answer.question == ON_SUBJECT[0]
    assert answer.explain is None
    assert answer.reader == reader_used("bundled")


# Near-duplicates: the five seed texts say the same in slightly other words.


@pytest.mark.parametrize("question", ["what is microneedling", "Define microneedling."])
def test_the_passages_shown_do_not_repeat_one_another(ask: Ask, question: str) -> None:
    answer = ask(question)
    shown = [hit.passage.span.of(hit.document.text) for hit in answer.hits]
    for one, two in itertools.combinations(shown, 2):
        assert dice(one, two) < 0.8, (one, two)
    for one, two in itertools.combinations(cited(answer), 2):
        assert dice(one, two) < 0.8, (one, two)


def test_what_repeats_is_told_with_the_passage_and_with_the_citation(ask: Ask) -> None:
    answer = ask("what is microneedling")
    repeated = next(hit for hit in answer.hits if hit.also_in)
    cited_again = next(each for each in answer.citations if each.also_in)
    assert {place.document.source for place in cited_again.also_in} - {cited_again.document.source}
    for part in (cited_again, repeated):
        assert all("microneedling" in place.text.lower() for place in part.also_in)
    for each in answer.citations:
        assert each.agreeing == len({each.document.id, *(p.document.id for p in each.also_in)})


@pytest.mark.parametrize("question", CLEAR)
def test_a_question_that_a_sentence_answers_is_answered(ask: Ask, question: str) -> None:
    answer = ask(question)
    assert answer.answered
    assert answer.hits[0].highlights


def test_the_definition_is_what_answers_a_question_for_it(ask: Ask) -> None:
    (first, *_) = cited(ask("what is microneedling"))
    assert first.startswith("Microneedling, ")
    assert "needles" in first


# Abstention.


@pytest.mark.parametrize("question", FAR_OFF)
def test_a_question_on_another_subject_is_not_answered(ask: Ask, question: str) -> None:
    answer = ask(question)
    assert not answer.answered
    assert answer.text is None
    assert (answer.citations, answer.spans) == ((), ())
    assert len(answer.hits) == 5


@pytest.mark.parametrize(
    ("threshold", "question", "answered"),
    [
        (0.0, ON_SUBJECT[0], True),
        (0.0, FAR_OFF[1], True),
        (1.0, ON_SUBJECT[0], False),
        (1.0, FAR_OFF[1], False),
    ],
)
def test_the_threshold_decides_from_which_confidence_on_to_answer(
    engine: Engine, trace: Traced, ask: Ask, threshold: float, question: str, answered: bool
) -> None:
    answer = dataclasses.replace(engine, threshold=threshold).answer(trace(question))
    assert answer.answered is answered
    assert (answer.text is not None) is bool(answer.citations) is answered
    assert any(hit.highlights for hit in answer.hits) is (answered or question != FAR_OFF[1])
    assert answer.confidence == ask(question).confidence
    unmarked = [dataclasses.replace(hit, highlights=()) for hit in ask(question).hits]
    assert [dataclasses.replace(hit, highlights=()) for hit in answer.hits] == unmarked


@pytest.mark.parametrize("question", [*FAR_OFF, "how do sharks hunt", "tea or coffee?"])
def test_without_a_reader_it_is_not_answered_either(unread: Engine, question: str) -> None:
    assert not unread.ask(question).answered


def test_without_a_reader_it_is_answered_by_vectors_and_words(unread: Engine, ask: Ask) -> None:
    for question in ("does microneedling make acne scars worse", "Are pimples common afterwards?"):
        answer = unread.ask(question)
        assert answer.reader is None
        assert answer.hits
        assert all(0 <= hit.score <= 1 for hit in answer.hits)
    answer = unread.ask("does microneedling make acne scars worse")
    assert answer.answered
    assert "acne scars" in (answer.text or "")
    assert answer.confidence != ask("does microneedling make acne scars worse").confidence
    explain = unread.ask("does microneedling make acne scars worse", explain=True).explain
    assert explain is not None
    assert explain["read"] == []
    assert explain["quotes"]


# Names that no document has.


@pytest.mark.parametrize("reader_name", ["bundled", "none"])
def test_a_name_that_no_document_has_is_told_and_nothing_is_answered(
    boldly: Ask, reader_name: str
) -> None:
    """However low the threshold: what is said of another subject is no answer."""
    answer = boldly(reader_name, "What does microneedling by Rowenta cost?", explain=True)
    assert answer.missing_names == ("Rowenta",)
    assert (answer.answered, answer.text, answer.citations) == (False, None, ())
    assert answer.confidence == 0
    assert len(answer.hits) == 5
    assert answer.explain is not None
    assert answer.explain["decision"]["missing_names"] == ["Rowenta"]
    assert answer.explain["quotes"] == []


def test_a_name_that_the_documents_have_is_not_missed(ask: Ask) -> None:
    assert ask("Is Microneedling safe for the Skin?").missing_names == ()


def test_only_documents_that_have_the_name_are_quoted(library: Library) -> None:
    engine = dataclasses.replace(
        library(
            {
                "tern.txt": "The report of Ternholm. Sales came to 40 million in the last year.",
                "auster.txt": "The report of Auster. Sales came to 90 million in the last year.",
            }
        ),
        threshold=0.0,
    )
    for name, figure in (("Ternholm", "40"), ("Auster", "90")):
        answer = engine.ask(f"To how much did the sales of {name} come in the last year?")
        assert answer.missing_names == ()
        assert f"{figure} million" in (answer.text or "")
        assert {each.document.source for each in answer.citations} == {
            f"notes/{'tern' if figure == '40' else 'auster'}.txt"
        }


# What was made of the question, stage by stage.


def test_explain_tells_what_each_stage_made_of_the_question(engine: Engine, ask: Ask) -> None:
    answer = ask("what is microneedling", explain=True)
    explain = answer.explain
    assert explain is not None
    rankings = ("dense", "lexical", "fused", "read", "quotes")
    assert set(explain) == {*rankings, "question", "stages", "collapsed", "decision"}
    for stage in rankings:
        assert [row["rank"] for row in explain[stage]] == list(range(1, len(explain[stage]) + 1))
        scores = [row["score"] for row in explain[stage]]
        assert scores == sorted(scores, reverse=True)
    assert {row["passage_id"] for row in explain["fused"]} >= {h.passage.id for h in answer.hits}
    assert any(row["stands_for"] for row in explain["collapsed"])
    (term,) = explain["question"]["terms"]
    assert term["text"] == "microneedl"
    assert 0 < len(explain["read"]) <= WINDOWS
    chosen = [
        (row["start_char_index"], row["end_char_index"])
        for row in explain["quotes"]
        if row["chosen"]
    ]
    assert sorted(chosen) == sorted((each.start, each.end) for each in answer.citations)
    evidence = explain["decision"].pop("evidence")
    assert evidence["window"] == pytest.approx(
        next(
            row["score"]
            for row in explain["read"]
            if row["passage_id"] == explain["quotes"][0]["passage_id"]
        )
    )
    assert explain["decision"] == {
        "missing_names": [],
        "score": answer.confidence,
        "confidence": answer.confidence,
        "threshold": engine.rule.threshold,
        "calibration": None,
        "stale": False,
        "by_hand": False,
    }
    json.dumps(explain)


def test_no_more_is_read_than_the_windows_that_promise_most(trace: Traced) -> None:
    for question in (*ON_SUBJECT[:3], FAR_OFF[1]):
        assert 0 < len(trace(question).windows) <= WINDOWS


def test_explaining_changes_no_answer(ask: Ask) -> None:
    explained = ask("what is microneedling", explain=True)
    plain = ask("what is microneedling")
    assert same_but_for_the_time(dataclasses.replace(explained, explain=None)) == (
        same_but_for_the_time(plain)
    )


# A question that stands in the documents is not its own answer.

FAQ = """Frequently asked questions about the treatment

Does it hurt?
Most people feel a slight prickling and no more. A numbing cream is put on beforehand.

How long does it take?
A session takes forty minutes, the consultation included.

Q: Can I drive home afterwards?
A: Yes, driving is allowed at once.
"""
RHETORICAL = (
    "Many patients ask us the same thing on the telephone. Where can I park my car at the clinic? "
    "There is a car park behind the building, and the first two hours are free. "
    "Please keep the ticket.\n"
)


@pytest.fixture(scope="module")
def faq(library: Library) -> Engine:
    return library({"faq.txt": FAQ, "parking.txt": RHETORICAL})


@pytest.mark.parametrize(
    ("question", "answer_holds"),
    [
        ("Does it hurt?", "slight prickling"),
        ("How long does it take?", "forty minutes"),
        ("Can I drive home afterwards?", "driving is allowed"),
        ("Where can I park my car at the clinic?", "car park behind the building"),
        ("where can i park my car at the clinic", "car park behind the building"),
    ],
)
def test_a_question_in_the_documents_is_never_its_own_answer(
    faq: Engine, question: str, answer_holds: str
) -> None:
    answer = faq.ask(question)
    assert_every_offset_holds(faq, answer)
    assert_the_answer_is_made_of_its_citations(answer)
    assert answer.answered
    assert answer_holds in (answer.text or "")
    assert not any(is_question(text) for text in cited(answer))
    assert "?" not in (answer.text or "")


# Lists, and sentences that lean on the one before.


@pytest.fixture(scope="module")
def kit(library: Library) -> Engine:
    return library(
        {
            "kit.txt": (
                "Packing for the mountain hut\n\n"
                "Bring the following things for a night in the mountain hut:\n"
                "Sleeping bag: The blankets there are thin and the nights are cold.\n"
                "Head torch: There is no electric light after nine in the evening.\n"
                "Cash: The warden takes no cards.\n"
            ),
            "spring.txt": (
                "The spring behind the hut dries up in August. "
                "This means that drinking water must be carried up from the valley. "
                "Dogs are welcome on the terrace.\n"
            ),
        }
    )


@pytest.mark.parametrize(
    "question",
    [
        "What things should I bring for a night in the mountain hut?",
        "Bring the following things for a night in the mountain hut",
    ],
)
def test_a_lead_in_is_never_quoted_without_what_it_announces(kit: Engine, question: str) -> None:
    answer = kit.ask(question)
    assert answer.answered
    assert_the_answer_is_made_of_its_citations(answer)
    assert not (answer.text or "").endswith(":")
    items = ("Sleeping bag:", "Head torch:", "Cash:")
    assert any(item in (answer.text or "") for item in items)


def test_a_sentence_that_leans_back_comes_with_the_one_before(kit: Engine) -> None:
    answer = kit.ask("Must drinking water be carried up from the valley?")
    (text,) = [text for text in cited(answer) if "carried up" in text]
    assert text == (
        "The spring behind the hut dries up in August. "
        "This means that drinking water must be carried up from the valley."
    )


# Documents that are not plain ASCII.


def test_offsets_count_code_points_whatever_the_text_is_made_of(library: Library) -> None:
    text = (
        "\ufeff👩‍👩‍👧‍👦 Notes 🧪 on Zoë\u0308's cafe\u0301\r\n\r\n"
        "🍵 The café opens at seven 🌅 and the crème brûlée costs four euros.\r\n"
        "\r\n"
        "İstanbul's tea — naïve, e\u0301lan 👍🏽 — is served in tulip glasses 🌷.\r\n"
    )
    engine = library({"café 🍵.txt": text})
    for question, words in [
        ("When does the café open?", "opens at seven 🌅"),
        ("In what glasses is the tea served?", "tulip glasses 🌷"),
    ]:
        answer = engine.ask(question)
        assert_every_offset_holds(engine, answer)
        assert_the_answer_is_made_of_its_citations(answer)
        assert words in (answer.text or "")
        (citation, *_) = answer.citations
        # The user's own file, decoded, holds the words at that very place.
        file = text.removeprefix("\ufeff")
        assert file[citation.start : citation.end] == citation.cited_text


def test_a_question_may_be_in_any_script(engine: Engine) -> None:
    for question in (
        "👩‍👩‍👧‍👦?",
        "Ist das schädlich für die Haut? 🤔",
        "e\u0301lan\r\nvital",
        "\x1b[31mred",
        "?",
    ):
        assert_every_offset_holds(engine, engine.ask(question))


def test_a_document_of_one_sentence_that_asks_answers_nothing(library: Library) -> None:
    engine = library({"only.txt": "Is the museum open on Mondays?\n"})
    answer = engine.ask("Is the museum open on Mondays?")
    assert not answer.answered
    assert answer.confidence == 0
    assert len(answer.hits) == 1


# Wrong usage.


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("", "empty"),
        (" \t\r\n\u00a0\u2003", "empty"),
        ("a" * (MAX_QUESTION_CHARS + 1), "2001 characters"),
        ("word " * 399, "399 tokens and the model reads 254"),
        ("漢" * 255, "255 tokens and the model reads 254"),
        ("half a character: \ud83d", "not valid Unicode"),
    ],
)
def test_a_question_that_cannot_be_answered_is_wrong_usage(
    engine: Engine, question: str, says: str
) -> None:
    with pytest.raises(QuestionError, match=says) as raised:
        engine.ask(question)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_the_longest_question_allowed_is_read(engine: Engine) -> None:
    assert engine.ask("word " * 254).hits


@pytest.mark.parametrize("top_k", [0, -1, 51])
def test_top_k_out_of_range_is_refused(engine: Engine, top_k: int) -> None:
    with pytest.raises(ValueError, match=f"1 to 50, not {top_k}"):
        engine.ask("what is microneedling", top_k)


def test_opening_where_there_is_no_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="pincite index"):
        Engine.open(tmp_path / "nowhere")


# Another model.


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Path:
    """A folder with a tiny model of random weights that takes the mean of its tokens."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("small-model")
    torch.manual_seed(7)
    tokenizer = AutoTokenizer.from_pretrained(str(model.folder))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert"), max_seq_length=64), Pooling(32, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder / "mean"))
    return folder / "mean"


@pytest.fixture(scope="module")
def cls_model(small_model: Path) -> Path:
    """The same weights and tokenizer, but the first token stands for the whole text."""
    folder = small_model.with_name("cls")
    shutil.copytree(small_model, folder)
    config = folder / "1_Pooling" / "config.json"
    config.write_text(config.read_text().replace('"mean"', '"cls"'))
    return folder


@pytest.fixture(scope="module")
def small_store(tmp_path_factory: pytest.TempPathFactory, small_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("The tea is green. The cup is blue. The pot is old.\n")
    found = find_model(str(small_model))
    sync(open_store(folder / "store"), [folder / "notes"], found, TorchEncoder(found))
    return folder / "store"


def test_a_store_is_answered_from_with_the_model_it_was_built_with(
    small_store: Path, small_model: Path
) -> None:
    engine = Engine.open(small_store, threshold=0)
    answer = engine.ask("Which colour has the tea?")
    assert answer.model == str(small_model)
    assert_every_offset_holds(engine, answer)
    assert answer.answered


def test_another_model_than_the_store_was_built_with_is_refused(
    small_store: Path, cls_model: Path
) -> None:
    for other in (str(cls_model), "all-MiniLM-L6-v2"):
        with pytest.raises(ModelError, match="pincite index --model") as raised:
            Engine.open(small_store, model=other)
        assert other in str(raised.value)
        assert "\n" not in str(raised.value)


def test_the_same_model_elsewhere_is_the_same_model(
    small_store: Path, small_model: Path, tmp_path: Path
) -> None:
    moved = shutil.copytree(small_model, tmp_path / "moved")
    assert Engine.open(small_store, model=str(moved)).ask("What colour?").model == str(moved)


def test_spans_are_ordered_as_a_reader_would_expect(ask: Ask) -> None:
    """Quotes of one passage come in the order of the document."""
    for question in ON_SUBJECT:
        answer = ask(question)
        places: dict[str, list[Span]] = {}
        for citation in answer.citations:
            span = Span(citation.start, citation.end)
            for hit in answer.hits:
                if hit.document == citation.document and hit.passage.span.overlaps(span):
                    places.setdefault(hit.passage.id, []).append(span)
        assert all(spans == sorted(spans) for spans in places.values())


# Many at a time.


def test_questions_of_many_threads_are_worked_on_in_turns(
    engine: Engine, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {question: same_but_for_the_time(ask(question)) for question in ON_SUBJECT}
    inside: list[int] = []
    at_once: list[int] = []

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            inside.append(get_ident())
            at_once.append(len(set(inside)))
            time.sleep(0.002)
            try:
                return work(*arguments, **named)
            finally:
                inside.remove(get_ident())

        return counting

    monkeypatch.setattr("qa.engine.windows_to_read", counted(windows_to_read))
    for owner, name in (
        (Retriever, "by_words"),
        (Retriever, "candidates"),
        (Engine, "_answer"),
    ):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(engine.ask, ON_SUBJECT * 2))
    assert max(at_once) == 1
    for answer in answers:
        same = same_but_for_the_time(answer)
        other = expected[answer.question]
        assert (same.text, same.citations) == (other.text, other.citations)


def test_a_question_that_fails_gives_its_turn_back(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(Retriever, "candidates", failing)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no"):
                engine.ask("why do i get pimples after microneedling")
    assert engine.ask("why do i get pimples after microneedling").hits


@pytest.mark.soak
def test_an_engine_is_let_go_of_when_nobody_has_it_any_more(engine: Engine) -> None:
    """What it has open keeps others from purging: it may not wait for the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        mine = dataclasses.replace(engine)
        mine.ask("how does it work", history=["what is microneedling"], list_all=True)
        gone = weakref.ref(mine)
        del mine
        assert gone() is None
    finally:
        gc.enable()
