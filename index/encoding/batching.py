"""Questions that are asked at once, encoded together."""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.encoding.encoder import Encoder, Role, Vectors

_MOST_TEXTS = 8
_MOST_PADDING = 0.4
"""Of a batch, in characters. What is longer or shorter than this allows is left for the next."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A question of one thread: answered with a vector or an error, or next to encode."""

    text: str
    woken: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    vector: Vectors | None = None
    error: Exception | None = None

    def result(self) -> Vectors:
        """Return the vector, shape (1, dimension), or raise the error."""
        if self.vector is None:
            raise self.error or RuntimeError("nobody encoded this text")
        return self.vector


class Batched:
    """An encoder that takes together the single questions which wait for it. Safe to share.

    There is neither a timer nor a thread. A question that finds the encoder free is encoded at
    once and by itself, so that its vector is the same each time. Those that come meanwhile wait;
    then the first of them encodes them all, in its own thread. Several texts in one call, and
    documents, go straight to the encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._lock = threading.Lock()
        self._busy = False
        self._waiting: deque[_Asked] = deque()

    @property
    def backend(self) -> str:
        """What computes the vectors, and how precisely."""
        return self._encoder.backend

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        if role != "query" or len(texts) != 1:
            return self._encoder.encode(texts, role)
        own = _Asked(texts[0])
        with self._lock:
            own.leads = not self._busy
            self._busy = True
            if not own.leads:
                self._waiting.append(own)
        if not own.leads:
            self._wait(own)
        if own.leads:
            self._encode_with_others(own)
        return own.result()

    def _wait(self, own: _Asked) -> None:
        try:
            own.woken.wait()
        except BaseException:  # such as KeyboardInterrupt: the others must not wait for this one
            with self._lock:
                if own.leads:
                    self._hand_over()
                elif own in self._waiting:
                    self._waiting.remove(own)
            raise

    def _encode_with_others(self, own: _Asked) -> None:
        batch = [own]
        try:
            with self._lock:
                batch += self._fitting(own)
            self._answer(batch)
        finally:
            with self._lock:
                for each in reversed(batch[1:]):
                    if each.vector is None and each.error is None:  # this thread was interrupted
                        self._waiting.appendleft(each)
                    else:
                        each.woken.set()
                self._hand_over()

    def _fitting(self, own: _Asked) -> list[_Asked]:
        """Take from those that wait, in order, what is of about the same length."""
        longest = total = len(own.text)
        taken: list[_Asked] = []
        left: deque[_Asked] = deque()
        for each in self._waiting:
            padded = (len(taken) + 2) * max(longest, len(each.text))
            filled = total + len(each.text)
            if len(taken) + 1 < _MOST_TEXTS and filled >= (1 - _MOST_PADDING) * padded:
                longest, total = max(longest, len(each.text)), filled
                taken.append(each)
            else:
                left.append(each)
        self._waiting = left
        return taken

    def _answer(self, batch: Sequence[_Asked]) -> None:
        """Give each its vector. Where together they fail, each fails or not by itself."""
        try:
            vectors = self._encoder.encode([each.text for each in batch], "query")
        except Exception as error:  # noqa: BLE001 - each caller gets it, whatever it is
            if len(batch) == 1:
                batch[0].error = error
                return
            for each in batch:
                self._answer([each])
        else:
            for row, each in enumerate(batch):
                each.vector = vectors[row : row + 1].copy()

    def _hand_over(self) -> None:
        """Let the first that waits go on, or say that the encoder is free. Needs the lock."""
        self._busy = bool(self._waiting)
        if self._waiting:
            following = self._waiting.popleft()
            following.leads = True
            following.woken.set()
