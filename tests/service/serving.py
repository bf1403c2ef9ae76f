"""A service on a free port, in a thread, as it is served for real."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI

from qa.service.server import Server, configure, listen
from tests.waiting import PATIENCE_S


@contextmanager
def served(app: FastAPI, *, port: int = 0, **options: Any) -> Iterator[str]:
    """Serve `app`, on a free port where none is given; give the address."""
    with listen("127.0.0.1", port) as listener:
        server = Server(configure(app, **options))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield address
        finally:
            with patch("qa.service.server.LAST_REQUESTS_S", 0.05):  # no test asks any more
                server.should_exit = True
                thread.join()


def connected(url: str, **options: Any) -> socket.socket:
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE_S, **options)


def exchange(url: str, sent: bytes) -> bytes:
    """Send bytes and return what comes until the service closes the connection."""
    with connected(url) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))
