"""`python -m training DATA --out FOLDER`: train the reader, or go on where it was stopped.

DATA is the folder with `reader/` and `pdf/` (docs/reader.md). FOLDER gets `reader.safetensors`, and
`checkpoint.pt` while the training runs: the same command then goes on from there.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file

from index.backends.choose import open_encoder
from index.model import Model, find_model
from qa.read.bundled import sha256_of
from qa.read.network import new_network, weights_to_save
from qa.read.pairs import PairTokenizer
from training.augmentation import MINED_EACH, Material, Recipe
from training.batches import batches, examples
from training.kept_out import Figures, kept_out_sets, measure
from training.learning import Learner, Schedule
from training.negatives import mined
from training.rows import for_training, read_all, read_rows, write_rows
from training.tables import rows_from_tables, table_lines, windows_of_pdfs

_REPORTED_EVERY = 250
_SAVED_EVERY = 1000
_TABLE_ROWS_EACH = 2

Say = Callable[[str], None]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--passes", type=int, default=Schedule().passes)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    train(options.data, options.out, Schedule(passes=options.passes, seed=options.seed), print)


def train(data: Path, out: Path, schedule: Schedule, say: Say) -> None:
    """Train from what is in `data`; leave the weights, and while it runs a checkpoint, in `out`."""
    model = find_model()
    tokenizer = PairTokenizer(model.folder)
    published = read_all(data / "reader")
    kept_out = kept_out_sets(published)
    material = _material(data, out, model, schedule.seed)
    passes = [
        material.rows_of_pass(Recipe(), number, schedule.seed) for number in range(schedule.passes)
    ]
    torch.manual_seed(schedule.seed)
    steps = sum(-(-len(rows) // schedule.rows_a_batch) for rows in passes)
    learner = Learner(new_network(model.folder), schedule, steps)
    checkpoint = out / "checkpoint.pt"
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
    weights = out / "reader.safetensors"
    save_file(weights_to_save(network), weights)
    checkpoint.unlink(missing_ok=True)
    say(f"{_told(measure(network, tokenizer, kept_out))}\n{weights}: SHA-256 {sha256_of(weights)}")


def _material(data: Path, out: Path, model: Model, seed: int) -> Material:
    """Return what passes are made from. Mining takes minutes, so that its rows are kept."""
    published = for_training(read_all(data / "reader"))
    kept = out / f"mined-{seed}.jsonl.gz"
    if not kept.exists():
        found = mined(published, open_encoder(model), MINED_EACH, Random(seed))
        aside = kept.with_suffix(".new")
        write_rows(aside, found)
        aside.replace(kept)
    negatives = list(read_rows(kept))
    lines = list(table_lines(windows_of_pdfs(data / "pdf", model)))
    tables = list(rows_from_tables(lines, _TABLE_ROWS_EACH, Random(seed)))
    return Material(published, negatives, tables)


def _save_aside(learner: Learner, checkpoint: Path) -> None:
    aside = checkpoint.with_suffix(".new")
    torch.save(learner.state(), aside)
    aside.replace(checkpoint)


def _told(figures: Mapping[str, Figures]) -> str:
    return "kept out: " + ", ".join(
        f"{name} {each.auroc:.3f} (answer's tokens {each.tokens:.2f})"
        for name, each in figures.items()
    )


if __name__ == "__main__":
    main()
