"""Reading files in another process, so that what a parser does to it harms nobody here.

A process of its own, not `multiprocessing`, which would run a user's main script once more. It is
asked and answers in frames on a pipe, a length and then JSON, not in pickles: what a file made of
its parser shall not run here. `worker.py` is the other side.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar, cast

import orjson

from index.document_json import document_from_json
from index.errors import ReadingError
from index.parsers.files import OutOfReachError, UnreadableFileError, progressed
from index.records import Document
from index.sources.listing import SourceFile

SECONDS_PER_STEP = 60
"""From one sign of progress to the next. A document and a page of one are such signs."""
SECONDS_PER_DOCUMENT = 30 * 60
OCR = "--ocr"
OCR_PATIENCE = 4
"""So many times as long may reading take with OCR: a page may take a busy machine half a minute."""
OUT_OF_MEMORY = 77
"""The exit status of a process that ran out of memory."""
_MAX_FRAME_BYTES = 2**30
_LENGTH_BYTES = 8

_OWN_FOLDER = Path(__file__).resolve().parents[2]
"""Where `index` lies. It comes first on the path, before others of that name."""
_SECONDS_TO_START = 120
_SECONDS_TO_END = 2

Task = Literal["documents", "page_image", "page_marks"]
"""What the process does with a file; `worker.py` has a function for each."""

Result = TypeVar("Result")


class ReadingProcess:
    """Reads files in a process, which starts with the first one, and again if a file ends it.

    The process runs `module`. With `ocr` it reads scanned pages, too. Threads take turns.
    """

    def __init__(
        self,
        module: str = "index.parsers.worker",
        seconds: float = SECONDS_PER_STEP,
        at_most: float = SECONDS_PER_DOCUMENT,
        *,
        ocr: bool = False,
    ) -> None:
        self.ocr = ocr
        """Takes effect when the process starts."""
        self._module = module
        self._seconds = seconds
        self._at_most = at_most
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def read(self, file: SourceFile) -> list[Document]:
        """Return the documents in `file`. Raises as `run` does."""
        return self.run("documents", file, document_from_json)

    def run(
        self,
        task: Task,
        file: SourceFile,
        result_of: Callable[[dict[str, Any]], Result],
        **arguments: Any,
    ) -> list[Result]:
        """Return what a task makes of `file`, each result read from its JSON by `result_of`.

        Raises UnreadableFileError with the reason if there is none, OSError as its reader does,
        ReadingError if the process cannot be started, or lacks a library.
        """
        question = {
            "task": task,
            "arguments": arguments,
            "path": os.fsencode(file.path.absolute()).decode("latin-1"),
            "source": file.source,
            "kind": file.kind,
            "upload_id": file.upload_id,
            "seconds": self._patience * self._seconds,
        }
        with self._lock:
            if self._child and self._child.is_alive():
                try:
                    return self._ask(self._child, question, result_of)
                except (_ReaderDiedError, ReadingError):
                    pass  # earlier files may be the cause, so a fresh process tries again
            if self._child:
                self._child.end()
            self._child = _Child(self._module, *([OCR] if self.ocr else []))
            return self._ask(self._child, question, result_of)

    def end(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            if self._child:
                self._child.end()
            self._child = None

    def forget(self) -> None:
        """Leave the process to the parent that this one was forked from."""
        self._lock = threading.Lock()
        self._child = None

    @property
    def _patience(self) -> int:
        return OCR_PATIENCE if self.ocr else 1

    def _ask(
        self,
        child: "_Child",
        question: dict[str, Any],
        result_of: Callable[[dict[str, Any]], Result],
    ) -> list[Result]:
        try:
            at_most = self._patience * self._at_most
            return child.ask(question, result_of, question["seconds"], at_most)
        finally:
            if not child.is_in_step:
                child.end()
                self._child = None


class _ReaderDiedError(UnreadableFileError):
    """The process ended over a file, perhaps because of those that it read before."""


class _Child:
    """A running process. `is_in_step` tells whether it waits for the next question.

    Raises ReadingError if it does not start.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self.is_in_step = False
        self._timed_out = False
        self._deadline = 0.0
        path = os.pathsep.join([str(_OWN_FOLDER), *(entry or os.curdir for entry in sys.path)])
        with tempfile.TemporaryFile() as complaints:
            try:
                # -P: the working directory is on its path only where it is on ours.
                self._process = subprocess.Popen(  # noqa: S603 - no input of a user's
                    [sys.executable, "-P", "-m", module, *arguments],
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
        return self._process.poll() is None

    def ask(
        self,
        question: dict[str, Any],
        result_of: Callable[[dict[str, Any]], Result],
        seconds: float,
        at_most: float,
    ) -> list[Result]:
        """Return what was asked for, or raise as `ReadingProcess.run` does.

        The process has `seconds` between signs of progress, and `at_most` for each result.
        """
        self.is_in_step = False
        results: list[Result] = []
        end = time.monotonic() + at_most
        with self._limited(min(seconds, at_most)):
            try:
                write_frame(self._questions, question)
                self._questions.flush()
                while (frame := read_frame(self._answers)).keys() & {"result", "progress"}:
                    if "result" in frame:
                        results.append(result_of(frame["result"]))
                        end = time.monotonic() + at_most
                    else:
                        progressed(*frame["progress"])
                    self._deadline = min(time.monotonic() + seconds, end)
            except (EOFError, OSError) as error:
                raise self._died(at_most if time.monotonic() >= end else seconds) from error
        self.is_in_step = not self._timed_out
        match frame:
            case {"unreadable": reason, "there": there}:
                raise (OutOfReachError if there else UnreadableFileError)(reason)
            case {"not_loaded": reason}:
                raise ReadingError(
                    f"A reader of files cannot be loaded ({reason}): reinstall Pincite."
                )
            case {"errno": number, "strerror": reason}:
                raise OSError(number, reason)
            case {"failed": reason}:
                raise UnreadableFileError(f"its parser failed ({reason})")
        return results

    def end(self) -> None:
        self.is_in_step = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._questions, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()

    @contextlib.contextmanager
    def _limited(self, seconds: float) -> Iterator[None]:
        """Kill the process at its deadline, which is in so many seconds at first."""
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
            return _ReaderDiedError("reading it needs more memory than is allowed")
        # A library that gets no more memory crashes, too, and both look alike from here.
        return _ReaderDiedError("its parser crashed, or needs more memory than is allowed")


def _not_started(why: str) -> ReadingError:
    return ReadingError(
        f"The process that reads documents cannot be started ({why}): reinstall Pincite."
    )


def write_frame(pipe: BinaryIO, content: dict[str, Any]) -> int:
    """Write `content` without flushing, and return how many bytes it took.

    Raises TypeError for what JSON cannot hold, such as text with surrogates.
    """
    payload = orjson.dumps(content)
    pipe.write(len(payload).to_bytes(_LENGTH_BYTES, "big"))
    pipe.write(payload)
    return _LENGTH_BYTES + len(payload)


def read_frame(pipe: BinaryIO) -> dict[str, Any]:
    """Return the next frame. Raises EOFError if the other side ended before it was complete."""
    header = pipe.read(_LENGTH_BYTES)
    length = int.from_bytes(header, "big")
    if len(header) < _LENGTH_BYTES or length > _MAX_FRAME_BYTES:
        raise EOFError
    payload = pipe.read(length)
    if len(payload) < length:
        raise EOFError
    content: dict[str, Any] = orjson.loads(payload)
    return content


reading_process = ReadingProcess()
"""The one of this process."""

atexit.register(reading_process.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=reading_process.forget)
