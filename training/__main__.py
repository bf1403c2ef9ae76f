"""`python -m training DATA --out FOLDER`: train the reader, or go on where it was stopped.

DATA is the folder with `reader/` and `pdf/` (docs/reader.md). FOLDER gets `reader.safetensors`, and
`checkpoint.pt` while the training runs: the same command then goes on from there. With `--from`, a
trained reader is trained further, on questions in other words and texts on other subjects, too.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import torch
from spellchecker import SpellChecker

from index.encoding.choose import open_encoder
from index.encoding.model import Model, find_model
from qa.read.network import load_network, new_network
from qa.read.pairs import PairTokenizer
from qa.read.reader import WEIGHTS, find_reader, sha256_of
from training.augmentation import FURTHER, MINED_EACH, Material, Recipe
from training.grids import rows_of_grids
from training.kept_out import kept_out_sets
from training.learning import FURTHER as FURTHER_SCHEDULE
from training.learning import Schedule
from training.negatives import mined
from training.rewording import words_in
from training.rows import for_training, read_all, read_rows, write_rows
from training.running import Say, run
from training.subjects import far_off
from training.table_questions import TableQuestions
from training.tables import lines_of_pdfs, lines_of_rows
from training.wordnet import Thesaurus, near_synonyms

_TABLE_ROWS_EACH = 6
_FAR_ROWS = 12_000
_RECIPE = Recipe()


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
    torch.manual_seed(schedule.seed)  # the heads of a new network are drawn
    network = load_network(further.weights, model.folder) if further else new_network(model.folder)
    run(network, passes, tokenizer, schedule, kept_out, out / "reader.safetensors", say)


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


if __name__ == "__main__":
    main()
