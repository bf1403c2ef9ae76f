"""Question and window as the network takes them: one row of tokens, the question first."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.errors import ModelError
from qa.read.reading import MOST_QUESTION_TOKENS, MOST_TOKENS, Logits, Reading, TokenScores
from qa.read.windows import Window

Ids = NDArray[np.int64]

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
        offsets = self._tokenizer.encode(question, add_special_tokens=False).offsets
        if len(offsets) > MOST_QUESTION_TOKENS:
            question = question[: offsets[MOST_QUESTION_TOKENS - 1][1]]
        texts = [(question, text_of(window)) for window in windows]
        encodings = self._tokenizer.encode_batch(texts)
        return [
            _pair(encoding, len(_prefix(window)))
            for encoding, window in zip(encodings, windows, strict=True)
        ]


def text_of(window: Window) -> str:
    """Return what is read of a window: what stands above it, and its own text."""
    return _prefix(window) + window.text


def _prefix(window: Window) -> str:
    return f"{window.above}. " if window.above else ""


def _pair(encoding: Encoding, prefix: int) -> Pair:
    """Cut a pair to its length; `prefix` characters stand before the window's own text."""
    *ids, separator = encoding.ids
    ids = ids[: MOST_TOKENS - 1]
    offsets = encoding.offsets[: len(ids)]
    sequences = encoding.sequence_ids[: len(ids)]
    own = [
        number
        for number, (sequence, (start, _)) in enumerate(zip(sequences, offsets, strict=True))
        if sequence == 1 and start >= prefix
    ]
    spans = np.array([offsets[number] for number in own], dtype=np.int64).reshape(-1, 2)
    return Pair(
        ids=np.array([*ids, separator], dtype=np.int64),
        types=np.array(encoding.type_ids[: len(ids) + 1], dtype=np.int64),
        first=own[0] if own else 0,
        spans=spans - prefix,
    )


def read_in_batches(pairs: Sequence[Pair], network: Network, most_tokens: int) -> Reading:
    """Read pairs in batches of at most `most_tokens` tokens, with padding, or of one pair."""
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
    batch: list[int] = []
    for number in sorted(range(len(pairs)), key=lambda number: len(pairs[number])):
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
