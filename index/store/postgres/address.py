"""Where a store on a server is: the server's address, and the schema that holds the store."""

import re
from dataclasses import dataclass, field, replace

from index.errors import SettingsError
from index.store.collection import DEFAULT_COLLECTION

SCHEMES = ("postgresql", "postgres")
_SCHEMA = "pincite"
_LONGEST_NAME = 63 - len(_SCHEMA) - 1
"""PostgreSQL cuts longer names of schemas."""
_ESCAPED = r"(?:[^\s\0/?@%]|%(?!00)[0-9A-Fa-f]{2})*"
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s\0/?@#:,\[\]]*)(?::\d{0,5})?"
_URL = re.compile(
    rf"(\w+)://(?:{_ESCAPED}@)?({_HOST}(?:,{_HOST})*)((?:/{_ESCAPED})?)"
    r"(?:\?(?:[^\s\0%]|%(?!00)[0-9A-Fa-f]{2})*)?"
)
"""Scheme, user and password, hosts with their ports, database, parameters."""
_USER = re.compile(r"\w+://([^\s\0/?@#:]+)(?::[^\s\0/?@#]*)?@")
_SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://|(postgres(?:ql)?):")
_HOW_TO_WRITE = (
    "write postgresql://USER@HOST:PORT/DATABASE, and a character of a name or password such as / ? "
    "@ # % or a blank as %2F %3F %40 %23 %25 %20"
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A store in a schema of a PostgreSQL database; each collection has a schema of its own.

    `url` is for who writes; questions are answered by `read_from`, perhaps a replica, "" for `url`.
    Both may name several hosts, as libpq understands it, and hold passwords: they are not shown.
    Raises SettingsError for what is no URL.
    """

    url: str = field(repr=False)
    collection: str = DEFAULT_COLLECTION
    read_from: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        for option, url in (("store", self.url), ("read-from", self.read_from)):
            if url and not _URL.fullmatch(url):
                raise SettingsError(f"--{option} is not the URL of a server: {_HOW_TO_WRITE}.")

    @property
    def schema(self) -> str:
        """The name of the schema."""
        return _SCHEMA if self.collection == DEFAULT_COLLECTION else f"{_SCHEMA}_{self.collection}"

    def with_collection(self, name: str) -> "ServerAddress":
        """Return where a collection of the same database is. Raises SettingsError."""
        if len(name) > _LONGEST_NAME:
            raise SettingsError(
                f"{name!r}: on PostgreSQL a collection's name has {_LONGEST_NAME} characters at "
                "most."
            )
        return replace(self, collection=name)

    @property
    def with_user(self) -> str:
        """The URL with the user but without password and parameters, for a command to come."""
        user = _USER.match(self.url)
        scheme, _, rest = shown_url(self.url).partition("://")
        return f"{scheme}://{user[1]}@{rest}" if user else f"{scheme}://{rest}"

    def __str__(self) -> str:
        """Return the address without user, password and parameters, to be shown."""
        shown = shown_url(self.url)
        return shown if self.collection == DEFAULT_COLLECTION else f"{shown} ({self.collection})"


def shown_url(url: str) -> str:
    """Return a server's URL without user, password and parameters."""
    parts = _URL.fullmatch(url)
    return f"{parts[1]}://{parts[2]}{parts[3]}" if parts else f"{SCHEMES[0]}://…"


def collection_of(schema: str) -> str:
    """Return the collection whose schema has this name; "" where it is none of ours."""
    if schema == _SCHEMA:
        return DEFAULT_COLLECTION
    start, _, name = schema.partition("_")
    return name if start == _SCHEMA else ""


def is_server(location: str) -> bool:
    """Tell whether a location names a server, and not a folder. Raises SettingsError for neither.

    No folder is meant by what looks like a URL: it may hold a password.
    """
    found = _SCHEME.match(location)
    if found and found[1] and found[1] not in SCHEMES:
        raise SettingsError(
            f"--store names a folder, or a server by a URL that begins with {SCHEMES[0]}://, not "
            f"with {found[0]}."
        )
    return found is not None
