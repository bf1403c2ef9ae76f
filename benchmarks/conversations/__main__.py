"""`python -m benchmarks.conversations DATA`: ask conversations, and print how they went.

Each turn is asked by itself, with the questions before it, and as a person would write it whole.
Then changes of topic are asked, from which nothing may be carried over.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from benchmarks.conversations.sets import (
    AskedTurn,
    ChangeOfTopic,
    ask,
    mistaken,
    open_set,
    read_changes_of_topic,
    read_conversations,
)
from benchmarks.results import table
from eval.sets.protocols import IndexedSets
from index.progress import no_progress
from qa.settings import Settings

_WAYS = ("alone", "followed", "whole")


def main(arguments: list[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks.conversations", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets, as docs/reader.md names")
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--cache", type=Path, help="where sets are kept once indexed")
    parser.add_argument("--only", action="append", help="a set; may be given several times")
    parser.add_argument("--turns", action="store_true", help="print each turn, too")
    options = parser.parse_args(arguments)
    sets = IndexedSets(Settings(), options.cache, no_progress)
    conversations, changes = read_conversations(), read_changes_of_topic()
    names = options.only or list(dict.fromkeys(each.set for each in conversations))
    changes = [change for change in changes if change.set in names]
    asked: list[AskedTurn] = []
    wrong: list[ChangeOfTopic] = []
    for name in names:
        engine = open_set(name, options.data, options.seeds, sets)
        of_set = [each for each in conversations if each.set == name]
        turns = [turn for conversation in of_set for turn in ask(engine, conversation)]
        mistakes = mistaken(engine, [change for change in changes if change.set == name])
        asked, wrong = [*asked, *turns], [*wrong, *mistakes]
        if options.turns:
            print("\n".join(map(_line, turns)), flush=True)
            print("\n".join(f"{name}  taken for a follow-up: {each.question}" for each in mistakes))
    later = [turn for turn in asked if turn.number]
    rows = [
        _row("first", "alone", [turn for turn in asked if not turn.number]),
        *(_row("later", way, later) for way in _WAYS),
    ]
    columns = ("turns", "asked", "number", "answered", "cited", "among the first three")
    print(table(columns, rows))
    print(f"\n{len(wrong)} of {len(changes)} changes of topic were taken for follow-ups.")


def _row(name: str, way: str, turns: Iterable[AskedTurn]) -> list[str | int]:
    answers = [(turn.turn, getattr(turn, way)) for turn in turns]
    return [
        name,
        way,
        len(answers),
        sum(answer.answered for _, answer in answers),
        sum(turn.cited_by(answer) for turn, answer in answers),
        sum(turn.found_by(answer) for turn, answer in answers),
    ]


def _line(turn: AskedTurn) -> str:
    marks = [
        f"{way}: {answer.confidence:.2f}{' cited' * turn.turn.cited_by(answer)}"
        f"{' found' * turn.turn.found_by(answer)}"
        for way in _WAYS
        for answer in [getattr(turn, way)]
    ]
    searched = turn.followed.searched or "(as it is)"
    name = f"{turn.conversation.id}.{turn.number + 1}"
    return f"{name}  {turn.turn.question}  ->  {searched}\n    {'; '.join(marks)}"


if __name__ == "__main__":
    main()
