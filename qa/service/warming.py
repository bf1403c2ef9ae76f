"""Making ready: the first question finds loaded and remembered what the others find."""

from qa.engine import Engine
from qa.errors import QuestionError
from qa.formats.answer import answer_json

_QUESTION = "What is this about, and why?"
_MOST_CHARACTERS = 100


def warm_up(engine: Engine) -> None:
    """Ask `engine` twice, the second time with words of the documents; nothing is told of it."""
    nearest = engine.ask(_QUESTION).hits
    if not nearest:
        return
    passage, text = nearest[0].passage, nearest[0].document.text
    words = text[passage.start : min(passage.end, passage.start + _MOST_CHARACTERS)]
    try:
        answer_json(engine.ask(words))
    except QuestionError:
        return  # some scripts have more tokens than characters
