"""Computes together what several threads want at the same time."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from index.encoding.encoder import Encoder, Role, Vectors

_MOST_QUESTIONS = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """Computes the results of items in a thread of its own, those that wait together.

    An item that finds the thread free is computed at once and by itself. Those that come meanwhile
    wait, and are then computed in the order they came, at most `most` at once.
    """

    def __init__(self, compute: Callable[[list[Item]], Sequence[Result]], most: int) -> None:
        self._compute = compute
        self._most = most
        self._waiting: deque[tuple[Item, Future[Result]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="together")

    def __call__(self, item: Item) -> Result:
        """Return the item's result, or raise what computing it by itself raises."""
        return self.begin(item).result()

    def begin(self, item: Item) -> Future[Result]:
        """Have the item computed, and return what gives its result."""
        result: Future[Result] = Future()
        self._waiting.append((item, result))
        self._thread.submit(self._take_next)
        return result

    def _take_next(self) -> None:
        """Compute what waits; nothing, where an earlier call took it along."""
        if batch := [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]:
            self._answer(batch)

    def _answer(self, batch: Sequence[tuple[Item, Future[Result]]]) -> None:
        try:
            results = self._compute([item for item, _ in batch])
        except BaseException as error:  # noqa: BLE001 - each caller gets it, whatever it is
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for alone in batch:
                self._answer([alone])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)


class Batched:
    """An encoder that encodes waiting questions together. Safe to share between threads.

    Documents, and several texts in one call, go straight to the encoder.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._question = Together(self._encode_questions, _MOST_QUESTIONS)

    @property
    def backend(self) -> str:
        """What computes the vectors, and in which precision."""
        return self._encoder.backend

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        """Return one row a text, shape (len(texts), dimension), each of Euclidean length 1."""
        if role != "query" or len(texts) != 1:
            return self._encoder.encode(texts, role)
        return self.begin(texts[0]).result()

    def begin(self, question: str) -> Future[Vectors]:
        """Have a question encoded, and return what gives its vector, shape (1, dimension)."""
        return self._question.begin(question)

    def _encode_questions(self, texts: list[str]) -> list[Vectors]:
        vectors = self._encoder.encode(texts, "query")
        return [vectors[row : row + 1] for row in range(len(texts))]
