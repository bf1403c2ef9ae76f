"""What a collection is: a store of its own among several in one folder.

The default collection is the folder itself, and the collection NAME lies in `collections/NAME/`. So
each is searched, written, purged and rolled back by itself.
"""

import re
from pathlib import Path

from index.errors import SettingsError

DEFAULT_COLLECTION = "default"
COLLECTIONS = "collections"
HOW_TO_NAME = (
    "use lower-case letters, digits and hyphens between them, 64 at most, to name a collection"
)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def is_collection_name(name: str) -> bool:
    """Tell whether a collection can have this name."""
    return _NAME.fullmatch(name) is not None


def collection_folder(folder: Path, name: str) -> Path:
    """Return the folder of a collection's store. Raises SettingsError for what is no name."""
    if not is_collection_name(name):
        raise SettingsError(f"{name!r}: {HOW_TO_NAME}.")
    return folder if name == DEFAULT_COLLECTION else folder / COLLECTIONS / name
