"""What a reader is, and which there are: the bundled one, or a CrossEncoder that was named.

A `Reader` makes a `Reading` of a question and windows. The bundled reader is a small network: a
weights file, known by its SHA-256, on the word embeddings of the encoder. What computes it is
imported when it is opened, for torch takes seconds to import and OpenVINO does without.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoding import Backend
from index.encoding.choose import Device, open_on
from index.encoding.model import Model, find_model, remembered_digests
from index.errors import ModelError
from qa.read.windows import Window
from qa.records import ReaderUsed

BUNDLED = "bundled"
NO_READER = "none"
WEIGHTS = Path(__file__).parent / "weights" / "reader.safetensors"
WEIGHTS_SHA256 = "c06c3b4c5a8e04287c05ba14ef32f3ea1c95a91da5a6f29fb9519b0f6fe94122"
"""What `sha256_of(WEIGHTS)` returns."""

MOST_TOKENS = 160
"""Of question and window with the three special tokens; what is over is cut off the window."""
MOST_QUESTION_TOKENS = 48
PAIRS_VERSION = 1
"""Part of the digest of a reader: raise it when the same pair would give other tokens."""

Logits = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TokenScores:
    """How likely each token of one window is to belong to the answer.

    `spans` holds the tokens' character offsets into `Window.text`, end exclusive, in order, shape
    (tokens, 2). `scores` are their logits, shape (tokens,). A long window may be read in part:
    tokens that were cut off are missing.
    """

    spans: NDArray[np.int64]
    scores: Logits


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read of some windows, in the order they were given in.

    `answerability` says how likely each window is to answer, as a logit, shape (windows,).
    `tokens` has one entry a window; it is None for a reader that does not score tokens.
    """

    answerability: Logits
    tokens: tuple[TokenScores, ...] | None


class Reader(Protocol):
    """Anything that reads windows for an answer. Safe to share between threads."""

    @property
    def name(self) -> str:
        """What it is called in settings."""
        ...

    @property
    def digest(self) -> str:
        """A SHA-256 of all that has a say in its logits, but for the backend."""
        ...

    @property
    def backend(self) -> str:
        """What computes the logits, and how precisely, such as "openvino-float32"."""
        ...

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return what the windows say to the question. No window is no error."""
        ...


def open_reader(name: str | None = None, backend: Backend = "auto") -> Reader:
    """Return the bundled reader (None or "bundled"), or a CrossEncoder by its name or folder.

    By default the bundled one runs on OpenVINO in the best precision of the processor, and on
    torch, with a warning, where OpenVINO is missing or cannot stand in for torch. A CrossEncoder
    runs on torch only. Raises ModelError, also where the backend that was asked for cannot be had.
    """
    if name is None or name == BUNDLED:
        return open_trained(find_reader(), backend)

    from qa.read.cross_encoder import CrossEncoderReader

    def on_torch(device: Device) -> Reader:
        return CrossEncoderReader(name, device)

    def on_openvino(_: str) -> Reader:
        raise ModelError(f"The reader {name} runs on torch only; leave out --backend {backend}.")

    return open_on("torch-float32" if backend == "auto" else backend, on_torch, on_openvino)


def open_reader_if_any(name: str | None = None, backend: Backend = "auto") -> Reader | None:
    """Return what `open_reader` does; None for "none"."""
    return None if name == NO_READER else open_reader(name, backend)


def reader_used(name: str | None) -> ReaderUsed | None:
    """Return by which name and digest answers know the reader of this name; None for "none".

    It is not loaded for it. Raises ModelError if it is not on this machine.
    """
    if name == NO_READER:
        return None
    if name is None or name == BUNDLED:
        trained = find_reader()
        return ReaderUsed(trained.name, trained.digest)

    from qa.read.cross_encoder import CrossEncoderReader

    named = CrossEncoderReader(name)
    return ReaderUsed(named.name, named.digest)


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
    decisive = (actual, encoder.fingerprint, PAIRS_VERSION, MOST_TOKENS, MOST_QUESTION_TOKENS)
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    return TrainedReader(BUNDLED if own else str(weights), weights, encoder, digest)


def open_trained(trained: TrainedReader, backend: Backend = "auto") -> Reader:
    """Return a reader with these weights, on a backend as `open_reader` chooses it."""

    def on_torch(device: Device) -> Reader:
        from qa.read.network import TorchReader

        return TorchReader(trained, device)

    def on_openvino(precision: str) -> Reader:
        from qa.read.openvino_reader import openvino_reader

        return openvino_reader(trained, precision)

    return open_on(backend, on_torch, on_openvino)


def sha256_of(weights: Path) -> str:
    """Return the SHA-256 of a weights file, remembered between runs."""
    return remembered_digests(weights.parent, [weights])[weights.name]
