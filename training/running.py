"""One run of training: all passes, with a checkpoint from which the same run goes on."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file

from qa.read.network import ReaderNetwork, weights_to_save
from qa.read.pairs import PairTokenizer
from qa.read.reader import sha256_of
from training.batches import batches, examples
from training.kept_out import Figures, measure
from training.learning import Learner, Schedule
from training.rows import Row

_REPORTED_EVERY = 250
_SAVED_EVERY = 1000

Say = Callable[[str], None]


def run(
    network: ReaderNetwork,
    passes: Sequence[Sequence[Row]],
    tokenizer: PairTokenizer,
    schedule: Schedule,
    kept_out: Mapping[str, Sequence[Row]],
    weights: Path,
    say: Say,
) -> None:
    """Train a network on the rows of all passes; write its weights, and tell how good it is.

    While it runs, a file `checkpoint.pt` beside the weights holds its state.
    """
    torch.manual_seed(schedule.seed)
    steps = sum(-(-len(rows) // schedule.rows_a_batch) for rows in passes)
    learner = Learner(network, schedule, steps)
    checkpoint = weights.with_name("checkpoint.pt")
    if checkpoint.exists():
        try:
            learner.restore(torch.load(checkpoint, weights_only=True))
        except ValueError as error:
            raise SystemExit(f"{checkpoint}: {error}.") from error
        say(f"going on from step {learner.step}")
    done, passed, started, loss = 0, 0, time.monotonic(), 0.0
    first = learner.step
    for rows in passes:
        made = examples(rows, tokenizer)
        for batch in batches(made, schedule.rows_a_batch, Random(schedule.seed)):
            passed += 1
            if passed <= first:
                continue
            loss += learner.learn(batch)
            done += len(batch)
            if learner.step % _REPORTED_EVERY == 0:
                rate = done / (time.monotonic() - started)
                say(
                    f"step {learner.step} of {steps}: loss {loss / _REPORTED_EVERY:.3f}, "
                    f"{rate:.0f} rows/s"
                )
                loss = 0.0
            if learner.step % _SAVED_EVERY == 0:
                _save_aside(learner, checkpoint)
                say(_told(measure(learner.network, tokenizer, kept_out)))
    network = learner.trained()
    save_file(weights_to_save(network), weights)
    checkpoint.unlink(missing_ok=True)
    say(f"{_told(measure(network, tokenizer, kept_out))}\n{weights}: SHA-256 {sha256_of(weights)}")


def _save_aside(learner: Learner, checkpoint: Path) -> None:
    aside = checkpoint.with_suffix(".new")
    torch.save(learner.state(), aside)
    aside.replace(checkpoint)


def _told(figures: Mapping[str, Figures]) -> str:
    return "kept out: " + ", ".join(
        f"{name} {each.auroc:.3f} (answer's tokens {each.tokens:.2f})"
        for name, each in figures.items()
    )
