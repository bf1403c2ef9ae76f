"""API keys: the holder of one may ask, or write, or both.

The file `keys/SHA256.json` in the store says what a key may do; the key's hash names it. A key is
256 random bits, so nobody can guess it from the hash, and no slow hash is needed.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from index.errors import SettingsError, StoreError
from index.store.objects import write_atomically, write_errors_explained
from index.store.store import Store
from index.store.store_folder import KEYS, refuse_foreign

Right = Literal["ask", "write"]
RIGHTS: tuple[Right, ...] = get_args(Right)

_PREFIX = "pin_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is stored, without its secret. `created` is ISO 8601, UTC."""

    name: str
    rights: tuple[Right, ...]
    created: str


class Keys:
    """The keys of a store, read for each request: a revoked key is refused at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = store.folder / KEYS

    @property
    def exist(self) -> bool:
        """Whether a key was ever added, even if all were revoked since."""
        return self._folder.exists()

    def all(self) -> list[Key]:
        """Return the keys in the order they were added. Raises StoreError."""
        keys = (self._read(path) for path in self._files())
        return sorted(filter(None, keys), key=lambda key: (key.created, key.name))

    def find(self, secret: str) -> Key | None:
        """Return the key with a secret, if any. Raises StoreError if it cannot be read."""
        return self._read(self._path(secret))

    def add(self, name: str, rights: Iterable[Right]) -> str:
        """Add a key and return its secret, which is not stored.

        Raises SettingsError for a name that is taken or not valid, StoreError.
        """
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{name!r} cannot name a key: use letters, digits and . _ @ -, 64 at most, and "
                "begin with a letter or digit."
            )
        refuse_foreign(self._store.folder)
        if any(key.name == name for key in self.all()):
            raise SettingsError(
                f"There is a key {name} already: choose another name, or revoke that one with "
                f"`pincite key revoke {name}`."
            )
        secret = _PREFIX + secrets.token_urlsafe(32)
        granted = tuple(sorted(set(rights), key=RIGHTS.index))
        key = Key(name, granted, datetime.now(UTC).isoformat(timespec="milliseconds"))
        with write_errors_explained(self._store.folder):
            self._folder.mkdir(0o700, parents=True, exist_ok=True)
            write_atomically(self._path(secret), json.dumps(asdict(key)).encode())
        return secret

    def revoke(self, name: str) -> None:
        """Delete a key, which is refused from now on. Raises SettingsError if there is none."""
        names = {path: key.name for path in self._files() if (key := self._read(path))}
        if name not in names.values():
            others = ", ".join(sorted(names.values())) or "none"
            raise SettingsError(f"There is no key {name!r}; there are: {others}.")
        with write_errors_explained(self._store.folder):
            for path, key_name in names.items():
                if key_name == name:
                    path.unlink(missing_ok=True)

    def _path(self, secret: str) -> Path:
        return self._folder / f"{hashlib.sha256(os.fsencode(secret)).hexdigest()}.json"

    def _files(self) -> list[Path]:
        with suppress(FileNotFoundError, NotADirectoryError):
            return [path for path in self._folder.iterdir() if path.suffix == ".json"]
        return []

    @staticmethod
    def _read(path: Path) -> Key | None:
        try:
            fields = json.loads(path.read_bytes())
            return Key(fields["name"], tuple(fields["rights"]), fields["created"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}.") from error
        except (ValueError, TypeError, KeyError):
            raise StoreError(
                f"{path} does not say what a key may do: remove it, and add that key again."
            ) from None
