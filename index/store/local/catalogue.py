"""The collections in a folder, each in a folder of its own."""

import shutil
import time
from pathlib import Path

from index.errors import SettingsError, StoreError, StoreMissingError
from index.store import open_store
from index.store.collection import COLLECTIONS, DEFAULT_COLLECTION
from index.store.local.database import refuse_foreign
from index.store.local.explained import errors_explained
from index.store.local.schema import DATABASE

_REMOVED = ".removed-"
_WAIT_FOR_OTHERS_S = 5.0


class LocalCatalogue:
    """The collections in a folder; see `index.store.catalogue.Catalogue`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the names of all folders that may be collections but the default one."""
        try:
            found = [path.name for path in self._others.iterdir() if path.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise StoreError(f"{self._others} cannot be read: {error.strerror}.") from error
        return found

    def identity(self, name: str) -> object | None:
        """Return the device and inode of a collection's database."""
        try:
            found = (self._of(name) / DATABASE).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def refuse_foreign(self) -> None:
        """Raise StoreError where something else than a store is in the folder."""
        refuse_foreign(self._folder)

    def remove(self, name: str) -> None:
        """Rename a collection in one step, and delete it then."""
        own = self._of(name)
        if own == self._folder:
            raise SettingsError(
                f"The {DEFAULT_COLLECTION} collection is the store itself: to remove it and all "
                f"other collections, delete the folder {self._folder}."
            )
        if not own.is_dir():
            raise StoreMissingError(
                f"There is no collection {name} in {self._folder}: `pincite collections` lists "
                "those that there are."
            )
        with open_store(own).writing(wait_s=_WAIT_FOR_OTHERS_S), errors_explained(own):
            own.rename(own.with_name(f"{_REMOVED}{time.time_ns():016x}-{name}"))
        self.delete_removed()

    def delete_removed(self) -> None:
        """Delete what is left of collections that were removed."""
        for path in self._others.glob(f"{_REMOVED}*"):
            try:
                shutil.rmtree(path)
            except FileNotFoundError:  # another process deletes it, too
                shutil.rmtree(path, ignore_errors=True)
            except OSError as error:
                raise StoreError(
                    f"A removed collection cannot be deleted: {error.strerror}. Delete {path}."
                ) from error

    @property
    def _others(self) -> Path:
        return self._folder / COLLECTIONS

    def _of(self, name: str) -> Path:
        return self._folder if name == DEFAULT_COLLECTION else self._others / name
