"""Two services on one server: what is given to one is there for the other."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.store.postgres.address import ServerAddress
from index.store.protocols import Store
from index.sync import sync
from qa.service.keys import add_key, revoke_key
from tests.postgres_server import PostgresServer
from tests.service.test_serve_command import serving
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.soak

Call = Callable[..., httpx2.Response]
HOURS = "The clinic opens at nine in the morning."


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> str:
    """The URL of a database of its own."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shared ENCODING 'UTF8' TEMPLATE template0")
    return postgres.url_of("shared")


@pytest.fixture(scope="module")
def store(database: str, seeds_dir: Path, model: Model, encoder: Encoder) -> Iterator[Store]:
    """The store as the command line sees it, with the seeds."""
    with closing(open_store(ServerAddress(database))) as opened:
        sync(opened, [seeds_dir], model, encoder)
        yield opened


@pytest.fixture(scope="module")
def services(
    store: Store, database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Call, Call]]:
    """Two processes that serve the store; each is called with method, path and more."""
    secret = add_key(store.keys, "admin", ["ask", "write"])

    def caller(port: int) -> Call:
        def call(method: str, path: str, key: str = secret, **options: Any) -> httpx2.Response:
            options.setdefault("headers", {})["Authorization"] = f"Bearer {key}"
            url = f"http://127.0.0.1:{port}{path}"
            return httpx2.request(method, url, timeout=PATIENCE_S, **options)

        return call

    with ExitStack() as running:
        folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
        flags = ("--reader", "none", "--rate-limit", "6000")
        ports = [running.enter_context(serving(database, each, *flags))[1] for each in folders]
        yield caller(ports[0]), caller(ports[1])


def comes_to_find(call: Call, question: str, words: str) -> bool:
    def found() -> bool:
        passages = call("POST", "/v1/ask", json={"question": question}).json()["passages"]
        return any(words in passage["text"] for passage in passages)

    return until(found)


def comes_to_be(call: Call, path: str, status: int) -> bool:
    return until(lambda: call("GET", path).status_code == status)


@pytest.mark.parametrize("first", [0, 1])
def test_an_upload_to_one_is_answered_from_by_both(services: Any, first: int) -> None:
    one, other = services[first], services[1 - first]
    document = f"/v1/documents/hours-{first}"
    sent = one("PUT", document, json={"text": HOURS})
    assert sent.status_code == 201, sent.text
    for call in (one, other):
        assert comes_to_find(call, "When does the clinic open?", HOURS)
    assert other("DELETE", document).status_code == 204
    for call in (one, other):
        assert comes_to_be(call, document, 404)


def test_who_uploads_can_find_it_when_the_call_returns(services: Any) -> None:
    for number in range(20):
        document = f"owls-{number}"
        text = f"Owls sleep in barn number {number}."
        sent = services[number % 2]("PUT", f"/v1/documents/{document}", json={"text": text})
        assert [each["id"] for each in sent.json()["documents"]] == [document]


@pytest.mark.parametrize("first", [0, 1])
def test_a_job_of_one_can_be_asked_of_the_other(services: Any, first: int) -> None:
    one, other = services[first], services[1 - first]
    document = f"/v1/documents/train-{first}"
    sent = one("PUT", f"{document}?wait=false", json={"text": "The train leaves at six."})
    assert sent.status_code == 202, sent.text
    job = f"/v1/jobs/{sent.json()['id']}"
    assert until(lambda: other("GET", job).json()["state"] == "done")
    assert comes_to_be(other, document, 200)


def test_a_key_opens_both_at_once_until_it_is_revoked(services: Any, store: Store) -> None:
    question = {"question": "Is redness normal?"}

    def statuses(key: str) -> list[int]:
        return [call("POST", "/v1/ask", key=key, json=question).status_code for call in services]

    assert statuses("pin_guess") == [401, 401]
    secret = add_key(store.keys, "laptop", ["ask"])
    assert statuses(secret) == [200, 200]
    revoke_key(store.keys, "laptop")
    assert statuses(secret) == [401, 401]


def test_feedback_to_either_is_kept_once(services: Any, store: Store) -> None:
    for number, call in enumerate(services):
        told = {"question": f"Is redness normal, {number}?", "helpful": True}
        assert call("POST", "/v1/feedback", json=told).status_code == 201
    questions = [entry.question for entry in store.feedback.all()]
    assert questions == ["Is redness normal, 0?", "Is redness normal, 1?"]


def test_requests_of_both_are_counted_in_the_database(services: Any, database: str) -> None:
    for call in services:
        call("GET", "/v1/documents")
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT caller FROM pincite.callers").fetchall()
    assert ("key admin",) in rows
