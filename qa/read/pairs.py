"""Question and window as the network takes them: one row of tokens, the question first."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.errors import ModelError
from qa.read.windows import Window

MOST_TOKENS = 160
"""Of question and window with the three special tokens; what is over is cut off the window."""
MOST_QUESTION_TOKENS = 48
VERSION = 1
"""Part of the digest of a reader: raise it when the same pair would give other tokens."""

_BATCH_TOKENS = 2048
_BETWEEN = ". "

Ids = NDArray[np.int64]


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

    def __init__(self, file: Path) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        try:
            self._questions = Tokenizer.from_file(str(file))
            self._pairs = Tokenizer.from_file(str(file))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{file} is not a readable tokenizer; reinstall the model.") from error
        for each in (self._questions, self._pairs):
            each.no_padding()
        self._questions.no_truncation()
        self._pairs.enable_truncation(MOST_TOKENS, strategy="only_second")

    def pairs(self, question: str, windows: Sequence[Window]) -> list[Pair]:
        """Return one pair a window, in order."""
        asked = self._cut(question)
        prefixes = [window.above + _BETWEEN if window.above else "" for window in windows]
        texts = [prefix + each.text for prefix, each in zip(prefixes, windows, strict=True)]
        encodings = self._pairs.encode_batch([(asked, text) for text in texts])
        return [
            _pair(encoding, len(prefix))
            for encoding, prefix in zip(encodings, prefixes, strict=True)
        ]

    def _cut(self, question: str) -> str:
        """Return as much of the question as is read."""
        offsets = self._questions.encode(question, add_special_tokens=False).offsets
        if len(offsets) <= MOST_QUESTION_TOKENS:
            return question
        return question[: offsets[MOST_QUESTION_TOKENS - 1][1]]


def batches(pairs: Sequence[Pair]) -> Iterator[list[int]]:
    """Yield the numbers of pairs to read together, shortest first: padded, some 2,000 tokens."""
    batch: list[int] = []
    for number in sorted(range(len(pairs)), key=lambda each: len(pairs[each])):
        if batch and (len(batch) + 1) * len(pairs[number]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def padded(pairs: Sequence[Pair]) -> dict[str, Ids]:
    """Return what the network takes by name, each of shape (pairs, tokens of the longest)."""
    shape = len(pairs), max(map(len, pairs))
    inputs = {
        name: np.zeros(shape, dtype=np.int64)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    }
    for row, pair in enumerate(pairs):
        inputs["input_ids"][row, : len(pair)] = pair.ids
        inputs["attention_mask"][row, : len(pair)] = 1
        inputs["token_type_ids"][row, : len(pair)] = pair.types
    return inputs


def _pair(encoding: Encoding, prefix: int) -> Pair:
    """`prefix` is how many characters stand before the window's own text."""
    sequences, offsets = encoding.sequence_ids, encoding.offsets
    own = [
        number
        for number, (sequence, (start, _)) in enumerate(zip(sequences, offsets, strict=True))
        if sequence == 1 and start >= prefix
    ]
    first = own[0] if own else len(sequences)
    spans = np.array([offsets[number] for number in own], dtype=np.int64).reshape(-1, 2)
    return Pair(
        ids=np.array(encoding.ids, dtype=np.int64),
        types=np.array(encoding.type_ids, dtype=np.int64),
        first=first,
        spans=spans - prefix,
    )
