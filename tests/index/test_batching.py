"""Questions asked at once are encoded together, and nobody's answer depends on a neighbour."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from index.encoding.batching import Batched
from index.encoding.encoder import Encoder, Role, Vectors
from tests.encoders import HashingEncoder
from tests.waiting import PATIENCE_S, until


class Slow(HashingEncoder):
    """Is busy with its first call until `go_on` is set; remembers what it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self.started = threading.Event()
        self.go_on = threading.Event()

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        self.calls.append(list(texts))
        if len(self.calls) == 1:
            self.started.set()
            assert self.go_on.wait(PATIENCE_S)
        if "bad" in texts:
            raise ValueError("a bad text")
        return super().encode(texts, role)


def asked_together(slow: Slow, batched: Batched, texts: Sequence[str]) -> list[Future[Vectors]]:
    """Ask the first text, the others in order while that is being encoded, and let go on."""
    with ThreadPoolExecutor(max_workers=len(texts)) as threads:
        asked = [threads.submit(batched.encode, texts[:1], "query")]
        assert slow.started.wait(PATIENCE_S)
        for number, text in enumerate(texts[1:], start=1):
            asked.append(threads.submit(batched.encode, [text], "query"))
            assert until(partial(_wait, batched, number))
        slow.go_on.set()
    return asked


def _wait(batched: Batched, number: int) -> bool:
    return len(batched._question._waiting) == number


def test_who_waits_is_encoded_together_with_the_others_that_wait() -> None:
    slow = Slow()
    texts = [f"question {n}" for n in range(6)]
    asked = asked_together(slow, Batched(slow), texts)
    assert slow.calls == [texts[:1], texts[1:]]
    for text, vectors in zip(texts, asked, strict=True):
        assert np.array_equal(vectors.result(), HashingEncoder().encode([text], "query"))


def test_a_batch_is_not_large_and_nobody_overtakes() -> None:
    slow = Slow()
    texts = [f"question {n:02}" for n in range(30)]
    asked = asked_together(slow, Batched(slow), texts)
    assert all(vectors.result().shape == (1, 384) for vectors in asked)
    assert [text for call in slow.calls for text in call] == texts
    assert max(map(len, slow.calls)) == 8


def test_a_bad_text_fails_nobody_but_itself() -> None:
    slow = Slow()
    first, good, bad, better = asked_together(slow, Batched(slow), ["first", "good", "bad", "best"])
    for vectors in (first, good, better):
        assert vectors.result().shape == (1, 384)
    with pytest.raises(ValueError, match="a bad text"):
        bad.result()


def test_an_encoder_that_fails_fails_each_caller_and_can_be_asked_again() -> None:
    class Failing(HashingEncoder):
        broken = True

        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            if self.broken:
                raise RuntimeError("out of memory")
            return super().encode(texts, role)

    failing = Failing()
    batched = Batched(failing)
    with ThreadPoolExecutor(max_workers=8) as threads:
        asked = [threads.submit(batched.encode, [f"text {n}"], "query") for n in range(40)]
    assert {str(vectors.exception()) for vectors in asked} == {"out of memory"}
    failing.broken = False
    assert batched.encode(["again"], "query").shape == (1, 384)


def test_several_texts_and_documents_do_not_wait_for_questions() -> None:
    slow = Slow()
    batched = Batched(slow)
    with ThreadPoolExecutor(max_workers=1) as threads:
        asked = threads.submit(batched.encode, ["question"], "query")
        assert slow.started.wait(PATIENCE_S)
        assert batched.encode(["a", "b"], "query").shape == (2, 384)
        assert batched.encode(["a document"], "document").shape == (1, 384)
        assert not asked.done()
        slow.go_on.set()
    assert batched.backend == "hashing"


def test_many_threads_get_the_models_own_vectors(encoder: Encoder) -> None:
    batched = Batched(encoder)
    texts = [f"Question number {n}, of its own length{' and more' * (n % 9)}." for n in range(24)]
    expected = np.concatenate([encoder.encode([text], "query") for text in texts])
    alone = np.concatenate([batched.encode([text], "query") for text in texts])
    assert np.array_equal(alone, expected), "by itself, the same bytes"
    with ThreadPoolExecutor(max_workers=8) as threads:
        asked = [threads.submit(batched.encode, [text], "query") for text in texts * 4]
    found = np.concatenate([vectors.result() for vectors in asked])
    assert ((found * np.tile(expected, (4, 1))).sum(axis=1) >= 0.999).all()
