"""A process that reads files, as seen from the one that started it."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from index.errors import ReadingError
from index.parsers.files import OutOfReachError, UnreadableFileError
from index.parsers.frames import OUT_OF_MEMORY, read_frame, write_frame
from index.records import Document
from index.store.document_json import document_from_json

_OWN_FOLDER = Path(__file__).resolve().parents[2]
"""Where `index` lies: before what else may bear that name."""
_SECONDS_TO_START = 120
_SECONDS_TO_END = 2
_GOING_ON = frozenset({"document", "progress"})


class ReaderDiedError(UnreadableFileError):
    """The process ended over a file; what it had read before may have had a share in it."""


class Child:
    """A running process. `is_in_step` tells whether it waits for the next question.

    Raises ReadingError if it cannot be started.
    """

    def __init__(self, module: str) -> None:
        self.is_in_step = False
        self._timed_out = False
        self._deadline = 0.0
        path = os.pathsep.join([str(_OWN_FOLDER), *(entry or os.curdir for entry in sys.path)])
        with tempfile.TemporaryFile() as complaints:
            try:
                # -P: the working directory is on its path only where it is on ours.
                self._process = subprocess.Popen(  # noqa: S603 - no input of a user's
                    [sys.executable, "-P", "-m", module],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                    env=os.environ | {"PYTHONPATH": path},
                )
            except (OSError, ValueError) as error:
                raise _not_started(str(error)) from error
            self._questions = cast(BinaryIO, self._process.stdin)
            self._answers = cast(BinaryIO, self._process.stdout)
            try:
                with self._limited(_SECONDS_TO_START):
                    read_frame(self._answers)
            except EOFError as error:
                self.end()
                complaints.seek(0)
                lines = complaints.read().decode(errors="replace").splitlines()
                raise _not_started(lines[-1] if lines else "it ended at once") from error
            except BaseException:
                self.end()
                raise
        self.is_in_step = True

    def is_alive(self) -> bool:
        """Tell whether the process is there to be asked."""
        return self._process.poll() is None

    def ask(self, question: dict[str, Any], seconds: float, at_most: float) -> list[Document]:
        """Return the documents in a file.

        The process has so many seconds from one sign of progress to the next, a document being
        one, and `at_most` so many for each document.

        Raises UnreadableFileError, ReaderDiedError if the process ended over it, OSError as the
        file's reader did, ReadingError if that lacks a library.
        """
        self.is_in_step = False
        documents: list[Document] = []
        end = time.monotonic() + at_most
        with self._limited(min(seconds, at_most)):
            try:
                write_frame(self._questions, question)
                self._questions.flush()
                while (frame := read_frame(self._answers)).keys() & _GOING_ON:
                    if "document" in frame:
                        documents.append(document_from_json(frame["document"]))
                        end = time.monotonic() + at_most
                    self._deadline = min(time.monotonic() + seconds, end)
            except (EOFError, OSError) as error:
                raise self._died(at_most if time.monotonic() >= end else seconds) from error
        self.is_in_step = not self._timed_out
        if "unreadable" in frame:
            kind = OutOfReachError if frame["there"] else UnreadableFileError
            raise kind(frame["unreadable"])
        if "not_loaded" in frame:
            reason = frame["not_loaded"]
            raise ReadingError(f"A reader of files cannot be loaded ({reason}): reinstall Pincite.")
        if "errno" in frame:
            raise OSError(frame["errno"], frame["strerror"])
        if "failed" in frame:
            raise UnreadableFileError(f"its parser failed ({frame['failed']})")
        return documents

    def end(self) -> None:
        """End the process: it holds nothing that is worth a farewell."""
        self.is_in_step = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._questions, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()

    @contextlib.contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        """Kill the process when its deadline is over, which is first set to so many seconds."""
        self._deadline = time.monotonic() + seconds
        done = threading.Event()
        watch = threading.Thread(target=self._watch, args=(done,), daemon=True)
        watch.start()
        try:
            yield
        finally:
            done.set()
            watch.join()

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self._timed_out = True
                self._process.kill()
                return

    def _died(self, seconds: float) -> UnreadableFileError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_END)
        if self._timed_out:
            return UnreadableFileError(f"reading it took longer than {seconds:g} s")
        if self._process.returncode == OUT_OF_MEMORY:
            return ReaderDiedError("reading it needs more memory than is allowed")
        # A library that cannot have more memory crashes, too: from here both look alike.
        return ReaderDiedError("its parser crashed, or needs more memory than is allowed")


def _not_started(why: str) -> ReadingError:
    return ReadingError(
        f"The process that reads documents cannot be started ({why}): reinstall Pincite."
    )
