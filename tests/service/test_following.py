"""The running service follows the SOURCEs: what changed while it was down, and what came back."""

import logging
from collections.abc import Callable
from queue import Queue

import pytest
from starlette.testclient import TestClient

from tests.service.conftest import Corpus
from tests.waiting import PATIENCE_S, until

OLD, NEW = "Redness fades within two days.", "The clinic in Bergen opens at eight."


def sources(client: TestClient) -> set[str]:
    listed = client.get("/v1/documents").json()["documents"]
    return {document["source"] for document in listed}


def comes_to_have(client: TestClient, *wanted: str) -> bool:
    return until(lambda: sources(client) == set(wanted))


def test_what_changed_while_it_was_down_is_caught_up_with(corpus: Corpus) -> None:
    corpus.write("old.txt", f"{OLD}\n")
    corpus.index()
    corpus.write("new.txt", f"{NEW}\n")
    with corpus.uploading(watch=True) as client:
        assert comes_to_have(client, "files/old.txt", "files/new.txt")


def test_it_answers_while_a_source_is_missing_and_indexes_it_when_it_is_back(
    corpus: Corpus,
) -> None:
    corpus.write("old.txt", f"{OLD}\n")
    corpus.index()
    away = corpus.files.rename(corpus.files.with_name("away"))
    with corpus.uploading(watch=True) as client:
        answer = client.post("/v1/ask", json={"question": "When does redness fade?"}).json()
        assert answer["passages"][0]["text"] == OLD
        (away / "new.txt").write_text(f"{NEW}\n")
        away.rename(corpus.files)
        assert comes_to_have(client, "files/old.txt", "files/new.txt")


def test_what_is_no_longer_indexed_for_a_reason_is_logged(
    corpus: Corpus, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("old.txt", "gone.txt", "link.txt"):
        corpus.write(name, f"{OLD}\n")
    corpus.index()
    outside = (corpus.files / "link.txt").rename(corpus.files.with_name("outside.txt"))
    (corpus.files / "link.txt").symlink_to(outside)
    (corpus.files / "gone.txt").unlink()
    with caplog.at_level(logging.WARNING, "pincite"), corpus.uploading(watch=True) as client:
        assert comes_to_have(client, "files/old.txt")
    (warned,) = [record.getMessage() for record in caplog.records]
    assert warned.startswith("No longer indexed: files/link.txt, a link that leads out of SOURCE")


def test_without_watching_nothing_is_indexed_unasked(corpus: Corpus) -> None:
    corpus.write("old.txt", f"{OLD}\n")
    corpus.index()
    corpus.write("new.txt", f"{NEW}\n")
    with corpus.uploading() as client:
        # The writer has looked for work before and after this.
        assert client.put("/v1/documents/late", json={"text": NEW}).status_code == 201
        assert sources(client) == {"files/old.txt", "upload:late.txt"}


def test_changes_in_the_sources_are_indexed(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching: Queue[Callable[[], None]] = Queue()

    def watch_sources(
        _: object, __: object, changed: Callable[[], None], *___: object, **____: object
    ) -> None:
        watching.put(changed)

    monkeypatch.setattr("qa.service.writer.watch_sources", watch_sources)
    corpus.write("old.txt", f"{OLD}\n")
    corpus.index()
    with corpus.uploading(watch=True) as client:
        changed = watching.get(timeout=PATIENCE_S)
        corpus.write("new.txt", f"{NEW}\n")
        changed()
        assert comes_to_have(client, "files/old.txt", "files/new.txt")
