"""What Pincite asks of a store: one protocol to read a snapshot, and one to write.

`index.store.local` is such a store, in a folder. Nothing outside of `index.store` knows how it
keeps what it is given.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.progress import Progress
from index.records import ChunkedDocument, Document, Passage
from index.search.bm25 import Term
from index.search.features import Features
from index.store.records import (
    Allowed,
    Feedback,
    Job,
    Key,
    MadeBy,
    Purge,
    SnapshotInfo,
    Standing,
    StoredDocument,
    Upload,
    UploadChange,
)

Rows = NDArray[np.integer]
Scores = NDArray[np.float32]


class Words(Protocol):
    """Which terms the passages of a snapshot hold; `index.search.bm25.Lexicon` tells it."""

    def prefetch(self, terms: Iterable[str]) -> None:
        """Fetch at once what is soon asked of terms, where that is far."""

    def frequency(self, term: str) -> int:
        """Return how many passages hold a term."""

    def weight(self, term: str) -> float:
        """Return the inverse document frequency of a term, whether or not a passage holds it."""

    def form(self, term: str) -> str | None:
        """Return the word that a term most often comes from, None if no passage holds it."""

    def forms_beginning_with(self, letter: str, lengths: range) -> list[str]:
        """Return the forms of terms that begin with an ASCII letter and have so many bytes."""

    def best(
        self, terms: Sequence[Term], limit: int, allowed: Allowed | None = None
    ) -> tuple[Rows, Scores]:
        """Return rows and BM25 scores of the `limit` best passages that hold a term, best first.

        Equal ones come in the order of their rows.
        """

    def scores(self, terms: Sequence[Term], rows: Rows) -> tuple[Scores, Scores]:
        """Return the BM25 scores of passages, and of the whole document that each is of.

        The score of one that holds no term is 0.
        """

    def held_by_document(self, terms: Sequence[Term], row: int) -> frozenset[str]:
        """Return which of the terms the document of a passage holds."""


class Snapshot(Protocol):
    """All documents of one published state, whatever is written meanwhile. Threads may share it.

    Sources and ids are in the order of their code points. A passage is known by its `row`, which
    stays the same while the snapshot is open. Every method raises StoreDamagedError where what it
    reads is not what was written.
    """

    info: SnapshotInfo
    """What the snapshot holds and was made with."""
    id: str
    """The same for the same documents and settings."""

    @property
    def words(self) -> Words:
        """What searches by words go by."""

    # Vectors

    def nearest(
        self,
        vector: NDArray[np.float32],
        limit: int,
        allowed: Allowed | None = None,
        *,
        exact: bool = False,
    ) -> list[tuple[int, float]]:
        """Return rows and cosines of the passages nearest to a vector of length one, nearest first.

        Equal ones come in the order of their rows. `exact` compares with every vector.
        """

    def vectors(self, rows: Rows) -> NDArray[np.float16]:
        """Return the vectors of passages, shape (len(rows), dimension)."""

    def warm(self) -> None:
        """Bring what questions need into memory, in a thread of its own."""

    # Passages and documents

    def prefetch(self, rows: Sequence[int]) -> None:
        """Fetch at once passages and their documents that are soon asked for, where that is far."""

    def passage(self, row: int) -> Passage:
        """Return a passage."""

    def passages(self) -> Iterator[tuple[int, Passage]]:
        """Yield all passages with their rows."""

    def sentence_digests(self, rows: Rows) -> tuple[Rows, NDArray[np.uint64]]:
        """Return the digests of the passages' sentences, and of each the index of its passage.

        A digest is the same where the characters are the same.
        """

    def features(self, row: int) -> Features:
        """Return what questions compare with a passage."""

    def document(self, document_id: str) -> Document:
        """Return a document. Raises KeyError for an id that is not in the snapshot."""

    def prefetch_chunked(self, document_ids: Iterable[str]) -> None:
        """Fetch at once documents with their passages, those soon asked for, where that is far."""

    def chunked(self, document_id: str) -> ChunkedDocument | None:
        """Return a document with its passages; None for an id that is not in the snapshot."""

    def documents(self, after: tuple[str, str] = ("", "")) -> Iterator[ChunkedDocument]:
        """Yield the documents by source and id: those that come after a source and an id."""

    def descriptions(self) -> Iterator[Document]:
        """Yield what is known of each document but its text, which is "", by source and id."""

    def passages_of(self, chosen: NDArray[np.bool_]) -> Allowed:
        """Return the passages of those `descriptions` that are chosen, to be `allowed`."""

    def stored_vectors(
        self, digests: Sequence[bytes], made_by: MadeBy
    ) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors of embedded texts that the store has, by `embedded_digest`."""


