"""API keys: the holder of one may ask, or write, or both.

A key is 256 random bits, so nobody can guess it from its hash, and no slow hash is needed.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from typing import get_args

from index.errors import SettingsError
from index.store.collection import HOW_TO_NAME, is_collection_name
from index.store.protocols import Keys
from index.store.records import Key, Right, now

RIGHTS: tuple[Right, ...] = get_args(Right)

_PREFIX = "pin_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


def find_key(keys: Keys, secret: str) -> Key | None:
    """Return the key with a secret, if any. Raises StoreError if it cannot be read."""
    return keys.find(_digest(secret))


def add_key(keys: Keys, name: str, rights: Iterable[Right], collections: Iterable[str] = ()) -> str:
    """Add a key and return its secret, which is not stored.

    It opens the `collections` that are named; all where none is. Raises SettingsError for a name
    that is taken or not valid, StoreError.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} cannot name a key: use letters, digits and . _ @ -, 64 at most, and "
            "begin with a letter or digit."
        )
    secret = _PREFIX + secrets.token_urlsafe(32)
    granted = tuple(sorted(set(rights), key=RIGHTS.index))
    opened = tuple(sorted(set(collections)))
    for collection in opened:
        if not is_collection_name(collection):
            raise SettingsError(f"--collection {collection!r}: {HOW_TO_NAME}.")
    if not keys.add(_digest(secret), Key(name, granted, now(), opened)):
        raise SettingsError(
            f"There is a key {name} already: choose another name, or revoke that one with "
            f"`pincite key revoke {name}`."
        )
    return secret


def revoke_key(keys: Keys, name: str) -> None:
    """Remove a key, which is refused from now on. Raises SettingsError if there is none."""
    if not keys.remove(name):
        others = ", ".join(sorted(key.name for key in keys.all())) or "none"
        raise SettingsError(f"There is no key {name!r}; there are: {others}.")


def _digest(secret: str) -> str:
    return hashlib.sha256(os.fsencode(secret)).hexdigest()
