"""Follow-up questions: what is carried over from earlier ones, and what never is."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.conversations.sets import (
    ChangeOfTopic,
    Conversation,
    ask,
    mistaken,
    open_set,
    read_changes_of_topic,
    read_conversations,
)
from eval.sets.protocols import IndexedSets
from index.progress import no_progress
from index.search.terms import stem
from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import AnswerJson
from qa.question.follow_up import MOST_EARLIER, MOST_READINGS, best_reading, readings
from qa.question.phrases import phrases_of, time_in, words_of
from qa.question.query import MAX_QUESTION_CHARS
from qa.settings import Settings
from tests.qa.conftest import Library

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TEXTS = {
    "tower.txt": "The Eiffel Tower was built by Gustave Eiffel and his workers from 1887 to 1889. "
    "The Eiffel Tower is 330 metres tall. The architect of the tower was Stephen Sauvestre. Seven "
    "million people visit the Eiffel Tower each year.",
    "revenue.txt": "The revenue of Apple was 394 billion dollars in 2022 and 366 billion in 2021. "
    "The revenue of Microsoft was 198 billion dollars in 2022. Microsoft has its seat in Redmond.",
    "nordia.md": "# Net sales of our shop\n\n| Net sales | 2022 | 2021 |\n|---|---|---|\n"
    "| Lamps | 7,382 | 8,235 |\n| Chairs | 1,245 | 1,377 |\n",
    "psoriasis.txt": "Psoriasis is a disease of the skin. The symptoms of psoriasis are itching "
    "and red patches. Rosacea is another disease, which makes the face red.",
}
TOWER, REVENUE = "When was the Eiffel Tower built?", "What was Apple's revenue in 2022?"

Read = Callable[..., list[str]]


@pytest.fixture(scope="module")
def texts(library: Library) -> Engine:
    return library(TEXTS)


@pytest.fixture(scope="module")
def read(texts: Engine) -> Read:
    """Return the readings of a question after whole ones."""
    return lambda question, *earlier: readings(question, earlier, texts._likeness)


@pytest.mark.parametrize(
    ("history", "question", "searched"),
    [
        ([TOWER], "And by whom?", "By whom was the Eiffel Tower built?"),
        ([TOWER.lower()], "and by whom", "By whom was the eiffel tower built?"),
        ([TOWER], "In which year?", "In which year was the Eiffel Tower built?"),
        ([TOWER], "Why is that?", "Why was the Eiffel Tower built?"),
        ([TOWER], "How tall is it?", "How tall is the Eiffel Tower?"),
        ([TOWER], "How many people live there?", "How many people live in the Eiffel Tower?"),
        ([TOWER], "Who was the architect?", "Who was the architect of the Eiffel Tower?"),
        ([TOWER], "What is its height?", "What is the Eiffel Tower's height?"),
        ([REVENUE], "What about Microsoft?", "What was Microsoft's revenue in 2022?"),
        ([REVENUE], "And in 2021?", "What was Apple's revenue in 2021?"),
        ([REVENUE], "And Microsoft in 2021?", "What was Microsoft's revenue in 2021?"),
        ([REVENUE], "What was its net income?", "What was Apple's net income in 2022?"),
        (
            ["What was Nvidia's data center revenue?"],
            "gaming?",
            "What was Nvidia's gaming revenue?",
        ),
        (
            ["What is the rent in Elm Street?"],
            "and the deposit?",
            "What is the deposit in Elm Street?",
        ),
        (
            ["Who pays for repairs in Elm Street?"],
            "and the deposit?",
            "Who pays for the deposit in Elm Street?",
        ),
        (
            ["What was Nvidia's revenue in the third quarter of fiscal year 2023?"],
            "and a year earlier?",
            "What was Nvidia's revenue in the third quarter of fiscal year 2022?",
        ),
        (
            ["What was Nvidia's revenue in the third quarter of fiscal year 2023?"],
            "and for the nine months?",
            "What was Nvidia's revenue for the nine months of fiscal year 2023?",
        ),
        (
            ["What was Nvidia's revenue?"],
            "and a year earlier?",
            "What was Nvidia's revenue? And a year earlier?",
        ),
        (["Who sells iPhones?"], "and filters?", "Who sells iPhones? And filters?"),
        (
            ["How often is the heat exchanger cleaned?"],
            "filters?",
            "How often are the filters cleaned?",
        ),
        (
            ["What was Apple's revenue in 2022?"],
            "what about nvidia's",
            "What was nvidia's revenue in 2022?",
        ),
        (
            ["How long does plum cake keep?", "Can the almonds be replaced?"],
            "When does it taste best?",
            "When does plum cake taste best?",
        ),
        (
            ["How long do the dumplings cook?"],
            "why mustn't they boil?",
            "Why mustn't the dumplings boil?",
        ),
        (["Does microneedling hurt?"], "in children?", "Does microneedling hurt in children?"),
        (["Who discovered oxygen?"], "When?", "Who discovered oxygen, and when?"),
        (["Who discovered oxygen?"], "What is it used for?", "What is oxygen used for?"),
        (["what causes shingles"], "how long does it last", "How long does shingles last?"),
        (["What is psoriasis?"], "What are the symptoms?", "What are the symptoms of psoriasis?"),
        (["What causes psoriasis?"], "what about rosacea", "What causes rosacea?"),
        (["How do I treat acne scars?"], "Do they hurt?", "Do acne scars hurt?"),
        (["Who sewed the mainsail?"], "how much did it cost?", "How much did the mainsail cost?"),
        (
            ["Who is the landlord?", "Who repairs the roof?"],
            "When does he repair it?",
            "When does the landlord repair the roof?",
        ),
        (
            ["What are the signs of lupus?", "How is lupus treated?"],
            "Is it inherited?",
            "Is lupus inherited?",
        ),
        (
            ["How much did Microsoft pay for the acquisition of Nuance?"],
            "when was it completed?",
            "When was the acquisition of Nuance completed?",
        ),
    ],
)
def test_what_a_question_leaves_out_comes_from_those_before(
    read: Read, history: list[str], question: str, searched: str
) -> None:
    found = read(question, *history)
    assert found[0] == searched
    assert len(found) <= MOST_READINGS


@pytest.mark.parametrize(
    "question",
    [
        "How do I bake sourdough bread?",
        "psoriasis",
        "What is the capital of France?",
        "And what is psoriasis?",
        "What is psoriasis and how is it treated?",
        "If redness persists, what should I do about it?",
        "Is it safe to fly after surgery?",
        "How long does it take to bake bread?",
        "What time is it?",
        "Who says that needles hurt?",
        "Who repairs the roof?",
        "When was the boiler installed?",
        "Can those who are pregnant take retinoids?",
        "Did Microsoft raise its dividend this quarter?",
        "What does the IT department do?",
        "After surgery can I wear makeup?",
        "Thanks. How do I reset my password?",
        "What are the symptoms of rosacea?",
        "thanks",
        "?",
    ],
)
def test_a_question_with_a_subject_of_its_own_comes_first(read: Read, question: str) -> None:
    assert read(question, TOWER)[0] == question
    assert read(question) == [question]


def test_a_reading_is_chosen_that_is_clearly_likelier_to_be_answered() -> None:
    assert best_reading([0.4], [False]) == 0
    assert best_reading([0.80, 0.81, 0.2], [False] * 3) == 0
    assert best_reading([0.4, 0.9, 0.91], [True] * 3) == 1
    assert best_reading([0.0, 0.0, 1.0], [True, False, False]) == 2
    assert best_reading([0.80, 0.81], [False, True]) == 1, "the document has just answered"


def test_the_documents_decide_what_is_meant(texts: Engine) -> None:
    """They tell of the symptoms of psoriasis, and of no exchange rate of it."""

    def searched(question: str, *history: str) -> str | None:
        return texts.ask(question, history=history).searched

    assert searched("What are the symptoms?", "What is psoriasis?") == (
        "What are the symptoms of psoriasis?"
    )
    assert searched("What is the exchange rate?", TOWER) is None
    assert searched("Who repairs the roof?", TOWER) is None
    assert searched("Which architect did they have?", "What is psoriasis?", TOWER) == (
        "Which architect did the Eiffel Tower have?"
    )
    assert searched("how many people visit?", TOWER) == ("Eiffel Tower: how many people visit?")
    assert searched("Where is the seat?", TOWER, "What was the revenue of Microsoft?") == (
        "Where is the seat of Microsoft?"
    )


def test_nothing_is_carried_over_from_before_a_change_of_topic(texts: Engine) -> None:
    history = [TOWER, "How tall is it?", "What is psoriasis?"]
    answer = texts.ask("How is it treated?", history=history)
    assert answer.searched == "How is psoriasis treated?"
    assert answer.carried_over == ("psoriasis",)


@pytest.mark.parametrize(
    ("question", "named", "time"),
    [
        (TOWER, ["Eiffel Tower"], ""),
        ("When did the 1973 oil crisis begin?", ["1973 oil crisis"], ""),
        ("Why do I get pimples after microneedling?", ["pimples", "microneedling"], ""),
        ("What side effects does microneedling have?", ["side effects", "microneedling"], ""),
        ("How many people live in Warsaw?", ["people", "Warsaw"], ""),
        ("what causes shingles", ["shingles"], ""),
        ("Who paid for research and development?", ["research and development"], ""),
        ("When does the landlord repair the roof?", ["landlord", "roof"], ""),
        ("What was the crisis called later?", ["crisis"], ""),
        (
            "What revenue did Apple make in Europe in the third quarter of 2022?",
            ["revenue", "Apple", "Europe"],
            "in the third quarter of 2022",
        ),
        ("How many RSUs did Apple grant on June 25, 2022?", ["RSUs", "Apple"], "on June 25, 2022"),
        ("why?", [], ""),
        ("", [], ""),
    ],
)
def test_what_a_question_names(question: str, named: list[str], time: str) -> None:
    assert [phrase.span.of(question) for phrase in phrases_of(question)] == named
    found = time_in(words_of(question))
    assert (found.of(question) if found else "") == time


WORDS = st.sampled_from(
    "and what about how is it its they that there the a of in 2022 q3 May Apple's Tower red built "
    "by whom why , ? . ' ’s - did I's 1,000 when Ü 中 🦊 \x00 \n".split(" ")
)
QUESTIONS = st.lists(WORDS, min_size=1, max_size=12).map(" ".join) | st.text(max_size=40)


@given(QUESTIONS, st.lists(QUESTIONS, max_size=4))
def test_whatever_is_said_a_reading_has_no_other_words(question: str, history: list[str]) -> None:
    def likeness(_: str, others: Sequence[str]) -> list[float]:
        return [1.0] * len(others)

    found = readings(question, history, likeness)
    assert 1 <= len(found) <= MOST_READINGS
    said = {stem(word.folded) for text in (question, *history) for word in words_of(text)}
    for text in found:
        new = {stem(word.folded) for word in words_of(text) if word.kind in {"name", "content"}}
        assert new <= said
    time = time_in(words_of(question))
    assert time is None or question[time.start : time.end].strip()


def test_the_answer_tells_what_was_searched(texts: Engine) -> None:
    answer = texts.ask("And by whom?", history=[TOWER])
    whole = texts.ask("By whom was the Eiffel Tower built?")
    assert answer.answered
    assert "Gustave Eiffel" in (answer.text or "")
    assert (answer.question, answer.searched) == ("And by whom?", whole.question)
    assert answer.carried_over == ("Eiffel Tower built",)
    unlike = {"question", "searched", "carried_over", "took_ms", "stage_ms"}
    for field in dataclasses.fields(answer):
        if field.name not in unlike:
            assert getattr(answer, field.name) == getattr(whole, field.name), field.name


def test_a_follow_up_marks_the_cell_that_its_whole_question_asks_for(texts: Engine) -> None:
    history = ["What were the net sales of lamps in 2022?"]
    answer = AnswerJson.of(texts.ask("and chairs?", history=history))
    tables = [citation.table for citation in answer.citations if citation.table]
    cells = [table.rows[table.cell.row][table.cell.column] for table in tables if table.cell]
    assert cells == ["1,245"]


def test_without_history_and_for_a_whole_question_nothing_changes(texts: Engine) -> None:
    for history in ([], [REVENUE]):
        answer = texts.ask(TOWER, history=history)
        assert (answer.question, answer.searched, answer.carried_over) == (TOWER, None, ())
        assert answer.text == texts.ask(TOWER).text


def test_names_typos_and_filters_are_looked_at_in_what_was_searched(texts: Engine) -> None:
    lacking = texts.ask("And by whom?", history=["When was the Sagrada built in Barcelona?"])
    assert not lacking.answered
    assert set(lacking.missing_names) & {"Sagrada", "Barcelona"}
    misspelt = texts.ask("What are the symptoms?", history=["what is psoriassis"])
    assert [each.read for each in misspelt.corrections] in ([], ["psoriasis"])
    filtered = texts.ask("And by whom?", history=[TOWER], filters={"source": "notes/psoriasis.txt"})
    assert filtered.searched
    assert {hit.document.source for hit in filtered.hits} == {"notes/psoriasis.txt"}


def test_history_is_bounded(texts: Engine) -> None:
    assert texts.ask("Why?", history=[TOWER] * MOST_EARLIER).searched
    with pytest.raises(QuestionError, match="give the last 20"):
        texts.ask("Why?", history=[TOWER] * (MOST_EARLIER + 1))
    for wrong in ("", "x" * (MAX_QUESTION_CHARS + 1), "why " * 300, "\ud800"):
        with pytest.raises(QuestionError, match=r"history\[1\]: "):
            texts.ask("Why?", history=[TOWER, wrong])
    longest = "When was " + "x " * 240 + "built?"
    answer = texts.ask("And by whom, by whom, by whom, by whom, by whom?", history=[longest])
    assert answer.searched is None, "it would be too long"


# Conversations, as benchmarks/conversations has them.


def of_set(name: str) -> tuple[list[Conversation], list[ChangeOfTopic]]:
    return (
        [each for each in read_conversations() if each.set == name],
        [each for each in read_changes_of_topic() if each.set == name],
    )


def check_conversations(engine: Engine, name: str, most: int | None = None) -> None:
    """Turns are answered as the whole questions are, and changes of topic left alone."""
    conversations, changes = of_set(name)
    later = [turn for each in conversations[:most] for turn in ask(engine, each) if turn.number]
    followed = [turn for turn in later if turn.turn.found_by(turn.followed)]
    whole = [turn for turn in later if turn.turn.found_by(turn.whole)]
    alone = [turn for turn in later if turn.turn.found_by(turn.alone)]
    assert len(followed) >= len(whole) - 1
    assert len(followed) >= len(alone)
    assert len(mistaken(engine, changes[:most])) <= 1, "a document may answer with a topic, too"


def test_a_conversation_about_the_seeds(engine: Engine) -> None:
    check_conversations(engine, "seeds", most=1)


@pytest.mark.soak
def test_all_conversations_about_the_seeds(engine: Engine) -> None:
    check_conversations(engine, "seeds")


@pytest.mark.soak
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data are not here")
@pytest.mark.parametrize("name", ["notes", "pdf", "medquad_skin", "scifact", "squad2_half"])
def test_conversations_about_public_sets(name: str, tmp_path: Path, seeds_dir: Path) -> None:
    sets = IndexedSets(Settings(), tmp_path, no_progress)
    check_conversations(open_set(name, DATA, seeds_dir, sets), name)
