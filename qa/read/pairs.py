"""Question and window as the network takes them: one row of tokens, the question first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding

from index.chunking.tokens import Tokenizer
from index.encoding.shapes import Ids, batches, padded
from qa.read.reading import OF_QUESTIONS, Logits, PairLimits, Reading, TokenScores
from qa.read.windows import Window

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What the network takes, in its order."""

Network = Callable[[Mapping[str, Ids]], tuple[Logits, Logits]]
"""From inputs of shape (pairs, tokens) to logits of windows, (pairs,), and of tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A question and a window in tokens; `ids` and `types` have the shape (tokens,).

    From token `first` on come those of `Window.text`, and `spans` says where they stand in it.
    """

    ids: Ids
    types: Ids
    first: int
    spans: Ids

    def __len__(self) -> int:
        """Return how many tokens it has, with the special ones."""
        return len(self.ids)


class PairTokenizer:
    """Turns questions and windows into tokens. Safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer, limits: PairLimits = OF_QUESTIONS) -> None:
        self.limits = limits
        self._tokenizer = tokenizer
        self._start, self._between, self._end = tokenizer.special_tokens_of_pair()

    def pairs(self, question: str, windows: Sequence[Window]) -> list[Pair]:
        """Return one pair a window, in order."""
        (asked,) = self._tokenizer.encodings([question])
        if len(asked) > self.limits.first:
            question = question[: asked.offsets[self.limits.first - 1][1]]
            (asked,) = self._tokenizer.encodings([question])
        before = [self._start, *asked.ids, self._between]
        encodings = self._tokenizer.encodings([text_of(window) for window in windows])
        return [
            _pair(before, encoding, self._end, len(_prefix(window)), self.limits.both)
            for encoding, window in zip(encodings, windows, strict=True)
        ]


def text_of(window: Window) -> str:
    """Return what is read of a window: what stands above it, and its own text."""
    return _prefix(window) + window.text


def _prefix(window: Window) -> str:
    return f"{window.above}. " if window.above else ""


def _pair(before: list[int], encoding: Encoding, end: int, prefix: int, most: int) -> Pair:
    """Return a pair of at most so many tokens, with a special token at the `end`.

    The question is `before` the window, and `prefix` characters before the window's own text.
    """
    room = most - len(before) - 1
    ids = np.array([*before, *encoding.ids[:room], end], dtype=np.int64)
    types = np.ones_like(ids)
    types[: len(before)] = 0
    spans = np.array(encoding.offsets[:room], dtype=np.int64).reshape(-1, 2) - prefix
    above = int(np.count_nonzero(spans[:, 0] < 0))
    return Pair(ids, types, len(before) + above, spans[above:])


def read_pairs(
    questions: Sequence[Sequence[Pair]], network: Network, batch_tokens: int, most_tokens: int
) -> list[Reading]:
    """Read the pairs of several questions together, in batches of pairs of about one length.

    A pair has at most `most_tokens`, a batch about `batch_tokens`.
    """
    pairs = [pair for question in questions for pair in question]
    answerability = np.empty(len(pairs), dtype=np.float32)
    tokens: dict[int, TokenScores] = {}
    for numbers, length in batches(list(map(len, pairs)), most_tokens, batch_tokens):
        batch = [pairs[number] for number in numbers]
        logits, token_logits = network(_inputs(batch, length))
        answerability[numbers] = logits
        for number, pair, scores in zip(numbers, batch, token_logits, strict=True):
            own = scores[pair.first : pair.first + len(pair.spans)]
            tokens[number] = TokenScores(pair.spans, np.array(own, dtype=np.float32))
    readings: list[Reading] = []
    first = 0
    for question in questions:
        end = first + len(question)
        own_tokens = tuple(tokens[number] for number in range(first, end))
        readings.append(Reading(answerability[first:end], own_tokens))
        first = end
    return readings


def _inputs(pairs: Sequence[Pair], length: int) -> dict[str, Ids]:
    """Return the network's inputs, each of shape (pairs, length)."""
    ids = padded([pair.ids for pair in pairs], length)
    mask = padded([np.ones(len(pair), dtype=np.int64) for pair in pairs], length)
    types = padded([pair.types for pair in pairs], length)
    return dict(zip(INPUTS, (ids, mask, types), strict=True))
