"""Several collections in one service: each answers from its own documents, to those it is for."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
from fastapi import FastAPI
from mcp.client.client import Client

from index.encoding.model import Model
from index.store import open_store
from index.store.catalogue import remove_collection
from index.store.location import collection_at
from index.store.protocols import Store
from index.store.records import Job
from index.sync import sync
from qa.service import run
from qa.service.collection import Collection, Collections, OpenCollection
from qa.service.keys import add_key
from qa.service.policy import policy_of
from qa.settings import Settings
from tests.encoders import HashingEncoder
from tests.service.serving import served
from tests.service.test_http import problem_of
from tests.waiting import PATIENCE_S, until

OWLS = "Owls sleep in red barns until midnight."
BEARS = "Bears sleep in caves until the spring."
QUESTION = {"question": "Where do animals sleep?"}


class Shelf:
    """A store's folder with collections, each with files of its own."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.folder = folder / "store"
        self._files = folder / "files"
        self._model = model

    def index(self, name: str, text: str) -> None:
        files = self._files / name
        files.mkdir(parents=True, exist_ok=True)
        (files / "sleep.txt").write_text(f"{text}\n")
        store = open_store(collection_at(self.folder, name))
        sync(store, [files], self._model, HashingEncoder())

    @contextmanager
    def service(self, most_open: int = 16, **settings: Any) -> Iterator[httpx2.Client]:
        """Serve it as `pincite serve` does, with the fast encoder and no reader."""
        given = Settings(store=self.folder, reader="none", watch=False, **settings)
        with (
            patch("qa.engine.open_encoder", lambda *_: HashingEncoder()),
            patch("qa.service.run.Collections", self._collections(most_open)),
        ):
            server = run._server(given, policy_of(given), run._no_gate)
        assert isinstance(server.config.app, FastAPI)
        with (
            served(server.config.app) as url,
            httpx2.Client(base_url=url, timeout=PATIENCE_S) as client,
        ):
            yield client

    def _collections(self, most_open: int) -> Callable[..., Collections]:
        def make(folder: Path, default: Collection, opening: OpenCollection) -> Collections:
            self.opened = Collections(folder, default, opening, most_open)
            return self.opened

        return make


@pytest.fixture
def shelf(tmp_path: Path, model: Model) -> Shelf:
    """Owls in the default collection, bears in another."""
    shelf = Shelf(tmp_path, model)
    shelf.index("default", OWLS)
    shelf.index("bears", BEARS)
    return shelf


def texts(client: httpx2.Client, prefix: str = "v1") -> list[str]:
    answer = client.post(f"{prefix}/ask", json=QUESTION)
    assert answer.status_code == 200, answer.text
    return sorted(passage["text"] for passage in answer.json()["passages"])


def names(client: httpx2.Client, **more: Any) -> list[str]:
    listed = client.get("v1/collections", **more).json()["collections"]
    return [collection["name"] for collection in listed]


def open_files(part: str) -> list[str]:
    """Return the files of this process whose names hold a part; none where that is not told."""
    found = []
    for number in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):
            found.append(str(number.readlink()))
    with suppress(OSError):
        found += Path("/proc/self/maps").read_text().splitlines()
    return [name for name in found if part in name]


def state_of(store: Store, job: Job) -> str:
    found = store.jobs.find(job.id)
    return found.state if found else ""


