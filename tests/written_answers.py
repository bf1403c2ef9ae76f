"""What the scripted language model writes of the seeds, and what has it written."""

from functools import cache

from qa.written.endpoint import Endpoint
from qa.written.support import Checker, open_checker
from qa.written.writing import AnswerWriter
from tests.language_model import LanguageModel, Reply, Step, written
from tests.readers import RememberingReader

QUESTION = "what are the side effects of microneedling"
ELSEWHERE = "who won the 1998 football world cup final"
FIRST = (
    "One of the most frequently reported side effects of microneedling is temporary redness and "
    "swelling."
)
SECOND = (
    "Another common issue is skin dryness, which can persist for up to a week after the procedure."
)
SHOWN = (FIRST, SECOND)
DROPPED = "Skin dryness can persist for up to 90 weeks after the procedure."
MODEL = "scripted"


def marked(sentence: str) -> str:
    """Return a sentence as the model writes it: with numbers of passages, one of which says it."""
    return f"{sentence.removesuffix('.')} [1][2][3]. "


def two_of_three(*between: Step) -> Reply:
    """Return an answer whose second sentence is not in what it cites.

    The steps come where a word of the second sentence tells that the first has ended.
    """
    word, _, words = marked(DROPPED).partition(" ")
    return written(marked(FIRST), f"{word} ", *between, words, marked(SECOND))


def writer_at(model: LanguageModel) -> AnswerWriter:
    """Return what has the scripted model write, however long it is silent."""
    return AnswerWriter(Endpoint(model.url, MODEL, timeout_s=3600), remembering_checker())


@cache
def remembering_checker() -> Checker:
    """Return the checker that comes with Pincite; it remembers what it read."""
    return Checker(RememberingReader(open_checker()._reader))
