"""The store: a snapshot is published whole or not at all, whatever becomes of its writer."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from index.errors import (
    StoreBusyError,
    StoreError,
)
from index.store.objects import ObjectFolder
from index.store.snapshot import open_snapshot
from index.store.store import Store
from tests.failing import FAILURES, failing_at
from tests.index.texts import (
    REPOSITORY,
    TEXTS,
    Corpus,
    assert_nothing_is_left_over,
    assert_one_line,
    names,
    run_python,
)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "function", "calls"),
    [(ObjectFolder, "put", 3), (os, "replace", 5), (os, "fsync", 10)],
    ids=["put", "replace", "fsync"],
)
def test_a_writer_that_fails_at_any_step_leaves_a_whole_snapshot_live(
    corpus: Corpus,
    owner: object,
    function: str,
    calls: int,
    after: bool,
    failure: BaseException,
) -> None:
    old = corpus.sync().snapshot
    for step in range(1, calls + 1):
        corpus.write("depth.txt", f"Depth number {step}.\n")
        with failing_at(step, owner, function, failure, after=after) as raised:
            corpus.sync()
        if isinstance(failure, OSError):
            assert type(raised.value) is StoreError
            assert str(raised.value).count("\n") == 0
        else:
            assert raised.value is failure
        live = open_snapshot(corpus.store).id
        if live != old:
            # Past the one step that publishes: the new snapshot is live, and whole.
            assert (function, after) != ("put", False)
            assert corpus.texts()["depth.txt"] == f"Depth number {step}.\n"
            old = live
        assert list(corpus.store.folder.rglob("writing-*")) == []
    corpus.write("depth.txt", "Depth at last.\n")
    corpus.sync()
    assert corpus.texts() == TEXTS | {"depth.txt": "Depth at last.\n"}
    assert_nothing_is_left_over(corpus.store)


# Runs in a process of its own, which is still small and has one thread: it forks a writer
# that dies without any clean-up at its n-th step, for each n or every so many, in a copy each.
DYING_WRITERS = """
import os, shutil, sys, tempfile
from pathlib import Path
from index.sync import sync
from index.encoding.model import find_model
from index.store.store import Store
from tests.encoders import HashingEncoder

def dying(function):
    def step(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return function(*args, **kwargs)
    return step

folder, every, model = Path(sys.argv[1]), int(sys.argv[2]), find_model()
for n in range(1, 200, every):
    shutil.copytree(folder / "store", folder / f"store-{n}")
    child = os.fork()
    if child == 0:
        left = n
        os.replace, os.fsync, os.unlink = dying(os.replace), dying(os.fsync), dying(os.unlink)
        tempfile.mkstemp = dying(tempfile.mkstemp)
        sync(Store(folder / f"store-{n}"), [folder / "notes"], model, HashingEncoder())
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(n)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_a_writer_that_dies_at_any_step_leaves_a_whole_snapshot_live(
    corpus: Corpus, tmp_path: Path, every: int
) -> None:
    first = corpus.sync().snapshot
    corpus.write("new.txt", "Two older snapshots, so that one is let go of.\n")
    old = corpus.sync().snapshot
    corpus.write("depth.txt", "The depth was changed.\n")
    last = int(run_python(DYING_WRITERS, str(tmp_path), str(every)))
    assert last > 20, "every write has several steps"
    seen: list[str] = []
    for step in range(1, last + 1, every):
        corpus.store = Store(tmp_path / f"store-{step}")
        seen.append(open_snapshot(corpus.store).id)
        report = corpus.sync()
        assert report.repaired == ""
        assert corpus.texts()["depth.txt"] == "The depth was changed.\n"
        if report.snapshot != seen[-1]:
            assert_nothing_is_left_over(corpus.store)
        assert list(corpus.store.folder.rglob("writing-*")) == []
    new = seen[-1]
    assert first not in seen
    assert seen == sorted(seen, key=[old, new].index), "old before one step, new after it"
    assert set(seen) == {old, new}


RESTLESS_WRITER = """
import itertools, sys
from pathlib import Path
from index.sync import sync
from index.encoding.model import find_model
from index.store.store import Store
from tests.encoders import HashingEncoder

folder, model, encoder = Path(sys.argv[1]), find_model(), HashingEncoder()
print("ready", flush=True)
for i in itertools.count():
    (folder / "notes" / "depth.txt").write_text(f"The depth is {i % 3} mm.")
    sync(Store(folder / "store"), [folder / "notes"], model, encoder)
"""


def kill_writers(corpus: Corpus, folder: Path, times: int) -> None:
    whole = {corpus.texts()["depth.txt"], *(f"The depth is {i} mm." for i in range(3))}
    for _ in range(times):
        writer = subprocess.Popen(
            [sys.executable, "-c", RESTLESS_WRITER, str(folder)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
        )
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(random.uniform(0, 0.3))
            writer.send_signal(signal.SIGKILL)
        assert corpus.texts()["depth.txt"] in whole
    corpus.write("depth.txt", "The last word.\n")
    corpus.sync()
    assert corpus.texts()["depth.txt"] == "The last word.\n"
    assert_nothing_is_left_over(corpus.store)


def test_a_killed_writer_leaves_a_whole_snapshot_live(corpus: Corpus, tmp_path: Path) -> None:
    corpus.sync()
    kill_writers(corpus, tmp_path, times=1)


@pytest.mark.soak
def test_many_killed_writers_leave_a_whole_snapshot_live(corpus: Corpus, tmp_path: Path) -> None:
    corpus.sync()
    kill_writers(corpus, tmp_path, times=100)


def test_readers_are_not_disturbed_by_a_writer(corpus: Corpus) -> None:
    old = corpus.sync().snapshot
    reader = open_snapshot(corpus.store)
    corpus.write("depth.txt", "The depth was changed.\n")
    with corpus.store.writing():
        assert open_snapshot(corpus.store).id == old
    corpus.sync()
    assert reader.id == old
    assert {c.document.text for c in reader.chunked.values()} == set(TEXTS.values())


def test_a_second_writer_is_turned_away(corpus: Corpus) -> None:
    old = corpus.sync().snapshot
    corpus.write("depth.txt", "The depth was changed.\n")
    with Store(corpus.store.folder).writing():
        with pytest.raises(StoreBusyError, match="Another process is writing") as raised:
            corpus.sync()
        assert_one_line(raised.value)
        script = f"""
            from tests.encoders import HashingEncoder
            from index.sync import sync
            from index.errors import StoreBusyError
            from index.encoding.model import find_model
            from index.store.store import Store
            from pathlib import Path
            try:
                sync(Store(Path({str(corpus.store.folder)!r})), [{str(corpus.source)!r}],
                     find_model(), HashingEncoder())
            except StoreBusyError as error:
                print("busy")
        """
        assert run_python(textwrap.dedent(script)) == "busy\n"
    assert open_snapshot(corpus.store).id == old
    assert corpus.sync().changed == names("depth.txt")
