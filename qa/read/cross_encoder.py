"""Any CrossEncoder of sentence-transformers as a reader; it does not score tokens."""

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.encoding.model import decisive_files, folder_of, remembered_digests
from index.errors import ModelError
from qa.read.pairs import text_of
from qa.read.reader import PAIRS_VERSION, Reading
from qa.read.windows import Window

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_BATCH_SIZE = {"cpu": 8, "cuda": 256}


class CrossEncoderReader:
    """Reads with a CrossEncoder of one output, on the device "cpu" or "cuda".

    `name` is a folder, or a model's name in the hub's cache on this machine. The answerability of
    a window is that output as it is, without a sigmoid. Loaded when first needed.
    """

    def __init__(self, name: str, device: str = "cpu") -> None:
        self.name = name
        self.backend = "torch-float32" if device == "cpu" else f"{device}-float32"
        self._device = device
        self._folder = folder_of(name)
        _check_it_classifies(name, self._folder)
        files = remembered_digests(self._folder, decisive_files(self._folder))
        decisive = json.dumps((PAIRS_VERSION, files), sort_keys=True)
        self.digest = hashlib.sha256(decisive.encode()).hexdigest()
        self._using = threading.Lock()
        self._loaded: CrossEncoder | None = None

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return what the windows say to the question, without scores of tokens.

        Raises ModelError if the model cannot be loaded or has several outputs.
        """
        if not windows:
            return Reading(np.empty(0, dtype=np.float32), None)
        from torch.nn import Identity

        with self._using:
            encoder: Any = self._ready()
            logits = encoder.predict(
                [(question, text_of(window)) for window in windows],
                batch_size=_BATCH_SIZE[self._device],
                activation_fn=Identity(),
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return Reading(np.ascontiguousarray(logits, dtype=np.float32), None)

    def _ready(self) -> "CrossEncoder":
        if self._loaded is None:
            self._loaded = _load(self.name, self._folder, self._device)
        return self._loaded


def _check_it_classifies(name: str, folder: Path) -> None:
    """Refuse a model without a head of its own: the library would give it one at random."""
    try:
        architectures = json.loads((folder / "config.json").read_bytes()).get("architectures")
    except (OSError, ValueError) as error:
        raise ModelError(f"The reader {name} has no readable config.json in {folder}.") from error
    if not architectures or all(str(each).endswith("Model") for each in architectures):
        raise ModelError(f"The reader {name} is no CrossEncoder: it has no head that scores.")


def _load(name: str, folder: Path, device: str) -> "CrossEncoder":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        encoder: CrossEncoder = CrossEncoder(
            str(folder), device=device, local_files_only=True, model_kwargs={"dtype": "float32"}
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"The reader {name} cannot be loaded: {reason}") from error
    if encoder.num_labels != 1:
        raise ModelError(
            f"The reader {name} has {encoder.num_labels} outputs; "
            "name a CrossEncoder with one, which says how well a text answers."
        )
    return encoder
