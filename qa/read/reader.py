"""Which readers there are: the bundled one, or any CrossEncoder.

The bundled reader is a small network: a
weights file, checked by its SHA-256, on the word embeddings of the encoder. torch is imported only
where OpenVINO cannot compute it: the import takes seconds.
"""

import hashlib
import json
from pathlib import Path

from index.encoding import Backend
from index.encoding.choose import Device, open_on
from index.encoding.model import find_model, remembered_digests
from index.errors import ModelError
from qa.read.reading import OF_QUESTIONS, PAIRS_VERSION, PairLimits, Reader, TrainedReader
from qa.records import ReaderUsed

BUNDLED = "bundled"
NO_READER = "none"
WEIGHTS = Path(__file__).parent / "weights" / "reader.safetensors"
WEIGHTS_SHA256 = "c06c3b4c5a8e04287c05ba14ef32f3ea1c95a91da5a6f29fb9519b0f6fe94122"


def open_reader(name: str | None = None, backend: Backend = "auto") -> Reader:
    """Return the bundled reader (None or "bundled"), or a CrossEncoder by its name or folder.

    By default the bundled one runs on OpenVINO in the best precision of the processor, or on torch,
    with a warning, where OpenVINO cannot replace it. A CrossEncoder runs on torch only. Raises
    ModelError where the reader or the backend cannot be had.
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
    """Return what answers show of a reader, unloaded; None for "none". Raises ModelError."""
    from qa.read.cross_encoder import CrossEncoderReader

    if name == NO_READER:
        return None
    reader = find_reader() if name is None or name == BUNDLED else CrossEncoderReader(name)
    return ReaderUsed(reader.name, reader.digest)


def find_reader(
    weights: Path = WEIGHTS,
    sha256: str | None = WEIGHTS_SHA256,
    limits: PairLimits = OF_QUESTIONS,
) -> TrainedReader:
    """Return a reader with these weights, by default the bundled one. Raises ModelError.

    `sha256` is that of weights that come with Pincite; None takes any.
    """
    own = sha256 is not None
    remedy = "reinstall Pincite" if own else "name another weights file"
    if not weights.is_file():
        raise ModelError(f"The reader's weights are missing: there is no {weights}; {remedy}.")
    actual = sha256_of(weights)
    if own and actual != sha256:
        raise ModelError(
            f"The reader's weights in {weights} are damaged: their SHA-256 is {actual}, "
            f"not {sha256}; {remedy}."
        )
    encoder = find_model()
    decisive = (actual, encoder.fingerprint, PAIRS_VERSION, limits.both, limits.first)
    digest = hashlib.sha256(json.dumps(decisive).encode()).hexdigest()
    return TrainedReader(BUNDLED if own else str(weights), weights, encoder, digest, limits)


def open_trained(trained: TrainedReader, backend: Backend = "auto") -> Reader:
    """Return a reader with these weights, on the backend that `open_reader` would choose."""

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
