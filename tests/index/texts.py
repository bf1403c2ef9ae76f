"""A folder of three texts and the store that is made of it; what tests of the store share."""

import subprocess
import sys
from pathlib import Path

from index.changes import SyncReport
from index.encoding.model import Model
from index.store.manifest import Manifest
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.sync import sync
from tests.encoders import HashingEncoder

REPOSITORY = Path(__file__).resolve().parents[2]
TEXTS = {
    "redness.txt": "Redness fades within two days. It is normal.\n",
    "depth.txt": "A needle of 0.5 mm suits the face. Scars need 1.5 mm.\n",
    "care.md": "# Care\n\nWash the face with lukewarm water. Keep out of the sun.\n",
}


class Corpus:
    """A folder of texts and the store that is made from it."""

    def __init__(self, folder: Path, model: Model, encoder: HashingEncoder) -> None:
        self.source = folder / "notes"
        self.store = Store(folder / "store")
        self.model = model
        self.encoder = encoder
        self.source.mkdir(parents=True)
        for name, text in TEXTS.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.source / name).write_text(text, encoding="utf-8")

    def sync(self) -> SyncReport:
        return sync(self.store, [self.source], self.model, self.encoder)

    def texts(self) -> dict[str, str]:
        """What a reader finds in the live snapshot: file name to text."""
        documents = open_snapshot(self.store).chunked.values()
        return {c.document.source.removeprefix("notes/"): c.document.text for c in documents}


def names(*files: str) -> tuple[str, ...]:
    return tuple(sorted(f"notes/{file}" for file in files))


def assert_one_line(error: BaseException) -> None:
    assert "\n" not in str(error)
    assert "pincite index" in str(error) or "try again" in str(error)


def run_python(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_nothing_is_left_over(store: Store) -> None:
    """The folder holds two snapshots at most, the files that they name, and no other."""
    manifests = list((store.folder / "snapshots").iterdir())
    assert len(manifests) <= 2
    named = {
        file.sha256
        for path in manifests
        for file in Manifest.from_bytes(path.read_bytes(), path.stem).files
    }
    assert {path.name for path in (store.folder / "objects").iterdir()} == named
    allowed = {"live.json", "snapshots", "objects", "write.lock"}
    assert {path.name for path in store.folder.iterdir()} <= allowed