def test_two_collections_never_mix(shelf: Shelf) -> None:
    with shelf.service() as client:
        bears = "v1/collections/bears"
        assert names(client) == ["default", "bears"]
        assert texts(client) == texts(client, "v1/collections/default") == [OWLS]
        assert texts(client, bears) == [BEARS]

        # Uploads of one id, as a file, with a job, and removed.
        for prefix, text in (("v1", "Bats sleep in attics."), (bears, "Foxes sleep in dens.")):
            done = client.put(f"{prefix}/documents/more", json={"text": text})
            assert done.status_code == 201, done.text
            read = client.get(f"{prefix}/documents/more").json()
            assert read["text"] == text
        assert texts(client, bears) == [BEARS, "Foxes sleep in dens."]
        queued = client.put(f"{bears}/documents/late?wait=false", json={"text": "Moles dig."})
        assert queued.status_code == 202
        place = queued.headers["location"]
        assert place == f"/{bears}/jobs/{queued.json()['id']}"
        assert until(lambda: client.get(place).json()["state"] == "done")
        assert client.get(place.replace(bears, "v1")).status_code == 404
        assert client.delete("v1/documents/more").status_code == 204
        assert client.get(f"{bears}/documents/more").status_code == 200
        listed = [
            {each["source"] for each in client.get(f"{p}/documents").json()["documents"]}
            for p in ("v1", bears)
        ]
        assert listed == [
            {"default/sleep.txt"},
            {"bears/sleep.txt", "upload:late.txt", "upload:more.txt"},
        ]

        # What was said of answers, and whether they hold.
        rated = client.post(f"{bears}/feedback", json={"question": "Bears?", "helpful": True})
        assert rated.status_code == 201
        stores = [open_store(collection_at(shelf.folder, n)) for n in ("default", "bears")]
        assert [len(store.feedback.all()) for store in stores] == [0, 1]
        whole = client.get(f"{bears}/documents?limit=1").json()["documents"][0]
        citation = {
            "document_id": whole["id"],
            "cited_text": BEARS,
            "start_char_index": 0,
            "end_char_index": len(BEARS),
        }
        for prefix, status in ((bears, "valid"), ("v1", "missing")):
            verified = client.post(f"{prefix}/verify", json={"citations": [citation]}).json()
            assert [each["status"] for each in verified["results"]] == [status]
        chat = {"messages": [{"role": "user", "content": "Where do bears sleep until spring?"}]}
        completion = client.post(f"{bears}/chat/completions", json=chat).json()
        assert completion["pincite"]["passages"][0]["text"] == BEARS
        assert client.get(f"{bears}/models/pincite").status_code == 200
        assert client.get(f"{bears}/examples").status_code == 200

        # The page of a collection asks it, and metrics tell them apart.
        page = client.get("collections/bears/")
        assert "<title>Pincite</title>" in page.text
        assert client.get("collections/bears/static/app.js").status_code == 200
        assert texts(client, "collections/bears/v1") == texts(client, bears)
        metrics = client.get("metrics").text
        assert 'pincite_documents{collection="bears"} 3.0' in metrics
        assert 'pincite_documents{collection="default"} 1.0' in metrics
        route = 'route="/v1/collections/{collection}/ask"'
        assert re.search(rf"pincite_requests_total{{[^}}]*{re.escape(route)}", metrics)

        # What is removed of one is purged there, while the service has both open, and in the other
        # nothing is looked for.
        assert client.delete(f"{bears}/documents/late").status_code == 204
        purged = stores[1].purge()
        assert (purged.documents, purged.found) == (("upload:late.txt",), ())
        assert client.get("v1/documents/more").status_code == 404
        assert texts(client, bears) == [BEARS, "Foxes sleep in dens."]


def test_the_protocol_for_models_is_spoken_for_each(shelf: Shelf) -> None:
    async def passages(url: str) -> str:
        async with Client(url, read_timeout_seconds=PATIENCE_S) as client:
            result = await client.call_tool("ask", QUESTION)
            return str(result.content)

    with shelf.service(mcp=True) as client:
        for path, there, elsewhere in (
            ("mcp", OWLS, BEARS),
            ("v1/collections/bears/mcp", BEARS, OWLS),
        ):
            told = asyncio.run(passages(f"{client.base_url}{path}"))
            assert there in told
            assert elsewhere not in told


