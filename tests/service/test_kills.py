"""A service that is killed while it is given documents and feedback: what it acknowledged is there.

Another process indexes or purges at the same time.
"""

import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx2
import pytest

from index.errors import StoreBusyError
from index.store import open_store
from index.store.protocols import Store
from tests.service.conftest import Corpus
from tests.waiting import PATIENCE_S, until

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def service(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the service on a store; whatever happens, it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.hashing_service", getattr(store, "url", str(store))],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        url = re.search(r"http://[^ ]+", line)
        assert url, line + process.stderr.read()
        yield process, url[0]
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


class Caller:
    """Uploads and removes documents of ever new names, rates answers, and asks.

    `there`, `gone` and `rated` were acknowledged.
    """

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.gone: set[str] = set()
        self.rated: set[str] = set()
        self.acknowledged = 0
        self._numbers = itertools.count()

    def call(self, url: str, step: Callable[[httpx2.Client], None]) -> None:
        """Go on until the service is no more."""
        try:
            with httpx2.Client(base_url=url, timeout=PATIENCE_S) as client:
                while True:
                    step(client)
        except httpx2.TransportError:
            pass

    def has_reached(self, count: int) -> bool:
        return self.acknowledged >= count

    def ask(self, client: httpx2.Client) -> None:
        done = client.post("/v1/ask", json={"question": "How long does redness last?"})
        assert done.status_code == 200, done.text

    def rate(self, client: httpx2.Client) -> None:
        done = client.post("/v1/feedback", json={"question": "How long?", "helpful": True})
        assert done.status_code == 201, done.text
        self.rated.add(done.json()["id"])

    def upload(self, client: httpx2.Client) -> None:
        number = next(self._numbers)
        name, text = f"doc-{number}", f"Cream number {number} is for the night."
        wait = "true" if number % 2 else "false"
        done = client.put(f"/v1/documents/{name}?wait={wait}", json={"text": text})
        assert done.status_code in (201, 202), done.text
        self.there[name] = text
        self.acknowledged += 1
        if number % 5 == 0:
            # Whether it is gone is not known until the answer comes.
            del self.there[name]
            done = client.delete(f"/v1/documents/{name}?wait={wait}")
            assert done.status_code in (202, 204), done.text
            self.gone.add(name)


def wait_until_idle(store: Store) -> None:
    """Wait until what an earlier process left is done."""
    assert until(lambda: not store.jobs.pending()), "jobs are left over for good"


def assert_nothing_is_lost(store: Store, caller: Caller) -> None:
    held = {each.document.id: each.document.text for each in store.open().documents()}
    lost = {name for name, text in caller.there.items() if held.get(name) != text}
    assert not lost, "acknowledged and lost"
    assert not caller.gone & held.keys(), "acknowledged as removed, and there"


def assert_rated(store: Store, caller: Caller) -> None:
    assert caller.rated <= {entry.id for entry in store.feedback.all()}, "acknowledged and lost"


def write_beside(corpus: Corpus, store: Store, number: int) -> None:
    """Write as another process would, while the service does; it may be refused."""
    with suppress(StoreBusyError):
        if number % 3 == 0:
            corpus.write("depth.txt", f"The depth of needle {number} is mild.\n")
            corpus.index()
        elif number % 3 == 1:
            assert store.purge().found == ()


def kill_while_it_is_called(corpus: Corpus, times: int) -> int:
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.index()
    store, caller = open_store(corpus.store), Caller()
    for number in range(times):
        with service(corpus.store) as (process, url), ThreadPoolExecutor() as threads:
            wait_until_idle(store)
            assert_nothing_is_lost(store, caller)
            wanted = caller.acknowledged + 1 + number % 8
            steps = caller.upload, caller.rate, caller.ask
            calls = [threads.submit(caller.call, url, step) for step in steps]
            try:
                write_beside(corpus, store, number)
                assert until(partial(caller.has_reached, wanted))
            finally:
                process.kill()
            for call in calls:
                call.result()
        store.check()
        assert_rated(store, caller)
        store.feedback.remove()  # there is room for a certain number only
        caller.rated.clear()
    with service(corpus.store):
        wait_until_idle(store)
        assert_nothing_is_lost(store, caller)
    return caller.acknowledged


def test_what_a_killed_service_acknowledged_is_there(corpus: Corpus) -> None:
    assert kill_while_it_is_called(corpus, times=1) > 0


@pytest.mark.soak
def test_a_service_killed_two_hundred_times_lost_nothing(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.local.compaction._FEWEST_DEAD", 0)
    assert kill_while_it_is_called(corpus, times=200) > 100