class Draft(Protocol):
    """The next snapshot while it is written. Nobody sees any of it before it is committed."""

    @property
    def parent(self) -> Snapshot | None:
        """The snapshot that this one is made as a difference to; None for one made anew."""

    def stored_vectors(self, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors of embedded texts that need not be embedded again, by digest."""

    def put(
        self, documents: Iterable[ChunkedDocument], vectors: dict[bytes, NDArray[np.float16]]
    ) -> None:
        """Add documents, in the place of those of the same ids.

        `vectors` has those of their passages that are not stored yet, by `embedded_digest`. Raises
        ValueError for a document that comes twice or has no passage.
        """

    def remove(self, document_ids: Iterable[str]) -> None:
        """Leave documents of the parent out."""

    def commit(
        self,
        *,
        sources: tuple[str, ...] = (),
        held: tuple[int, ...] = (),
        ignore: tuple[str, ...] = (),
        uploads: Sequence[UploadChange] = (),
        live: bool = False,
    ) -> SnapshotInfo:
        """Write the snapshot in one step with changes of uploads and, with `live`, make it live.

        Where nothing changed, that is the parent. The live snapshot's calibration is carried over.
        """


class Uploads(Protocol):
    """The uploads that the sync goes by; `Draft.commit` changes them."""

    def all(self) -> list[Upload]:
        """Return all uploads that can be read, by id."""

    def find(self, upload_id: str) -> Upload | None:
        """Return an upload; None if there is none of that id that can be read."""

    def content(self, upload: Upload) -> bytes:
        """Return the original bytes. Raises StoreDamagedError if they are not what was uploaded."""


class Jobs(Protocol):
    """Uploads that wait to be indexed. One process at a time works them off, others may add."""

    def hold(self) -> bool:
        """Try to be the one process that works jobs off, until `release`; tell whether it is."""

    def release(self) -> None:
        """Let another process work jobs off."""

    def add(self, job: Job, content: bytes | None) -> None:
        """Queue a job; it is on the disk when this returns."""

    def find(self, job_id: str) -> Job | None:
        """Return a job; None if there is none of that id, or no longer.

        Raises StoreDamagedError if it is not what was written.
        """

    def pending(self) -> list[Job]:
        """Return the jobs that are not finished, in the order in which they came.

        One that is not what was written is logged, and not returned again.
        """

    def content(self, job: Job) -> bytes | None:
        """Return the bytes to index; None if they are gone."""

    def finish(self, job: Job) -> None:
        """Write down what became of a job, and let go of its content and of old finished jobs."""


class FeedbackEntries(Protocol):
    """What people said of answers."""

    def add(self, entry: Feedback) -> None:
        """Keep an entry; it is on the disk when this returns. Raises FeedbackFullError."""

    def all(self) -> list[Feedback]:
        """Return the entries in the order in which they came.

        Raises StoreDamagedError if one is not what was written.
        """

    def remove(self, ids: Sequence[str] | None = None) -> int:
        """Forget entries, all where no ids are given; return how many.

        Raises StoreError for an id that no entry has, and forgets none then.
        """


class Keys(Protocol):
    """API keys by the SHA-256 of their secrets, in hexadecimal."""

    def ever_added(self) -> bool:
        """Tell whether a key was ever added, even if all were removed since."""

    def all(self) -> list[Key]:
        """Return the keys that can be read, in the order they were added."""

    def find(self, secret_sha256: str) -> Key | None:
        """Return the key of a secret, if there is one that can be read."""

    def add(self, secret_sha256: str, key: Key) -> bool:
        """Add a key; return False, and add nothing, where the name is taken."""

    def remove(self, name: str) -> bool:
        """Remove a key by its name; tell whether there was one."""


class Callers(Protocol):
    """When each caller may come again, for all who count in the same place. Threads may share it.

    This is the generic cell rate algorithm (a leaky bucket, ITU-T I.371): what is kept of a caller
    is the time at which its bucket is empty.
    """

    def take(self, caller: str, cost_s: float, burst_s: float, now: float | None = None) -> int:
        """Count a request that fills a bucket of `burst_s` by `cost_s`, at most `burst_s`.

        Return 0 if it is allowed, else after how many seconds the next one is; a request that is
        refused does not count. `now` is in seconds, by default what the clock says that all share.
        Raises StoreError.
        """


class Store(Protocol):
    """Snapshots, and what people gave: uploads, jobs, feedback, keys. Threads may share it.

    Every method raises StoreError where the store cannot be read or written; what was acknowledged
    stays. Methods that read raise StoreMissingError where nothing was ever written.
    """

    uploads: Uploads
    jobs: Jobs
    feedback: FeedbackEntries
    keys: Keys
    callers: Callers | None
    """Counts requests for all services of the store; None where each machine counts its own."""

    @property
    def folder(self) -> Path | None:
        """Where it lies on this machine; None for one on a server."""

    @property
    def exists(self) -> bool:
        """Whether a snapshot was ever published here."""

    def close(self) -> None:
        """Let go of what is open but snapshots; the next use opens it again."""

    # Reading

    def standing(self) -> Standing:
        """Return which snapshots are named."""

    def version(self) -> object:
        """Return a value that changes with all that is written; it takes no time to speak of.

        Raises StoreAwayError while the server that has the store cannot be reached.
        """

    def catch_up(self) -> None:
        """Wait until questions are answered from what was written last, some seconds at most."""

    def live_id(self) -> str:
        """Return the id of the live snapshot; it takes no time to speak of."""

    def live(self) -> SnapshotInfo:
        """Return what the live snapshot holds and was made with, be its content damaged."""

    def snapshots(self) -> list[SnapshotInfo]:
        """Return the snapshots that are kept, the one published last first."""

    def open(self, snapshot: str | None = None, *, previous: Snapshot | None = None) -> Snapshot:
        """Open a snapshot that is kept, by default the live one; compare its checksums.

        What it shares with the open snapshot `previous` is taken from there. A snapshot may keep
        others from forgetting what was removed since it was opened: let go of it in time.
        """

    def check(self, progress: Progress = ...) -> None:
        """Compare every checksum of all that is kept. Raises StoreDamagedError."""

    def total_bytes(self) -> int:
        """Return how much disk the store takes."""

    # Writing

    def writing(self, *, wait_s: float = 0) -> AbstractContextManager[None]:
        """Hold the store for writing snapshots; a new one that nothing came to is removed again.

        The thread that holds it may do so once more. Raises StoreBusyError if another process holds
        it for `wait_s` seconds.
        """

    def migrate(self) -> None:
        """Bring a store of an earlier Pincite up to date, if there is one."""

    def draft(
        self,
        made_by: MadeBy,
        parent: Snapshot | None,
        *,
        vectors_from: Sequence[Snapshot] = (),
    ) -> Draft:
        """Begin the next snapshot; the caller holds the store for writing.

        Snapshots of other stores, `vectors_from`, may have vectors that are needed.
        """

    def stored_documents(self, snapshot: Snapshot) -> tuple[list[StoredDocument], list[str]]:
        """Return what tells a snapshot's documents apart, by source and id.

        The second value says what is damaged, such as documents that are left out.
        """

    def repair(self) -> str:
        """Make what is damaged no obstacle to a new snapshot; what people gave is taken over.

        Nothing is deleted before that one is published. Return where what cannot be read was set
        aside, "" for nowhere.
        """

    def publish(self, snapshot: str, *, checked: bool = False) -> None:
        """Make a committed snapshot live. What was kept aside is let go of."""

    def keep_aside(self, snapshot: str) -> None:
        """Keep a committed snapshot that a gate refused, in the place of the one before."""

    def roll_back(self, snapshot: str | None = None) -> SnapshotInfo:
        """Make a snapshot that is kept live again, by default the one before the live one.

        One that was kept aside goes live only by its id. All checksums are compared before.
        """

    def newer_than_live(self) -> list[str]:
        """Return the snapshots that were live after the one that is live again, last one first."""

    def set_calibration(self, snapshot: str, calibration: bytes | None) -> SnapshotInfo:
        """Publish the live snapshot with another calibration, or none.

        Raises StoreError if `snapshot` is not the live one any more.
        """

    def gold(self) -> Path | None:
        """Return the file of gold questions that new snapshots must pass; None for none."""

    def set_gold(self, gold: Path | None) -> bool:
        """Register a gold file, or none; tell whether there was one before."""

    def purge(self, progress: Progress = ...) -> Purge:
        """Forget all but the live snapshot and what people gave, and prove that it is gone."""
