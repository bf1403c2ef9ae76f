"""Questions while the index is rebuilt: each is answered, from the old snapshot or the new one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.service.conftest import Corpus

QUESTION = {"question": "How deep is the needle of version?"}


def ask_while_rebuilding(corpus: Corpus, questions: int, rebuilds: int) -> None:
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.write("depth.txt", "The depth of the needle of version 0 is mild.\n")
    snapshots = [corpus.index()]
    rebuilt = threading.Event()

    def rebuild() -> None:
        for version in range(1, rebuilds + 1):
            corpus.write("depth.txt", f"The depth of the needle of version {version} is mild.\n")
            snapshots.append(corpus.index())
        rebuilt.set()

    answers: list[dict[str, Any]] = []

    def ask(client: TestClient) -> None:
        while not rebuilt.is_set() or len(answers) < questions:
            answer = client.post("/v1/ask", json=QUESTION)
            assert answer.status_code == 200, answer.text
            answers.append(answer.json())

    with corpus.client() as client, ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, client) for _ in range(3)]
        pool.submit(rebuild).result()
        for each in asking:
            each.result()
        last = client.post("/v1/ask", json=QUESTION).json()
    assert len(answers) >= questions
    assert last["snapshot"] == snapshots[-1]
    for answer in answers:
        version = snapshots.index(answer["snapshot"])
        texts = [passage["text"] for passage in answer["passages"]]
        assert f"The depth of the needle of version {version} is mild." in texts
        assert answer["answered"]


def test_no_question_fails_while_the_index_is_rebuilt(corpus: Corpus) -> None:
    ask_while_rebuilding(corpus, questions=100, rebuilds=4)


@pytest.mark.soak
def test_a_thousand_questions_while_the_index_is_rebuilt_twenty_times(corpus: Corpus) -> None:
    ask_while_rebuilding(corpus, questions=1000, rebuilds=20)
