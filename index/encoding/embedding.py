"""Embedding in the background, while more documents are being read."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from index.encoding.encoder import Encoder
from index.progress import Progress
from index.records import ChunkedDocument
from index.store.vectors import VectorCache

_BLOCK = 1024
"""Texts sorted by length together, for a batch takes as long as its longest text. Encoding begins
when so many are read."""
_STEP = 256


class Embedder:
    """Encodes what a cache lacks in a thread of its own. A context: leaving it ends the thread.

    An error of the encoder is raised by the next call.
    """

    def __init__(self, cache: VectorCache, encoder: Encoder, progress: Progress) -> None:
        self._cache = cache
        self._encoder = encoder
        self._progress = progress
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._blocks: list[Future[None]] = []
        self._stopped = threading.Event()
        self._seen: set[str] = set()
        self._waiting: list[str] = []
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.shutdown(cancel_futures=True)

    def add(self, documents: Sequence[ChunkedDocument]) -> None:
        """Have the documents' texts embedded, soon."""
        for text in self._cache.missing(documents):
            if text not in self._seen:
                self._seen.add(text)
                self._waiting.append(text)
        if len(self._waiting) >= _BLOCK:
            self._submit()
        running: list[Future[None]] = []
        for block in self._blocks:
            if block.done():
                block.result()
            else:
                running.append(block)
        self._blocks = running

    def finish(self) -> int:
        """Wait until all is embedded; return how many texts that were."""
        self._submit()
        for block in self._blocks:
            block.result()
        return len(self._seen)

    def _submit(self) -> None:
        block = sorted(self._waiting, key=lambda text: (len(text), text))
        self._waiting = []
        self._blocks.append(self._thread.submit(self._encode, block))

    def _encode(self, block: Sequence[str]) -> None:
        for start in _short_and_long_in_turns(range(0, len(block), _STEP)):
            if self._stopped.is_set():
                return
            texts = block[start : start + _STEP]
            self._cache.add(texts, self._encoder.encode(texts, "document"))
            self._done += len(texts)
            self._progress("Embedding", self._done, len(self._seen))


def _short_and_long_in_turns(starts: Sequence[int]) -> list[int]:
    """Return the first, the last, the second, …: so the rate, and the time left, stay steady."""
    count = len(starts)
    return [starts[i // 2] if i % 2 == 0 else starts[count - 1 - i // 2] for i in range(count)]
