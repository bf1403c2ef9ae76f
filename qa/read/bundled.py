"""The reader that comes with Pincite: its weights, known by their SHA-256."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from index.encoding.model import Model, find_model, remembered_digests
from index.errors import ModelError
from qa.read.pairs import MOST_QUESTION_TOKENS, MOST_TOKENS, VERSION

NAME = "bundled"
WEIGHTS = Path(__file__).parent / "weights" / "reader.safetensors"
WEIGHTS_SHA256 = "c06c3b4c5a8e04287c05ba14ef32f3ea1c95a91da5a6f29fb9519b0f6fe94122"
"""What `sha256_of(WEIGHTS)` returns."""


@dataclass(frozen=True, slots=True)
class TrainedReader:
    """A weights file of the reader's network, and the encoder that it was trained on.

    The word embeddings and the tokenizer are the encoder's. `digest` covers all of them.
    """

    name: str
    weights: Path
    encoder: Model
    digest: str


def find_reader(weights: Path = WEIGHTS, sha256: str | None = WEIGHTS_SHA256) -> TrainedReader:
    """Return the bundled reader, or one with other weights; `sha256` None takes any.

    Raises ModelError if the weights are missing or are not those of that SHA-256, or if the
    encoder is not installed.
    """
    own = weights == WEIGHTS
    mend = "reinstall Pincite" if own else "name another weights file"
    if not weights.is_file():
        raise ModelError(f"The reader's weights are missing: there is no {weights}; {mend}.")
    actual = sha256_of(weights)
    if sha256 is not None and actual != sha256:
        raise ModelError(
            f"The reader's weights in {weights} are damaged: their SHA-256 is {actual}, "
            f"not {sha256}; {mend}."
        )
    encoder = find_model()
    decisive = (actual, encoder.fingerprint, VERSION, MOST_TOKENS, MOST_QUESTION_TOKENS)
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    return TrainedReader(NAME if own else str(weights), weights, encoder, digest)


def sha256_of(weights: Path) -> str:
    """Return the SHA-256 of a weights file, remembered between runs."""
    return remembered_digests(weights.parent, [weights])[weights.name]
