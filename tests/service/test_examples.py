"""Example questions over HTTP: made when they are first asked for, once a snapshot."""

from concurrent.futures import ThreadPoolExecutor

from starlette.testclient import TestClient

from qa.service.app import build_app
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over

OWLS = "# Owls\n\n## Where do owls sleep?\n\nOwls sleep in red barns until midnight.\n"
BATS = "# Bats\n\n## What do bats drink?\n\nBats drink the rain of the high roofs.\n"


def test_they_are_made_once_a_snapshot_and_not_at_the_start(corpus: Corpus) -> None:
    corpus.write("owls.md", OWLS)
    corpus.index()
    encoder = HashingEncoder()
    app = build_app(live_over(corpus.store, encoder))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert encoder.count == 0

        def questions() -> list[str]:
            answer = client.get("/v1/examples").json()
            assert answer.keys() == {"questions"}
            return list(answer["questions"])

        with ThreadPoolExecutor(4) as callers:
            told = list(callers.map(lambda _: questions(), range(8)))
        assert told == [["Where do owls sleep?"]] * 8
        assert encoder.encoded.count("Where do owls sleep?") == 1

        corpus.write("bats.md", BATS)
        corpus.index()
        assert set(questions()) == {"Where do owls sleep?", "What do bats drink?"}
        asked = encoder.count
        assert len(questions()) == 2
        assert encoder.count == asked


def test_what_failed_is_tried_again(corpus: Corpus, monkeypatch) -> None:
    corpus.write("owls.md", OWLS)
    corpus.index()
    client = corpus.client()
    with monkeypatch.context() as broken:
        broken.setattr("qa.service.routes.answers.examples", lambda _: 1 / 0)
        assert client.get("/v1/examples").status_code == 500
    assert client.get("/v1/examples").json() == {"questions": ["Where do owls sleep?"]}
