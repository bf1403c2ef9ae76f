"""A conversation on standard input: a question a line, from a person or from a pipe."""

import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from index.terminal import note
from qa.errors import QuestionError
from qa.question.query import MAX_QUESTION_CHARS

FORGET = "/new"
_COMMANDS = f"{FORGET} forgets the questions before, /quit ends"
_ENDS = frozenset({"/quit", "/exit", "quit", "exit"})
_COMMAND = re.compile(r"/\w+\s*")
_PROMPT = "> "
_MOST_CHARACTERS = 4 * MAX_QUESTION_CHARS
"""Of a line that is read at once; what is longer is refused, however long it is."""

Ask = Callable[[str, Sequence[str]], object]
"""Answers a question, given earlier ones, oldest first. Raises QuestionError."""


def converse(ask: Ask, first: str | None, most_earlier: int, *, echo: bool = False) -> None:
    """Ask `first`, if any, then each line, until the input ends or a line says "quit".

    Each question gets the `most_earlier` last ones. A line "/new" forgets them, and asks what
    follows it. What is wrong with a question is told, and the next one is read. `echo` prints each
    question of a pipe before its answer.
    """
    echo = echo and not sys.stdin.isatty()
    history: list[str] = []
    for line in _lines(first):
        question = line.strip()
        if question.split(maxsplit=1)[:1] == [FORGET]:
            history.clear()
            question = question.removeprefix(FORGET).strip()
            if not question:
                note("The questions before are forgotten.")
        if question.casefold() in _ENDS:
            return
        if _COMMAND.fullmatch(question):
            note(f"There is no command {question}: {_COMMANDS}.")
            continue
        if not question:
            continue
        if echo:
            sys.stdout.write(f"{_PROMPT}{question}\n")
        try:
            ask(question, history)
        except QuestionError as error:
            note(f"pincite: {error}")
            continue
        sys.stdout.flush()
        history = [*history, question][-most_earlier:] if most_earlier else []


def _lines(first: str | None) -> Iterator[str]:
    if first is not None:
        yield first
    if not sys.stdin.isatty():
        yield from _piped_lines()
        return
    with suppress(ImportError):  # there is none on Windows
        import readline  # noqa: F401 (from now on, a line can be edited)
    note(f"Ask your questions. {_COMMANDS}.")
    while True:
        try:
            yield _typed_line()
        except EOFError:
            sys.stderr.write("\n")
            return


def _typed_line() -> str:
    if sys.stdout.isatty():
        return input(_PROMPT)
    sys.stderr.write(_PROMPT)
    sys.stderr.flush()
    return input()


def _piped_lines() -> Iterator[str]:
    """Yield lines; of a longer one than can be asked only the beginning, which is refused."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    while line := sys.stdin.readline(_MOST_CHARACTERS):
        part = line
        while part and not part.endswith("\n"):
            part = sys.stdin.readline(_MOST_CHARACTERS)
        yield line
