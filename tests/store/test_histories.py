"""Whatever happened to a corpus, its store is that of a fresh build of what is there now."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SourceError, StoreError
from index.store.protocols import Store
from index.sync import change_uploads
from qa.engine import Engine
from qa.formats.answer import AnswerJson
from tests.store.living import WORDS, Living, upload_change
from tests.store.places import Place

NAMES = ["a.txt", "b.txt", "c.md", "d.html", "deep/e.md", "deep/f.txt"]
IDS = ["one", "two", "three"]
QUESTIONS = ["When does redness fade?", "How deep is the needle?", "What cream for the night?"]

sentences = st.lists(st.sampled_from(WORDS), min_size=3, max_size=9).map(
    lambda words: " ".join(words).capitalize() + "."
)
texts = st.lists(sentences, min_size=1, max_size=6).map("\n\n".join)


@dataclass(frozen=True)
class Step:
    what: str
    where: str = ""
    to: str = ""
    text: str = ""


files, ids = st.sampled_from(NAMES), st.sampled_from(IDS)
file_steps = st.one_of(
    st.builds(Step, st.just("write"), files, text=texts),
    st.builds(Step, st.sampled_from(["touch", "remove"]), files),
    st.builds(Step, st.just("rename"), files, to=files),
)
upload_steps = st.one_of(
    st.builds(Step, st.just("put"), ids, text=texts), st.builds(Step, st.just("delete"), ids)
)
other_steps = st.builds(Step, st.sampled_from(["refuse", "back", "calibrate", "purge"]))
rounds = st.tuples(
    st.lists(file_steps, max_size=4),
    st.one_of(st.just(Step("index")), upload_steps, other_steps),
)
"""What changes before the store is written, and how it is written."""


class History(Living):
    """Files, uploads and their store, which steps are done to."""

    def __init__(self, folder: Path, model: Model, place: Place) -> None:
        super().__init__(folder, model, store=place.make(folder, 3))
        self.clock = 1_700_000_000
        self.write("always.txt", "Redness fades within two days.\n")
        self.index()

    def do(self, step: Step) -> None:  # noqa: C901 (a case a kind of step)
        path = self.files / step.where
        self.clock += 1
        match step.what:
            case "write":
                self.write(step.where, step.text, time=self.clock)
            case "touch" if path.is_file():
                self.write(step.where, path.read_text(), time=self.clock)
            case "rename" if path.is_file():
                (self.files / step.to).parent.mkdir(exist_ok=True)
                path.replace(self.files / step.to)
            case "remove":
                path.unlink(missing_ok=True)
            case "put":
                time = f"2026-01-01T00:00:{self.clock % 60:02}Z"
                self.put(step.where, step.text, time=time)
            case "delete":
                self.delete(step.where)
            case "index":
                self.index()
            case "refuse":
                self.index(gate=lambda *_: False)
            case "back":
                with suppress(StoreError):  # no older one may be kept
                    self.store.roll_back()
            case "calibrate":
                content = f"calibrated at {self.clock}".encode()
                self.store.set_calibration(self.store.live_id(), content)
            case "purge":
                self.store.purge()


@pytest.mark.hypothesis
def test_the_store_is_that_of_a_fresh_build(
    place: Place,
    tmp_path_factory: pytest.TempPathFactory,
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Deltas join their base, and dead rows are compacted, at every second change."""
    monkeypatch.setattr("index.store.local.draft._FEWEST_ENTRIES", 12)
    monkeypatch.setattr("index.store.local.compaction._FEWEST_DEAD", 3)

    @settings(max_examples=min(max(15, settings().max_examples // 2), place.most_examples))
    @given(st.lists(rounds, min_size=3, max_size=12))
    def holds(history: list[tuple[list[Step], Step]]) -> None:
        folder = tmp_path_factory.mktemp("living")
        living = History(folder, model, place)
        for changes, written in history:
            for step in [*changes, written]:
                living.do(step)
        living.index()
        living.store.check()
        living.assert_as_fresh()
        place.close()
        shutil.rmtree(folder)

    holds()


def answers(living: Living, store: Store, limit: int = 50) -> list[str]:
    engine = Engine(
        store.open(), living.model, living.encoder, living.model.tokenizer(), threshold=0.0
    )
    wire = [AnswerJson.of(engine.ask(question, limit)) for question in QUESTIONS]
    return [each.model_copy(update={"took_ms": 0.0}).model_dump_json() for each in wire]


def test_answers_are_those_of_a_fresh_build(
    place: Place, tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.store.local.compaction._FEWEST_DEAD", 3)
    living = History(tmp_path, model, place)
    for step in (
        Step("write", "a.txt", text="The needle of 2 mm is for a scar. The cream is mild."),
        Step("put", "one", text="The cream for the night is of water. Wash the face at night."),
        Step("index"),
        Step("rename", "a.txt", to="deep/f.txt"),
        Step("write", "a.txt", text="The sun is for two days. Water the face."),
        Step("put", "one", text="The cream for the night is of sun."),
        Step("index"),
        Step("write", "b.txt", text="The depth of the needle is 3 mm. Redness is mild."),
        Step("delete", "two"),
        Step("index"),
    ):
        living.do(step)
    fresh = living.fresh()
    assert living.store.live_id() == fresh.live_id()
    assert answers(living, living.store) == answers(living, fresh)


def test_with_the_model_they_are_but_for_rounding(
    place: Place, tmp_path: Path, model: Model, encoder: Encoder, seeds_dir: Path
) -> None:
    """What is in a batch with a text may change its vector's last digits."""
    living = History(tmp_path, model, place)
    living.encoder, living.store = encoder, place.make(tmp_path / "real")
    seeds = sorted(path.read_text() for path in seeds_dir.glob("*.txt"))
    for step in (
        Step("write", "a.txt", text=seeds[0][:3000]),
        Step("index"),
        Step("put", "one", text=seeds[1][:2000]),
        Step("rename", "a.txt", to="deep/f.txt"),
        Step("write", "a.txt", text=seeds[2][:2000]),
        Step("put", "one", text=seeds[1][1000:3000]),
        Step("put", "two", text=seeds[3][:2000]),
        Step("index"),
        Step("write", "a.txt", text=seeds[2][1000:3000]),
        Step("delete", "two"),
    ):
        living.do(step)
    living.index()
    here, there = living.store.open(), living.fresh().open()
    assert list(here.documents()) == list(there.documents())
    for question in QUESTIONS:
        (asked,) = encoder.encode([question], "query")
        scores = [
            {each.passage(row).id: score for row, score in each.nearest(asked, 50)}
            for each in (here, there)
        ]
        assert scores[0] == pytest.approx(scores[1], abs=0.003)


def test_a_file_of_a_source_is_not_replaced_by_an_upload(living: Living) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    living.index()
    (document,) = living.store.open().descriptions()
    with pytest.raises(SourceError, match="in a file of a SOURCE"):
        living.put(document.id, "Something else altogether.")
    assert living.store.uploads.all() == []


def test_several_uploads_change_in_one_step_or_not_at_all(living: Living) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    before = living.index().snapshot
    (document,) = living.store.open().descriptions()
    changes = [
        upload_change("one", "The cream is for the night."),
        upload_change(document.id, "Something else altogether."),
    ]
    with pytest.raises(SourceError):
        change_uploads(living.store, changes, living.model, living.encoder)
    assert (living.store.live_id(), living.store.uploads.all()) == (before, [])
    assert living.texts() == {"notes/a.txt": "Redness fades within two days.\n"}
