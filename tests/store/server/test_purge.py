"""Forgetting for real on a server that others use meanwhile."""

import psycopg
import pytest

from index.errors import StoreBusyError
from tests.store.living import Living, everything

pytestmark = pytest.mark.soak


@pytest.fixture
def secret(living: Living) -> Living:
    """A store that was told a secret, which is no longer in its files."""
    living.write("a.txt", "Redness fades within two days.\n")
    path = living.write("secret.txt", "The vault is behind the picture of the needle.\n")
    living.index()
    path.unlink()
    living.index()
    return living


def test_who_has_the_live_snapshot_open_goes_on(secret: Living) -> None:
    reader = secret.store.open()
    before = everything(secret.store.open())
    assert secret.store.purge().found == ()
    assert everything(reader) == before
    secret.write("b.txt", "The needle is mild.\n")
    secret.index(previous=reader)
    secret.store.check()
    secret.assert_as_fresh()


def test_as_long_as_somebody_sees_what_was_removed_the_purge_is_not_done(
    secret: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a backup, or a question of another process: then it can be tried again."""
    monkeypatch.setattr("index.store.postgres.purge._READERS_WAIT_S", 0.5)
    (older,) = (each.id for each in secret.store.snapshots()[1:])
    reader = secret.store.open(older)
    with pytest.raises(StoreBusyError, match="Somebody still reads what was removed"):
        secret.store.purge()
    assert everything(reader)["documents"]
    del reader
    url = secret.store.location.url
    for level in ("REPEATABLE READ", "READ COMMITTED"):
        with psycopg.connect(url) as backup:
            backup.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
            backup.execute("SELECT count(*) FROM pincite.texts")
            with pytest.raises(StoreBusyError, match="the backup or the transaction") as raised:
                secret.store.purge()
            assert "\n" not in str(raised.value)
        assert secret.texts() == {"notes/a.txt": "Redness fades within two days.\n"}
    assert secret.store.purge().found == ()
    secret.store.check()


def test_a_part_that_is_gone_is_never_another(living: Living) -> None:
    living.write("a.txt", "The zebra is mild.\n")
    living.index()
    living.write("b.txt", "The cream is for the night.\n")
    living.index()
    held = living.store.open()
    parts = set(held.row.parts)
    frequency = held.words.frequency("zebra")
    del held
    living.store.purge()
    for number in range(3):
        living.write(f"c{number}.txt", "Another zebra. The needle is mild.\n")
        living.index()
        row = living.store.open().row
        assert not parts & set(row.parts[1:]), "its number is not given again"
    assert frequency == 1
