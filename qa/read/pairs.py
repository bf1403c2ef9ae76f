"""Question and window as the network takes them: one row of tokens, the question first.

`PairTokenizer` makes `Pair`s; `read_in_batches` puts them through a network and makes a `Reading`
of its logits.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.errors import ModelError
from qa.read.reader import MOST_QUESTION_TOKENS, MOST_TOKENS, Logits, Reading, TokenScores
from qa.read.windows import Window

_BETWEEN = ". "

Ids = NDArray[np.int64]

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What the network takes, in its order."""

Network = Callable[[Mapping[str, Ids]], tuple[Logits, Logits]]
"""From inputs of shape (pairs, tokens) to logits of windows, (pairs,), and of tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A question and a window in tokens.

    `ids` are the tokens' numbers in the vocabulary and `types` is 0 in the question, 1 in the
    window, both of shape (tokens,). Tokens `first` to `first + len(spans)` are those of
    `Window.text`, and `spans` says where they stand in it, shape (tokens of the text, 2).
    """

    ids: Ids
    types: Ids
    first: int
    spans: Ids

    def __len__(self) -> int:
        """Return how many tokens it has, special ones counted."""
        return len(self.ids)


class PairTokenizer:
    """Turns questions and windows into tokens. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        file = folder / "tokenizer.json"
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{file} is not a readable tokenizer; reinstall the model.") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def pairs(self, question: str, windows: Sequence[Window]) -> list[Pair]:
        """Return one pair a window, in order."""
        asked = self._cut(question)
        encodings = self._tokenizer.encode_batch([(asked, text_of(window)) for window in windows])
        return [
            _pair(encoding, len(_prefix(window)))
            for encoding, window in zip(encodings, windows, strict=True)
        ]

    def _cut(self, question: str) -> str:
        """Return as much of the question as is read."""
        offsets = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(offsets) <= MOST_QUESTION_TOKENS:
            return question
        return question[: offsets[MOST_QUESTION_TOKENS - 1][1]]


def text_of(window: Window) -> str:
    """Return what is read of a window: what stands above it, and its own text."""
    return _prefix(window) + window.text


def _prefix(window: Window) -> str:
    return window.above + _BETWEEN if window.above else ""


def _pair(encoding: Encoding, prefix: int) -> Pair:
    """`prefix` is how many characters stand before the window's own text."""
    ids, types = encoding.ids, encoding.type_ids
    offsets, sequences = encoding.offsets, encoding.sequence_ids
    if len(ids) > MOST_TOKENS:  # the last one is [SEP]
        ids = [*ids[: MOST_TOKENS - 1], ids[-1]]
        types = types[:MOST_TOKENS]
        offsets = offsets[: MOST_TOKENS - 1]
        sequences = sequences[: MOST_TOKENS - 1]
    own = [
        number
        for number, (sequence, (start, _)) in enumerate(zip(sequences, offsets, strict=True))
        if sequence == 1 and start >= prefix
    ]
    spans = np.array([offsets[number] for number in own], dtype=np.int64).reshape(-1, 2)
    return Pair(
        ids=np.array(ids, dtype=np.int64),
        types=np.array(types, dtype=np.int64),
        first=own[0] if own else 0,
        spans=spans - prefix,
    )


def read_in_batches(pairs: Sequence[Pair], network: Network, most_tokens: int) -> Reading:
    """Read pairs, and return what was read in their order.

    A batch has at most `most_tokens` tokens, padding counted, or one pair.
    """
    answerability = np.empty(len(pairs), dtype=np.float32)
    tokens: dict[int, TokenScores] = {}
    for numbers in _batches(pairs, most_tokens):
        batch = [pairs[number] for number in numbers]
        logits, token_logits = network(_padded(batch))
        answerability[numbers] = logits
        for number, pair, scores in zip(numbers, batch, token_logits, strict=True):
            own = scores[pair.first : pair.first + len(pair.spans)]
            tokens[number] = TokenScores(pair.spans, np.array(own, dtype=np.float32))
    return Reading(answerability, tuple(tokens[number] for number in range(len(pairs))))


def _batches(pairs: Sequence[Pair], most_tokens: int) -> Iterator[list[int]]:
    """Yield the numbers of pairs, shortest first."""
    batch: list[int] = []
    for number in sorted(range(len(pairs)), key=lambda each: len(pairs[each])):
        if batch and (len(batch) + 1) * len(pairs[number]) > most_tokens:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _padded(pairs: Sequence[Pair]) -> dict[str, Ids]:
    """Return the network's inputs, each of shape (pairs, tokens of the longest)."""
    shape = len(pairs), max(map(len, pairs))
    inputs = {name: np.zeros(shape, dtype=np.int64) for name in INPUTS}
    for row, pair in enumerate(pairs):
        inputs["input_ids"][row, : len(pair)] = pair.ids
        inputs["attention_mask"][row, : len(pair)] = 1
        inputs["token_type_ids"][row, : len(pair)] = pair.types
    return inputs
