"""Giving up long work when the service is to end."""

import threading

from index.progress import Progress


class EndedError(Exception):
    """The service is to end, in the midst of indexing; the next one begins it anew."""


def end_when(stop: threading.Event) -> Progress:
    """Return a progress that raises EndedError once `stop` is set."""

    def end_if_asked(*_: object) -> None:
        if stop.is_set():
            raise EndedError

    return end_if_asked
