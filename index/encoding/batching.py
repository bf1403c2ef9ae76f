"""Encodes together the questions that wait at the same time."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from index.encoding.encoder import Encoder, Role, Vectors

_MOST_TEXTS = 8
_MOST_PADDING = 0.4
"""The share of a batch's characters; longer or shorter questions wait for the next batch."""


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """One thread's question, answered with a vector of shape (1, dimension)."""

    text: str
    answer: Future[Vectors] = field(default_factory=Future[Vectors])


class Batched:
    """An encoder that encodes waiting questions together. Safe to share between threads.

    A question that finds the encoder free is encoded at once and by itself. Those that come
    meanwhile wait; then the first of them encodes them all in its own thread. Documents, and
    several texts in one call, go straight to the encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._changed = threading.Condition()
        self._busy = False
        self._waiting: list[_Question] = []

    @property
    def backend(self) -> str:
        """What computes the vectors, and in which precision."""
        return self._encoder.backend

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        if role != "query" or len(texts) != 1:
            return self._encoder.encode(texts, role)
        own = _Question(texts[0])
        batch = self._wait_for_turn(own)
        if batch:
            try:
                self._answer(batch)
            finally:
                self._end_turn([question for question in batch if question is not own])
        return own.answer.result()

    def _wait_for_turn(self, own: _Question) -> list[_Question]:
        """Return what this thread must encode; nothing once another thread answered `own`."""
        with self._changed:
            self._waiting.append(own)
            try:
                self._changed.wait_for(
                    lambda: own.answer.done() or (not self._busy and self._waiting[0] is own)
                )
            except BaseException:  # such as KeyboardInterrupt: the others must not wait for `own`
                if own in self._waiting:
                    self._waiting.remove(own)
                self._changed.notify_all()
                raise
            if own.answer.done():
                return []
            self._busy = True
            return self._take_batch()

    def _take_batch(self) -> list[_Question]:
        """Take the first question that waits, and others of about its length, in order."""
        first, *others = self._waiting
        batch = [first]
        longest = total = len(first.text)
        for question in others:
            length = len(question.text)
            padded = (len(batch) + 1) * max(longest, length)
            if len(batch) < _MOST_TEXTS and total + length >= (1 - _MOST_PADDING) * padded:
                longest, total = max(longest, length), total + length
                batch.append(question)
        self._waiting = [question for question in others if question not in batch]
        return batch

    def _answer(self, batch: Sequence[_Question]) -> None:
        """Give each question its vector; try them one by one where they fail together."""
        try:
            vectors = self._encoder.encode([question.text for question in batch], "query")
        except Exception as error:  # noqa: BLE001 - each caller gets it, whatever it is
            if len(batch) == 1:
                batch[0].answer.set_exception(error)
                return
            for question in batch:
                self._answer([question])
        else:
            for row, question in enumerate(batch):
                question.answer.set_result(vectors[row : row + 1].copy())

    def _end_turn(self, others: Sequence[_Question]) -> None:
        """Let the next thread encode. If this one was interrupted, the others wait again."""
        with self._changed:
            self._waiting[:0] = [question for question in others if not question.answer.done()]
            self._busy = False
            self._changed.notify_all()
