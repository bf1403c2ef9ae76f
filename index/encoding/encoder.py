"""What every encoder does, and the reference encoder: sentence-transformers on torch."""

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoding.model import Model
from index.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]

Role = Literal["query", "document"]

_BATCH_SIZE = {"cpu": 32, "cuda": 256}


class Encoder(Protocol):
    """Turns texts into vectors of length one. Safe to share between threads."""

    @property
    def backend(self) -> str:
        """What computes the vectors, and in which precision."""

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""


class TorchEncoder:
    """A model on torch, on the device "cpu" or "cuda"; loaded when first needed."""

    def __init__(self, model: Model, device: str = "cpu") -> None:
        self._model = model
        self._device = device
        self._loading = threading.Lock()
        self._loaded: SentenceTransformer | None = None

    @property
    def backend(self) -> str:
        """What computes the vectors, and in which precision."""
        return "torch-float32" if self._device == "cpu" else f"{self._device}-float32"

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        transformer = self.loaded()
        if not texts:
            return np.empty((0, transformer.get_embedding_dimension() or 0), np.float32)
        encode: Any = transformer.encode_query if role == "query" else transformer.encode_document
        vectors = encode(
            list(texts),
            batch_size=_BATCH_SIZE[self._device],
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def loaded(self) -> "SentenceTransformer":
        """Return the torch model. Raises ModelError if it cannot be loaded."""
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._model, self._device)
            return self._loaded


def _load(model: Model, device: str) -> "SentenceTransformer":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return SentenceTransformer(
            str(model.folder),
            device=device,
            local_files_only=True,
            model_kwargs={"dtype": "float32"},  # even if published in half precision
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"The model {model.name} cannot be loaded: {reason}") from error
