"""A store that an earlier Pincite wrote: refused, kept whole, and built anew by indexing."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest

from index.changes import plan
from index.encoding.encoder import Role, Vectors
from index.encoding.model import Model
from index.errors import SourceError, StoreOutdatedError
from index.store.history import roll_back
from index.store.manifest import FORMAT
from index.store.publishing import remove_calibration
from index.store.purge import purge
from index.store.registration import forget_gold, register_gold
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.index.living import Living
from tests.index.texts import assert_one_line

FIRST = "Redness fades within two days.\n"
UPLOADED = "The cream is for the night.\n"


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    """Two files, one of them ignored, and an upload, in a store that an earlier Pincite wrote."""
    made = Living(tmp_path, model)
    made.write("a.txt", FIRST)
    made.write("draft.txt", "Nobody wants this.\n")
    made.index(ignore=["draft*"])
    made.put("one", UPLOADED)
    make_older(made.store, FORMAT - 1)
    made.encoder.encoded.clear()
    return made


def make_older(store: Store, version: int) -> None:
    """Bring a store into an older format; only the live snapshot is kept."""
    live = store.live_id()
    snapshots = store.folder / "snapshots"
    fields = orjson.loads((snapshots / f"{live}.json").read_bytes())
    file = store.objects.put(b"vectors of sentences")
    named = {"sha256": file.sha256, "bytes": file.bytes}
    fields |= {"format": version, "background": named}
    for shard in fields["shards"]:
        shard |= {"sentence_vectors": named, "heading_vectors": named}
    content = orjson.dumps(fields)
    older = hashlib.sha256(content).hexdigest()[:16]
    for path in snapshots.iterdir():
        path.unlink()
    (snapshots / f"{older}.json").write_bytes(content)
    pointer = {"format": version, "snapshot": older, "checked": older}
    (store.folder / "live.json").write_bytes(orjson.dumps(pointer))


def files_of(store: Store) -> dict[str, bytes]:
    paths = (path for path in store.folder.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in paths if path.suffix != ".lock"}


CHANGES: list[Callable[[Living], object]] = [
    lambda living: open_snapshot(living.store),
    lambda living: living.store.live_manifest(),
    lambda living: living.put("two", "The mask is for the day."),
    lambda living: living.delete("one"),
    lambda living: remove_calibration(living.store),
    lambda living: purge(living.store),
    lambda living: roll_back(living.store, living.store.live_id()),
]


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_refused_in_one_line_that_says_what_to_do(
    living: Living, change: Callable[[Living], object]
) -> None:
    before = files_of(living.store)
    wanted = f"format {FORMAT - 1}: run `pincite index`, which builds the store anew"
    with pytest.raises(StoreOutdatedError, match=wanted) as raised:
        change(living)
    assert_one_line(raised.value)
    assert files_of(living.store) == before


@pytest.mark.parametrize("version", range(1, FORMAT))
def test_indexing_builds_it_anew_from_sources_and_uploads(
    tmp_path: Path, model: Model, version: int
) -> None:
    living = Living(tmp_path, model)
    living.write("a.txt", FIRST)
    living.write("draft.txt", "Nobody wants this.\n")
    living.index(ignore=["draft*"])
    good = living.put("one", UPLOADED)
    make_older(living.store, version)
    living.encoder.encoded.clear()

    report = sync(living.store, [], model, living.encoder)
    assert report.repaired.endswith(f"written by an earlier Pincite, in format {version}")
    assert report.snapshot == good, "as if it had been made today"
    assert living.texts() == {"notes/a.txt": FIRST, "upload:one.txt": UPLOADED}
    assert report.embedded == len(living.encoder.encoded) == len(set(living.encoder.encoded)) == 2
    assert living.store.snapshots() == [good], "what cannot be answered from is not kept"
    assert b"vectors of sentences" not in files_of(living.store).values()
    assert sync(living.store, [], model, living.encoder).embedded == 0


def test_what_it_remembers_still_counts(living: Living) -> None:
    remembered = living.store.remembered()
    assert remembered.sources == (str(living.files),)
    assert (remembered.ignore, remembered.held) == (("draft*",), (1,))
    assert remembered.model_name == living.model.name
    assert plan(living.store, []).added == ("notes/a.txt", "upload:one.txt")
    (living.files / "a.txt").unlink()
    before = files_of(living.store)
    for attempt in (living.index, lambda: plan(living.store, [])):
        with pytest.raises(SourceError, match="held documents before and now has none"):
            attempt()
    assert files_of(living.store) == before


def test_a_source_that_is_left_out_is_told_of(living: Living, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("The mask is for the day.\n")
    report = sync(living.store, [other], living.model, living.encoder)
    assert report.dropped == (living.files,)


def test_until_it_is_built_anew_nothing_of_it_is_let_go_of(living: Living) -> None:
    class Failing(HashingEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            raise RuntimeError("out of memory")

    before = files_of(living.store)
    with pytest.raises(RuntimeError, match="out of memory"):
        sync(living.store, [], living.model, Failing())
    assert files_of(living.store) == before
    register_gold(living.store, living.files / "gold.jsonl")
    assert forget_gold(living.store)
    assert files_of(living.store).items() >= {
        (name, content) for name, content in before.items() if name != "live.json"
    }


def test_a_gate_has_nothing_to_compare_with(living: Living) -> None:
    report = living.index(gate=lambda *_: False)
    assert (report.kept_aside, living.store.live_id()) == ("", report.snapshot)
    assert living.store.pointer().checked == report.snapshot
