"""The tables of a store, as migrations: statements that bring one version to the next.

A version that was released is never changed: add a migration. `PRAGMA user_version` counts those
that a store has. The columns `collection` are not used: a collection is a store of its own.
"""

DATABASE = "store.sqlite"
"""The name of the file that has the tables."""

APPLICATION_ID = 0x50494E43
"""`PRAGMA application_id`: the letters PINC."""

OPEN = 1 << 62
"""The last snapshot of a range that has no end yet."""

FIRST = (
    # A generation is a model's vectors in one set of files; `rows` and `sentences` are committed.
    """CREATE TABLE generations (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        model_name TEXT NOT NULL,
        model_fingerprint TEXT NOT NULL,
        backend TEXT NOT NULL,
        dimension INTEGER NOT NULL,
        rows INTEGER NOT NULL DEFAULT 0,
        sentences INTEGER NOT NULL DEFAULT 0,
        dead INTEGER NOT NULL DEFAULT 0
    )""",
    # Checksums of the blocks of files that rows are appended to.
    """CREATE TABLE blocks (
        file TEXT NOT NULL, number INTEGER NOT NULL, sha256 BLOB NOT NULL,
        PRIMARY KEY (file, number)
    ) WITHOUT ROWID""",
    "CREATE TABLE texts (sha256 BLOB PRIMARY KEY, content BLOB NOT NULL)",
    # Versions of documents. Those with the same passages share them: `first_row` is the same.
    """CREATE TABLE versions (
        id INTEGER PRIMARY KEY,
        collection INTEGER NOT NULL DEFAULT 0,
        document_id TEXT NOT NULL,
        source TEXT NOT NULL,
        document_sha256 TEXT NOT NULL,
        text_sha256 TEXT NOT NULL,
        modified TEXT NOT NULL,
        fields BLOB NOT NULL,
        text BLOB NOT NULL REFERENCES texts (sha256),
        generation INTEGER NOT NULL REFERENCES generations (number),
        first_row INTEGER NOT NULL,
        passages INTEGER NOT NULL,
        sentences INTEGER NOT NULL,
        cut BLOB NOT NULL,
        digest BLOB NOT NULL
    )""",
    "CREATE INDEX versions_of_document ON versions (document_id)",
    "CREATE INDEX versions_by_source ON versions (source, document_id)",
    "CREATE INDEX versions_of_rows ON versions (generation, first_row)",
    "CREATE INDEX versions_of_text ON versions (text)",
    # Which snapshots hold a version: those numbered `first` to `last`; there may be several ranges.
    """CREATE TABLE memberships (
        version INTEGER NOT NULL REFERENCES versions (id),
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        digest BLOB NOT NULL,
        PRIMARY KEY (version, first)
    ) WITHOUT ROWID""",
    # `start` and `stop` count characters of the text; `sentences` are such pairs as int32.
    """CREATE TABLE passages (
        generation INTEGER NOT NULL,
        row INTEGER NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        section INTEGER NOT NULL,
        sentences BLOB NOT NULL,
        embedded BLOB NOT NULL,
        boxes BLOB,
        PRIMARY KEY (generation, row)
    ) WITHOUT ROWID""",
    "CREATE INDEX passages_embedded ON passages (embedded)",
    # `turn` is higher the later it was published; -1 for one that is damaged.
    """CREATE TABLE snapshots (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL,
        parent INTEGER,
        collection INTEGER NOT NULL DEFAULT 0,
        generation INTEGER NOT NULL REFERENCES generations (number),
        chunking INTEGER NOT NULL,
        settings TEXT NOT NULL,
        documents INTEGER NOT NULL,
        passages INTEGER NOT NULL,
        sentences INTEGER NOT NULL,
        terms INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        row_sentences INTEGER NOT NULL,
        digest BLOB NOT NULL,
        corpus BLOB NOT NULL,
        calibration BLOB,
        seal BLOB NOT NULL,
        published REAL NOT NULL,
        turn INTEGER NOT NULL
    )""",
    # Files with what is derived from a snapshot's rows.
    """CREATE TABLE arrays (
        snapshot INTEGER NOT NULL REFERENCES snapshots (number),
        kind TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        PRIMARY KEY (snapshot, kind)
    ) WITHOUT ROWID""",
    # One row. `snapshot` and `version` are the last numbers that were given; `gold` is a path,
    # and `keys_added` tells whether a key ever was.
    # Which snapshot is live stands there twice: an altered bit makes no other one live.
    """CREATE TABLE state (
        only INTEGER PRIMARY KEY CHECK (only = 0),
        live INTEGER,
        live_again INTEGER CHECK (live_again IS live),
        checked INTEGER,
        aside INTEGER,
        snapshot INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL DEFAULT 0,
        gold TEXT,
        keys_added INTEGER NOT NULL DEFAULT 0
    )""",
    "INSERT INTO state (only) VALUES (0)",
    # What people gave: JSON, and the bytes that came with it. `digest` has the SHA-256 of id and
    # fields and, where there is a content, its own. A job is `queued` until it is finished, or
    # found to be damaged.
    *(
        f"""CREATE TABLE {name} (
            id TEXT PRIMARY KEY,
            collection INTEGER NOT NULL DEFAULT 0,
            queued INTEGER NOT NULL DEFAULT 1,
            fields BLOB NOT NULL,
            digest BLOB NOT NULL,
            content BLOB
        )"""
        for name in ("uploads", "jobs", "feedback", "keys")
    ),
    "CREATE INDEX jobs_queued ON jobs (id) WHERE queued",
)

FEATURES: tuple[str, ...] = ()
"""Rows of vectors/N.rows have features, which older versions take for very many sentences."""

LIMITED_KEYS: tuple[str, ...] = ()
"""Keys may be limited to collections, which older versions cannot read."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (FIRST, FEATURES, LIMITED_KEYS)
