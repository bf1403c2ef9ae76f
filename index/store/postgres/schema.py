"""The tables of a store, as migrations: statements that bring one version to the next.

A version that was released is never changed: add a migration. `state.version` counts those that a
store has. Each generation of vectors has a table of its own, `passages_N`: see `passage_table`.
"""

OPEN = 1 << 62
"""The last snapshot of a range that has no end yet."""

_SAID = {
    "texts": ("content",),
    "versions": ("fields",),
    **dict.fromkeys(("uploads", "jobs", "feedback", "keys"), ("fields", "content")),
}
"""The columns that hold what people wrote."""

FIRST = (
    # One row. `snapshot` and `document` are the last numbers that were given, `changes` counts
    # transactions; `keys_added` tells whether a key ever was. `token` tells this store's tables
    # from those of others on a server that holds partitions.
    """CREATE TABLE state (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        version integer NOT NULL,
        changes bigint NOT NULL DEFAULT 0,
        live bigint,
        checked bigint,
        aside bigint,
        snapshot bigint NOT NULL DEFAULT 0,
        document bigint NOT NULL DEFAULT 0,
        gold bytea,
        keys_added boolean NOT NULL DEFAULT false,
        token text NOT NULL DEFAULT left(replace(gen_random_uuid()::text, '-', ''), 12)
    )""",
    "INSERT INTO state (version) VALUES (0)",
    # The vectors of a model; `rows` are committed. `servers` has those that passages are divided
    # over, none where they are here: see `partitions`.
    """CREATE TABLE generations (
        number integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        model_name text NOT NULL,
        model_fingerprint text NOT NULL,
        backend text NOT NULL,
        dimension integer NOT NULL,
        rows bigint NOT NULL DEFAULT 0,
        dead bigint NOT NULL DEFAULT 0,
        servers text[] NOT NULL DEFAULT '{}'
    )""",
    # Passages on other servers that no snapshot has any more: rows `first` to `stop`, exclusive.
    """CREATE TABLE forgotten (
        generation integer NOT NULL REFERENCES generations ON DELETE CASCADE,
        first bigint NOT NULL,
        stop bigint NOT NULL
    )""",
    # A text is UTF-8 in bytes: PostgreSQL's own text has no NUL.
    "CREATE TABLE texts (sha256 bytea PRIMARY KEY, content bytea NOT NULL)",
    # Versions of documents. Those with the same passages share them: `first_row` is the same.
    # `lengths` has the number of terms of each passage as int32, `terms` their sum.
    """CREATE TABLE versions (
        id bigint PRIMARY KEY,
        document_id text COLLATE "C" NOT NULL,
        source text COLLATE "C" NOT NULL,
        document_sha256 text NOT NULL,
        text_sha256 text NOT NULL,
        modified text NOT NULL,
        fields bytea NOT NULL,
        text bytea NOT NULL REFERENCES texts,
        generation integer NOT NULL REFERENCES generations,
        first_row bigint NOT NULL,
        passages integer NOT NULL,
        sentences integer NOT NULL,
        terms bigint NOT NULL,
        lengths bytea NOT NULL,
        cut bytea NOT NULL,
        digest bytea NOT NULL
    )""",
    "CREATE INDEX versions_of_document ON versions (document_id)",
    "CREATE INDEX versions_by_source ON versions (source, document_id)",
    "CREATE INDEX versions_of_rows ON versions (generation, first_row)",
    "CREATE INDEX versions_of_text ON versions (text)",
    # Which snapshots hold a version: those numbered `first` to `last`; there may be several ranges.
    """CREATE TABLE memberships (
        version bigint NOT NULL REFERENCES versions ON DELETE CASCADE,
        first bigint NOT NULL,
        last bigint NOT NULL,
        PRIMARY KEY (version, first)
    )""",
    "CREATE INDEX memberships_by_last ON memberships (last, first)",
    "CREATE INDEX memberships_by_first ON memberships (first)",
    # `turn` is higher the later it was published; -1 for one that is of no use any more.
    """CREATE TABLE snapshots (
        number bigint PRIMARY KEY,
        id text NOT NULL,
        parent bigint,
        generation integer NOT NULL REFERENCES generations,
        chunking integer NOT NULL,
        settings bytea NOT NULL,
        documents bigint NOT NULL,
        passages bigint NOT NULL,
        sentences bigint NOT NULL,
        terms bigint NOT NULL,
        rows bigint NOT NULL,
        parts integer[] NOT NULL,
        digest bytea NOT NULL,
        corpus bytea NOT NULL,
        calibration bytea,
        published double precision NOT NULL,
        turn bigint NOT NULL
    )""",
    # Terms of passages that came or, with negative numbers, went. A snapshot's `parts` add up.
    # Numbers are never used again: who has a snapshot open may read a part that is gone.
    """CREATE TABLE parts (
        number integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        entries bigint NOT NULL
    )""",
    # The passages that hold a term, in order, as int32, and how often each does, 255 at most.
    """CREATE TABLE postings (
        part integer NOT NULL REFERENCES parts ON DELETE CASCADE,
        term text COLLATE "C" NOT NULL,
        held bigint NOT NULL,
        rows bytea NOT NULL,
        counts bytea NOT NULL,
        PRIMARY KEY (term, part)
    )""",
    "CREATE INDEX postings_of_part ON postings (part)",
    # The words that terms come from: how often each is said in texts and stands in headings.
    """CREATE TABLE words (
        part integer NOT NULL REFERENCES parts ON DELETE CASCADE,
        term text COLLATE "C" NOT NULL,
        word text COLLATE "C" NOT NULL,
        said bigint NOT NULL,
        headed bigint NOT NULL,
        PRIMARY KEY (term, part, word)
    )""",
    "CREATE INDEX words_of_part ON words (part)",
    # What people gave: JSON, and the bytes that came with it, in the order in which they `came`,
    # whatever the clocks say of those who wrote them. A job is `queued` until it is done.
    *(
        f"""CREATE TABLE {name} (
            id text COLLATE "C" PRIMARY KEY,
            came bigint GENERATED ALWAYS AS IDENTITY,
            queued boolean NOT NULL DEFAULT true,
            fields bytea NOT NULL,
            content bytea
        )"""
        for name in ("uploads", "jobs", "feedback", "keys")
    ),
    "CREATE INDEX jobs_queued ON jobs (came) WHERE queued",
    # When each caller's bucket is empty. Unlogged, so that to count a request writes no log and
    # waits for no disk and no replica; a crash of the server may empty it.
    """CREATE UNLOGGED TABLE callers (
        caller text COLLATE "C" PRIMARY KEY,
        dry double precision NOT NULL
    )""",
    # Statistics have samples of a column's values, and would keep what a purge removed.
    *(
        f"ALTER TABLE {table} ALTER {column} SET STATISTICS 0"
        for table, columns in _SAID.items()
        for column in columns
    ),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (FIRST,)


PASSAGE = """
    row bigint NOT NULL,
    first_row bigint NOT NULL,
    start integer NOT NULL,
    stop integer NOT NULL,
    section integer NOT NULL,
    spans bytea NOT NULL,
    embedded bytea NOT NULL,
    digests bytea NOT NULL,
    features bytea NOT NULL,
    vector halfvec({dimension}) NOT NULL
"""
"""The columns of a table of passages."""


def passage_table(name: str, dimension: int) -> tuple[str, ...]:
    """Return the statements that make the table of a generation's passages.

    `start` and `stop` count characters of the text; `spans` has those of the sentences as pairs of
    int32, `digests` a number of 64 bits for each; `features` is read by `index.search.features`.
    `first_row` is that of the document. The columns that a search reads stand in the row itself.
    """
    return (
        f"CREATE TABLE {name} ({PASSAGE.format(dimension=dimension)}, PRIMARY KEY (row))",
        f"CREATE INDEX {name}_embedded ON {name} (embedded)",
        f"ALTER TABLE {name} ALTER vector SET STORAGE PLAIN",
        *(
            f"ALTER TABLE {name} ALTER {column} SET STATISTICS 0"
            for column in ("vector", "features", "digests")
        ),
    )


def vector_index(name: str) -> str:
    """Return the statement that makes the index of the vectors in a table of passages."""
    return f"CREATE INDEX IF NOT EXISTS {name}_nearest ON {name} USING hnsw (vector halfvec_ip_ops)"
