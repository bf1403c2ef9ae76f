"""Errors of a server and of connections to it, turned into ones that say what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
from psycopg import errors

from index.errors import StoreAwayError, StoreError, StoreMissingError
from index.store.collection import DEFAULT_COLLECTION
from index.store.postgres import partitions
from index.store.postgres.address import ServerAddress
from index.store.postgres.connection import REFUSED, reason_of

_AWAY = ("08", "40", "53", "57P")
"""Classes of errors that pass: connections, conflicts with what a replica replays, resources."""
_ADVICE = {
    REFUSED: "check user, password and database of --store",
    re.compile("FATAL: .*(too many|connection slots)"): (
        "end other processes or raise max_connections there, and try again"
    ),
}
"""By what a server says that takes no connection: it says nothing but a text."""
_STORE = "--store"
_RESTART = "start the server or check --store, and try again"
_FULL = (errors.DiskFull, errors.OutOfMemory, errors.IoError)


@contextmanager
def errors_explained(address: ServerAddress, option: str = "--store") -> Iterator[None]:
    """Turn errors of server and connection into a StoreError that says what to do.

    `option` is the one that names the server.
    """
    try:
        with partitions.errors_explained(address):
            yield
    except (errors.InvalidSchemaName, errors.UndefinedTable) as error:
        raise missing(address) from error
    except errors.InsufficientPrivilege as error:
        raise StoreError(
            f"{address}: {reason_of(error)}. Grant the role what docs/postgres.md "
            "names, or use another role."
        ) from error
    except errors.ReadOnlySqlTransaction as error:
        raise StoreError(
            f"{address} only answers questions, as a replica does: name the primary with "
            "--store, and the replica with --read-from."
        ) from error
    except _FULL as error:
        raise StoreError(
            f"The store {address} cannot be written: {reason_of(error)}. What it held is "
            "unchanged; make room there."
        ) from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        if error.sqlstate and not error.sqlstate.startswith(_AWAY):
            raise StoreError(f"{address}: {reason_of(error)}.") from error
        said = reason_of(error)
        advice = next((each for sign, each in _ADVICE.items() if sign.search(said)), _RESTART)
        raise StoreAwayError(
            f"The server of {address} cannot be reached: {said}. What was acknowledged is "
            f"kept; {advice.replace(_STORE, option)}."
        ) from error
    except psycopg.Error as error:
        raise StoreError(f"{address}: {reason_of(error)}.") from error


def missing(address: ServerAddress) -> StoreMissingError:
    """Return the error that there is no store."""
    name, root = address.collection, replace(address, collection=DEFAULT_COLLECTION)
    if name != DEFAULT_COLLECTION:
        return StoreMissingError(
            f"There is no collection {name} in {root}: `pincite index SOURCE… --collection "
            f"{name}` makes it, `pincite collections` lists those that there are."
        )
    return StoreMissingError(
        f"There is no store at {root}: run `pincite index SOURCE…` first, or name another with "
        "--store."
    )
