"""What tests of the store share."""

from pathlib import Path

import pytest

from index.encoding.model import Model
from tests.store.living import TEXT, TEXTS, Living
from tests.store.places import Place


@pytest.fixture
def living(place: Place, tmp_path: Path, model: Model) -> Living:
    """An empty folder and the store that is made of it; four snapshots are kept."""
    return Living(tmp_path, model, store=place.make(tmp_path, 4))


@pytest.fixture
def notes(living: Living) -> Living:
    """Three texts, not yet indexed."""
    for name, text in TEXTS.items():
        living.write(name, text)
    return living


@pytest.fixture
def one_note(living: Living) -> Living:
    living.write("a.txt", TEXT)
    living.index()
    return living