def test_a_key_opens_its_collections_only(shelf: Shelf) -> None:
    shelf.index("cats", "Cats sleep on sofas.")
    keys = open_store(shelf.folder).keys
    secrets = {
        "all": add_key(keys, "all", ["ask", "write"]),
        "bears": add_key(keys, "bears", ["ask"], ["bears"]),
        "two": add_key(keys, "two", ["ask", "write"], ["cats", "bears"]),
        "own": add_key(keys, "own", ["ask"], ["default"]),
    }
    opens = {"all": "default bears cats", "bears": "bears", "two": "bears cats", "own": "default"}
    with shelf.service() as client:
        assert "asks for an API key" in problem_of(client.get("v1/collections"), 401)
        for key, secret in secrets.items():
            headers = {"Authorization": f"Bearer {secret}"}
            assert names(client, headers=headers) == opens[key].split()
            for name in ("default", "bears", "cats", "no-such"):
                asked = client.post(f"v1/collections/{name}/ask", json=QUESTION, headers=headers)
                missing = 404 if key == "all" else 403
                assert asked.status_code == (200 if name in opens[key].split() else missing)
                told = client.get(f"v1/collections/{name}", headers=headers)
                assert told.status_code == asked.status_code
                assert told.json().get("name", name) == name
            plain = client.post("v1/ask", json=QUESTION, headers=headers)
            assert plain.status_code == (200 if "default" in opens[key] else 403)
            metrics = client.get("metrics", headers=headers)
            assert metrics.status_code == (200 if key == "all" else 403)
        headers = {"Authorization": f"Bearer {secrets['bears']}"}
        detail = problem_of(client.get("v1/documents", headers=headers), 403)
        assert detail == "This is another collection: this key opens bears."
        put = client.put("v1/collections/bears/documents/x", json={"text": "x"}, headers=headers)
        assert "no right to write" in problem_of(put, 403)
        # No way round: neither by another way to write a path, nor from one into another.
        for path in (
            "collections/cats/v1/ask",
            "v1/collections/bears/collections/cats/ask",
            "v1/collections/bears/../cats/ask",
            "v1/collections/bears/collections/cats",
            "v1/collections/bears%2F..%2Fcats/ask",
            "v1/collections/bears/ask/",
            "v1/collections/default/ask",
            "v1/collections//ask",
            "v1/ask",
        ):
            url = f"{str(client.base_url).rstrip('/')}/{path}"
            sent = client.build_request("POST", httpx2.URL(url), json=QUESTION, headers=headers)
            assert client.send(sent).status_code in (403, 404), path


def test_errors_are_those_of_the_plain_routes(shelf: Shelf) -> None:
    with shelf.service() as client:
        for name in ("no-such", "Bears", "%2e%2e", "bears%0a", "x" * 65):
            detail = problem_of(client.post(f"v1/collections/{name}/ask", json=QUESTION), 404)
            assert detail == "There is no collection of that name, or it was removed."
        assert not (shelf.folder / "collections" / "no-such").exists()
        told = problem_of(client.get("v1/collections/bears/askk"), 404)
        assert "Did you mean /v1/collections/bears/ask?" in told
        refused = client.get("v1/collections/bears/ask")
        assert "possible are POST" in problem_of(refused, 405)
        assert refused.headers["allow"] == "POST"
        assert "empty" in problem_of(
            client.post("v1/collections/bears/ask", json={"question": ""}), 422
        )
        chat = client.post("v1/collections/bears/chat/completions", json={"messages": []})
        assert chat.status_code == 400
        assert chat.json()["error"]["type"] == "invalid_request_error"
        assert client.head("v1/collections/bears/documents").status_code == 200
        for name in ("no-such", "%2e%2e", "Bears"):
            assert "no collection" in problem_of(client.get(f"v1/collections/{name}"), 404)
        told = client.get("v1/collections/bears").json()
        assert told == client.get("v1/collections").json()["collections"][1]
        assert (told["name"], told["documents"]) == ("bears", 1)
        assert client.delete("v1/collections/bears").headers["allow"] == "GET, HEAD"


