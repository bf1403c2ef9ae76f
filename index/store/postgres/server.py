"""A server as this process reaches it: all its stores there share connections."""

import threading
from typing import ClassVar
from weakref import WeakValueDictionary

from index.store.postgres.address import shown_url
from index.store.postgres.changes import Watch
from index.store.postgres.connections import Pool
from index.store.postgres.locks import Locks


class Server:
    """The server of a URL: connections to it, locks on it, and changes that are heard of.

    One process takes a connection for each question at a time, one for locks and one to listen,
    however many collections it has open.
    """

    _known: ClassVar["WeakValueDictionary[str, Server]"] = WeakValueDictionary()
    _knowing = threading.Lock()

    def __init__(self, url: str) -> None:
        self.pool = Pool(url)
        self.locks = Locks(self.pool)
        self.watch = Watch(self.pool, shown_url(url))

    @classmethod
    def at(cls, url: str) -> "Server":
        """Return the server of a URL, the same one while anybody has it. Raises SettingsError."""
        with cls._knowing:
            server = cls._known.get(url)
            if server is None:
                server = cls._known[url] = cls(url)
            return server

    def __del__(self) -> None:
        if hasattr(self, "watch"):
            self.watch.stop()
            self.locks.close()
            self.pool.lose()
