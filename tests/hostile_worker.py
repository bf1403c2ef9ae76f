"""A reading process with readers that do what the worst of parsers do, each at its own suffix."""

import ctypes
import errno
import hashlib
import logging
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterable, Iterator

from index.parsers import READERS, OutOfReachError, UnreadableFileError, worker
from index.parsers.files import progressed
from index.records import Document
from index.sources.listing import SourceFile

MEMORY = 256 * 2**20


def document(file: SourceFile, text: str) -> Document:
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    return Document(file.document_id, file.source, "", text, "text/plain", "hostile/1", "", digest)


def good(file: SourceFile) -> Iterator[Document]:
    yield document(file, file.path.read_text(encoding="utf-8"))


def hang(file: SourceFile) -> Iterator[Document]:
    yield document(file, "The first of them.")
    file.path.with_suffix(".begun").touch()
    time.sleep(600)


def hang_without_letting_go(file: SourceFile) -> Iterable[Document]:
    """No Python code runs meanwhile: the interpreter's lock is held."""
    re.match(r"(a|aa)+$", "a" * 100 + "b")
    return ()


def plod(file: SourceFile) -> Iterator[Document]:
    """A long file, of which much is done all the time."""
    for _ in range(20):
        time.sleep(0.1)
        progressed()
    yield document(file, "There at last.")


def plod_forever(file: SourceFile) -> Iterable[Document]:
    while True:
        time.sleep(0.05)
        progressed()


def progress_and_hang(file: SourceFile) -> Iterable[Document]:
    time.sleep(0.1)
    progressed()
    time.sleep(600)
    return ()


def crash(file: SourceFile) -> Iterable[Document]:
    ctypes.string_at(0)
    return ()


def abort(file: SourceFile) -> Iterable[Document]:
    os.abort()


def devour(file: SourceFile) -> Iterable[Document]:
    eaten = []
    while True:
        eaten.append(bytearray(2**20))


def leak(file: SourceFile) -> Iterator[Document]:
    """Each of them is within the limit, two of them are not."""
    leaked.append(bytearray(MEMORY * 2 // 3))
    yield document(file, str(os.getpid()))


leaked: list[bytearray] = []


def chatter(file: SourceFile) -> Iterator[Document]:
    print("printed")  # noqa: T201
    sys.stdout.flush()
    sys.__stdout__.write("printed, too\n" * 10_000)  # type: ignore[union-attr]
    os.write(1, b"\0\0\0\0\0\0\0\1{")
    os.write(2, b"complaint\n")
    logging.getLogger("parser").error("logged")
    warnings.warn("warned", stacklevel=1)
    subprocess.run(["echo", "from a grandchild"], check=True)
    asked = sys.stdin.read()
    yield document(file, f"Asked for input, it got {asked!r}.")


def fail(file: SourceFile) -> Iterable[Document]:
    raise ValueError("no such thing as a traceback")


def lack_a_library(file: SourceFile) -> Iterable[Document]:
    raise ModuleNotFoundError("No module named 'pypdfium2'")


def fail_late(file: SourceFile) -> Iterator[Document]:
    yield document(file, "The first of them.")
    raise LookupError


def leave(file: SourceFile) -> Iterable[Document]:
    sys.exit(0)


def descend(file: SourceFile) -> Iterable[Document]:
    return descend(file)


def refuse(file: SourceFile) -> Iterable[Document]:
    raise UnreadableFileError("not a format of ours")


def put_off(file: SourceFile) -> Iterable[Document]:
    raise OutOfReachError("locked by another program")


def failing_disk(file: SourceFile) -> Iterable[Document]:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def forbidden(file: SourceFile) -> Iterable[Document]:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def not_from_the_system(file: SourceFile) -> Iterable[Document]:
    raise OSError("cannot identify image file")


def surrogates(file: SourceFile) -> Iterator[Document]:
    yield document(file, "half of \ud83d")


def shut_the_pipe(file: SourceFile) -> Iterable[Document]:
    os.closerange(3, 100)
    time.sleep(600)
    return ()


def who(file: SourceFile) -> Iterator[Document]:
    yield document(file, str(os.getpid()))


def where(file: SourceFile) -> Iterator[Document]:
    yield document(file, "\n".join(sys.path))


if __name__ == "__main__":
    hostile = (
        good, hang, hang_without_letting_go, crash, abort, devour, leak, plod,
        plod_forever, progress_and_hang, chatter, fail, lack_a_library, fail_late,
        leave, descend, refuse, put_off, failing_disk, forbidden, not_from_the_system, surrogates,
        shut_the_pipe, who, where,
    )  # fmt: skip
    READERS.update({f".{reader.__name__}": reader for reader in hostile})
    worker.main(MEMORY)