def test_the_document_has_each_route_of_a_collection_once(shelf: Shelf) -> None:
    with shelf.service() as client:
        paths = client.get("openapi.json").json()["paths"]
    of_one = {path for path in paths if path.startswith("/v1/collections/")}
    plain = {path for path in paths if path.startswith("/v1/")} - of_one - {"/v1/collections"}
    of_one.remove("/v1/collections/{collection}")
    assert of_one == {path.replace("/v1/", "/v1/collections/{collection}/") for path in plain}
    operation = paths["/v1/collections/{collection}/ask"]["post"]
    assert operation["operationId"] == "ask_in_collection"
    assert operation["parameters"][0]["name"] == "collection"
    assert "404" in operation["responses"]


def test_many_can_be_the_first_to_ask(shelf: Shelf) -> None:
    opened: list[str] = []
    really_open = run._open_collection

    def opening(*arguments: Any) -> Any:
        opened.append(arguments[2])
        return really_open(*arguments)

    with (
        patch("qa.service.run._open_collection", opening),
        shelf.service() as client,
        ThreadPoolExecutor(12) as threads,
    ):
        asked = [threads.submit(texts, client, "v1/collections/bears") for _ in range(24)]
        assert {tuple(each.result()) for each in asked} == {(BEARS,)}
        default, bears = (collection.live.latest for collection in shelf.opened.opened)
    assert opened == ["default", "bears"]
    assert default.encoder is bears.encoder, "models are shared"
    assert default.turn is bears.turn


def test_one_that_is_removed_while_it_is_asked_is_let_go_of(shelf: Shelf) -> None:
    stop = threading.Event()
    seen: set[int] = set()

    def work(client: httpx2.Client, number: int) -> None:
        prefix = "v1/collections/bears"
        while not stop.is_set():
            put = {"text": f"Number {number} sleeps."}
            for done in (
                client.post(f"{prefix}/ask", json=QUESTION),
                client.put(f"{prefix}/documents/own-{number}", json=put),
                client.post(f"{prefix}/feedback", json={"question": "?", "helpful": True}),
                client.get(f"{prefix}/documents"),
            ):
                seen.add(done.status_code)
                assert done.status_code in (200, 201, 404), done.text

    with shelf.service() as client, ThreadPoolExecutor(4) as threads:
        working = [threads.submit(work, client, number) for number in range(3)]
        assert until(lambda: 201 in seen)
        remove_collection(shelf.folder, "bears")
        assert until(lambda: 404 in seen)
        stop.set()
        for each in working:
            each.result()
        assert names(client) == ["default"]
        assert until(lambda: len(shelf.opened.opened) == 1)
        assert not list((shelf.folder / "collections").iterdir()), "nothing made it anew"
        assert until(lambda: not open_files(".removed-")), open_files(".removed-")
        # One of the same name is another one.
        shelf.index("bears", "Polar bears sleep on ice.")
        assert texts(client, "v1/collections/bears") == ["Polar bears sleep on ice."]
        assert texts(client) == [OWLS]


def test_few_are_open_at_a_time_and_no_upload_is_forgotten(shelf: Shelf) -> None:
    for number in range(4):
        shelf.index(f"c{number}", f"Number {number} sleeps.")
    left = open_store(collection_at(shelf.folder, "c3"))
    job = Job.new("left", ".txt")
    left.jobs.add(job, b"What an earlier service left sleeps.")
    with shelf.service(most_open=2) as client:
        assert until(lambda: state_of(left, job) == "done")
        for _ in range(2):
            for number in range(4):
                assert f"Number {number} sleeps." in texts(client, f"v1/collections/c{number}")
                assert len(shelf.opened.opened) <= 3
        metrics = client.get("metrics").text
        assert metrics.count("pincite_documents{") == 3


def test_a_service_can_ask_another_one_by_default(shelf: Shelf) -> None:
    with shelf.service(collection="bears") as client:
        assert texts(client) == texts(client, "v1/collections/bears") == [BEARS]
        assert texts(client, "v1/collections/default") == [OWLS]
