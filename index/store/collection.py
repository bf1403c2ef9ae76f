"""What a collection is: a store of its own among several in one place.

Each is searched, written, purged and rolled back by itself.
"""

import re

DEFAULT_COLLECTION = "default"
COLLECTIONS = "collections"
"""The folder beside the default collection that has the others."""
HOW_TO_NAME = (
    "use lower-case letters, digits and hyphens between them, 64 at most, to name a collection"
)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def is_collection_name(name: str) -> bool:
    """Tell whether a collection can have this name."""
    return _NAME.fullmatch(name) is not None
