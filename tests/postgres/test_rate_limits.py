"""Rate limits of services that share a store on a server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from hypothesis import given, settings
from starlette.testclient import TestClient

from index.encoding.model import Model
from index.store import open_store
from index.store.postgres.address import ServerAddress
from index.store.protocols import Callers, Store
from index.sync import sync
from qa.service import rate_limit
from qa.service.app import build_app
from qa.service.policy import Policy
from qa.service.rate_limit import RateLimit
from tests.encoders import HashingEncoder
from tests.postgres_server import PostgresServer, running_server
from tests.service.conftest import live_over
from tests.service.serving import served
from tests.service.test_http import problem_of
from tests.service.test_limits import (
    MOMENTS,
    PER_MINUTE,
    REQUESTS,
    refuses_what_is_too_much,
    tells_when_to_come_again,
)
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.soak

ASK = {"question": "Where do owls sleep?"}


def place(server: PostgresServer) -> ServerAddress:
    return ServerAddress(server.url).with_collection(f"t-{uuid4().hex[:16]}")


@pytest.fixture(scope="module")
def callers(postgres: PostgresServer) -> Iterator[Callers]:
    with closing(open_store(place(postgres))) as store:
        assert store.callers
        yield store.callers


@pytest.fixture
def stores(postgres: PostgresServer) -> Iterator[list[Store]]:
    """Two services' stores in the same place."""
    address = place(postgres)
    with closing(open_store(address)) as first, closing(open_store(address)) as second:
        yield [first, second]


@pytest.fixture
def owls(postgres: PostgresServer, tmp_path: Path, model: Model) -> ServerAddress:
    """A place that holds a document."""
    address = place(postgres)
    (tmp_path / "owls.txt").write_text("Owls sleep in red barns until midnight.")
    with closing(open_store(address)) as store:
        sync(store, [tmp_path], model, HashingEncoder())
    return address


@contextmanager
def service(address: ServerAddress, per_minute: int) -> Iterator[TestClient]:
    """A service as on a machine of its own: it shares nothing but the server."""
    with closing(open_store(address)) as store:
        policy = Policy(rate_limit=RateLimit(per_minute, store.callers), remote=True)
        live = live_over(address, HashingEncoder())
        with closing(live):
            yield TestClient(build_app(live, policy), base_url="http://127.0.0.1")


@settings(max_examples=30)
@given(PER_MINUTE, MOMENTS)
def test_in_no_time_span_is_more_let_through_than_the_limit(
    callers: Callers, per_minute: int, moments: list[float]
) -> None:
    refuses_what_is_too_much(callers, per_minute, moments)


@settings(max_examples=30)
@given(PER_MINUTE, REQUESTS)
def test_who_waits_as_long_as_told_is_let_through(
    callers: Callers, per_minute: int, requests: int
) -> None:
    tells_when_to_come_again(callers, per_minute, requests)


def test_services_count_together_however_many_ask_at_once(stores: list[Store]) -> None:
    limits = [RateLimit(120, store.callers) for store in stores for _ in range(4)]
    with ThreadPoolExecutor(len(limits)) as pool:
        counted = [pool.submit(limit.take, "key a", 1.0) for limit in limits for _ in range(20)]
    assert [each.result() for each in counted].count(0) == 20


def test_two_services_refuse_together(owls: ServerAddress) -> None:
    with service(owls, 12) as first, service(owls, 12) as second:
        answered = [client.post("/v1/ask", json=ASK) for client in (first, second, first, second)]
        assert [each.status_code for each in answered] == [200, 200, 429, 429]
        for refused in answered[2:]:
            problem_of(refused, 429)
            assert 1 <= int(refused.headers["retry-after"]) <= 5
        assert second.get("/healthz").status_code == 200


def test_who_did_not_come_for_long_is_forgotten(postgres: PostgresServer) -> None:
    address = place(postgres)
    with closing(open_store(address)) as store:
        RateLimit(600, store.callers).take("address 10.0.0.1", 1.0)
    with closing(open_store(address)) as store, psycopg.connect(postgres.url) as connection:
        RateLimit(600, store.callers).take("address 10.0.0.2", 100.0)
        rows = connection.execute(f'SELECT caller FROM "{address.schema}".callers').fetchall()
    assert rows == [("address 10.0.0.2",)]


def test_other_requests_are_answered_while_one_waits_to_be_counted(
    owls: ServerAddress, postgres: PostgresServer
) -> None:
    with closing(open_store(owls)) as store, closing(live_over(owls, HashingEncoder())) as live:
        policy = Policy(rate_limit=RateLimit(600, store.callers), remote=True)
        with served(build_app(live, policy)) as url, ThreadPoolExecutor(1) as pool:
            with psycopg.connect(postgres.url) as connection:
                connection.execute(f'LOCK TABLE "{owls.schema}".callers')

                def ask() -> Any:
                    return httpx2.post(f"{url}v1/ask", json=ASK, timeout=PATIENCE_S)

                asking = pool.submit(ask)
                assert until(lambda: is_waited_for(postgres))
                assert httpx2.get(f"{url}healthz", timeout=PATIENCE_S).status_code == 200
                assert not asking.done()
            assert asking.result(PATIENCE_S).status_code == 200


def is_waited_for(server: PostgresServer) -> bool:
    with psycopg.connect(server.url) as connection:
        query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL"
        (count,) = connection.execute(query).fetchone() or (0,)
    return bool(count)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    with running_server() as started:
        yield started


def test_a_request_that_is_counted_waits_for_no_replica(server: PostgresServer) -> None:
    with closing(open_store(place(server))) as store:
        limit = RateLimit(6, store.callers)
        assert limit.take("key a", 1.0) == 0
        server.configure({"synchronous_standby_names": "'nobody'"})
        server.reload()
        with psycopg.connect(server.url, autocommit=True) as connection:
            setting = "SHOW synchronous_standby_names"
            assert until(lambda: connection.execute(setting).fetchone() != ("",))
        counted = threading.Thread(target=limit.take, args=["key b", 1.0], daemon=True)
        counted.start()
        counted.join(PATIENCE_S)
        assert not counted.is_alive()
        assert limit.take("key b", 1.0) > 0


def test_without_the_server_each_service_counts_alone(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rate_limit, "_AGAIN_S", 0.0)
    address = place(server)
    with closing(open_store(address)) as one, closing(open_store(address)) as other:
        first, second = RateLimit(6, one.callers), RateLimit(6, other.callers)
        assert first.take("key a") == 0
        assert second.take("key a") > 0
        server.stop("immediate")
        assert [first.take("key a"), second.take("key a")] == [0, 0]
        assert [first.take("key a") > 0, second.take("key a") > 0] == [True, True]
        assert "counts requests alone" in caplog.text
        server.start()
        with caplog.at_level("INFO"):
            assert until(lambda: first.take("key b") >= 0 and "together again" in caplog.text)
        assert until(lambda: second.take("key b") > 0)
