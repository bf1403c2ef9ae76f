"""`python -m training.checker DATA --out FOLDER --wordnet DICT`: train the checker of claims.

It begins with a trained reader. DATA is the folder with `reader/`, `wice/` and `scifact/`
(docs/written.md). FOLDER gets `checker.safetensors`, and `checkpoint.pt` while the training runs:
the same command then goes on from there.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from random import Random

from spellchecker import SpellChecker

from index.encoding.choose import open_encoder
from index.encoding.model import find_model
from qa.read.network import load_network
from qa.read.pairs import PairTokenizer
from qa.read.reader import WEIGHTS, sha256_of
from qa.read.reading import OF_CLAIMS
from training.claims import Claims, claims, judged_claims
from training.kept_out import sampled
from training.learning import CLAIMS
from training.rewording import words_in
from training.rows import for_training, is_kept_out, read_all
from training.running import Say, run
from training.wordnet import Thesaurus, near_synonyms

_ROWS = 36_000
_LEAST_KNOWN = 400


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="training.checker", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True, help="WordNet's folder dict/")
    parser.add_argument("--from", dest="start", type=Path, default=WEIGHTS)
    parser.add_argument("--rows", type=int, default=_ROWS, help="claims made by rule in a pass")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    train(
        options.data, options.out, options.wordnet, options.start, options.rows, options.seed, print
    )


def train(
    data: Path, out: Path, wordnet: Path, start: Path, rows: int, seed: int, say: Say
) -> None:
    """Train the reader with the weights `start` further, on claims."""
    model, random = find_model(), Random(seed)
    published = read_all(data / "reader")
    trained = for_training(published)
    usual = SpellChecker().word_frequency.dictionary
    words = words_in(text for row in trained for text in (row.text, row.question))
    known = {word for word in words if usual.get(word, 0) >= _LEAST_KNOWN}
    thesaurus = Thesaurus(wordnet, lambda word: usual.get(word, 0))
    synonyms = near_synonyms(known, thesaurus, open_encoder(model))
    material = Claims(list(claims(trained, synonyms, random)), list(judged_claims(data, random)))
    kept_out = sampled(list(claims(list(filter(is_kept_out, published)), synonyms, Random(0))))
    schedule = replace(CLAIMS, seed=seed, begun_from=sha256_of(start))
    run(
        load_network(start, model.folder),
        [material.rows_of_pass(rows, random) for _ in range(schedule.passes)],
        PairTokenizer(model.tokenizer(), OF_CLAIMS),
        schedule,
        {"claims": kept_out},
        out / "checker.safetensors",
        say,
    )


if __name__ == "__main__":
    main()
