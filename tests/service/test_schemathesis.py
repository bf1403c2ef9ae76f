"""The service does what its OpenAPI document says, whatever is sent: schemathesis finds nothing.

All checks that schemathesis has are on, and all its phases: the document's examples, the borders
of each schema, random requests, and sequences that follow the links from one to the next. What
is not counted as a failure, and why, stands in schemathesis_hooks.py.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.store import open_store
from index.store.collection import DEFAULT_COLLECTION
from qa.service.app import build_app
from qa.service.collection import Collection
from qa.service.writer import Writer
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served
from tests.service.test_kills import REPOSITORY

FEW = """
# What takes long for the many borders of its schema is only tried at random here.
[[operations]]
include-operation-id = ["put_document", "verify", "create_chat_completion", "send_feedback"]
phases.coverage.enabled = false
"""


OF_ONE = "_in_collection$"


@pytest.fixture
def url(corpus: Corpus) -> Iterator[str]:
    """Where a service answers that documents can be uploaded to."""
    corpus.write("hours.txt", "The clinic opens at 8 am.\n\nIt closes at 6 pm on weekdays.\n")
    corpus.write("care.md", "# Aftercare\n\nRedness of the skin fades within two days.\n")
    corpus.write("rows.csv", "question,answer,author\nHow long?,Ten minutes.,Jane\n")
    corpus.index()
    live, store = live_over(corpus.store, HashingEncoder(), reader="none"), open_store(corpus.store)
    with Writer(store, live) as writer:
        default = Collection(DEFAULT_COLLECTION, live, (store, writer))
        with served(build_app(live, collections=corpus.collections(default))) as found:
            yield found


def cases_of(url: str, folder: Path, seed: int, *options: str) -> int:
    """Let schemathesis look for failures and return how many requests it tried; fail for any."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}openapi.json"),
        *("--checks", "all", "--mode", "all", "--seed", str(seed), "--continue-on-failure"),
        *("--request-timeout", "60", "--warnings", "off", *options),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.service.schemathesis_hooks",
        "PYTHONPATH": str(REPOSITORY),
    }
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3600,
    )
    (folder / "log").write_text(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    generated = re.search(r"(\d+) generated", done.stdout)
    assert generated, done.stdout
    return int(generated[1])


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where schemathesis may leave what it remembers."""
    return tmp_path_factory.mktemp("schemathesis")


@pytest.mark.soak
def test_schemathesis_finds_nothing(url: str, folder: Path) -> None:
    (folder / "schemathesis.toml").write_text(FEW)
    # What each collection has is the same under another path.
    assert cases_of(url, folder, 1, "-n", "1", "--exclude-operation-id-regex", OF_ONE) > 60


@pytest.mark.soak
def test_schemathesis_finds_nothing_in_thousands(url: str, folder: Path) -> None:
    tried = 0
    for seed in range(100):
        tried += cases_of(url, folder, seed, "-n", "40")
        if tried >= 2000 and seed:
            break
    print(f"{tried} requests")  # noqa: T201 (what the run is for)
    assert tried >= 2000
