"""How this process connects to a server."""

import logging
import re

import psycopg
from pgvector.psycopg import register_vector
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from index.errors import SettingsError
from index.store.postgres.address import shown_url

CONNECT_S = 3
"""How long to wait for a host that does not answer."""
LOOK_S = 0.25
"""How often one looks for a server that is away, for what cannot notify, and for locks."""

REFUSED = re.compile(
    "FATAL: .*(does not exist|password|pg_hba|permission|not permitted)|fe_sendauth"
)
"""What a server says that is there, and does not let this user in."""
_DEFAULTS: dict[str, str | int] = {
    "fallback_application_name": "pincite",
    "connect_timeout": CONNECT_S,
    # A machine that vanishes is noticed in ten seconds: by this one, and by the server.
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_SESSION = """
SET tcp_keepalives_idle = 4;
SET tcp_keepalives_interval = 2;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 10000;
SET client_encoding = 'UTF8';
SET default_transaction_isolation = 'read committed';
SET hnsw.ef_search = 400;
SET hnsw.iterative_scan = relaxed_order;
SET jit = off;
SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN (
    'lock_timeout', 'idle_session_timeout', 'idle_in_transaction_session_timeout',
    'transaction_timeout'
)
"""
"""What a role or a database sets for others does not end what Pincite is about, but a question may
take no longer than its `statement_timeout`. Not every server has all of these timeouts.

An index of vectors is looked through until enough passages are allowed; what it finds is in
docs/measurements/postgres.md.
"""
_VECTOR_SCHEMA = """
SELECT nspname FROM pg_extension JOIN pg_namespace ON extnamespace = pg_namespace.oid
WHERE extname = 'vector'
"""

logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # what goes wrong is told once, by us


class Connection(psycopg.Connection[TupleRow]):
    """A connection whose names are those of one `schema`, and of pgvector's."""

    schema = ""
    extension = ""

    def configure(self) -> None:
        """Have vectors read as arrays, where the database has them; find no tables yet."""
        found = self.execute(_VECTOR_SCHEMA).fetchone()
        self.schema, self.extension = "", str(found[0]) if found else ""
        self.execute(_SESSION)
        # A statement's text stands for other tables in each schema, and in one that is made anew.
        self.prepare_threshold = None
        if self.extension:
            self._search(self.extension)
            register_vector(self)

    def use(self, schema: str) -> None:
        """Find tables in a schema from now on; "" for whoever reads none."""
        if schema and schema != self.schema:
            self._search(schema, *([self.extension] if self.extension else []))
            self.schema = schema

    def _search(self, *schemas: str) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, schemas))
        self.execute(sql.SQL("SET search_path = {}").format(names))


def with_defaults(url: str) -> str:
    """Return how to connect: as the URL says, else as suits a service. Raises SettingsError."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error as error:  # of a parameter's name: all else was looked at
        raise SettingsError(f"{shown_url(url)}: {str(error).strip()}.") from error
    return make_conninfo(url, **{k: v for k, v in _DEFAULTS.items() if k not in given})


def reason_of(error: Exception) -> str:
    """Return what an error says, in one line and without what only the server knows."""
    diagnosis = getattr(error, "diag", None)
    said = (diagnosis and diagnosis.message_primary) or str(error) or error.__class__.__name__
    return str(said).strip().splitlines()[0].removeprefix("connection failed: ").rstrip(".?")
