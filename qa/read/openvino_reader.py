"""The reader on OpenVINO: no torch, ready in a fraction of a second."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from index.backends.openvino_runtime import compile_model
from qa.read.batches import read_in_batches
from qa.read.bundled import TrainedReader
from qa.read.pairs import Ids, PairTokenizer
from qa.read.reader import Logits, Reading
from qa.read.windows import Window

_BATCH_TOKENS = 512
"""Larger batches take longer: they hold more padding, and are no faster a token."""


class OpenVinoReader:
    """Reads with the converted network in a folder."""

    def __init__(self, folder: Path, trained: TrainedReader, precision: str) -> None:
        self.precision = precision
        self._trained = trained
        with ThreadPoolExecutor(max_workers=1) as beside:
            compiling = beside.submit(compile_model, folder, precision, "LATENCY", keep=True)
            self._tokenizer = PairTokenizer(trained.encoder.folder)
            self._compiled = compiling.result()
        self._requests = threading.local()

    @property
    def name(self) -> str:
        """What it is called in settings."""
        return self._trained.name

    @property
    def digest(self) -> str:
        """A SHA-256 of weights, tokenizer, and how pairs are made."""
        return self._trained.digest

    @property
    def backend(self) -> str:
        """What computes the logits, and how precisely."""
        return f"openvino-{self.precision}"

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return what the windows say to the question."""
        pairs = self._tokenizer.pairs(question, windows)
        return read_in_batches(pairs, self._compute, _BATCH_TOKENS)

    def _compute(self, inputs: Mapping[str, Ids]) -> tuple[Logits, Logits]:
        # A request holds the buffers of one inference: each thread has its own.
        request = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._compiled.create_infer_request()
        request.infer(dict(inputs))
        answerable, tokens = (
            np.array(request.get_output_tensor(number).data, dtype=np.float32) for number in (0, 1)
        )
        return answerable, tokens
