"""How many requests a caller may send."""

import logging
import math
import sqlite3
import threading
import time
from pathlib import Path

from index.errors import StoreError
from index.store.protocols import Callers

_BURST_S = 10.0
"""A caller may send at once what the limit allows in this time."""
_AGAIN_S = 5.0
"""How long a service counts alone before it asks again a server that cannot be reached."""
_FORGET_EVERY = 1000
_TAKE = """
INSERT INTO callers (caller, dry) VALUES (:caller, :now + :cost)
ON CONFLICT (caller) DO UPDATE SET dry = max(dry, :now) + :cost
WHERE max(dry, :now) + :cost <= :now + :burst
"""

_log = logging.getLogger("pincite")


class RateLimit:
    """Allows each caller `per_minute` requests a minute, a sixth of them at once. Thread-safe.

    All who count in the same `callers` count together; by default those of this process. While
    these cannot be reached, the process counts alone: nobody is refused for that, and nobody gets
    more than the limit from one service.
    """

    def __init__(self, per_minute: int, callers: Callers | None = None) -> None:
        self._cost_s = 60 / per_minute
        self._burst_s = max(_BURST_S, self._cost_s)
        self._alone = LocalCallers()
        self._callers = callers or self._alone
        self._again_at: float | None = None
        self._turn = threading.Lock()

    def take(self, caller: str, now: float | None = None) -> int:
        """Count a request at the time `now`; see `Callers.take`."""
        asked = caller, self._cost_s, self._burst_s, now
        if self._is_asked():
            try:
                wait_s = self._callers.take(*asked)
            except StoreError as error:
                self._note(error)
            else:
                self._note(None)
                return wait_s
        return self._alone.take(*asked)

    def _is_asked(self) -> bool:
        """Tell whether to count with the others; one request at a time finds out if it can."""
        with self._turn:
            if self._again_at is None:
                return True
            due = time.monotonic() >= self._again_at
            if due:
                self._again_at = time.monotonic() + _AGAIN_S
            return due

    def _note(self, error: StoreError | None) -> None:
        with self._turn:
            changed = (error is None) is (self._again_at is not None)
            self._again_at = time.monotonic() + _AGAIN_S if error else None
        if changed and error:
            _log.warning("Until the server answers, this service counts requests alone. %s", error)
        elif changed:
            _log.info("Requests to all services are counted together again.")


class LocalCallers:
    """The callers of one machine; see `index.store.protocols.Callers`.

    Several processes can share the `file`; by default it is in memory. The clock is the monotonic
    one.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._taken = 0
        self._turn = threading.Lock()
        self._counts = sqlite3.connect(
            file or ":memory:", timeout=5, isolation_level=None, check_same_thread=False
        )
        self._counts.execute("PRAGMA synchronous = OFF")  # a crash may lose the counts
        self._counts.execute(
            "CREATE TABLE IF NOT EXISTS callers (caller TEXT PRIMARY KEY, dry REAL) WITHOUT ROWID"
        )

    def take(self, caller: str, cost_s: float, burst_s: float, now: float | None = None) -> int:
        """Count a request in one statement."""
        now = time.monotonic() if now is None else now
        given = {"caller": caller, "now": now, "cost": cost_s, "burst": burst_s}
        with self._turn:
            self._taken += 1
            if self._taken % _FORGET_EVERY == 0:
                self._counts.execute("DELETE FROM callers WHERE dry <= ?", (now,))
            if self._counts.execute(_TAKE, given).rowcount:
                return 0
            row = self._counts.execute("SELECT dry FROM callers WHERE caller = ?", (caller,))
            (dry,) = row.fetchone() or (now,)
        return max(1, math.ceil(dry + cost_s - burst_s - now))

    def close(self) -> None:
        """Close the file."""
        self._counts.close()
