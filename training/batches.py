"""Rows as batches of tokens, of like length, as the reader will see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from index.records import Span
from qa.read.pairs import Pair, PairTokenizer
from qa.read.windows import Window
from training.rows import Row

if TYPE_CHECKING:
    import torch

_MULTIPLE = 16
"""Lengths are padded to multiples of this: each new shape costs the backend a compilation."""
_SORTED_TOGETHER = 64


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A row in tokens. `labels`, shape (tokens,), is 1 where a token is of the answer, 0 elsewhere
    in the text, and -1 where it does not count: outside the text, and where nothing answers.
    """

    pair: Pair
    labels: NDArray[np.float32]
    answered: bool


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Tensors of shape (rows, tokens); `answered`, 1 or 0, has shape (rows,)."""

    ids: "torch.Tensor"
    mask: "torch.Tensor"
    types: "torch.Tensor"
    labels: "torch.Tensor"
    answered: "torch.Tensor"

    def __len__(self) -> int:
        """Return how many rows it has."""
        return len(self.answered)

    def to(self, device: str) -> Self:
        """Return the batch on a device."""
        return replace(
            self, **{each.name: getattr(self, each.name).to(device) for each in fields(self)}
        )


def window_of(row: Row) -> Window:
    """Return a row's text as the window that the reader gets."""
    span = Span(0, len(row.text))
    return Window(0, span, (span,), row.text, row.above)


def examples(rows: Sequence[Row], tokenizer: PairTokenizer) -> list[Example]:
    """Return the rows in tokens, in order."""
    return [_example(row, *tokenizer.pairs(row.question, [window_of(row)])) for row in rows]


def batches(found: Sequence[Example], size: int, random: Random) -> Iterator[Batch]:
    """Yield all examples once, in batches of like length, in random order."""
    order = list(range(len(found)))
    random.shuffle(order)
    step = size * _SORTED_TOGETHER
    for start in range(0, len(order), step):
        together = sorted(order[start : start + step], key=lambda at: len(found[at].pair))
        cut = [together[at : at + size] for at in range(0, len(together), size)]
        random.shuffle(cut)
        for members in cut:
            yield batch_of([found[at] for at in members])


def batch_of(members: Sequence[Example]) -> Batch:
    """Return the examples in one batch, padded to the longest."""
    import torch

    longest = max(len(each.pair) for each in members)
    length = -(-longest // _MULTIPLE) * _MULTIPLE
    ids = np.zeros((len(members), length), np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    labels = np.full(ids.shape, -1, np.float32)
    for row, each in enumerate(members):
        count = len(each.pair)
        ids[row, :count], mask[row, :count] = each.pair.ids, 1
        types[row, :count], labels[row, :count] = each.pair.types, each.labels
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(mask),
        torch.from_numpy(types),
        torch.from_numpy(labels),
        torch.tensor([float(each.answered) for each in members]),
    )


def _example(row: Row, pair: Pair) -> Example:
    labels = np.full(len(pair), -1, np.float32)
    if row.span is not None:
        start, end = row.span
        starts, ends = pair.spans.T
        own = slice(pair.first, pair.first + len(pair.spans))
        labels[own] = (starts < end) & (ends > start)
    return Example(pair, labels, row.answered)
