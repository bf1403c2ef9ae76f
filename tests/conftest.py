"""What all tests share: the seed texts, the default model, and how hard Hypothesis tries.

Tests marked `soak` are left out unless they are asked for: `-m soak`, which `make soak` runs, makes
Hypothesis try thousands of random examples, too.
"""

import gc
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import Model, find_model
from index.store import open_store
from index.sync import sync
from qa.read.reader import open_reader
from qa.read.reading import Reader
from tests.encoders import HashingEncoder
from tests.postgres_server import PostgresServer, running_server
from tests.readers import RememberingReader
from tests.store.places import InFolder, OnServer, Place

pytest_plugins = ["tests.browsing"]

REPOSITORY = Path(__file__).resolve().parent.parent
MEMORY_DISK, ROOM_NEEDED = Path("/dev/shm"), 1 << 30

_patient = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "default", max_examples=25, derandomize=True, deadline=None, suppress_health_check=_patient
)
settings.register_profile(
    "soak", max_examples=3000, derandomize=False, deadline=None, suppress_health_check=_patient
)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose how hard to try, and where temporary folders are made."""
    if re.search(r"(?<!not )soak", config.option.markexpr):
        os.environ["TEST_SOAK"] = "1"
    settings.load_profile("soak" if os.environ.get("TEST_SOAK") == "1" else "default")
    if not {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & os.environ.keys() and _memory_disk_is_usable():
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY_DISK)


def _memory_disk_is_usable() -> bool:
    """Tell whether there is one with room that programs can be started from."""
    if not (MEMORY_DISK.is_dir() and os.access(MEMORY_DISK, os.W_OK)):
        return False
    runs_programs = not os.statvfs(MEMORY_DISK).f_flag & os.ST_NOEXEC
    return runs_programs and shutil.disk_usage(MEMORY_DISK).free >= ROOM_NEEDED


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while all modules are imported, nor ever again among what they hold."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a soak, Hypothesis's tests are run, too: those that try far more.

    One with the marker `hypothesis` tries examples within the test.
    """
    if os.environ.get("TEST_SOAK") == "1":
        for item in items:
            tries = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
            if tries or item.get_closest_marker("hypothesis"):
                item.add_marker("soak")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run have in common: lock what is made in it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def seeds_dir() -> Path:
    """The folder with the five seed texts."""
    return REPOSITORY / "seeds"


@pytest.fixture(scope="session")
def model() -> Model:
    """The default model."""
    return find_model()


@pytest.fixture(scope="session")
def encoder(model: Model) -> Encoder:
    """The default model at work; loaded when it first encodes."""
    return open_encoder(model)


@pytest.fixture(scope="session")
def reader() -> Reader:
    """The bundled reader at work; it remembers what it read."""
    return RememberingReader(open_reader())


@pytest.fixture
def hashing_encoder() -> HashingEncoder:
    """A fast encoder that counts what it is given."""
    return HashingEncoder()


@pytest.fixture(scope="session")
def seeds_store(
    shared_folder: Path, seeds_dir: Path, model: Model, encoder: Encoder
) -> Iterator[Path]:
    """A store of the seed texts, built with the default model once a run. Not to be written to."""
    folder = shared_folder / "seeds-store"
    store = open_store(folder)
    with FileLock(shared_folder / "seeds-store.lock"):
        if not store.exists:
            sync(store, [seeds_dir], model, encoder)
    built = store.live_id()
    yield folder
    assert [info.id for info in store.snapshots()] == [built], "a test wrote to it"
    given = store.uploads.all(), store.jobs.pending(), store.feedback.all()
    assert not any((*given, store.keys.ever_added(), store.gold())), "a test wrote to it"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with pgvector that does not wait for the disk: nobody crashes it."""
    with running_server(settings={"fsync": "off", "max_connections": "200"}) as server:
        yield server


PLACES, PLACE_IDS = [InFolder, pytest.param(OnServer, marks=pytest.mark.soak)], ["folder", "server"]


@pytest.fixture(params=PLACES, ids=PLACE_IDS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Where stores are made: what uses it is tested with each kind of store."""
    yield from _made(request)


@pytest.fixture(scope="module", params=PLACES, ids=PLACE_IDS)
def lasting_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Where stores are made that all tests of a module share."""
    yield from _made(request)


def _made(request: pytest.FixtureRequest) -> Iterator[Place]:
    on_server = request.param is OnServer
    place = OnServer(request.getfixturevalue("postgres")) if on_server else InFolder()
    yield place
    place.close()
