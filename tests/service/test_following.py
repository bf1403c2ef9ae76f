"""The running service follows the SOURCEs: what changed while it was down, and what came back."""

import time

from starlette.testclient import TestClient

from tests.service.conftest import Corpus

OLD, NEW = "Redness fades within two days.", "The clinic in Bergen opens at eight."


def sources(client: TestClient) -> set[str]:
    listed = client.get("/v1/documents").json()["documents"]
    return {document["source"] for document in listed}


def comes_to_have(client: TestClient, *wanted: str) -> bool:
    end = time.monotonic() + 30
    while sources(client) != set(wanted) and time.monotonic() < end:
        time.sleep(0.1)
    return sources(client) == set(wanted)


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


def test_without_watching_nothing_is_indexed_unasked(corpus: Corpus) -> None:
    corpus.write("old.txt", f"{OLD}\n")
    corpus.index()
    corpus.write("new.txt", f"{NEW}\n")
    with corpus.uploading() as client:
        time.sleep(2.5)
        assert sources(client) == {"files/old.txt"}
