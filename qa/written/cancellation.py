"""What ends a request to a language model from another thread, whatever its server does."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import Any

from qa.errors import WriterError

_CONNECTED = {"connection.connect_tcp.complete", "connection.start_tls.complete"}


class Cancellation:
    """Ends what a language model is asked. Safe to share between threads.

    `reason` is a sentence for a person, "" until it is cancelled.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._lock = Lock()
        self._connection: socket.socket | None = None

    def cancel(self, reason: str) -> None:
        """Break the connection off, and each that comes later. The first reason stands."""
        with self._lock:
            self.reason = self.reason or reason
            self._break_off()

    def check(self) -> None:
        """Raise WriterError with the reason if it is cancelled."""
        if self.reason:
            raise WriterError(self.reason)

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take the connection of a request that has this as its extension `trace`."""
        if event in _CONNECTED:
            with self._lock:
                self._connection = info["return_value"].get_extra_info("socket")
                if self.reason:
                    self._break_off()

    @contextmanager
    def after(self, seconds: float, reason: str) -> Iterator[None]:
        """Cancel for a reason if the block takes longer."""
        timer = Timer(seconds, self.cancel, [reason])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _break_off(self) -> None:
        if self._connection:
            # A thread that waits for the other side wakes up, which closing would not do. An
            # SSLSocket's own shutdown would take away what that thread reads with.
            with suppress(OSError):
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)
