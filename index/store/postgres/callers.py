"""When each caller may come again, counted in the database by all services of a store."""

from itertools import count

from index.errors import StoreMissingError
from index.store.postgres.database import Database, Row

_FORGET_EVERY = 1000
_NOW = "coalesce(%(now)s::float8, extract(epoch FROM now())::float8)"
# Where the update is refused, nothing is returned, and the time is read that the statement found.
_TAKE = f"""
WITH taken AS (
    INSERT INTO callers AS c (caller, dry) VALUES (%(caller)s, {_NOW} + %(cost)s)
    ON CONFLICT (caller) DO UPDATE SET dry = greatest(c.dry + %(cost)s, excluded.dry)
    WHERE c.dry <= excluded.dry - 2 * %(cost)s + %(burst)s
    RETURNING dry
)
SELECT CASE WHEN EXISTS (SELECT FROM taken) THEN 0 ELSE greatest(1, ceil(
    (SELECT dry FROM callers WHERE caller = %(caller)s) + %(cost)s - %(burst)s - {_NOW}
)) END::integer AS wait_s
"""
_FORGET = f"""
DELETE FROM callers WHERE caller IN (
    SELECT caller FROM callers WHERE dry <= {_NOW} FOR UPDATE SKIP LOCKED
) RETURNING caller
"""


class PostgresCallers:
    """The callers of a `PostgresStore`; see `index.store.protocols.Callers`.

    The clock is the server's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._taken = count()

    def take(self, caller: str, cost_s: float, burst_s: float, now: float | None = None) -> int:
        """Count a request in one statement, which is one round trip."""
        given = {"caller": caller, "cost": cost_s, "burst": burst_s, "now": now}
        if next(self._taken) % _FORGET_EVERY == 0:
            self._run(_FORGET, given)
        (row,) = self._run(_TAKE, given)
        return int(row["wait_s"])

    def _run(self, query: str, given: Row) -> list[Row]:
        try:
            return self._database.change_silently(query, given)
        except StoreMissingError:  # nothing was indexed into the collection that has the keys
            self._database.make()
            return self._database.change_silently(query, given)
