"""What lies in a store's folder.

- `live.json` names the live snapshot; it is replaced in one step
- `snapshots/ID.json` is a manifest: which files make up the snapshot
- `objects/SHA256` are the files, immutable and shared between snapshots
- `uploads/ID.json` are documents that are in no SOURCE
- `jobs/` are uploads that wait to be indexed
- `feedback/ID.json` is what somebody said of an answer
- `keys/SHA256.json` tells what the holder of an API key may
- `gold.json` names the questions that a new snapshot has to answer
- `write.lock` is held by the one process that writes, `jobs.lock` by the one that does the jobs
"""

from pathlib import Path

from index.errors import StoreError

LIVE = "live.json"
SNAPSHOTS = "snapshots"
OBJECTS = "objects"
UPLOADS = "uploads"
JOBS = "jobs"
FEEDBACK = "feedback"
KEYS = "keys"
GOLD = "gold.json"
WRITE_LOCK = "write.lock"
JOBS_LOCK = "jobs.lock"

_CONTENTS = {
    *(LIVE, SNAPSHOTS, OBJECTS, UPLOADS, JOBS, FEEDBACK, KEYS, GOLD, WRITE_LOCK, JOBS_LOCK),
}


def refuse_foreign(folder: Path) -> None:
    """Never scatter a store's files among a user's own. Raises StoreError."""
    if folder.is_dir() and any(path.name not in _CONTENTS for path in folder.iterdir()):
        raise StoreError(f"{folder} holds other files: name an empty or new folder with --store.")
