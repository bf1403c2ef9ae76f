"""Progress of long work, shown on stderr."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from index.terminal import console

if TYPE_CHECKING:
    from rich.progress import Task, TaskID

Progress = Callable[[str, int, int], None]
"""Called with the kind of work, how much of it is done, and how much there is so far.

Within a file of "Reading" the kind is such as "notes/scan.pdf: page"; 0 of 0 if nothing is counted.
"""

_SECONDS_A_LINE = 10.0
_PAGES = ": page"
_COUNTED = {"Reading": " files", "Embedding": " texts", "Asking": " questions"}


def no_progress(what: str, done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar with rate and time left at a terminal, else a line every ten seconds."""
    stderr = console(stderr=True)
    if not stderr.is_terminal:
        yield _plain_lines()
        return
    from rich import progress  # here and not above: few commands show a bar
    from rich.text import Text

    class Rate(progress.ProgressColumn):
        def render(self, task: "Task") -> Text:
            return Text(f"{task.speed:.0f}/s" if task.speed else "", style="progress.data.speed")

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=stderr, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what == "Reading" and _PAGES in tasks:  # the file is read
                bar.remove_task(tasks.pop(_PAGES))
            kind = _kind_of(what)
            if total and kind not in tasks:
                tasks[kind] = bar.add_task(what)
            if total:
                bar.update(tasks[kind], description=what, completed=done, total=total)

        yield report


def _kind_of(what: str) -> str:
    return _PAGES if what.endswith(_PAGES) else what


def _plain_lines() -> Progress:
    started = time.monotonic()
    last: dict[str, float] = {}

    def report(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        kind = _kind_of(what)
        if not total or now - last.get(kind, started) < _SECONDS_A_LINE:
            return
        last[kind] = now
        with suppress(BrokenPipeError):  # the work goes on where nobody reads stderr
            sys.stderr.write(f"{what} {done} of {total}{_COUNTED.get(what, '')}\n")

    return report
