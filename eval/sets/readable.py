"""Questions that are longer than what can be asked, cut: some public sets ask with whole essays."""

from collections.abc import Sequence
from dataclasses import replace

from eval.questions import Question, QuestionSet
from qa.engine import Engine
from qa.question_reader import MAX_QUESTION_CHARS


def cut_to_fit(engine: Engine, asked: QuestionSet) -> tuple[QuestionSet, tuple[str, ...]]:
    """Return the questions, cut to what the model reads of one, and a note if any had to be."""
    cut = [replace(question, text=_cut(engine, question.text)) for question in asked.questions]
    count = _differing(cut, asked.questions)
    note = f"{count} questions are longer than the model reads, and were cut to that."
    return replace(asked, questions=tuple(cut)), (note,) * (count > 0)


def _cut(engine: Engine, text: str) -> str:
    text = text.strip()[:MAX_QUESTION_CHARS]
    tokens = engine.tokenizer.tokens(text)
    most = engine.model.max_tokens
    return text if len(tokens) <= most else text[: tokens[most - 1].end]


def _differing(cut: Sequence[Question], whole: Sequence[Question]) -> int:
    return sum(a.text != b.text.strip() for a, b in zip(cut, whole, strict=True))
