"""Several services on one server, and services and servers that die in the middle of work."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest

from index.encoding.encoder import Role, Vectors
from index.errors import StoreAwayError
from index.store.catalogue import remove_collection
from index.store.location import location_of
from tests.encoders import HashingEncoder
from tests.postgres.services import (
    BACK_S,
    QUESTION,
    Needles,
    Service,
    connections,
    service,
    within,
)
from tests.postgres_server import PostgresServer, running_server
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.soak
QUESTIONS, REBUILDS, SERVICES = 2000, 10, 3


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    with running_server() as server:
        yield server


@contextmanager
def services(count: int, store: str, read_from: str = "") -> Iterator[list[Service]]:
    with ExitStack() as stack:
        yield [stack.enter_context(service(store, read_from)) for _ in range(count)]


def ask_while_rebuilding(needles: Needles, asked: list[Service]) -> None:
    """Ask all services while another process indexes, and while they are given documents."""
    answers = Counter[str]()
    rebuilt = threading.Event()
    turn = threading.Lock()

    def ask(of: Service) -> None:
        with of.client() as client:
            while not rebuilt.is_set() or answers.total() < QUESTIONS:
                answer = client.post("/v1/ask", json=QUESTION)
                assert answer.status_code == 200, answer.text
                snapshot = answer.json()["snapshot"]
                assert until(partial(needles.versions.get, snapshot)), "never published"
                needles.assert_of_one_snapshot(answer.json())
                with turn:
                    answers[snapshot] += 1

    def rebuild() -> None:
        try:
            for number, giving in zip(range(REBUILDS), itertools.cycle(asked), strict=False):
                expected = (number + 1) * QUESTIONS // (REBUILDS + 1)
                assert until(lambda: answers.total() >= expected)  # noqa: B023
                needles.index()
                put = giving.put(f"given-{number}", f"Cream number {number} is for the night.")
                assert put.status_code == 201, put.text
                needles.versions[put.json()["snapshot"]] = needles.version
        finally:
            rebuilt.set()

    with ThreadPoolExecutor(len(asked) + 1) as threads:
        asking = [threads.submit(ask, each) for each in asked]
        threads.submit(rebuild).result()
        for each in asking:
            each.result()
    assert answers.total() >= QUESTIONS
    assert len(answers) > REBUILDS
    last = list(needles.versions)[-1]
    assert until(lambda: {each.snapshot for each in asked} == {last})


def test_no_question_fails_while_many_write(own_server: PostgresServer, tmp_path: Path) -> None:
    needles = Needles(tmp_path, own_server.url)
    needles.index()
    with services(SERVICES, own_server.url) as asked:
        ask_while_rebuilding(needles, asked)
        assert connections(own_server) <= SERVICES * 10
    needles.store.check()


def test_a_service_takes_ten_connections_at_most_however_many_collections_it_has_open(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    names = ["default", "one", "two", "three", "four", "five"]
    for name in names:
        (tmp_path / name).mkdir()
        Needles(tmp_path / name, own_server.url, name).index()
    with services(1, own_server.url) as (only,), ThreadPoolExecutor(24) as threads:

        def ask(name: str) -> None:
            url = f"{only.url}v1/collections/{name}/ask"
            answer = httpx2.post(url, json=QUESTION, timeout=PATIENCE_S)
            assert answer.status_code == 200, answer.text
            assert connections(own_server) <= 10

        list(threads.map(ask, names * 40))


def test_what_a_killed_service_acknowledged_is_done_by_another(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    needles = Needles(tmp_path, own_server.url)
    needles.index()
    long = " ".join(f"Cream number {number} is for the night." for number in range(5000))
    with services(SERVICES, own_server.url) as running:
        for number, (given, other) in enumerate(itertools.pairwise(running)):
            put = given.put(f"long-{number}", f"{long} It is number {number}.", wait=False)
            assert put.status_code == 202, put.text
            given.kill()
            job = put.headers["location"].removeprefix("/")
            assert until(lambda: other.get(job).json()["state"] == "done")  # noqa: B023
            text = other.get(f"v1/documents/long-{number}").json()["text"]
            assert text.endswith(f"It is number {number}.")
    needles.store.check()


class Stopping(HashingEncoder):
    """Stops the server in the middle of an index run."""

    def __init__(self, server: PostgresServer) -> None:
        super().__init__()
        self._server = server

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        if texts and self._server.is_running:
            self._server.stop("immediate")
        return super().encode(texts, role)


def test_a_server_that_dies_loses_nothing_and_all_answer_again(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    needles = Needles(tmp_path, own_server.url)
    needles.index()
    statuses, there = Counter[int](), dict[str, str]()
    ended = threading.Event()

    def go_on(step: Callable[[], object]) -> None:
        while not ended.is_set():
            step()

    def ask(of: Service) -> None:
        answer = of.ask()
        statuses[answer.status_code] += 1
        if answer.status_code != 200:
            assert_away(answer)

    def put(to: Service, numbers: Iterator[int]) -> None:
        name, text = f"doc-{(number := next(numbers))}", f"Cream number {number} is mild."
        done = to.put(name, text, wait=number % 2 == 0)
        if done.status_code in (201, 202):
            there[name] = text
        else:
            assert_away(done)

    with services(2, own_server.url) as running, ThreadPoolExecutor() as threads:
        steps = [partial(ask, each) for each in running]
        steps.append(partial(put, running[0], itertools.count()))
        going = [threads.submit(go_on, each) for each in steps]
        try:
            for _ in range(3):
                assert until(lambda: len(there) % 10 == 5)
                with pytest.raises(StoreAwayError, match="cannot be reached") as raised:
                    needles.index(Stopping(own_server))
                assert "\n" not in str(raised.value)
                before = statuses[503]
                assert until(lambda: statuses[503] > before + 10)  # noqa: B023
                for each in running:
                    assert each.get("healthz").status_code == 200
                    assert_away(each.get("readyz"))
                own_server.start()
                assert within(BACK_S, lambda: all(each.snapshot for each in running))
                assert within(BACK_S, lambda: running[1].put("late", "It is late.").is_success)
                assert running[0].get("readyz").status_code == 200
        finally:
            ended.set()
        for step in going:
            step.result()
        assert until(lambda: not needles.store.jobs.pending())
        held = {each.document.id: each.document.text for each in needles.store.open().documents()}
        assert there.items() <= held.items(), "acknowledged and lost"
        last = needles.index()
        assert until(lambda: {each.snapshot for each in running} == {last})
        told = [line for each in running for line in each.log if "cannot be reached" in line]
        assert 2 <= len(told) <= 12, "each service says once that the server is away"
    assert set(statuses) == {200, 503}
    needles.store.check()


def test_a_collection_that_is_open_stands_while_the_server_is_away(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    for name in ("default", "one"):
        (tmp_path / name).mkdir()
        Needles(tmp_path / name, own_server.url, name).index()
    location = location_of(own_server.url)
    with services(1, own_server.url) as (only,):

        def ask() -> httpx2.Response:
            url = f"{only.url}v1/collections/one/ask"
            return httpx2.post(url, json=QUESTION, timeout=PATIENCE_S)

        assert ask().status_code == 200
        own_server.stop("immediate")
        assert until(lambda: ask().status_code == 503)
        for _ in range(20):
            assert_away(ask())
            assert only.get("healthz").status_code == 200
        own_server.start()
        assert within(BACK_S, lambda: ask().status_code == 200)
        remove_collection(location, "one")
        assert until(lambda: ask().status_code == 404)
        (tmp_path / "new").mkdir()
        Needles(tmp_path / "new", own_server.url, "one").index()
        assert until(lambda: ask().status_code == 200)


def assert_away(response: httpx2.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["retry-after"]
    assert "cannot be reached just now" in response.json()["detail"]
