"""Figures of a network on rows that were kept out of training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch

from eval.measures.formulas import auroc
from eval.measures.table import Table
from qa.read.network import ReaderNetwork
from qa.read.pairs import PairTokenizer
from training.batches import batch_of, examples
from training.rows import Row, is_kept_out

_BATCH = 64
_MOST_ROWS = 900


@dataclass(frozen=True, slots=True)
class Figures:
    """`auroc` is that of answered rows against the others, `tokens` the share of the answer's
    tokens among as many of the highest scores, in the mean of answered rows.
    """

    auroc: float
    tokens: float


def kept_out_sets(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows that are kept out, by source, but those made by exchanging words."""
    sets: dict[str, list[Row]] = {}
    for row in rows:
        if is_kept_out(row) and row.made != "swap":
            sets.setdefault(row.source, []).append(row)
    return {name: sampled(own) for name, own in sets.items()}


def sampled(rows: list[Row]) -> list[Row]:
    """Return the rows, or so many of them as are measured."""
    return rows if len(rows) <= _MOST_ROWS else Random(0).sample(rows, _MOST_ROWS)


def measure(
    network: ReaderNetwork, tokenizer: PairTokenizer, sets: Mapping[str, Sequence[Row]]
) -> dict[str, Figures]:
    """Return the figures of each set. The network is left as it was, in training or not."""
    training = network.training
    network.eval()
    found = {name: _figures(network, tokenizer, rows) for name, rows in sets.items()}
    network.train(training)
    return found


def _figures(network: ReaderNetwork, tokenizer: PairTokenizer, rows: Sequence[Row]) -> Figures:
    made = examples(rows, tokenizer)
    device = next(network.parameters()).device.type
    logits = np.zeros(len(made))
    shares: list[float] = []
    order = sorted(range(len(made)), key=lambda at: len(made[at].pair))
    for start in range(0, len(order), _BATCH):
        members = order[start : start + _BATCH]
        batch = batch_of([made[at] for at in members]).to(device)
        with torch.inference_mode():
            answerable, tokens = network(batch.ids, batch.mask, batch.types)
        logits[members] = answerable.float().cpu().numpy()
        for scores, at in zip(tokens.float().cpu().numpy(), members, strict=True):
            labels = made[at].labels
            in_answer = labels == 1
            if in_answer.any():
                counted = np.where(labels >= 0, scores[: len(labels)], -np.inf)
                best = np.argsort(-counted)[: in_answer.sum()]
                shares.append(float(in_answer[best].mean()))
    answered = np.array([row.answered for row in rows])
    separated = auroc(
        Table({"confidence": logits}), np.flatnonzero(answered), np.flatnonzero(~answered)
    )
    return Figures(float(separated), float(np.mean(shares)) if shares else np.nan)
