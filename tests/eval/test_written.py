"""Evaluation of answers that a language model writes."""

import json
import re
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.comparison import compare
from eval.corruptions import CORRUPTIONS, Sentence, names_of
from eval.gold import locate, read_gold
from eval.records import OffsetCheck
from eval.report.files import read_run, to_html, to_json, to_markdown
from eval.run import evaluate
from eval.written import offsets_of
from index.search.features import words_in
from qa.read.pairs import text_of
from qa.read.reading import Reading
from qa.records import WrittenAnswer, WrittenSentence
from qa.written.endpoint import Endpoint
from qa.written.support import Checker
from qa.written.writing import AnswerWriter
from tests.language_model import LanguageModel, written

BACTERIA = "The treatment can push bacteria deeper into the skin, causing pimples to form."
REDNESS = "Using recommended moisturizers can help alleviate dryness and keep the skin hydrated."
WRONG = "The treatment can push 40 bacteria deeper into the skin."
GOLD = (
    ("a", "why does microneedling cause pimples", "000_6552478e434a9112.txt", BACTERIA),
    ("b", "what helps against dry skin after microneedling", "002_cd3ae78a834cc04f.txt", REDNESS),
    ("c", "who won the world cup in 1998", None, None),
)


class Words:
    """Reads that a window says a claim where it has nearly all of its words."""

    name = digest = backend = "words"

    def read(self, question, windows):
        words = set(words_in(question))
        shares = [len(words.intersection(words_in(text_of(w)))) / len(words) for w in windows]
        return Reading(np.array([40 * (share - 0.9) for share in shares], np.float32), None)


@pytest.fixture(scope="module")
def language_model():
    with LanguageModel() as served:
        yield served


@pytest.fixture(scope="module")
def writer(language_model):
    return AnswerWriter(Endpoint(language_model.url, "scripted"), Checker(Words()))


def answered(file, quote):
    if file is None:
        return {"kind": "far-off"}
    return {"quotes": [{"source": f"seeds/{file}", "quote": quote}]}


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    path = tmp_path_factory.mktemp("gold") / "written.jsonl"
    rows = [
        {"id": name, "question": question}
        | (
            {"quotes": [{"source": f"seeds/{file}", "quote": quote}]}
            if file
            else {"kind": "far-off"}
        )
        for name, question, file, quote in GOLD
    ]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


@pytest.fixture(scope="module")
def measured(engine, gold, writer, language_model):
    """A run in which the model writes a sentence that stands there, and one that does not."""
    asked = locate(read_gold(gold), [each.document for each in engine.snapshot.documents()])
    language_model.reply = written(f"{BACTERIA} ", f"{WRONG} ")
    return evaluate(engine, asked, writer=writer)


def values(run):
    return {name: each.value for name, each in run.measures["all"].items() if "written" in name}


def test_written_answers_are_judged_by_the_gold(measured, language_model):
    on_gold, off_gold, far_off = (result.written for result in measured.results)
    assert far_off is None
    assert len(language_model.requests) == 2  # what is not answered is not written
    assert on_gold.text == BACTERIA
    assert on_gold.dropped == (f"{WRONG} (number)",)
    assert (on_gold.sentences, on_gold.on_gold, on_gold.contained) == (1, 1, True)
    assert not off_gold.on_gold
    assert not off_gold.contained
    assert measured.offsets.wrong == ()
    assert measured.settings.writer == "scripted"


def test_the_measures_of_written_answers(measured):
    figures = values(measured)
    shown = sum(result.written.sentences for result in measured.results[:2])
    assert figures["written_sentences"] == shown / 2
    assert figures["written_dropped"] == (4 - shown) / 4
    assert figures["written_stood_in"] == (2 - shown) / 2
    assert figures["written_on_gold"] == 1 / shown
    assert figures["written_gold"] == 1 / 2
    first = measured.measures["all"]["first_sentence_p50_ms"]
    assert first.questions == shown
    assert first.value > 0


def test_errors_are_planted_in_what_was_shown(measured):
    """The sentence has a "can" to negate, and neither number nor name nor direction."""
    written = measured.results[0].written
    assert (written.planted, written.caught) == (1, 1)


def test_the_report_has_them_and_can_be_read_back(measured, tmp_path):
    path = tmp_path / "eval.json"
    path.write_bytes(to_json(measured))
    assert read_run(path) == measured
    for report in (to_markdown(measured), to_html(measured)):
        assert "written, errors caught" in report
        assert "first sentence p50, ms" in report


def test_a_run_without_a_model_is_as_it_was(measured):
    """Its baseline may have been written, and its measures compare all the same."""
    unwritten = replace(
        measured, results=tuple(replace(result, written=None) for result in measured.results)
    )
    compared = compare(unwritten, measured)
    assert not [each.name for each in compared.differences if "written" in each.name]
    assert not compared.losses
    assert {each.verdict for each in compared.differences} == {"same"}


def test_the_extractive_answer_stands_in_where_the_server_is_gone(engine, gold, writer):
    documents = [each.document for each in engine.snapshot.documents()]
    asked = locate(read_gold(gold), documents)
    with LanguageModel() as gone:
        dead = replace(writer, endpoint=Endpoint(gone.url, "scripted"))
    run = evaluate(engine, replace(asked, questions=asked.questions[:1]), writer=dead)
    assert run.results[0].written
    assert run.results[0].written.ended
    figures = run.measures["all"]
    assert figures["written_stood_in"].value == 1
    assert "written_on_gold" not in figures  # of no sentence there is no share
    assert "first_sentence_p50_ms" not in figures
    assert run.results[0].answer


def test_an_offset_that_does_not_hold_is_told(measured, engine):
    sentence = WrittenSentence("It is said.", (), 0.9)
    checks = list(offsets_of(WrittenAnswer("scripted", (sentence,)), {}))
    assert checks == [("citations of written sentence 1", False)]
    assert isinstance(measured.offsets, OffsetCheck)


def test_without_a_model_the_command_says_how_to_name_one(seeds_store, gold):
    outcome = CliRunner().invoke(app, ["--gold", str(gold), "--store", str(seeds_store), "--write"])
    assert outcome.exit_code != 0
    assert "llm" in str(outcome.exception or outcome.output)


@pytest.mark.parametrize(
    ("kind", "sentence", "wrong"),
    [
        ("number", "It fell 8% in May.", r"It fell [1-79]% in May\."),
        ("name", "The office is in Geneva now.", r"The office is in Basel now\."),
        ("negation", "They are safe.", r"They are not safe\."),
        ("negation", "They are not safe.", r"They are safe\."),
        ("direction", "Sales increased.", r"Sales decreased\."),
        (
            "direction",
            "Higher rates are temporary.",
            r"(Lower|Higher) rates are (temporary|permanent)\.",
        ),
    ],
)
def test_a_corruption_says_another_thing(kind, sentence, wrong):
    names = names_of("The office moved from Basel. It is in Geneva now.")
    assert names == ["Basel", "Geneva"]
    changed = CORRUPTIONS[kind](Sentence(sentence, sentence, names, Random(0)))
    assert changed != sentence
    assert changed is not None
    assert re.fullmatch(wrong, changed)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_corruption_that_does_not_fit_changes_nothing(kind):
    assert CORRUPTIONS[kind](Sentence("Go there.", "Go there.", [], Random(0))) is None
