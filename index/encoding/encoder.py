"""Text to vectors: what every backend does."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

Role = Literal["query", "document"]


class Encoder(Protocol):
    """Anything that turns texts into vectors of length one. Safe to share between threads."""

    @property
    def backend(self) -> str:
        """What computes the vectors, and how precisely: other vectors do not stand for these."""
        ...

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        ...
