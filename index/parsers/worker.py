"""The process that reads files for another one, for a parser may hang, crash, or use up memory.

Questions and answers are frames on what were stdin and stdout. For each file it sends a frame for
each result and some signs of progress, and one at the end. `isolation.py` is the other side.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from index.document_json import document_to_json
from index.parsers import READERS
from index.parsers.files import Listener, OutOfReachError, UnreadableFileError, progress_told_to
from index.parsers.isolation import OCR, OUT_OF_MEMORY, Task, read_frame, write_frame
from index.parsers.pdf.document import read_pdf
from index.parsers.pdf.marks import page_marks
from index.parsers.pdf.page_image import page_image
from index.parsers.pdf.scans import ScanReader
from index.sources.listing import SourceFile

MEMORY_BYTES = 2 * 2**30
"""Address space, beyond what the process has when it starts to work."""
OCR_MEMORY_BYTES = 2 * 2**30
"""As much more for the models that read scanned pages."""
MAX_ANSWER_BYTES = 2**30
_GRACE_SECONDS = 2
_BEATS = 30


def _documents(file: SourceFile) -> Iterator[dict[str, Any]]:
    return map(document_to_json, READERS[file.suffix](file))


_TASKS: dict[Task, Callable[..., Iterator[dict[str, Any]]]] = {
    "documents": _documents,
    "page_image": page_image,
    "page_marks": page_marks,
}


def main(memory: int = MEMORY_BYTES) -> None:
    """Answer until the other side is gone."""
    questions, answers = _own_pipes()
    if OCR in sys.argv[1:]:
        READERS[".pdf"] = partial(read_pdf, scans=ScanReader())
        memory += OCR_MEMORY_BYTES
    with contextlib.suppress(AttributeError, ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted parent ends this process
    try:
        write_frame(answers, {"ready": True})
        answers.flush()
        _limit(memory)
        while True:
            _answer(read_frame(questions), answers)
            answers.flush()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (EOFError, OSError):
        os._exit(0)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return stdin and stdout for the frames. What a parser prints goes nowhere."""
    sys.stdout.flush()
    sys.stderr.flush()
    questions, answers = os.dup(0), os.dup(1)
    void = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(void, descriptor)
    return os.fdopen(questions, "rb"), os.fdopen(answers, "wb")


def _limit(memory: int) -> None:
    """Limit the address space, if the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        wanted = pages * resource.getpagesize() + memory
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))


def _answer(question: dict[str, Any], answers: BinaryIO) -> None:
    """Do one task. Raises MemoryError, and OSError if the other side is gone."""
    path = Path(os.fsdecode(question["path"].encode("latin-1")))
    file = SourceFile(path, question["source"], question["kind"], question["upload_id"])
    closing: dict[str, Any] = {"done": True}
    sent = 0
    seconds = question["seconds"] + _GRACE_SECONDS
    try:
        _die_in(seconds)
        with progress_told_to(_heartbeat(answers, seconds)):
            for result in _TASKS[question["task"]](file, **question["arguments"]):
                _die_in(seconds)
                sent += write_frame(answers, {"result": result})
                if sent > MAX_ANSWER_BYTES:
                    raise UnreadableFileError("it holds more text than is allowed; split it")
    except MemoryError:
        raise
    except ImportError as error:
        closing = {"not_loaded": str(error)}
    except UnreadableFileError as error:
        closing = {"unreadable": str(error), "there": isinstance(error, OutOfReachError)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a parser may raise
        closing = {"failed": type(error).__name__}
        if isinstance(error, OSError) and error.errno is not None:
            closing = {"errno": error.errno, "strerror": error.strerror}
    write_frame(answers, closing)
    _die_in(0)


def _heartbeat(answers: BinaryIO, seconds: float) -> Listener:
    """Return a function that tells the other side of progress, not too often in so many seconds."""
    last = time.monotonic()
    counted = 0, 0

    def beat(done: int, pages: int) -> None:
        nonlocal last, counted
        counted = (done, pages) if pages else counted
        now = time.monotonic()
        if now - last > seconds / _BEATS:
            last = now
            _die_in(seconds)
            write_frame(answers, {"progress": counted})
            answers.flush()

    return beat


def _die_in(seconds: float) -> None:
    """Have the system end this process after so many seconds, for the parent may be gone then."""
    with contextlib.suppress(AttributeError):  # Windows
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
