"""Question and windows to logits: what every reader does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qa.read.windows import Window

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TokenScores:
    """How likely each token of one window is to belong to the answer.

    `spans` holds the tokens' character offsets into `Window.text`, end exclusive, in order, shape
    (tokens, 2). `scores` are their logits, shape (tokens,). A long window may be read in part:
    tokens that were cut off are missing.
    """

    spans: NDArray[np.int64]
    scores: Logits


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read of some windows, in the order they were given in.

    `answerability` says how likely each window is to answer, as a logit, shape (windows,).
    `tokens` has one entry a window; it is None for a reader that does not score tokens.
    """

    answerability: Logits
    tokens: tuple[TokenScores, ...] | None


class Reader(Protocol):
    """Anything that reads windows for an answer. Safe to share between threads."""

    @property
    def name(self) -> str:
        """What it is called in settings."""
        ...

    @property
    def digest(self) -> str:
        """A SHA-256 of all that has a say in its logits, but for the backend."""
        ...

    @property
    def backend(self) -> str:
        """What computes the logits, and how precisely, such as "openvino-float32"."""
        ...

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return what the windows say to the question. No window is no error."""
        ...
