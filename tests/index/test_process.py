"""What the processes of the command line take of the machine."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from index import process

_ARENAS = """
import ctypes, sys, threading
from index.process import give_back, take_little
take_little()
held, counted, holding = [], threading.Event(), threading.Barrier(25)
for _ in range(24):
    threading.Thread(
        target=lambda: (held.append(bytearray(5000)), holding.wait(), counted.wait())).start()
holding.wait()
libc = ctypes.CDLL("libc.so.6")
libc.fopen.restype = ctypes.c_void_p
out = libc.fopen(sys.argv[1].encode(), b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fclose(ctypes.c_void_p(out))
counted.set()
give_back()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of the GNU C library")
def test_threads_share_few_pools_of_memory_unless_the_environment_says_otherwise(
    tmp_path: Path,
) -> None:
    def arenas(name: str, **more: str) -> int:
        report = tmp_path / name
        environment = {k: v for k, v in os.environ.items() if k != "MALLOC_ARENA_MAX"} | more
        command = [sys.executable, "-c", _ARENAS, str(report)]
        subprocess.run(command, check=True, env=environment)
        return report.read_text().count("<heap nr=")

    assert arenas("ours") <= 2
    assert arenas("theirs", MALLOC_ARENA_MAX="5") > 2


def test_elsewhere_nothing_is_asked_of_a_library_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr("ctypes.CDLL", missing)
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    process.take_little()
    process.give_back()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
