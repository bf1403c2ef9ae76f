"""Making a store's schema on a server, and bringing it up to date."""

from psycopg import errors, sql

from index.errors import StoreError
from index.store.postgres.address import ServerAddress
from index.store.postgres.changes import schemas
from index.store.postgres.connection import Connection
from index.store.postgres.explained import missing
from index.store.postgres.schema import MIGRATIONS

_OLDEST_SERVER, _OLDEST_PGVECTOR = 15, (0, 8)


def newest() -> int:
    """Return the version of the schema that this Pincite reads."""
    return len(MIGRATIONS)


def version(connection: Connection, address: ServerAddress) -> int | None:
    """Return the version of the schema; None if there is none."""
    table = f'"{address.schema}".state'
    (there,) = connection.execute("SELECT to_regclass(%s)", [table]).fetchone() or (None,)
    if there is None:
        return None
    found = connection.execute("SELECT version FROM state").fetchone()
    return int(found[0]) if found else None


def check(connection: Connection, address: ServerAddress) -> None:
    """Raise StoreError if there is no store, or one that this Pincite does not read."""
    found = version(connection, address)
    if found is None:
        raise missing(address)
    if found > newest():
        raise StoreError(
            f"The store at {address} was written by a newer Pincite, in version {found};"
            f" this one reads {newest()}: update Pincite."
        )
    if found < newest():
        raise StoreError(
            f"The store at {address} was written by an earlier Pincite: bring it up to "
            "date with `pincite index` or `pincite serve`."
        )


def migrate(connection: Connection, address: ServerAddress, lock_key: int) -> None:
    """Make the schema, or bring it up to date, all or nothing; one process at a time."""
    _refuse_unfit(connection, address)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [lock_key])
        _add_extension(connection, address)
        if address.schema not in schemas(connection):  # who may make none may have one
            schema = sql.Identifier(address.schema)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
        connection.configure()
        connection.use(address.schema)
        begun = version(connection, address) or 0  # another process may have been faster
        for number in range(begun, newest()):
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute("UPDATE state SET version = %s", [number + 1])


def _refuse_unfit(connection: Connection, address: ServerAddress) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"The database of {address} has the encoding {encoding}: make one with "
            "`CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0` and name it with --store."
        )
    if connection.info.server_version < _OLDEST_SERVER * 10_000:
        version = connection.info.parameter_status("server_version")
        raise StoreError(
            f"The server of {address} is PostgreSQL {version}; Pincite needs {_OLDEST_SERVER} or "
            "newer."
        )


def _add_extension(connection: Connection, address: ServerAddress) -> None:
    oldest = ".".join(map(str, _OLDEST_PGVECTOR))
    try:
        with connection.transaction():
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
    except (errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise StoreError(
            f"The server of {address} has no pgvector: install pgvector {oldest} or newer there, "
            "see docs/postgres.md."
        ) from error
    except errors.InsufficientPrivilege as error:
        raise StoreError(
            f"{address}: the role may not add the extension pgvector: have an administrator run "
            "`CREATE EXTENSION vector` in that database."
        ) from error
    (version,) = connection.execute(
        "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    ).fetchone() or ("0",)
    if tuple(map(int, version.split(".")[:2])) < _OLDEST_PGVECTOR:
        raise StoreError(
            f"The database of {address} has pgvector {version}; Pincite needs {oldest} or newer: "
            "update it and run `ALTER EXTENSION vector UPDATE`."
        )
