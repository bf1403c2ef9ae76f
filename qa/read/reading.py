"""What a reader is: it makes a `Reading` of a question and windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoding.model import Model
from qa.read.windows import Window

PAIRS_VERSION = 1
"""Part of a reader's digest: raise it when the same pair would give other tokens."""

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PairLimits:
    """How many tokens are read: of the `first` text, and of both with the three special tokens.

    The end of a longer text is cut off.
    """

    first: int
    both: int


OF_QUESTIONS = PairLimits(first=48, both=160)
"""Of a question and a window."""
OF_CLAIMS = PairLimits(first=96, both=256)
"""Of a written sentence and a window that it cites."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenScores:
    """How likely each token of one window is to belong to the answer.

    `spans` holds the tokens' offsets into `Window.text`, shape (tokens, 2), and `scores` their
    logits, shape (tokens,). Tokens that were cut off are missing.
    """

    spans: NDArray[np.int64]
    scores: Logits


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read of some windows, in their order.

    `answerability` has a logit for each window, shape (windows,): how likely it answers. `tokens`
    has one entry a window; it is None for a reader that does not score tokens.
    """

    answerability: Logits
    tokens: tuple[TokenScores, ...] | None


class Reader(Protocol):
    """Anything that reads windows for an answer. Safe to share between threads.

    `name` is its name in settings, and `digest` a SHA-256 of all that its logits depend on but for
    the `backend`, such as "openvino-float32".
    """

    name: str
    digest: str
    backend: str

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return how the windows answer the question. There may be no windows."""
        ...


@dataclass(frozen=True, slots=True)
class TrainedReader:
    """A weights file, and the encoder whose word embeddings and tokenizer it needs."""

    name: str
    weights: Path
    encoder: Model
    digest: str
    limits: PairLimits = OF_QUESTIONS
