"""Where a store on a server is: the server's address, and the schema that holds the store."""

import re
from dataclasses import dataclass, field, replace

from index.errors import SettingsError
from index.store.collection import DEFAULT_COLLECTION

SCHEMES = ("postgresql", "postgres")
_SCHEMA = "pincite"
_LONGEST_NAME = 63 - len(_SCHEMA) - 1
"""PostgreSQL cuts longer names of schemas."""
_HOST = r"(?:[^@/?#:,\[\]]+|\[[0-9A-Fa-f:.]+\])?(?::\d*)?"
_SHOWN = re.compile(rf"(?:[^@/?#]*@)?({_HOST}(?:,{_HOST})*(?:/[^@/?#]*)?)(?:\?[^@]*)?")
"""What follows the scheme: the group may be shown, user, password and options may not."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A store in a schema of a PostgreSQL database; each collection has a schema of its own.

    `url` is for who writes; questions are answered by `read_from`, perhaps a replica, "" for `url`.
    Both may name several hosts, as libpq understands it, and hold passwords: they are not shown.
    """

    url: str = field(repr=False)
    collection: str = DEFAULT_COLLECTION
    read_from: str = field(default="", repr=False)

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

    def __str__(self) -> str:
        """Return the address without user, password and options, to be shown."""
        shown = shown_url(self.url)
        return shown if self.collection == DEFAULT_COLLECTION else f"{shown} ({self.collection})"


def shown_url(url: str) -> str:
    """Return a server's URL as it may be shown: where that is not plain, nothing but the scheme."""
    scheme, _, rest = url.partition("://")
    shown = _SHOWN.fullmatch(rest)
    return f"{scheme}://{shown[1] if shown else '…'}"


def collection_of(schema: str) -> str:
    """Return the collection whose schema has this name; "" where it is none of ours."""
    if schema == _SCHEMA:
        return DEFAULT_COLLECTION
    start, _, name = schema.partition("_")
    return name if start == _SCHEMA else ""


def is_server(location: str) -> bool:
    """Tell whether a location names a server, and not a folder."""
    return location.partition("://")[0] in SCHEMES
