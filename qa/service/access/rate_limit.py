"""How often a caller may ask: so many requests a minute, a sixth of them at once.

The generic cell rate algorithm (a leaky bucket, ITU-T I.371): of each caller only the time is kept
at which the bucket will have run dry. SQLite keeps it, in memory, or in a file that several
processes share; a request is looked at and counted in one statement, which no other comes between.
"""

import math
import sqlite3
import threading
import time
from pathlib import Path

_BURST_S = 10.0
"""What is let through at once is what a caller may ask in so many seconds."""
_FORGET_EVERY = 1000

_TAKE = """
INSERT INTO callers (caller, dry) VALUES (:caller, :now + :cost)
ON CONFLICT (caller) DO UPDATE SET dry = max(dry, :now) + :cost
WHERE max(dry, :now) + :cost <= :now + :burst
"""


class RateLimit:
    """Counts the requests of callers. Safe to share between threads.

    With a `file`, processes that name the same count together.
    """

    def __init__(self, per_minute: int, file: Path | None = None) -> None:
        self._cost_s = 60 / per_minute
        self._burst_s = max(_BURST_S, self._cost_s)
        self._taken = 0
        self._lock = threading.Lock()
        self._counts = sqlite3.connect(
            file or ":memory:", timeout=5, isolation_level=None, check_same_thread=False
        )
        self._counts.execute("PRAGMA synchronous = OFF")  # a crash may forget who asked how often
        self._counts.execute(
            "CREATE TABLE IF NOT EXISTS callers (caller TEXT PRIMARY KEY, dry REAL) WITHOUT ROWID"
        )

    def take(self, caller: str, now: float | None = None) -> int:
        """Count a request at the time `now`, in seconds, of the monotonic clock if not given.

        Returns 0 if it is let through, else after how many whole seconds one would be.
        """
        now = time.monotonic() if now is None else now
        given = {"caller": caller, "now": now, "cost": self._cost_s, "burst": self._burst_s}
        with self._lock:
            self._forget(now)
            if self._counts.execute(_TAKE, given).rowcount:
                return 0
            row = self._counts.execute("SELECT dry FROM callers WHERE caller = ?", (caller,))
            (dry,) = row.fetchone() or (now,)
        return max(1, math.ceil(dry + self._cost_s - self._burst_s - now))

    def close(self) -> None:
        """Let go of the file."""
        self._counts.close()

    def _forget(self, now: float) -> None:
        """Now and then, let go of the callers that have nothing in their bucket."""
        self._taken += 1
        if self._taken % _FORGET_EVERY == 0:
            self._counts.execute("DELETE FROM callers WHERE dry <= ?", (now,))
