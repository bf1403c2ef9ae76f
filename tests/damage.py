"""A store whose files were altered, as a bad disk would."""

from pathlib import Path


def flip_a_bit(store: Path) -> None:
    """Alter the vector that was written last."""
    (vectors,) = (store / "vectors").glob("*.f16")
    with vectors.open("r+b") as file:
        file.seek(-3, 2)
        (byte,) = file.read(1)
        file.seek(-3, 2)
        file.write(bytes([byte ^ 1]))


def break_database(store: Path) -> Path:
    """Make the database unreadable, and return its file."""
    database = store / "store.sqlite"
    for name in ("store.sqlite-wal", "store.sqlite-shm"):
        (store / name).unlink(missing_ok=True)
    database.write_bytes(b"{" * 4096)
    return database
