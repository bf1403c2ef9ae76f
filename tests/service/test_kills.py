"""A service that is killed while documents are uploaded: what it acknowledged is there."""

import itertools
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from index.store.snapshot import open_snapshot
from index.store.store import Store
from tests.service.conftest import Corpus

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def service(store: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the service on a store; whatever happens, it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.hashing_service", str(store)],
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


class Uploader:
    """Uploads and removes documents of ever new names; `there` and `gone` were acknowledged."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.gone: set[str] = set()
        self.acknowledged = 0
        self._numbers = itertools.count()

    def work(self, url: str) -> None:
        """Go on until the service is no more."""
        try:
            with httpx2.Client(base_url=url, timeout=30) as client:
                while True:
                    self._step(client)
        except httpx2.TransportError:
            pass

    def _step(self, client: httpx2.Client) -> None:
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
    until = time.monotonic() + 60
    while store.jobs.pending():
        assert time.monotonic() < until, "jobs are left over for good"
        time.sleep(0.02)


def assert_nothing_is_lost(store: Store, uploader: Uploader) -> None:
    held = {name: each.document.text for name, each in open_snapshot(store).chunked.items()}
    lost = {name for name, text in uploader.there.items() if held.get(name) != text}
    assert not lost, "acknowledged and lost"
    assert not uploader.gone & held.keys(), "acknowledged as removed, and there"


def kill_while_uploading(corpus: Corpus, times: int) -> int:
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.index()
    store, uploader = Store(corpus.store), Uploader()
    for _ in range(times):
        with service(corpus.store) as (process, url):
            wait_until_idle(store)
            assert_nothing_is_lost(store, uploader)
            thread = threading.Thread(target=uploader.work, args=[url])
            wanted = uploader.acknowledged + random.randint(1, 8)
            thread.start()
            until = time.monotonic() + 20
            while uploader.acknowledged < wanted and time.monotonic() < until:
                time.sleep(0.001)
            process.kill()
            thread.join()
        open_snapshot(store)
    with service(corpus.store):
        wait_until_idle(store)
        assert_nothing_is_lost(store, uploader)
    return uploader.acknowledged


def test_what_a_killed_service_acknowledged_is_there(corpus: Corpus) -> None:
    assert kill_while_uploading(corpus, times=1) > 0


@pytest.mark.soak
def test_a_service_killed_a_hundred_times_lost_nothing(corpus: Corpus) -> None:
    assert kill_while_uploading(corpus, times=100) > 50
