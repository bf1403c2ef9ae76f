"""Negatives as retrieval finds them: the nearest windows that do not answer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from index.encoding.encoder import Encoder
from training.rows import Row

MINED_SOURCES = ("shift-new_wiki", "squad2", "sleepqa", "covidqa", "scifact", "medquad", "selqa")
"""Sources whose questions stand alone. Of reviews and posts ("what does the author think?") any
text may answer any question."""
_NEAREST = 30
_BLOCK = 1024
LONG_ANSWER = 60
"""In characters: a shorter one may answer wherever it stands."""


def mined(rows: Sequence[Row], encoder: Encoder, each: int, random: Random) -> Iterator[Row]:
    """Yield, for each answered question, `each` of the nearest windows that do not answer.

    Nearest is by cosine, among the windows of all rows of the same source. A window of the row's
    own document counts only where it neither overlaps the answering one nor holds the answer.
    """
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.source in MINED_SOURCES and row.made != "hard":  # its text is another document's
            by_source[row.source].append(row)
    for own in by_source.values():
        yield from _mined(own, encoder, each, random)


def _mined(rows: Sequence[Row], encoder: Encoder, each: int, random: Random) -> Iterator[Row]:
    windows = list({row.text: row for row in rows}.values())
    answering: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.answered:
            answering[row.question.lower()].add(row.text)
    asked = list({row.question: row for row in rows if row.answered and not row.made}.values())
    texts = encoder.encode([f"{row.above}\n{row.text}".strip() for row in windows], "document")
    questions = encoder.encode([row.question for row in asked], "query")
    for start in range(0, len(asked), _BLOCK):
        block = asked[start : start + _BLOCK]
        cosines = questions[start : start + _BLOCK] @ texts.T
        count = min(_NEAREST, len(windows))
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for row, candidates in zip(block, nearest.tolist(), strict=True):
            found = [
                windows[candidate]
                for candidate in candidates
                if not _may_answer(windows[candidate], row, answering[row.question.lower()])
            ]
            for negative in random.sample(found, min(each, len(found))):
                yield replace(
                    row,
                    made="mined",
                    above=negative.above,
                    text=negative.text,
                    span=None,
                    document=negative.document,
                )


def _may_answer(window: Row, row: Row, answering: set[str]) -> bool:
    if window.text in answering:
        return True
    answer = row.text[slice(*row.span)].strip().lower() if row.span else ""
    if len(answer) < LONG_ANSWER and answer in window.text.lower():
        return True
    if window.document != row.document:
        return False
    return any(len(_shared(window.text, text)) > 0 for text in answering)


def _shared(one: str, other: str) -> set[str]:
    """Return the sentences, roughly, that both windows have."""
    return {part for part in one.split(". ") if len(part) > 20} & set(other.split(". "))
