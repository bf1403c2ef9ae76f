"""Whatever happened to a corpus, its store is that of a fresh build of what is there now."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SourceError
from index.store.objects import stored_as
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.store.uploads import Upload, UploadChange
from index.sync import change_uploads, sync
from qa.engine import Engine
from qa.formats.answer import AnswerJson
from tests.encoders import HashingEncoder

NAMES = ["a.txt", "b.txt", "c.md", "d.html", "deep/e.md", "deep/f.txt"]
IDS = ["one", "two", "three"]
WORDS = "redness fades needle scar cream face night two days sun water depth mild".split()
QUESTIONS = ["When does redness fade?", "How deep is the needle?", "What cream for the night?"]

sentences = st.lists(st.sampled_from(WORDS), min_size=3, max_size=9).map(
    lambda words: " ".join(words).capitalize() + "."
)
texts = st.lists(sentences, min_size=1, max_size=6).map("\n\n".join)


@dataclass(frozen=True)
class Step:
    what: Literal["write", "rename", "remove", "put", "delete", "index"]
    where: str
    to: str = ""
    text: str = ""


files, ids = st.sampled_from(NAMES), st.sampled_from(IDS)
steps = st.one_of(
    st.builds(Step, st.just("write"), files, text=texts),
    st.builds(Step, st.just("rename"), files, to=files),
    st.builds(Step, st.just("remove"), files),
    st.builds(Step, st.just("put"), ids, text=texts),
    st.builds(Step, st.just("delete"), ids),
    st.builds(Step, st.just("index"), st.just("")),
)


class Corpus:
    """Files, uploads and their store, and the same made anew."""

    def __init__(self, folder: Path, model: Model, encoder: Encoder) -> None:
        self.files = folder / "notes"
        (self.files / "deep").mkdir(parents=True)
        (self.files / "always.txt").write_text("Redness fades within two days.\n")
        self.folder, self.model, self.encoder = folder, model, encoder
        self.store = Store(folder / "store")
        self.clock = 0
        self.index()

    def index(self, store: Store | None = None) -> None:
        sync(store or self.store, [self.files], self.model, self.encoder)

    def do(self, step: Step) -> None:
        path = self.files / step.where
        if step.what == "write":
            path.write_text(step.text)
        elif step.what == "rename" and path.is_file():
            path.replace(self.files / step.to)
        elif step.what == "remove":
            path.unlink(missing_ok=True)
        elif step.what == "index":
            self.index()
        elif step.what == "put":
            self.put(self.store, step.where, step.text)
        elif step.what == "delete":
            self.change(self.store, UploadChange(step.where))

    def put(self, store: Store, name: str, text: str) -> None:
        self.clock += 1
        content, kind = text.encode(), ".md" if len(text) % 2 else ".txt"
        upload = Upload(name, kind, stored_as(content), f"2026-01-01T00:00:{self.clock:02}Z")
        self.change(store, UploadChange(name, upload, content))

    def change(self, store: Store, *changes: UploadChange) -> None:
        change_uploads(store, changes, self.model, self.encoder)

    def anew(self) -> Store:
        """Build a store of what is there now in one go."""
        fresh = Store(self.folder / "fresh")
        self.index(fresh)
        changes = [
            UploadChange(upload.id, upload, self.store.objects.get(upload.content))
            for upload in self.store.uploads.all()
        ]
        self.change(fresh, *changes)
        return fresh

    def answers(self, store: Store) -> list[str]:
        engine = Engine(
            open_snapshot(store), self.model, self.encoder, self.model.tokenizer(), threshold=0.0
        )
        wire = [AnswerJson.of(engine.ask(question, 10)) for question in QUESTIONS]
        return [each.model_copy(update={"took_ms": 0.0}).model_dump_json() for each in wire]


@settings(max_examples=max(10, settings().max_examples // 4))
@given(st.lists(steps, min_size=1, max_size=12))
def test_the_store_is_that_of_a_fresh_build(
    tmp_path_factory: pytest.TempPathFactory, model: Model, history: list[Step]
) -> None:
    folder = tmp_path_factory.mktemp("living")
    living = Corpus(folder, model, HashingEncoder())
    for step in history:
        living.do(step)
    living.index()
    fresh = living.anew()
    assert living.store.live_id() == fresh.live_id()
    assert living.answers(living.store) == living.answers(fresh)
    shutil.rmtree(folder)


def test_with_the_model_it_is_but_for_rounding(
    tmp_path: Path, model: Model, encoder: Encoder, seeds_dir: Path
) -> None:
    living = Corpus(tmp_path, model, encoder)
    seeds = sorted(path.read_text() for path in seeds_dir.glob("*.txt"))
    for step in (
        Step("write", "a.txt", text=seeds[0][:4000]),
        Step("put", "one", text=seeds[1][:3000]),
        Step("index", ""),
        Step("rename", "a.txt", to="deep/f.txt"),
        Step("write", "a.txt", text=seeds[2][:4000]),
        Step("put", "one", text=seeds[1][1500:4500]),
        Step("put", "two", text=seeds[3][:2000]),
        Step("index", ""),
        Step("write", "a.txt", text=seeds[2][2000:5000]),
        Step("delete", "two"),
    ):
        living.do(step)
    living.index()
    fresh = living.anew()
    here, there = open_snapshot(living.store), open_snapshot(fresh)
    assert here.chunked == there.chunked
    for question in ("Is microneedling painful?", "How long does redness last?"):
        found = [
            Engine(each, model, encoder, model.tokenizer(), threshold=0.0).ask(question, 20)
            for each in (here, there)
        ]
        scores = [{hit.passage.id: hit.score for hit in answer.hits} for answer in found]
        assert scores[0] == pytest.approx(scores[1], abs=0.002)
        assert found[0].citations == found[1].citations


def test_a_file_of_a_source_is_not_replaced_by_an_upload(tmp_path: Path, model: Model) -> None:
    living = Corpus(tmp_path, model, HashingEncoder())
    (document_id,) = open_snapshot(living.store).chunked
    with pytest.raises(SourceError, match="in a file of a SOURCE"):
        living.put(living.store, document_id, "Something else altogether.")
    assert living.store.uploads.all() == []


def test_an_upload_survives_a_store_that_is_built_anew(tmp_path: Path, model: Model) -> None:
    living = Corpus(tmp_path, model, HashingEncoder())
    living.put(living.store, "one", "The cream is for the night.")
    (tmp_path / "store" / "live.json").unlink()
    living.index()
    assert "one" in open_snapshot(living.store).chunked
