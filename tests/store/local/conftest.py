"""Tests of a store in a folder: they look into its files."""

from collections.abc import Iterator

import pytest

from tests.store.places import InFolder, Place


@pytest.fixture
def place() -> Iterator[Place]:
    """Stores in folders alone."""
    place = InFolder()
    yield place
    place.close()
