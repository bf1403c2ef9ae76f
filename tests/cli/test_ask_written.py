"""`pincite ask --write`: sentences of a language model, each checked before it is printed."""

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command, Outcome, assert_one_line
from tests.language_model import LanguageModel, plain, written
from tests.waiting import until
from tests.written_answers import (
    DROPPED,
    ELSEWHERE,
    FIRST,
    MODEL,
    QUESTION,
    SECOND,
    SHOWN,
    marked,
    two_of_three,
)


@pytest.fixture(scope="module")
def scripted() -> Iterator[LanguageModel]:
    with LanguageModel(MODEL) as model:
        yield model


@pytest.fixture
def llm(scripted: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    """The language model of the settings, which was asked nothing yet."""
    scripted.reply = two_of_three()
    scripted.requests.clear()
    monkeypatch.setenv("PINCITE_LLM", scripted.url)
    monkeypatch.setenv("PINCITE_LLM_MODEL", MODEL)
    return scripted


@pytest.fixture
def ask(pincite: Command, seeds_store: Path) -> Command:
    def command(*arguments: str) -> Outcome:
        return pincite("ask", "--store", seeds_store, *arguments)

    return command


def test_the_text_has_marks_sources_and_what_was_dropped(ask: Command, llm: LanguageModel) -> None:
    outcome = ask(QUESTION, "--write")
    assert outcome.code == 0
    assert outcome.err.splitlines()[0] == (
        "For a written answer, the question, those before it in a conversation and the passages "
        f"found go to {llm.url}, on this machine."
    )
    text, _, rest = outcome.out.partition("Passages\n")
    flat = " ".join(text.split())
    for sentence in SHOWN:
        assert re.search(rf"{re.escape(sentence)} (\[\d\])+", flat)
    named = "".join(re.findall(r"^  (\S+) seeds/", text, re.MULTILINE))
    assert {"[1]", "[2]"} <= set(re.findall(r"\[\d\]", named))
    assert "1 sentence was dropped: the checks did not find it in what it cites (--explain" in flat
    assert DROPPED not in outcome.out
    assert rest


def test_each_sentence_is_printed_before_the_next_is_written(
    ask: Command, llm: LanguageModel
) -> None:
    printed: list[bool] = []

    def look(_: object) -> None:
        stdout: Any = sys.stdout
        printed.append(until(lambda: FIRST[:50] in stdout.getvalue()))

    llm.reply = two_of_three(look)
    outcome = ask(QUESTION, "--write")
    assert printed == [True]
    assert outcome.out.index(FIRST[:50]) < outcome.out.index(SECOND[:50])


def test_explain_shows_the_checks(ask: Command, llm: LanguageModel) -> None:
    outcome = ask(QUESTION, "--write", "--explain", "--short")
    lines = outcome.out.splitlines()
    shown = [line for line in lines if line.startswith("  shown, support ")]
    [dropped] = (line for line in lines if line.startswith("  dropped, "))
    assert [line.partition(": ")[2] for line in shown] == list(SHOWN)
    assert dropped.endswith(f"“{DROPPED}”")


def test_json_has_the_text_beside_the_quotes(ask: Command, llm: LanguageModel) -> None:
    outcome = ask(QUESTION, "--write", "--json", "--top-k", "1")
    answer = json.loads(outcome.out)
    assert len(answer["passages"]) == 1
    assert answer["written"]["text"] == f"{FIRST} {SECOND}"
    assert (answer["written"]["dropped"], answer["written"]["model"]) == (1, MODEL)
    assert answer["answer"]["text"]
    assert llm.url in outcome.err


def test_what_was_written_verifies(
    ask: Command, llm: LanguageModel, pincite: Command, seeds_store: Path
) -> None:
    answer = json.loads(ask(QUESTION, "--write", "--json").out)

    def verify(changed: Any) -> Outcome:
        Path("answer.json").write_text(json.dumps(changed))
        return pincite("verify", "answer.json", "--store", seeds_store)

    outcome = verify(answer)
    assert outcome.code == 0
    assert "written [1] valid" in outcome.out
    text = answer["written"]["text"]
    answer["written"]["text"] = text.replace("up to a week", "up to 9 days")
    outcome = verify(answer)
    assert outcome.code == 4
    assert "“9 days” is not in what it cites" in outcome.out
    answer["written"]["text"] = text
    answer["written"]["citations"][0]["cited_text"] = "Redness never fades."
    assert verify(answer).code == 4


def test_a_conversation_is_told_to_the_model_and_the_address_once(
    ask: Command, llm: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = f"{QUESTION}\nhow long do they last\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(questions)))
    outcome = ask("-i", "--write", "--short", "--threshold", "0")
    assert outcome.code == 0
    assert outcome.err.count(llm.url) == 1
    first, second = (json.dumps(asked.body["messages"]) for asked in llm.requests)
    assert QUESTION in first
    assert QUESTION in second
    assert "last" in second


def test_where_the_documents_do_not_answer_the_model_is_not_asked(
    ask: Command, llm: LanguageModel
) -> None:
    outcome = ask(ELSEWHERE, "--write")
    assert (outcome.code, outcome.err) == (3, "")
    assert llm.requests == []


def test_a_server_that_fails_leaves_the_quotes(ask: Command, llm: LanguageModel) -> None:
    llm.reply = plain(500)
    outcome = ask(QUESTION, "--write", "--short")
    assert outcome.code == 0
    failed = outcome.err.splitlines()[1]
    assert "HTTP 500" in failed
    assert "temporary redness and swelling. [1]" in " ".join(outcome.out.split())
    assert "The answer is in quotes instead." in outcome.out
    as_json = ask(QUESTION, "--write", "--json")
    assert as_json.code == 0
    assert json.loads(as_json.out)["written"]["ended"] == as_json.err.splitlines()[1]


def test_if_no_sentence_is_left_the_quotes_are(ask: Command, llm: LanguageModel) -> None:
    llm.reply = written(marked(DROPPED))
    outcome = ask(QUESTION, "--write", "--short")
    assert outcome.code == 0
    flat = " ".join(outcome.out.split())
    assert "temporary redness and swelling. [1]" in flat
    assert "1 sentence was dropped" in flat
    assert "The answer is in quotes instead." in flat
    llm.reply = written("The passages do not say.")
    assert "found no answer in the passages" in ask(QUESTION, "--write", "--short").out


@pytest.mark.parametrize("option", ["--all", "--csv"])
def test_a_list_cannot_be_written(ask: Command, llm: LanguageModel, option: str) -> None:
    assert_one_line(ask(QUESTION, "--write", option), 2, option)


def test_without_a_language_model_it_is_told_how_to_set_one(ask: Command) -> None:
    assert_one_line(ask(QUESTION, "--write"), 2, "llm = ", "PINCITE_LLM")


def test_another_machine_has_to_be_allowed(ask: Command) -> None:
    far = ("--llm", "https://models.example/v1")
    assert_one_line(ask(QUESTION, "--write", *far), 2, "llm_remote")
    assert_one_line(ask(QUESTION, "--write", "--llm-key", "secret"), 2, "--llm-key")
