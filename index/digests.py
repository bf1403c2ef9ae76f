"""SHA-256 of large files that hardly ever change, remembered between runs."""

import hashlib
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from platformdirs import user_cache_path

_SETTLED_NS = 2_000_000_000
"""A file changed more lately than that may change again without its time telling."""


def remembered_digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files in `folder`, by their path below it.

    A file whose size, inode and time of change are what they were is not read again. What
    is remembered lies in the user's cache folder; where that cannot be written, all files
    are read.
    """
    place = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
    memory = user_cache_path("pincite") / "digests" / f"{place}.json"
    known = _read(memory)
    found: dict[str, str] = {}
    settled: dict[str, list[Any]] = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        stat = file.stat()
        seen = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
        before = known.get(name)
        if isinstance(before, list) and before[:4] == seen:
            found[name] = str(before[4])
        else:
            found[name] = _sha256(file)
        if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _SETTLED_NS:
            settled[name] = [*seen, found[name]]
    if settled != known:
        _write(memory, settled)
    return found


def _read(memory: Path) -> dict[str, Any]:
    try:
        content = orjson.loads(memory.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(memory: Path, settled: dict[str, list[Any]]) -> None:
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        aside = memory.with_suffix(f".{os.getpid()}")
        aside.write_bytes(orjson.dumps(settled))
        aside.replace(memory)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
