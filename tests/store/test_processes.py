"""Several processes at once: many read while one writes, and writers are killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import StoreBusyError
from tests.store.living import Living, everything
from tests.store.places import Place
from tests.waiting import PATIENCE_S

REPOSITORY = Path(__file__).resolve().parents[2]

# Opens the live snapshot again and again, and compares all that it reads with itself: the documents
# of one snapshot all have the same number. Ends when the last number was seen.
READER = """
import sys

from index.store import open_store
from index.store.location import location_of
from tests.store.living import everything

store, last, seen, snapshot = open_store(location_of(sys.argv[1])), int(sys.argv[2]), [0], None
print("ready", flush=True)
while seen[-1] < last:
    snapshot = store.open(previous=snapshot)
    for _ in range(2):
        read = everything(snapshot)
        numbers = {each.text.split()[-1] for each in map(snapshot.document, (
            each.id for each in snapshot.descriptions()))}
        assert len(numbers) == 1, numbers
        assert len(read["passages"]) == snapshot.info.passages
    number = int(numbers.pop().strip("."))
    assert number >= seen[-1]
    if number > seen[-1]:
        seen.append(number)
print(len(seen))
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "ready\n", process.stderr.read()


@pytest.mark.parametrize("last", [15, pytest.param(300, marks=pytest.mark.soak)])
def test_many_processes_read_while_one_writes(
    place: Place, living: Living, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """Snapshots are forgotten and vectors written anew under their hands."""
    last = min(last, place.most_rounds)
    monkeypatch.setattr("index.store.local.compaction._FEWEST_DEAD", 2)
    living.store = place.make(living.folder, 1)
    write(living, 1)
    readers = [start(READER, place.named(living.folder), last) for _ in range(2)]
    try:
        for reader in readers:
            wait_until_ready(reader)
        for number in range(2, last + 1):
            write(living, number)
        for reader in readers:
            out, err = reader.communicate(timeout=PATIENCE_S)
            assert reader.returncode == 0, err
            assert int(out) >= 2
    finally:
        for reader in readers:
            reader.kill()
    living.store.check()
    living.assert_as_fresh()


def write(living: Living, number: int) -> None:
    for name in "abc":
        living.write(f"{name}.txt", f"The needle of {name} is for two days, says {number}.\n")
    living.index()


RESTLESS_WRITER = """
import itertools, sys
from pathlib import Path

import index.store.local.compaction
from index.encoding.model import find_model
from index.store import open_store
from index.store.location import location_of
from tests.store.living import Living

index.store.local.compaction._FEWEST_DEAD = 0
living = Living(Path(sys.argv[1]), find_model(), store=open_store(location_of(sys.argv[2])))
print("ready", flush=True)
for number in itertools.count():
    living.write("depth.txt", f"The depth is {number} mm.")
    living.index()
    print(number, flush=True)
"""


@pytest.mark.parametrize("times", [1, pytest.param(60, marks=pytest.mark.soak)])
def test_killed_writers_leave_a_whole_snapshot(place: Place, living: Living, times: int) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    living.index()
    for time in range(min(times, place.most_rounds)):
        writer = start(RESTLESS_WRITER, living.folder, place.named(living.folder))
        with writer:
            wait_until_ready(writer)
            assert writer.stdout is not None
            acknowledged = [int(writer.stdout.readline()) for _ in range(1 + time % 5)]
            writer.send_signal(signal.SIGKILL)
        living.store.close()
        living.store.check()
        text = living.texts()["notes/depth.txt"]
        assert int(text.split()[3]) >= acknowledged[-1]
        assert everything(living.store.open())["documents"]
    living.index()
    living.assert_as_fresh()


def test_a_second_process_that_writes_is_turned_away_and_jobs_are_held_by_one(
    place: Place, living: Living
) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    living.index()
    holder = start(
        "import sys\n"
        "from index.store import open_store\n"
        "from index.store.location import location_of\n"
        "store = open_store(location_of(sys.argv[1]))\n"
        "with store.writing():\n"
        "    assert store.jobs.hold()\n"
        "    print('ready', flush=True)\n"
        "    sys.stdin.readline()\n",
        place.named(living.folder),
    )
    try:
        wait_until_ready(holder)
        with pytest.raises(StoreBusyError, match="Another process is writing the store") as raised:
            living.index()
        assert "\n" not in str(raised.value)
        assert not living.store.jobs.hold()
        assert set(living.texts()) == {"notes/a.txt"}, "reading goes on"
    finally:
        holder.kill()
        holder.communicate()
    assert living.store.jobs.hold()
    living.store.jobs.release()
    living.index()
