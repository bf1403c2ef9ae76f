"""Text to vectors, behind a protocol of one method."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.model import Model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
BACKEND = "torch-float32"
"""Names what computes the vectors and how precisely: other vectors do not stand for these."""

Role = Literal["query", "document"]


class Encoder(Protocol):
    """Anything that turns texts into vectors of length one."""

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        ...


class TorchEncoder:
    """sentence-transformers on torch; the model is loaded when first needed."""

    def __init__(self, model: Model, batch_size: int = 32) -> None:
        self._model = model
        self._batch_size = batch_size
        self._loaded: SentenceTransformer | None = None

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        transformer = self._load()
        encode: Any = transformer.encode_query if role == "query" else transformer.encode_document
        vectors = encode(
            list(texts),
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def _load(self) -> "SentenceTransformer":
        if self._loaded is None:
            os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
            os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
            os.environ.setdefault("TQDM_DISABLE", "1")
            from safetensors import SafetensorError
            from sentence_transformers import SentenceTransformer

            try:
                self._loaded = SentenceTransformer(
                    str(self._model.folder), device="cpu", local_files_only=True
                )
            except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise ModelError(
                    f"The model {self._model.name} cannot be loaded: {reason}"
                ) from error
        return self._loaded
