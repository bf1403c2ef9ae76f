"""Reading files in another process, so that what a parser does to it harms nobody here.

A process of its own, not `multiprocessing`, which would run a user's main script once more; and
it answers in JSON, not in pickles: what a file made of its parser shall not run here.
"""

import atexit
import os
import threading
from typing import Any

from index.errors import ReadingError
from index.parsers.child import Child, ReaderDiedError
from index.records import Document
from index.sources.listing import SourceFile

SECONDS_PER_STEP = 60
"""From one sign of progress to the next: a document, such as a row of a table, or a page."""
SECONDS_PER_DOCUMENT = 30 * 60


class ReadingProcess:
    """Reads files in a process that is started for the first one, and anew if one ends it.

    `module` is what that process runs. Threads take turns.
    """

    def __init__(
        self,
        module: str = "index.parsers.worker",
        seconds: float = SECONDS_PER_STEP,
        at_most: float = SECONDS_PER_DOCUMENT,
    ) -> None:
        self._module = module
        self._seconds = seconds
        self._at_most = at_most
        self._lock = threading.Lock()
        self._child: Child | None = None

    def read(self, file: SourceFile) -> list[Document]:
        """Return the documents in `file`.

        Raises UnreadableFileError with the reason if there are none, OSError as its reader did,
        ReadingError if the process cannot be started, or lacks a library.
        """
        question = {
            "path": os.fsencode(file.path.absolute()).decode("latin-1"),
            "source": file.source,
            "kind": file.kind,
            "upload_id": file.upload_id,
            "seconds": self._seconds,
        }
        with self._lock:
            if self._child and self._child.is_alive():
                try:
                    return self._ask(self._child, question)
                except (ReaderDiedError, ReadingError):
                    pass  # perhaps over what earlier files left behind: a fresh one will tell
            if self._child:
                self._child.end()
            self._child = Child(self._module)
            return self._ask(self._child, question)

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

    def _ask(self, child: Child, question: dict[str, Any]) -> list[Document]:
        try:
            return child.ask(question, self._seconds, self._at_most)
        finally:
            if not child.is_in_step:
                child.end()
                self._child = None


reading_process = ReadingProcess()
"""The one of this process."""

atexit.register(reading_process.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=reading_process.forget)
