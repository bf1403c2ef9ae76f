"""Telling how far long work has come."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from index.terminal import console

if TYPE_CHECKING:
    from rich.progress import Task, TaskID

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is so far."""

_SECONDS_A_LINE = 10.0
_COUNTED = {"Reading": " files", "Embedding": " texts", "Asking": " questions"}


def no_progress(what: str, done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar with rate and time left on stderr; a line now and then where it is no terminal."""
    shown = console(stderr=True)
    if not shown.is_terminal:
        yield _plain_lines()
        return
    # Imported when shown: few commands do.
    from rich import progress
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
    with progress.Progress(*columns, console=shown, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield report


def _plain_lines() -> Progress:
    """Return what prints a line about each kind of work every ten seconds."""
    started = time.monotonic()
    last: dict[str, float] = {}

    def report(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last.get(what, started) < _SECONDS_A_LINE:
            return
        last[what] = now
        # Who reads this may go away; the work is worth finishing all the same.
        with suppress(BrokenPipeError):
            sys.stderr.write(f"{what} {done} of {total}{_COUNTED.get(what, '')}\n")

    return report
