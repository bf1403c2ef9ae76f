"""Documents uploaded, replaced and removed over HTTP: searchable when the call returns."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.testclient import TestClient

from index.chunking.chunker import Chunker
from index.encoding.encoder import Role
from index.encoding.model import Model
from index.errors import StoreError
from index.ingest import documents_of_upload
from index.records import ChunkedDocument, Document
from index.store import open_store
from index.store.protocols import Store
from index.store.records import Job
from qa.service.writer import Writer
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over
from tests.store.places import only_in_folder
from tests.waiting import PATIENCE_S, until

TEXT = "The clinic in Bergen opens at a quarter to eight."
PUT = "/v1/documents/clinic-hours"


@pytest.fixture
def corpus(corpus_anywhere: Corpus) -> Corpus:
    return corpus_anywhere


@pytest.fixture
def client(corpus: Corpus) -> Iterator[TestClient]:
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.index()
    with corpus.uploading() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, model: Model
) -> Iterator[tuple[TestClient, Store]]:
    """A client for tests that leave what was there, and its store."""
    corpus = Corpus(tmp_path_factory.mktemp("shared"), model)
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.index()
    with corpus.uploading() as opened:
        yield opened, open_store(corpus.store)


def ask(client: TestClient, question: str = "When does the clinic in Bergen open?") -> list[str]:
    """Return the texts of the passages found."""
    found = client.post("/v1/ask", json={"question": question}).json()
    return [passage["text"] for passage in found["passages"]]


def problem(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["detail"]


def test_text_is_searchable_when_the_call_returns(client: TestClient) -> None:
    done = client.put(
        PUT, json={"text": TEXT, "title": "Opening hours", "metadata": {"town": "Bergen", "y": 3}}
    )
    assert done.status_code == 201
    (document,) = done.json()["documents"]
    assert document["id"] == "clinic-hours"
    assert document["title"] == "Opening hours"
    assert document["metadata"] == {"town": "Bergen", "y": 3}
    assert ask(client)[0] == TEXT
    whole = client.get(PUT).json()
    assert (whole["text"], whole["source"]) == (TEXT, "upload:clinic-hours.txt")


def test_it_is_replaced_and_removed(client: TestClient) -> None:
    client.put(PUT, json={"text": TEXT})
    changed = client.put(
        PUT,
        json={
            "text": "# Hours\n\nThe clinic is shut.",
            "title": "New",
            "media_type": "text/markdown",
        },
    )
    assert changed.status_code == 200
    assert TEXT not in ask(client)
    assert "The clinic is shut." in ask(client)
    assert client.delete(PUT).status_code == 204
    assert client.get(PUT).status_code == 404
    assert ask(client, "Is the clinic shut?") == ["Redness fades within two days."]
    assert problem(client.delete(PUT)) == (404, "There is no upload of that id.")


def test_what_was_said_of_it_goes_when_it_is_no_longer_said(client: TestClient) -> None:
    client.put(PUT, json={"text": TEXT, "title": "Opening hours", "metadata": {"town": "Bergen"}})
    (plain,) = client.put(PUT, json={"text": TEXT}).json()["documents"]
    assert (plain["title"], plain["metadata"]) == ("clinic-hours.txt", {})


@pytest.mark.parametrize(
    ("media_type", "content", "kind"),
    [
        ("text/plain", TEXT.encode(), ".txt"),
        ("text/plain; charset=utf-16", TEXT.encode("utf-16"), ".txt"),
        ("text/markdown", f"# Hours\n\n{TEXT}\n".encode(), ".md"),
    ],
)
def test_a_file_as_the_body(client: TestClient, media_type: str, content: bytes, kind: str) -> None:
    done = client.put(PUT, content=content, headers={"Content-Type": media_type})
    assert done.status_code == 201, done.text
    assert done.json()["documents"][0]["source"] == f"upload:clinic-hours{kind}"
    assert TEXT in ask(client)


def test_a_file_in_a_form(client: TestClient) -> None:
    files = {"file": ("hours.md", f"# Hours\n\n{TEXT}\n".encode())}
    done = client.put(PUT, files=files, data={"title": "Opening hours"})
    assert done.status_code == 201, done.text
    assert done.json()["documents"][0]["title"] == "Opening hours"
    assert TEXT in ask(client)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("prices 2026.md", "prices 2026.md"),
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\Users\\me\\Preise für Öl.md", "Preise für Öl.md"),
        ("\u202egnp\x1b[2J.md", "gnp [2J.md"),
        ("x" * 300 + ".md", "x" * 197 + ".md"),
    ],
)
def test_the_name_of_a_file_is_its_source_and_its_title(
    client: TestClient, sent: str, name: str
) -> None:
    text = f"{TEXT}\n".encode()
    quoted = f"attachment; filename*=UTF-8''{quote(sent)}"
    headers = {"Content-Type": "text/markdown", "Content-Disposition": quoted}
    for body in ({"files": {"file": (sent, text)}}, {"content": text, "headers": headers}):
        done = client.put(PUT, **body)
        assert done.status_code in (200, 201), done.text
        (document,) = done.json()["documents"]
        assert (document["id"], document["title"]) == ("clinic-hours", name)
        assert document["source"] == f"upload:clinic-hours/{name}"
    sources = [each["source"] for each in listed(client)]
    assert sources == ["files/redness.txt", f"upload:clinic-hours/{name}"]
    assert client.put(PUT, json={"text": TEXT}).status_code == 200
    assert listed(client)[-1]["source"] == "upload:clinic-hours.txt"
    assert client.delete(PUT).status_code == 204
    assert len(listed(client)) == 1


@pytest.mark.parametrize(
    "header", ["", "attachment", "filename=", "; ;", 'attachment; filename="..']
)
def test_a_header_without_a_file_name_names_nothing(client: TestClient, header: str) -> None:
    headers = {"Content-Type": "text/plain", "Content-Disposition": header}
    done = client.put(PUT, content=TEXT.encode(), headers=headers)
    assert done.json()["documents"][0]["source"] == "upload:clinic-hours.txt"


def test_a_file_name_in_utf8_is_read_as_such(client: TestClient) -> None:
    headers = {
        b"Content-Type": b"text/markdown",
        b"Content-Disposition": 'attachment; filename="Übersicht.md"'.encode(),
    }
    done = client.put(PUT, content=TEXT.encode(), headers=list(headers.items()))
    assert done.json()["documents"][0]["source"] == "upload:clinic-hours/Übersicht.md"


def test_rows_keep_their_ids_whatever_the_file_is_called(client: TestClient) -> None:
    rows = b"treatment,price\npeeling,40\nfacial,60\n"
    ids = []
    for name in ("prices.csv", "prices 2026.csv"):
        done = client.put(PUT, files={"file": (name, rows)})
        ids.append([each["id"] for each in done.json()["documents"]])
    unnamed = client.put(PUT, content=rows, headers={"Content-Type": "text/csv"})
    ids.append([each["id"] for each in unnamed.json()["documents"]])
    assert ids[0] == ids[1] == ids[2]


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-16"])
def test_a_form_in_another_encoding_is_refused(client: TestClient, charset: str) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
    done = client.put(PUT, content=b"--b--\r\n", headers=headers)
    assert (done.status_code, "UTF-8" in done.json()["detail"]) == (422, True)


def listed(client: TestClient) -> list[Any]:
    return list(client.get("/v1/documents").json()["documents"])


def test_without_waiting_there_is_a_job_to_poll(client: TestClient) -> None:
    queued = client.put(f"{PUT}?wait=false", json={"text": TEXT})
    assert queued.status_code == 202
    assert queued.headers["location"] == f"/v1/jobs/{queued.json()['id']}"
    job = finished(client, queued.headers["location"])
    assert (job["state"], job["action"], job["error"]) == ("done", "put", None)
    assert TEXT in ask(client)
    gone = client.delete(f"{PUT}?wait=false")
    assert finished(client, gone.headers["location"])["action"] == "delete"
    assert client.get(PUT).status_code == 404
    assert problem(client.get("/v1/jobs/0123")) == (404, "There is no job of that id.")


def finished(client: TestClient, url: str) -> Any:
    assert until(lambda: client.get(url).json()["finished"])
    return client.get(url).json()


def test_many_that_come_at_once_are_all_there(client: TestClient) -> None:
    urls = [
        client.put(f"/v1/documents/d-{i}?wait=false", json={"text": f"Cream {i} is mild."})
        for i in range(30)
    ]
    for each in urls:
        finished(client, each.headers["location"])
    listed = client.get("/v1/documents?limit=200").json()["documents"]
    assert {each["id"] for each in listed} >= {f"d-{i}" for i in range(30)}


def test_a_file_of_a_source_is_not_touched(client: TestClient) -> None:
    ((document),) = client.get("/v1/documents").json()["documents"]
    url = f"/v1/documents/{document['id']}"
    for answer in (client.put(url, json={"text": TEXT}), client.delete(url)):
        status, detail = problem(answer)
        assert (status, "in a file of a SOURCE" in detail) == (409, True)
    detail = problem(client.delete(url))[1]
    assert "another id" not in detail, "which is of no use to who deletes"
    assert ".pinciteignore" in detail


def test_an_id_with_a_slash_is_told_what_ids_are_like(client: TestClient) -> None:
    url = "/v1/documents/notes%2Fa.txt"
    for answer in (client.put(url, json={"text": TEXT}), client.delete(url)):
        status, detail = problem(answer)
        assert (status, "letters, digits and hyphens" in detail) == (422, True)


def test_a_form_can_say_what_the_file_is_about(client: TestClient) -> None:
    file = {"file": ("hours.txt", TEXT.encode())}
    said = {"town": "Bergen", "year": 2026, "tags": ["a", "b"], "open": True}
    form = {"title": "Hours", "metadata": json.dumps(said)}
    (document,) = client.put(PUT, files=file, data=form).json()["documents"]
    assert (document["title"], document["metadata"]) == ("Hours", said)
    question = {"question": "When does it open?", "filters": {"town": "Bergen"}}
    assert client.post("/v1/ask", json=question).json()["passages"][0]["text"] == TEXT
    for wrong in ("[1]", "{", '{"a": {"b": 1}}', '{"a": NaN}', "1" * 5000):
        answer = client.put(PUT, files=file, data={"metadata": wrong})
        status, detail = problem(answer)
        assert (status, detail.startswith("body.metadata")) == (422, True), detail


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"json": {"text": ""}}, 422, "body.text"),
        ({"json": {"text": "  \n"}}, 422, "The document cannot be indexed: empty."),
        ({"json": {"text": TEXT, "titel": "x"}}, 422, "titel: unknown field"),
        (
            {
                "content": b'{"text": "a b c", "metadata": {"n": NaN}}',
                "headers": {"Content-Type": "application/json"},
            },
            422,
            "",
        ),
        (
            {"content": b"x", "headers": {"Content-Type": "text/plain; charset*=utf-8''a%00b"}},
            422,
            "not text in",
        ),
        (
            {"content": b"x y z", "headers": {"Content-Type": "text/plain; charset=klingon"}},
            422,
            "not text in klingon",
        ),
        ({"json": {"text": TEXT, "metadata": {"a": {"b": 1}}}}, 422, "metadata"),
        ({"json": [TEXT]}, 422, "JSON object"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422, "not valid JSON"),
        ({"content": b"x", "headers": {"Content-Type": "image/png"}}, 415, "Send JSON"),
        ({"content": b"x"}, 415, "Send JSON"),
        ({"content": b"\0\1", "headers": {"Content-Type": "text/plain"}}, 422, "binary"),
        ({"files": {"file": ("a.png", b"x", "image/png")}}, 415, "its name must end in .txt"),
        ({"files": {"other": ("a.txt", b"x")}}, 422, "called `file`"),
    ],
)
def test_what_cannot_be_uploaded_is_refused_and_leaves_what_was_there(
    shared: tuple[TestClient, Store], body: dict[str, Any], status: int, told: str
) -> None:
    client, store = shared
    client.put(PUT, json={"text": TEXT})
    before = store.live_id()
    found, detail = problem(client.put(PUT, **body))
    assert found == status
    assert told in detail
    assert "/" not in detail.replace("/xhtml", "").replace("/", "", 30) or status == 415
    assert store.live_id() == before
    assert TEXT in ask(client)


@pytest.mark.parametrize("name", ["Upper", "a_b", "-a", "a-", "a" * 121, "ä", "%2e%2e%2fetc"])
def test_ids_that_are_none(shared: tuple[TestClient, Store], name: str) -> None:
    answer = shared[0].put(f"/v1/documents/{name}", json={"text": TEXT})
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_large_file_is_taken_and_one_too_large_is_not(client: TestClient) -> None:
    headers = {"Content-Type": "text/plain"}
    large = TEXT.encode() + b" " * 2**21
    assert client.put(PUT, content=large, headers=headers).status_code == 201
    status, detail = problem(client.put(PUT, content=b"x" * 2**26 + b"x" * 2**21, headers=headers))
    assert (status, "send less" in detail) == (413, True)


def test_jobs_of_a_process_that_ended_are_done_by_the_next(corpus: Corpus) -> None:
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.index()
    store = open_store(corpus.store)
    store.jobs.add(Job.new("clinic-hours", ".txt", "Hours"), TEXT.encode())
    store.jobs.add(Job.new("other", ".txt"), b"The other one is mild.")
    with corpus.uploading() as client:
        assert until(lambda: not store.jobs.pending())
        assert client.get(PUT).json()["title"] == "Hours"
        assert client.get("/v1/documents/other").status_code == 200


def test_while_another_process_writes_an_upload_waits_its_turn(
    client: TestClient, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def documents_of(*arguments: Any) -> Any:
        tried.set()  # what comes next is to write them
        return documents_of_upload(*arguments)

    monkeypatch.setattr("qa.service.writer.documents_of_upload", documents_of)
    with open_store(corpus.store).writing():
        queued = client.put(f"{PUT}?wait=false", json={"text": TEXT})
        assert queued.status_code == 202
        assert tried.wait(PATIENCE_S)
        assert client.get(queued.headers["location"]).json()["finished"] is None
        assert ask(client, "Does redness fade?") == ["Redness fades within two days."]
    assert finished(client, queued.headers["location"])["state"] == "done"


def test_a_disk_that_is_full_is_told_and_the_old_upload_stays(
    client: TestClient, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.put(PUT, json={"text": TEXT})

    def full(*_: Any, **__: Any) -> None:
        raise StoreError("The store cannot be written: No space left on device.")

    monkeypatch.setattr("qa.service.writer._RETRY_S", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr("qa.service.writer.change_uploads", full)
        status, detail = problem(client.put(PUT, json={"text": "The clinic is shut."}))
    assert (status, detail) == (503, "It could not be written; see the service's log.")
    assert TEXT in ask(client)
    uploads = open_store(corpus.store).uploads
    assert [uploads.content(upload) for upload in uploads.all()] == [TEXT.encode()]
    assert client.put(PUT, json={"text": "The clinic is shut."}).status_code == 200


def test_a_writer_that_cannot_read_its_jobs_goes_on(
    client: TestClient, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    jobs = type(open_store(corpus.store).jobs)

    def unreadable(*_: object) -> None:
        raise StoreError("The database cannot be opened.")

    def unreadable_in_the_end(*_: object) -> None:
        failed.set()
        unreadable()

    monkeypatch.setattr("qa.service.routes.uploads._PATIENCE_S", 10.0)
    monkeypatch.setattr("qa.service.writer._RETRY_S", 0.1)
    with monkeypatch.context() as patch, ThreadPoolExecutor() as clients:
        patch.setattr(jobs, "pending", unreadable)
        patch.setattr(jobs, "find", unreadable_in_the_end)
        done = clients.submit(client.put, PUT, json={"text": TEXT})
        assert failed.wait(PATIENCE_S)
        patch.undo()
        assert done.result(PATIENCE_S).status_code in (201, 503)
    assert client.put(PUT, json={"text": TEXT}).status_code in (200, 201)


def test_what_was_accepted_is_done_when_the_disk_has_room_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def full(*_: Any, **__: Any) -> None:
        tried.set()
        raise StoreError("The store cannot be written: No space left on device.")

    monkeypatch.setattr("qa.service.writer._RETRY_S", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr("qa.service.writer.change_uploads", full)
        queued = client.put(f"{PUT}?wait=false", json={"text": TEXT})
        assert queued.status_code == 202
        assert tried.wait(PATIENCE_S)
    assert finished(client, queued.headers["location"])["state"] == "done"
    assert TEXT in ask(client)


def test_one_bad_upload_does_not_hold_up_the_others(
    client: TestClient, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Chunker.chunk

    def failing(chunker: Chunker, document: Document) -> ChunkedDocument:
        if "trap" in document.text and document.id == "bad":
            raise RuntimeError("a fault of ours")
        return original(chunker, document)

    monkeypatch.setattr("qa.service.writer.refuse_without_passage", lambda *_: None)
    monkeypatch.setattr(Chunker, "chunk", failing)
    with open_store(corpus.store).writing():  # so that they are done together
        urls = [
            client.put(f"/v1/documents/{name}?wait=false", json={"text": f"A trap of {name}."})
            for name in ("good", "bad", "better")
        ]
    states = [finished(client, each.headers["location"])["state"] for each in urls]
    assert states == ["done", "failed", "done"]


@only_in_folder
@pytest.mark.parametrize(
    ("column", "state"), [("content", "failed"), ("fields", "lost"), ("id", "lost")]
)
def test_a_job_that_a_bad_disk_altered_does_not_hold_up_the_others(
    corpus: Corpus, column: str, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    corpus.write("hours.txt", "The clinic in Bergen opens at nine.")
    corpus.index()
    jobs = open_store(corpus.store).jobs
    damaged, sound = Job.new("one", ".txt"), Job.new("two", ".txt")
    jobs.add(damaged, b"The clinic in Bergen opens at ten.")
    jobs.add(sound, b"The clinic in Oslo opens at seven.")
    with closing(sqlite3.connect(corpus.store / "store.sqlite")) as connection, connection:
        connection.execute(
            f"UPDATE jobs SET {column} = CAST(x'ff' || {column} AS TEXT) WHERE id = ?",
            [damaged.id],
        )
    with corpus.uploading() as client:
        assert finished(client, f"/v1/jobs/{sound.id}")["state"] == "done"
        if state == "failed":
            job = finished(client, f"/v1/jobs/{damaged.id}")
            assert (job["state"], "upload it again" in job["error"]) == ("failed", True)
        else:
            assert caplog.text.count("upload its document again") == 1
        assert [d["id"] for d in client.get("/v1/documents").json()["documents"]][1:] == ["two"]
        pending = '\npincite_jobs_pending{collection="default"} 0.0'
        assert client.get("/metrics").text.count(pending) == 1
        assert open_store(corpus.store).purge().found == ()


def test_two_services_on_one_store_do_not_undo_each_others_uploads(corpus: Corpus) -> None:
    corpus.write("redness.txt", "Redness fades within two days.\n")
    corpus.index()
    with corpus.uploading() as first, corpus.uploading() as second:
        for number in range(8):
            client = (first, second)[number % 2]
            text = f"The clinic opens at {number}."
            done = client.put(PUT, json={"text": text})
            assert done.status_code == (200 if number else 201), done.text
            for each in (first, second):
                assert each.get(PUT).json()["text"] == text
    with corpus.uploading() as third:
        assert third.get(PUT).json()["text"] == "The clinic opens at 7."


def test_indexing_keeps_uploads(client: TestClient, corpus: Corpus) -> None:
    client.put(PUT, json={"text": TEXT})
    corpus.write("depth.txt", "The needle is mild.\n")
    corpus.index()
    assert open_store(corpus.store).open().chunked("clinic-hours")
    assert TEXT in ask(client)


def test_nothing_of_an_upload_is_a_path(client: TestClient, corpus: Corpus, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    for name in ("..%2F..%2Fevil", "%2e%2e", "a%00b"):
        client.put(f"/v1/documents/{name}", json={"text": TEXT})
    client.put(PUT, files={"file": ("../../evil.txt", TEXT.encode())})
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-16", "koi8-r", "shift_jis"])
def test_text_may_be_written_in_a_charset_that_people_use(
    shared: tuple[TestClient, Store], charset: str
) -> None:
    client, _ = shared
    text = {"koi8-r": "Совы спят.", "shift_jis": "フクロウは眠る。"}.get(charset, "Käuze ruhen.")
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    put = client.put("/v1/documents/owls", content=text.encode(charset), headers=headers)
    assert put.status_code in (200, 201), put.text
    assert client.get("/v1/documents/owls").json()["text"] == text


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "rot13", "base64", "x"])
def test_a_charset_that_nobody_writes_in_is_refused(
    shared: tuple[TestClient, Store], charset: str
) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    content = b"a-" + b"ba" * 150_000
    put = shared[0].put("/v1/documents/owls", content=content, headers=headers)
    assert problem(put)[0] == 422
    assert "send UTF-8" in problem(put)[1]


class Held(HashingEncoder):
    """Is held in its first batch of an upload; counts the batches."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go_on = threading.Event(), threading.Event()
        self.batches = 0

    def encode(self, texts: Sequence[str], role: Role) -> NDArray[np.float32]:
        if len(texts) > 100:
            self.batches += 1
            self.began.set()
            assert self.go_on.wait(PATIENCE_S)
        return super().encode(texts, role)


