"""What tests of the store share."""

from pathlib import Path

import pytest

from index.encoding.model import Model
from tests.store.living import Living


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    """An empty folder and the store that is made of it; four snapshots are kept."""
    return Living(tmp_path, model, keep=4)
