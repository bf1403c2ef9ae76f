"""Reading ends where the first windows answer, and gives what was read in the documents' order."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from qa.read.early_end import read_until_answered
from qa.read.reading import Reading, TokenScores
from qa.read.windows import Window
from tests.qa.read.conftest import windows_of


class Numbers:
    """Reads the number that a window's text begins with as its logit."""

    name = digest = backend = "numbers"

    def __init__(self, *, words: bool) -> None:
        self.words = words
        self.read_windows = 0

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        self.read_windows += len(windows)
        logits = np.array([float(window.text.split()[0]) for window in windows], dtype=np.float32)
        none = np.empty((0, 2), dtype=np.int64)
        tokens = tuple(TokenScores(none, np.array([logit])) for logit in logits)
        return Reading(logits, tokens if self.words else None)


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize(
    ("logits", "read"),
    [
        ([-1, -2, 0.5, -4, -5, -6, -7], 5),
        ([-1, -2, -3, -4, -5, -6, 7], 7),
        ([-1, -2, -3], 3),
        ([], 0),
    ],
)
def test_the_others_are_read_only_where_the_first_five_do_not_answer(
    logits: list[float], read: int, words: bool
) -> None:
    windows = [
        replace(window, passage=len(logits) - number)
        for number, window in enumerate(windows_of(*(f"{logit} is read" for logit in logits)))
    ]
    reader = Numbers(words=words)
    found, reading = read_until_answered(reader, "why?", windows)
    assert reader.read_windows == len(found) == read
    assert found == windows[:read][::-1], "in the order of their passages"
    assert reading.answerability.tolist() == logits[:read][::-1]
    if words:
        assert reading.tokens is not None
        assert [float(each.scores[0]) for each in reading.tokens] == logits[:read][::-1]
    else:
        assert reading.tokens is None
