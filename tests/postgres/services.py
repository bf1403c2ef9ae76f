"""Services on stores on servers, each a process that can be killed, and what is asked of them."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from index.encoding.model import find_model
from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from index.store.location import collection_at, location_of
from index.store.protocols import Store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.postgres_server import PostgresServer
from tests.waiting import PATIENCE_S

REPOSITORY = Path(__file__).resolve().parents[2]
QUESTION = {"question": "How deep and how wide is the needle of version?", "top_k": 10}
BACK_S = 10.0
"""So soon after the server everything answers again."""


@dataclass
class Service:
    """A service; `log` has what it wrote so far."""

    process: subprocess.Popen[str]
    url: str
    log: list[str] = field(default_factory=list)

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=PATIENCE_S)

    def ask(self) -> httpx2.Response:
        return httpx2.post(f"{self.url}v1/ask", json=QUESTION, timeout=PATIENCE_S)

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", timeout=PATIENCE_S)

    def put(self, name: str, text: str, *, wait: bool = True) -> httpx2.Response:
        url = f"{self.url}v1/documents/{name}?wait={str(wait).lower()}"
        return httpx2.put(url, json={"text": text}, timeout=PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def snapshot(self) -> str:
        """The snapshot that it answers from; "" while it does not."""
        answer = self.ask()
        return str(answer.json()["snapshot"]) if answer.status_code == 200 else ""


@contextmanager
def service(store: str, read_from: str = "") -> Iterator[Service]:
    """Run a service; whatever happens, it is ended. Nothing it wrote is a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.hashing_service", store, read_from],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    stderr = process.stderr
    try:
        line = stderr.readline()
        url = re.search(r"http://[^ ]+", line)
        assert url, line + stderr.read()
        started = Service(process, url[0])
        reading = threading.Thread(target=lambda: started.log.extend(iter(stderr.readline, "")))
        reading.start()
        yield started
    finally:
        process.kill()
        process.wait()
    reading.join()
    stderr.close()
    assert not [line for line in started.log if "Traceback" in line]


class Needles:
    """Two files that always tell of the same version, and their store."""

    def __init__(self, folder: Path, store: str, name: str = DEFAULT_COLLECTION) -> None:
        self.files, self.location = folder / "files", store
        self.files.mkdir()
        self.name = name
        self.versions: dict[str, int] = {}
        """Of each snapshot."""
        self.version = 0

    @property
    def store(self) -> Store:
        return open_store(collection_at(location_of(self.location), self.name))

    def write(self) -> None:
        self.version += 1
        for name, what in (("deep", "depth"), ("wide", "width")):
            text = f"The {what} of the needle of version {self.version} is mild.\n"
            (self.files / f"{name}.txt").write_text(text)

    def index(self, encoder: HashingEncoder | None = None) -> str:
        """Write the next version and index it, as another process would."""
        self.write()
        made = sync(self.store, [self.files], find_model(), encoder or HashingEncoder())
        self.versions[made.snapshot] = self.version
        return made.snapshot

    def assert_of_one_snapshot(self, answer: dict[str, Any]) -> None:
        """Whatever an answer cites and shows is of the version that its snapshot has."""
        version = self.versions[answer["snapshot"]]
        quoted = [citation["cited_text"] for citation in answer["citations"]]
        shown = [passage["text"] for passage in answer["passages"]]
        assert answer["answered"]
        for text in (*quoted, *shown):
            assert "needle" not in text or f"of version {version} is" in text, (version, text)
        assert sum("needle" in text for text in shown) == 2


def within(seconds: float, holds: Callable[[], object]) -> bool:
    """Tell whether it holds before so many seconds are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def connections(server: PostgresServer) -> int:
    """Return how many connections Pincite has to a server."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pincite'"
    with psycopg.connect(server.url) as connection:
        (count,) = connection.execute(query).fetchone() or (0,)
    return int(count)
