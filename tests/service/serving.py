"""A service on a free port, in a thread, as it is served for real."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from qa.service.connection import Connection
from qa.service.server import Server


@contextmanager
def served(app: FastAPI, *, port: int = 0, **options: Any) -> Iterator[str]:
    """Serve `app`, on a free port where none is given; give the address."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(0)
        config = uvicorn.Config(
            app,
            log_level="error",
            http=Connection,
            **options,
        )
        server = Server(config, alone=True)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join()
