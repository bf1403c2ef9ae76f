"""A store on a server, from its first document to its last, in one test: all others are long."""

import gc
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import Command, Outcome
from tests.encoders import HashingEncoder
from tests.postgres.conftest import OwnDatabase, service_of


def test_a_store_on_a_server_is_like_one_in_a_folder(
    pincite: Command,
    database: OwnDatabase,
    seeds_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for place in ("qa.engine", "pincite.indexing"):
        monkeypatch.setattr(f"{place}.open_encoder", lambda *_, **__: HashingEncoder())
    monkeypatch.setenv("PINCITE_STORE", database.url)
    notes = tmp_path / "notes"
    notes.mkdir()
    for seed in sorted(seeds_dir.glob("*.txt"))[:2]:
        (notes / seed.name).write_bytes(seed.read_bytes())
    (notes / "frost.md").write_text("# Frost\n\nFrost bursts the pipes.\n")

    def run(*arguments: str | Path) -> Outcome:
        outcome = pincite(*arguments)
        assert outcome.code == 0, outcome
        return outcome

    def answer(question: str) -> str:
        return pincite("ask", question, "--short").out

    assert "3 added" in run("index", notes).err
    assert "Frost bursts the pipes. [1]" in answer("what bursts the pipes")

    (notes / "frost.md").write_text("# Frost\n\nFrost cracks the bricks.\n")
    assert "1 changed, 2 unchanged" in run("index").err
    assert "Frost cracks the bricks. [1]" in answer("what cracks the bricks")
    run("rollback")
    assert "Frost bursts the pipes. [1]" in answer("what bursts the pipes")
    assert "1 changed, 2 unchanged" in run("index").err

    with service_of(database.location) as client:
        given = {"text": "The clinic in Bergen opens at eight.", "title": "Opening hours"}
        assert client.put("/v1/documents/hours", json=given).status_code == 201
        asked = client.post("/v1/ask", json={"question": "when does the clinic in Bergen open"})
        assert asked.json()["answer"]["text"] == given["text"]
    assert f"{given['text']} [1]" in answer("when does the clinic in Bergen open")

    gc.collect()  # what had snapshots open lets go of them, as if its process had ended
    assert run("purge").err.endswith(": none found.\n")
    with psycopg.connect(database.url) as connection:
        texts = connection.execute("SELECT content FROM pincite.texts").fetchall()
    assert len(texts) == 4
    assert not any(b"bursts the pipes" in text for (text,) in texts)
    assert "Frost cracks the bricks. [1]" in answer("what cracks the bricks")
