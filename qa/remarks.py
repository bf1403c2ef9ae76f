"""What a person is told beside an answer, the same at a terminal, in a chat and to models."""

from collections.abc import Iterator, Sequence

from index.terminal import one_line
from qa.records import Answer

NOT_ANSWERED = "Your documents do not seem to answer this."
NOTHING_SEARCHED = "Nothing was searched: no document matches the filters, or none is indexed."
CLOSEST = "Closest passages:"


def remarks(answer: Answer) -> Iterator[str]:
    """Yield how the question was read and what of it the documents lack, a line each.

    A word of a missing name is not named a second time as a word that no document holds.
    """
    for each in answer.corrections:
        yield (
            f"“{one_line(each.written)}” was read as “{one_line(each.read)}”, as the documents say."
        )
    if answer.missing_names:
        yield f"No document found has the name {_quoted(answer.missing_names)}."
    in_names = {word.casefold() for name in answer.missing_names for word in name.split()}
    unknown = [word for word in answer.unknown_words if _bare(word) not in in_names]
    if unknown:
        yield f"No document holds {_quoted(unknown)}."


def _bare(word: str) -> str:
    return word.casefold().removesuffix("'s").removesuffix("’s")


def _quoted(words: Sequence[str]) -> str:
    """Return the words in quotation marks, "or" before the last."""
    *first, last = (f"“{one_line(word)}”" for word in words)
    return f"{', '.join(first)} or {last}" if first else last
