"""A model's files are not read anew for each question, and a change is always noticed."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from index.encoding import model as digests
from index.encoding.model import remembered_digests


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has not been changed for a while."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(digests, "_SETTLED_NS", 0)
    (tmp_path / "model").mkdir()
    path = tmp_path / "model" / "weights.bin"
    path.write_bytes(b"one")
    return path


def digest_of(file: Path) -> str:
    return remembered_digests(file.parent, [file])["weights.bin"]


def unread(path: Path) -> str:
    raise AssertionError(f"{path} was read again")


def test_what_did_not_change_is_not_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = digest_of(file)
    assert first == hashlib.sha256(b"one").hexdigest()
    monkeypatch.setattr(digests, "sha256_of", unread)
    assert digest_of(file) == first


def test_a_change_is_noticed_though_size_and_time_are_put_back(file: Path) -> None:
    digest_of(file)
    stat = file.stat()
    time.sleep(0.02)
    file.write_bytes(b"two")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert digest_of(file) == hashlib.sha256(b"two").hexdigest()


def test_what_was_changed_just_now_is_read_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "_SETTLED_NS", 60_000_000_000)
    digest_of(file)
    monkeypatch.setattr(digests, "sha256_of", lambda _: "read")
    assert digest_of(file) == "read"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"weights.bin": 5}', b'{"weights.bin": []}']
)
def test_a_damaged_memory_is_no_memory(file: Path, tmp_path: Path, content: bytes) -> None:
    expected = digest_of(file)
    (memory,) = (tmp_path / "cache").rglob("*.json")
    memory.write_bytes(content)
    assert digest_of(file) == expected


def test_without_a_place_to_remember_all_is_read(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "not-a-folder").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not-a-folder"))
    assert digest_of(file) == digest_of(file) == hashlib.sha256(b"one").hexdigest()
