"""The reader on torch: the reference, and what runs on a GPU."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qa.read.pairs import INPUTS, Ids, PairTokenizer, read_in_batches
from qa.read.reader import Logits, Reading, TrainedReader
from qa.read.windows import Window

if TYPE_CHECKING:
    from qa.read.network import ReaderNetwork

_BATCH_TOKENS = {"cpu": 512, "cuda": 16384}


class TorchReader:
    """Reads with torch, on the device "cpu" or "cuda"; loaded when first needed."""

    def __init__(self, trained: TrainedReader, device: str = "cpu") -> None:
        self.name = trained.name
        self.digest = trained.digest
        self.backend = "torch-float32" if device == "cpu" else f"{device}-float32"
        self._trained = trained
        self._device = device
        self._tokenizer = PairTokenizer(trained.encoder.folder)
        self._loading = threading.Lock()
        self._loaded: ReaderNetwork | None = None

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return what the windows say to the question. Raises ModelError as `loaded` does."""
        pairs = self._tokenizer.pairs(question, windows)
        return read_in_batches(pairs, self._compute, _BATCH_TOKENS[self._device])

    def loaded(self) -> "ReaderNetwork":
        """Return the network itself. Raises ModelError if it cannot be loaded."""
        with self._loading:
            if self._loaded is None:
                from qa.read.network import load_network

                network = load_network(self._trained.weights, self._trained.encoder.folder)
                self._loaded = network.to(self._device)
            return self._loaded

    def _compute(self, inputs: Mapping[str, Ids]) -> tuple[Logits, Logits]:
        import torch

        network = self.loaded()
        with torch.inference_mode():
            tensors = (torch.from_numpy(inputs[name]).to(self._device) for name in INPUTS)
            answerable, tokens = network(*tensors)
        return answerable.cpu().numpy(), tokens.cpu().numpy()
