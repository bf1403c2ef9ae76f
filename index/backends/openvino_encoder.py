"""A converted model on OpenVINO: no torch, ready in a fraction of a second."""

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from index.backends.openvino_runtime import compile_model, import_openvino
from index.encoder import Role, Vectors
from index.errors import ModelError
from index.model import Prompts

TOKENIZER_FILE = "tokenizer.json"
LEAST_COSINE = 0.999
"""Vectors less alike than this are not taken for those of the same model."""

_FEW_TOKENS = 512
"""So many, padded, are encoded at once, with all cores; more are dealt to several requests."""
_BATCH_TOKENS = 2048


class OpenVinoEncoder:
    """Encodes with the converted model in a folder; `max_length` counts special tokens."""

    def __init__(self, folder: Path, prompts: Prompts, max_length: int, precision: str) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._openvino = import_openvino()
        self._folder = folder
        self._prompts = prompts
        self._precision = precision
        with ThreadPoolExecutor(max_workers=1) as beside:
            compiling = beside.submit(self._compile, "LATENCY", keep=True)
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(max_length)
            self._at_once = compiling.result()
        self._requests = threading.local()
        self._filling = threading.Lock()
        self._queue: Any = None

    @property
    def backend(self) -> str:
        """What computes the vectors, and how precisely."""
        return f"openvino-{self._precision}"

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        prompt = self._prompts.of(role)
        encodings = self._tokenizer.encode_batch_fast([prompt + text for text in texts])
        if len(texts) * max(len(each.ids) for each in encodings) <= _FEW_TOKENS:
            vectors = self._encode_at_once(encodings)
        else:
            vectors = self._encode_in_batches(encodings)
        return _of_length_one(vectors)

    def _encode_at_once(self, encodings: Sequence[Encoding]) -> Vectors:
        # A request holds the buffers of one inference: each thread has its own.
        request = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._at_once.create_infer_request()
        request.infer(_padded(encodings))
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)

    def _encode_in_batches(self, encodings: Sequence[Encoding]) -> Vectors:
        """Encode texts of like length together: a batch takes as long as its longest."""
        vectors = np.empty((len(encodings), self._dimension), dtype=np.float32)

        def store(request: Any, rows: list[int]) -> None:
            vectors[rows] = request.get_output_tensor(0).data

        with self._filling:
            if self._queue is None:
                self._queue = self._open_queue()
            self._queue.set_callback(store)
            for rows in _batches(encodings):
                self._queue.start_async(_padded([encodings[row] for row in rows]), rows)
            self._queue.wait_all()
        return vectors

    def _open_queue(self) -> Any:
        """Compile for many texts, from files that may have been damaged since the last time."""
        probe = self._tokenizer.encode_batch_fast(["Redness fades within two days."])
        try:
            compiled = self._compile("THROUGHPUT")
            output = compiled(_padded(probe))[0]
        except RuntimeError as error:
            raise self._damaged() from error
        expected = _of_length_one(self._encode_at_once(probe))
        if not float(_of_length_one(output)[0] @ expected[0]) >= LEAST_COSINE:
            raise self._damaged()
        return self._openvino.AsyncInferQueue(compiled)

    def _damaged(self) -> ModelError:
        return ModelError(f"The converted model is damaged: delete {self._folder} and try again.")

    @property
    def _dimension(self) -> int:
        return int(self._at_once.output(0).get_partial_shape()[1].get_length())

    def _compile(self, hint: str, *, keep: bool = False) -> Any:
        return compile_model(self._folder, self._precision, hint, keep=keep)


def _of_length_one(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def _batches(encodings: Sequence[Encoding]) -> Iterator[list[int]]:
    """Yield rows, shortest texts first, so many that padded they have some 2,000 tokens."""
    batch: list[int] = []
    for row in sorted(range(len(encodings)), key=lambda row: len(encodings[row].ids)):
        if batch and (len(batch) + 1) * len(encodings[row].ids) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _padded(encodings: Sequence[Encoding]) -> dict[str, NDArray[np.int64]]:
    """Return token ids and their mask, both of shape (texts, tokens of the longest)."""
    longest = max(len(encoding.ids) for encoding in encodings)
    ids = np.zeros((len(encodings), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask}
