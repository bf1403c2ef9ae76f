"""An encoder for the tests where the model does not matter."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from index.encoding.encoder import Role, Vectors

_WORD = re.compile(r"\w+")


class HashingEncoder:
    """A bag of hashed words: fast, deterministic, and independent of what else is in a batch.

    `encoded` lists every text it was given, in order; `count` says how many those were.
    """

    backend = "hashing"

    def __init__(self, dimension: int = 384) -> None:
        self.dimension = dimension
        self.encoded: list[str] = []

    @property
    def count(self) -> int:
        return len(self.encoded)

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        self.encoded.extend(texts)
        vectors = [self._vector(text) for text in texts]
        return np.array(vectors, dtype=np.float32).reshape(-1, self.dimension)

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self.dimension, dtype=np.float32)
        for word in _WORD.findall(text.lower()) or [text]:
            digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
            sign = 1.0 if digest[0] & 1 else -1.0
            vector[int.from_bytes(digest[1:]) % self.dimension] += sign
        length = float(np.linalg.norm(vector))
        if length == 0.0:  # two words that cancel each other out
            vector[0] = length = 1.0
        return vector / np.float32(length)
