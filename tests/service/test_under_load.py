"""More than can be answered, and an end in the midst of it: nobody is failed without a word."""

import asyncio
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.store.location import collection_at
from index.sync import sync
from qa.service.keys import add_key
from tests.service.load import Load, press
from tests.service.test_serve_command import request, serving
from tests.waiting import PATIENCE_S, until

QUESTIONS = [
    "why do I get pimples after microneedling",
    "how long does redness last",
    "Can microneedling make acne scars worse?",
    "what are signs of infection",
    "wer wurde 1998 Weltmeister",
    "is it safe at home",
    "when may I wear makeup again",
]

FAST = ("--reader", "none", "--no-watch")
"""Without a reader, questions are answered at once: what is tested is what stands before them."""


def rss_kib(pid: int) -> int:
    """Return what a process and its children hold in memory."""
    pids = [pid, *map(int, _children(pid))]
    return sum(_rss_kib(each) for each in pids)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def pressed(port: int, clients: int, enough: Callable[[Load], bool], key: str = "") -> Load:
    return asyncio.run(press(f"http://127.0.0.1:{port}/", QUESTIONS, clients, enough, key))


def for_seconds(seconds: float) -> Callable[[Load], bool]:
    end = time.monotonic() + seconds
    return lambda _: time.monotonic() > end


def answered(count: int) -> Callable[[Load], bool]:
    """Tell whether so many were answered; fail where that takes too long."""
    end = time.monotonic() + PATIENCE_S

    def enough(load: Load) -> bool:
        assert time.monotonic() < end, load.statuses
        return load.statuses[200] >= count

    return enough


def _reading(process: subprocess.Popen[str]) -> None:
    """Read the log, as who runs a service does."""
    assert process.stderr
    for _ in process.stderr:
        pass


def read_log(process: subprocess.Popen[str]) -> None:
    threading.Thread(target=_reading, args=[process], daemon=True).start()


def pressed_until_the_end(pid: int, port: int, clients: int) -> Load:
    """Ask until the process, which is told to end in the midst of it, takes no more connections."""
    told: list[float] = []

    def end_when_busy(load: Load) -> bool:
        if not told and load.statuses[200] >= clients:
            told.append(time.monotonic())
            os.kill(pid, signal.SIGTERM)
        return False

    return pressed(port, clients, end_when_busy)


def check(load: Load, refused_with: int) -> None:
    assert load.lost == []
    assert set(load.statuses) == {200, refused_with}, load.statuses
    assert load.without_retry_after == 0


def test_what_is_too_much_is_refused_and_the_end_fails_nobody(
    seeds_store: Path, tmp_path: Path
) -> None:
    with serving(seeds_store, tmp_path, *FAST, "--max-queue", "4") as (process, port):
        read_log(process)
        assert request(port, "GET", "/readyz")[0] == 200
        load = pressed_until_the_end(process.pid, port, 16)
        assert process.wait(PATIENCE_S) == 0
    check(load, 503)
    assert load.not_connected == 16, "every client found the door closed in the end"


@pytest.mark.soak
@pytest.mark.parametrize(
    ("flags", "refused_with"),
    [
        (["--max-queue", "16"], 503),
        (["--rate-limit", "120"], 429),
        (["--max-queue", "16", "--workers", "2"], 503),
    ],
)
def test_a_minute_of_too_much_is_refused_and_memory_does_not_grow(
    seeds_store: Path, tmp_path: Path, flags: list[str], refused_with: int
) -> None:
    with serving(seeds_store, tmp_path, *flags) as (process, port):
        read_log(process)
        pressed(port, 64, for_seconds(10))  # kernels for each shape of a batch are made
        before = rss_kib(process.pid)
        load = pressed(port, 64, for_seconds(60))
        grown = rss_kib(process.pid) - before
    told = f"{dict(load.statuses)}, p50 {load.percentile_ms(0.5):.0f} ms, "
    told += f"p99 {load.percentile_ms(0.99):.0f} ms, memory {before} KiB {grown:+} KiB"
    print(f"{' '.join(flags)}: {told}")  # noqa: T201 (with -s)
    check(load, refused_with)
    assert grown < 0.1 * before + 16 * 1024, told


@pytest.mark.soak
@pytest.mark.parametrize("flags", [[], ["--workers", "2"]])
def test_the_end_fails_nobody_however_often(
    seeds_store: Path, tmp_path: Path, flags: list[str]
) -> None:
    for _ in range(20):
        with serving(seeds_store, tmp_path, *FAST, *flags) as (process, port):
            read_log(process)
            assert request(port, "GET", "/readyz")[0] == 200
            load = pressed_until_the_end(process.pid, port, 16)
            assert process.wait(PATIENCE_S) == 0
        assert load.lost == []
        assert set(load.statuses) <= {200, 503}
        assert load.not_connected == 16


