"""Pairs read together: those of like length, for a batch takes as long as its longest."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from qa.read.pairs import Ids, Pair
from qa.read.reader import Logits, Reading, TokenScores

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What the network takes, in its order."""

Network = Callable[[Mapping[str, Ids]], tuple[Logits, Logits]]
"""From inputs of shape (pairs, tokens) to logits of windows, (pairs,), and of tokens."""


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
