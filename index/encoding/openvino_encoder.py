"""An encoder on OpenVINO: it needs no torch and is ready in a fraction of a second."""

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer

from index.encoding.encoder import Encoder, Role, TorchEncoder, Vectors
from index.encoding.model import Model, Prompts
from index.encoding.openvino_model import (
    Comparison,
    compile_model,
    converted,
    import_openvino,
    write_model,
)
from index.encoding.shapes import Ids, batches, padded
from index.errors import ModelError

_TOKENIZER_FILE = "tokenizer.json"
LEAST_COSINE = 0.999
"""Vectors less alike than this are not those of the same model."""

_FEW_TOKENS = 512
"""So many are computed on all cores, batch by batch; more are divided among several requests."""
_BATCH_TOKENS = 1024
_STEP = 16


def open_on_openvino(model: Model, precision: str) -> "OpenVinoEncoder":
    """Return an encoder of the model on OpenVINO; raise what `converted` raises."""
    return converted(_EncoderConversion(model, TorchEncoder(model)), precision)


class OpenVinoEncoder:
    """Encodes with the converted model in a folder; `max_length` counts special tokens."""

    def __init__(self, folder: Path, prompts: Prompts, max_length: int, precision: str) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self._openvino = import_openvino()
        self._folder = folder
        self._prompts = prompts
        self._max_length = max_length
        self._precision = precision
        with ThreadPoolExecutor(max_workers=1) as beside:
            compiling = beside.submit(compile_model, folder, precision, "LATENCY", keep=True)
            self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER_FILE))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(max_length)
            self._at_once = compiling.result()
        self._requests = threading.local()
        self._filling = threading.Lock()
        self._queue: Any = None

    @property
    def backend(self) -> str:
        """What computes the vectors, and in which precision."""
        return f"openvino-{self._precision}"

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        prompt = self._prompts.query if role == "query" else self._prompts.document
        encodings = self._tokenizer.encode_batch_fast([prompt + text for text in texts])
        lengths = [len(encoding.ids) for encoding in encodings]
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)

        def store(request: Any, rows: list[int]) -> None:
            vectors[rows] = request.get_output_tensor(0).data

        if sum(lengths) <= _FEW_TOKENS:
            request = self._own_request()
            for rows, length in batches(lengths, self._max_length, _FEW_TOKENS):
                request.infer(_inputs([encodings[row] for row in rows], length))
                store(request, rows)
        else:
            with self._filling:
                queue = self._queue = self._queue or self._open_queue()
                queue.set_callback(store)
                for rows, length in batches(lengths, self._max_length, _BATCH_TOKENS, _STEP):
                    queue.start_async(_inputs([encodings[row] for row in rows], length), rows)
                queue.wait_all()
        return _of_length_one(vectors)

    def _own_request(self) -> Any:
        """Return this thread's request: it holds the buffers of one inference."""
        if not hasattr(self._requests, "own"):
            self._requests.own = self._at_once.create_infer_request()
        return self._requests.own

    def _open_queue(self) -> Any:
        """Compile for many texts, and check the files: they may be damaged by now."""
        (probe,) = self._tokenizer.encode_batch_fast(["Redness fades within two days."])
        inputs = _inputs([probe], len(probe.ids))
        (expected,) = _of_length_one(self._own_request().infer(inputs)[0])
        damaged = f"The converted model is damaged: delete {self._folder} and try again."
        try:
            compiled = compile_model(self._folder, self._precision, "THROUGHPUT")
            (vector,) = _of_length_one(compiled(inputs)[0])
        except RuntimeError as error:
            raise ModelError(damaged) from error
        if not float(vector @ expected) >= LEAST_COSINE:
            raise ModelError(damaged)
        return self._openvino.AsyncInferQueue(compiled)

    @property
    def _dimension(self) -> int:
        return int(self._at_once.output(0).get_partial_shape()[1].get_length())


def _of_length_one(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit


def _inputs(encodings: Sequence[Encoding], length: int) -> dict[str, Ids]:
    return {
        "input_ids": padded([encoding.ids for encoding in encodings], length),
        "attention_mask": padded([encoding.attention_mask for encoding in encodings], length),
    }


_CHECKED_ROLES: tuple[Role, ...] = ("query", "document")
_CHECKED_TEXTS = (
    "pimples",
    "why do I get pimples after microneedling",
    "Redness fades within two days; swelling, within one.",
    "Die Rötung klingt nach zwei Tagen ab. 皮肤发红两天后消退。 👍🏽",
    "Invoice 2024-117, due 31.12.2024: 1,250.00 EUR (see § 4, No. 2).",
    "def mean(xs): return sum(xs) / len(xs)  # raises ZeroDivisionError",
    " ".join(f"The depth of needle number {n} was set to {n / 10:.1f} mm." for n in range(8)),
    " ".join(f"Sentence {n} of a text longer than most models read." for n in range(60)),
)


@dataclass(frozen=True, slots=True)
class _EncoderConversion:
    """The `Conversion` of an encoder, with pooling and all that follows it."""

    model: Model
    reference: TorchEncoder

    @property
    def digest(self) -> str:
        return self.model.fingerprint

    def write(self, folder: Path) -> None:
        import torch

        transformer = self.reference.loaded()
        tokenizer: Any = transformer.tokenizer
        needs_types = "token_type_ids" in tokenizer.model_input_names

        class Traceable(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.transformer = transformer

            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
                features = {"input_ids": input_ids, "attention_mask": attention_mask}
                if needs_types:
                    features["token_type_ids"] = torch.zeros_like(input_ids)
                return self.transformer(features)["sentence_embedding"]

        write_model(Traceable(), ("input_ids", "attention_mask"), folder)
        content = tokenizer.backend_tokenizer.to_str()
        (folder / _TOKENIZER_FILE).write_text(content, encoding="utf-8")

    def open(self, folder: Path, precision: str) -> OpenVinoEncoder:
        return OpenVinoEncoder(folder, self.model.prompts, self.model.max_length, precision)

    def compare(self, opened: OpenVinoEncoder) -> Comparison:
        cosine = _least_cosine(self.reference, opened)
        near = cosine >= LEAST_COSINE
        refused = "" if near else f"converted, it gives other vectors (cosine {cosine:.4f})"
        return Comparison({"cosine": cosine}, refused)

    def probe(self) -> list[float]:
        vector: list[float] = self.reference.encode(_CHECKED_TEXTS[:1], "query")[0].tolist()
        return vector

    def gives(self, opened: OpenVinoEncoder, probe: list[float]) -> bool:
        (vector,) = opened.encode(_CHECKED_TEXTS[:1], "query")
        return float(vector @ probe) >= LEAST_COSINE


def _least_cosine(reference: Encoder, opened: Encoder) -> float:
    """Compare vectors of texts of all lengths, encoded in one batch and one by one."""
    cosines: list[float] = []
    for role in _CHECKED_ROLES:
        batched = opened.encode(_CHECKED_TEXTS, role)
        for text, in_batch in zip(_CHECKED_TEXTS, batched, strict=True):
            (expected,) = reference.encode([text], role)
            (alone,) = opened.encode([text], role)
            cosines += [float(expected @ in_batch), float(expected @ alone)]
    return float(np.min(cosines))  # NaN if one of them is