def test_the_end_does_not_wait_for_a_long_upload_which_the_next_one_does(corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls sleep in barns.\n")
    corpus.index()
    held = Held()
    live, store = live_over(corpus.store, held), open_store(corpus.store)
    text = "\n\n".join(f"Owl {n} sleeps under lantern {n}." for n in range(2_000))
    job = Job.new("many", ".txt")
    with Writer(store, live) as writer:
        writer.submit(job, text.encode())
        assert held.began.wait(PATIENCE_S)
        stopping = threading.Thread(target=writer.stop)
        stopping.start()
        assert writer._stop.wait(PATIENCE_S)
        held.go_on.set()
        stopping.join()
    assert held.batches == 1, "of many"
    unfinished = store.jobs.find(job.id)
    assert unfinished is not None
    assert unfinished.state == "queued"
    with Writer(store, live_over(corpus.store, HashingEncoder())):
        assert until(lambda: (found := store.jobs.find(job.id)) and found.state == "done")


@only_in_folder
def test_the_log_of_the_database_stays_short_however_much_is_uploaded(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot that the service has open keeps SQLite from beginning its log anew."""
    monkeypatch.setattr("index.store.local.database._LOG_BYTES", 1 << 18)
    corpus.write("hens.txt", "Hens are fed at eight.\n")
    corpus.index()
    log = corpus.store / "store.sqlite-wal"
    with corpus.uploading() as client:
        for number in range(12):
            text = f"Egg number {number} is brown. " * 200
            assert client.put(f"/v1/documents/egg-{number % 4}", json={"text": text}).is_success
            assert log.stat().st_size < 3 << 18
