"""Conversations about the seeds, some notes and public sets, and what became of each turn."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.sets.layouts import read_beir
from eval.sets.protocols import IndexedSets
from qa.engine import Engine
from qa.records import Answer

_HERE = Path(__file__).parent
_AMONG_THE_FIRST = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """A question as it is asked, the `whole` one that a person would write, and what answers.

    `quotes` are words, one of which stands in what answers.
    """

    question: str
    whole: str
    quotes: tuple[str, ...]

    def is_in(self, text: str) -> bool:
        """Tell whether a text has the words that answer."""
        plain = _plain(text)
        return any(_plain(quote) in plain for quote in self.quotes)

    def cited_by(self, answer: Answer) -> bool:
        """Tell whether the answer cites what answers."""
        return any(self.is_in(citation.cited_text) for citation in answer.citations)

    def found_by(self, answer: Answer) -> bool:
        """Tell whether one of the first three passages has what answers."""
        first = answer.hits[:_AMONG_THE_FIRST]
        return any(self.is_in(hit.passage.span.of(hit.document.text)) for hit in first)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions about one set, each of which may lean on those before it."""

    id: str
    set: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class ChangeOfTopic:
    """A question that stands by itself, though another one was asked before it."""

    set: str
    earlier: str
    question: str


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """A turn asked in three ways: by itself, with the questions before it, and whole."""

    conversation: Conversation
    number: int
    alone: Answer
    followed: Answer
    whole: Answer

    @property
    def turn(self) -> Turn:
        """What was asked."""
        return self.conversation.turns[self.number]


def read_conversations() -> list[Conversation]:
    """Return all conversations."""
    return [
        Conversation(
            row["id"],
            row["set"],
            tuple(
                Turn(turn["question"], turn["whole"], tuple(turn["quotes"]))
                for turn in row["turns"]
            ),
        )
        for row in _rows("conversations.jsonl")
    ]


def read_changes_of_topic() -> list[ChangeOfTopic]:
    """Return all changes of topic."""
    return [ChangeOfTopic(**row) for row in _rows("changes_of_topic.jsonl")]


def open_set(name: str, data: Path, seeds: Path, sets: IndexedSets) -> Engine:
    """Index a set, if it is not yet, and open an engine on it."""
    if name == "seeds":
        return sets.open_folder(seeds, seeds)
    if name == "notes":
        return sets.open_folder(_HERE / name, _HERE / name)
    if name == "pdf":
        return sets.open_folder(data / name, data / name)
    return sets.open_documents(data / name, read_beir(data / name, "test").documents)


def ask(engine: Engine, conversation: Conversation) -> Iterator[AskedTurn]:
    """Ask the turns of a conversation."""
    questions = [turn.question for turn in conversation.turns]
    for number, turn in enumerate(conversation.turns):
        yield AskedTurn(
            conversation,
            number,
            engine.ask(turn.question),
            engine.ask(turn.question, history=questions[:number]),
            engine.ask(turn.whole),
        )


def mistaken(engine: Engine, changes: Sequence[ChangeOfTopic]) -> list[ChangeOfTopic]:
    """Return the changes of topic that are taken for follow-ups."""
    return [
        change
        for change in changes
        if engine.ask(change.question, history=[change.earlier]).searched is not None
    ]


def _rows(name: str) -> Iterator[Any]:
    with (_HERE / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("’", "'")).casefold()