@pytest.mark.soak
def test_workers_share_limits_are_replaced_and_end_with_their_parent(
    seeds_store: Path, tmp_path: Path
) -> None:
    shutil.copytree(seeds_store, tmp_path / "store", ignore=shutil.ignore_patterns("*-shm"))
    secret = add_key(open_store(tmp_path / "store").keys, "client", ["ask"])
    flags = (*FAST, "--workers", "2", "--rate-limit", "60")
    with serving(tmp_path / "store", tmp_path, *flags) as (process, port):
        read_log(process)
        began = time.monotonic()
        load = pressed(port, 8, answered(10), secret)
        most = 10 + time.monotonic() - began + 1
        assert load.statuses[200] <= most, "not as many from each of the two"

        workers = _workers(process.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGTERM)
        # Whom the other one has to answer, now and from the first worker's successor.
        load = pressed(port, 4, answered(2), secret)
        assert load.lost == []
        assert set(load.statuses) <= {200, 429}
        assert until(lambda: len(set(_workers(process.pid)) - {workers[0]}) >= 2)
        workers = _workers(process.pid)
        process.kill()
        process.wait()
        assert until(lambda: not any(Path(f"/proc/{each}").exists() for each in workers))


def _workers(pid: int) -> list[int]:
    """Return the ids of the worker processes; the resource tracker is none."""
    return [
        int(each)
        for each in _children(pid)
        if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()
    ]


@pytest.mark.soak
def test_workers_answer_from_two_collections_and_write_both(
    model: Model, encoder: Encoder, tmp_path: Path
) -> None:
    """Each request has a connection of its own, so that both workers get some."""
    store = tmp_path / "store"
    texts = {"default": "Owls sleep in red barns.", "bears": "Bears sleep in deep caves."}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "sleep.txt").write_text(f"{text}\n")
        own = open_store(collection_at(store, name))
        sync(own, [tmp_path / name], model, encoder)
    keys = open_store(store).keys
    every = add_key(keys, "every", ["ask", "write"])
    limited = add_key(keys, "limited", ["ask", "write"], ["bears"])

    def asked(name: str, secret: str = every) -> list[str]:
        answer = call("POST", f"v1/collections/{name}/ask", secret, {"question": "Who sleeps?"})
        return sorted(passage["text"] for passage in answer.json()["passages"])

    def call(method: str, path: str, secret: str, body: object = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {secret}", "Connection": "close"}
        url = f"http://127.0.0.1:{port}/{path}"
        return httpx2.request(method, url, headers=headers, json=body, timeout=PATIENCE_S)

    with serving(store, tmp_path, *FAST, "--workers", "2") as (process, port):
        logged: list[str] = []
        reading = threading.Thread(target=lambda: logged.extend(process.stderr or ()))
        reading.start()
        with ThreadPoolExecutor(8) as threads:
            puts = [
                threads.submit(
                    call,
                    "PUT",
                    f"v1/collections/{name}/documents/own-{number}",
                    every if name == "default" or number % 2 else limited,
                    {"text": f"Number {number} of {name} sleeps."},
                )
                for number in range(12)
                for name in texts
            ]
            assert {put.result().status_code for put in puts} == {201}
            for name, text in texts.items():
                answers = list(threads.map(asked, [name] * 20))
                assert all(text in answer or len(answer) == 5 for answer in answers)
                others = {other for other in texts if other != name}
                assert not [a for a in answers for t in a if any(f" of {o}" in t for o in others)]
            sizes = threads.map(
                lambda name: call("GET", f"v1/collections/{name}", every).json()["documents"],
                [*texts] * 8,
            )
            assert set(sizes) == {13}
            statuses = threads.map(
                lambda path: call("GET", path, limited).status_code,
                [path for name in texts for path in [f"v1/collections/{name}/documents"] * 6],
            )
            assert list(statuses) == [403] * 6 + [200] * 6
            gone = call("DELETE", "v1/collections/bears/documents/own-3", limited)
            assert gone.status_code == 204
            found = threads.map(
                lambda _: call("GET", "v1/collections/bears/documents/own-3", every).status_code,
                range(8),
            )
            assert set(found) == {404}
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        reading.join()
    assert not [line for line in logged if '"level": "error"' in line], logged
