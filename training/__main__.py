"""`python -m training DATA --out FOLDER`: train the reader, or go on where it was stopped.

DATA is the folder with `reader/` and `pdf/` (docs/reader.md). FOLDER gets `reader.safetensors`, and
`checkpoint.pt` while the training runs: the same command then goes on from there. With `--from`, a
trained reader is trained further, on questions in other words and texts on other subjects, too.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import torch
from safetensors.torch import save_file
from spellchecker import SpellChecker

from index.encoding.choose import open_encoder
from index.encoding.model import Model, find_model
from qa.read.network import load_network, new_network, weights_to_save
from qa.read.pairs import PairTokenizer
from qa.read.reader import WEIGHTS, find_reader, sha256_of
from training.augmentation import FURTHER, MINED_EACH, Material, Recipe
from training.batches import batches, examples
from training.grids import rows_of_grids
from training.kept_out import Figures, kept_out_sets, measure
from training.learning import FURTHER as FURTHER_SCHEDULE
from training.learning import Learner, Schedule
from training.negatives import mined
from training.rewording import words_in
from training.rows import for_training, read_all, read_rows, write_rows
from training.subjects import far_off
from training.table_questions import TableQuestions
from training.tables import lines_of_pdfs, lines_of_rows
from training.wordnet import Thesaurus, near_synonyms

_REPORTED_EVERY = 250
_SAVED_EVERY = 1000
_TABLE_ROWS_EACH = 6
_FAR_ROWS = 12_000
_RECIPE = Recipe()

Say = Callable[[str], None]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--passes", type=int)
    parser.add_argument("--rate", type=float, help="the highest learning rate")
    parser.add_argument("--rows", type=int, help="how many rows a pass has at most")
    parser.add_argument("--tables", type=float, help="the share of rows made from tables")
    parser.add_argument("--from", dest="start", help='"bundled" or a weights file to begin with')
    parser.add_argument("--wordnet", type=Path, help="WordNet's folder dict/; goes with --from")
    options = parser.parse_args()
    if (options.start is None) != (options.wordnet is None):
        parser.error("--from and --wordnet go together")
    options.out.mkdir(parents=True, exist_ok=True)
    schedule, recipe, further = Schedule(), Recipe(), None
    if options.start is not None:
        weights = WEIGHTS if options.start == "bundled" else Path(options.start)
        further = Further(find_reader(weights, None).weights, options.wordnet)
        schedule, recipe = FURTHER_SCHEDULE, FURTHER
        schedule = replace(schedule, begun_from=sha256_of(weights))
    schedule = replace(
        schedule,
        seed=options.seed,
        passes=options.passes or schedule.passes,
        rate=options.rate or schedule.rate,
    )
    recipe = replace(recipe, rows=options.rows or recipe.rows)
    if options.tables is not None:
        recipe = recipe.with_tables(options.tables)
    train(options.data, options.out, schedule, print, recipe, further)


@dataclass(frozen=True, slots=True)
class Further:
    """What training a trained reader further takes: its weights, and WordNet's folder."""

    weights: Path
    wordnet: Path


def train(
    data: Path,
    out: Path,
    schedule: Schedule,
    say: Say,
    recipe: Recipe = _RECIPE,
    further: Further | None = None,
) -> None:
    """Train from what is in `data`; leave the weights, and while it runs a checkpoint, in `out`."""
    model = find_model()
    tokenizer = PairTokenizer(model.tokenizer())
    published = read_all(data / "reader")
    kept_out = kept_out_sets(published)
    material = _material(data, out, model, schedule.seed, further)
    passes = [
        material.rows_of_pass(recipe, number, schedule.seed) for number in range(schedule.passes)
    ]
    torch.manual_seed(schedule.seed)
    steps = sum(-(-len(rows) // schedule.rows_a_batch) for rows in passes)
    network = load_network(further.weights, model.folder) if further else new_network(model.folder)
    learner = Learner(network, schedule, steps)
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


def _material(
    data: Path, out: Path, model: Model, seed: int, further: Further | None = None
) -> Material:
    """Return what passes are made from. Mining takes minutes, so that its rows are kept."""
    published = for_training(read_all(data / "reader"))
    kept = out / f"mined-{seed}.jsonl.gz"
    if not kept.exists():
        found = mined(published, open_encoder(model), MINED_EACH, Random(seed))
        aside = kept.with_suffix(".new")
        write_rows(aside, found)
        aside.replace(kept)
    negatives = list(read_rows(kept))
    lines = [*lines_of_pdfs(data / "pdf", model), *lines_of_rows(published)]
    random = Random(seed)
    tables = list(TableQuestions(lines, random).rows(_TABLE_ROWS_EACH))
    tables += rows_of_grids(published, random)
    if further is None:
        return Material(published, negatives, tables)
    encoder = open_encoder(model)
    others = list(far_off([*published, *tables], encoder, _FAR_ROWS, Random(seed)))
    words = words_in(row.question for row in published)
    usual = SpellChecker().word_frequency.dictionary
    thesaurus = Thesaurus(further.wordnet, lambda word: usual.get(word, 0))
    return Material(published, negatives, tables, others, near_synonyms(words, thesaurus, encoder))


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
