"""More than can be answered, and an end in the midst of it: nobody is failed without a word."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from index.store.store import Store
from qa.service.keys import Keys
from tests.service.load import Load, press
from tests.service.test_serve_command import PATIENCE_S, request, serving

QUESTIONS = [
    "why do I get pimples after microneedling",
    "how long does redness last",
    "Can microneedling make acne scars worse?",
    "what are signs of infection",
    "wer wurde 1998 Weltmeister",
    "is it safe at home",
    "when may I wear makeup again",
]
SOAK = os.environ.get("TEST_SOAK") == "1"


def rss_kib(pid: int) -> int:
    """Return what a process and its children hold in memory."""
    pids = [pid, *map(int, _children(pid))]
    return sum(_rss_kib(each) for each in pids)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def pressed(url: str, clients: int, seconds: float, key: str = "") -> Load:
    async def press_for() -> Load:
        until = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, until.set)
        return await press(url, QUESTIONS, clients, until, key)

    return asyncio.run(press_for())


def _reading(process: subprocess.Popen[str]) -> None:
    """Read the log, as who runs a service does."""
    assert process.stderr
    for _ in process.stderr:
        pass


@pytest.mark.parametrize(
    ("clients", "seconds", "flags"),
    [
        (16, 2, ["--max-queue", "4"]),
        (16, 2, ["--rate-limit", "60"]),
        pytest.param(64, 60, ["--max-queue", "16"], marks=pytest.mark.soak),
        pytest.param(64, 60, ["--rate-limit", "1200"], marks=pytest.mark.soak),
        pytest.param(64, 60, ["--max-queue", "16", "--workers", "2"], marks=pytest.mark.soak),
    ],
)
def test_what_is_too_much_is_refused_and_nothing_is_lost(
    seeds_store: Path, tmp_path: Path, clients: int, seconds: float, flags: list[str]
) -> None:
    with serving(seeds_store, tmp_path, *flags) as (process, port):
        threading.Thread(target=_reading, args=[process], daemon=True).start()
        url = f"http://127.0.0.1:{port}/"
        pressed(url, clients, max(2, seconds / 6))  # kernels for each shape of a batch are made
        before = rss_kib(process.pid)
        load = pressed(url, clients, seconds)
        grown = rss_kib(process.pid) - before
    told = f"{dict(load.statuses)}, p50 {load.percentile_ms(0.5):.0f} ms, "
    told += f"p99 {load.percentile_ms(0.99):.0f} ms, memory {before} KiB {grown:+} KiB"
    print(f"{clients} clients, {seconds} s, {' '.join(flags)}: {told}")  # noqa: T201 (with -s)
    assert load.lost == [], told
    assert set(load.statuses) <= {200, 429, 503}, told
    assert load.statuses[200], told
    assert load.statuses[429] or load.statuses[503], told
    assert load.without_retry_after == 0
    assert grown < 0.1 * before + 16 * 1024, told


@pytest.mark.parametrize(
    ("times", "flags"),
    [(1, []), (1, ["--workers", "2"]), pytest.param(20, [], marks=pytest.mark.soak)],
)
def test_the_end_fails_no_request_that_was_accepted(
    seeds_store: Path, tmp_path: Path, times: int, flags: list[str]
) -> None:
    for _ in range(times):
        with serving(seeds_store, tmp_path, *flags) as (process, port):
            threading.Thread(target=_reading, args=[process], daemon=True).start()
            assert request(port, "GET", "/readyz")[0] == 200

            async def press_and_end(pid: int, port: int) -> Load:
                load = asyncio.create_task(
                    press(f"http://127.0.0.1:{port}/", QUESTIONS, 16, asyncio.Event())
                )
                await asyncio.sleep(1.5)
                os.kill(pid, signal.SIGTERM)
                return await asyncio.wait_for(load, PATIENCE_S)

            load = asyncio.run(press_and_end(process.pid, port))
            assert process.wait(PATIENCE_S) == 0
        assert load.lost == []
        assert set(load.statuses) == {200}
        assert load.not_connected == 16, "every client found the door closed in the end"


def test_workers_share_limits_metrics_and_the_one_writer(seeds_store: Path, tmp_path: Path) -> None:
    secret = Keys(Store(tmp_path / "store")).add("client", ["ask"])
    (tmp_path / "store" / "live.json").unlink(missing_ok=True)
    for path in seeds_store.iterdir():
        (tmp_path / "store" / path.name).symlink_to(path)
    flags = ("--workers", "2", "--rate-limit", "60")
    with serving(tmp_path / "store", tmp_path, *flags) as (process, port):
        threading.Thread(target=_reading, args=[process], daemon=True).start()
        url = f"http://127.0.0.1:{port}/"
        began = time.monotonic()
        load = pressed(url, 8, 3, secret)
        while load.statuses[200] < 10:
            assert time.monotonic() < began + PATIENCE_S
            load.statuses += pressed(url, 8, 3, secret).statuses
        most = 10 + time.monotonic() - began + 1
        assert load.statuses[200] <= most, "not as many from each of the two"


def test_a_worker_that_dies_is_replaced_and_all_end_with_their_parent(
    seeds_store: Path, tmp_path: Path
) -> None:
    with serving(seeds_store, tmp_path, "--workers", "2") as (process, port):
        threading.Thread(target=_reading, args=[process], daemon=True).start()
        url = f"http://127.0.0.1:{port}/"
        assert pressed(url, 4, 1).lost == []
        workers = _workers(process.pid)
        os.kill(workers[0], signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while len(set(_workers(process.pid)) - {workers[0]}) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert pressed(url, 4, 1).lost == []
        workers = _workers(process.pid)
        process.kill()
        process.wait()
        while any(Path(f"/proc/{each}").exists() for each in workers):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _workers(pid: int) -> list[int]:
    """Return the ids of the worker processes; the resource tracker is none."""
    return [
        int(each)
        for each in _children(pid)
        if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()
    ]
