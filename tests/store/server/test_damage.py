"""Rows that somebody altered or removed: a check finds them, and indexing makes them anew."""

import psycopg
import pytest

from index.errors import StoreDamagedError
from tests.store.living import Living

pytestmark = pytest.mark.soak


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE pincite.texts SET content = '\\x41'",
        "DELETE FROM pincite.memberships",
        "DELETE FROM pincite.passages_1 WHERE row = 0",
        "UPDATE pincite.uploads SET content = '\\x41'",
    ],
)
def test_what_is_damaged_is_found_and_made_anew(living: Living, damage: str) -> None:
    living.write("a.txt", "Redness fades within two days.\n")
    living.write("b.txt", "The needle is mild.\n")
    living.index()
    living.put("one", "The cream is for the night.")
    with psycopg.connect(living.store.location.url, autocommit=True) as connection:
        connection.execute(damage)
    with pytest.raises(StoreDamagedError):
        living.store.check()
    if "uploads" in damage:
        living.delete("one")
    living.index()
    assert set(living.texts()) >= {"notes/a.txt", "notes/b.txt"}
    living.store.check()
    living.assert_as_fresh()
