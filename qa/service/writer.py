"""The one thread of the service that writes: it indexes uploads and changes in the SOURCEs."""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import structlog

from index.changes import SyncReport
from index.encoding import Backend
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.errors import (
    ModelError,
    PartitionAwayError,
    PinciteError,
    SourceError,
    StoreAwayError,
    StoreBusyError,
    StoreDamagedError,
    StoreMissingError,
)
from index.ingest import documents_of_upload, refuse_without_passage
from index.parsers.files import UnreadableFileError, progress_told_to
from index.process import give_back
from index.sources.watching import watch_sources
from index.store.collection import DEFAULT_COLLECTION
from index.store.protocols import Store
from index.store.records import FINISHED, Job, SnapshotInfo, Upload, UploadChange, now
from index.sync import Gate, change_uploads, refuse_id_in_use, sync
from qa.engine import Engine
from qa.live import LiveEngine

FAILED = "It could not be written; see the service's log."

_WAIT_FOR_OTHERS_S = 5.0
_RETRY_S = 2.0
_LOOK_S = 0.3
_MOST_NAMED = 20
_LAST_WORK_S = 20.0
_MOST_JOBS = 100
_MOST_BYTES = 64 * 2**20
"""How many jobs, and how much of their content, go into one snapshot."""

_log = logging.getLogger("pincite")


class Writer:
    """Does the store's jobs, first those that an earlier process left. A context manager.

    If several processes serve a store, one of them writes; the others queue their jobs and look for
    the results. With `watch`, changes in the SOURCEs are indexed, too, behind the gate that
    `gate_of` returns for an engine.
    """

    def __init__(
        self,
        store: Store,
        live: LiveEngine,
        *,
        watch: bool = False,
        gate_of: Callable[[Engine], Gate | None] = lambda _: None,
        collection: str = DEFAULT_COLLECTION,
    ) -> None:
        self._store = store
        self._live = live
        self._gate_of = gate_of
        self._encoder: tuple[tuple[str, str], Encoder] | None = None
        self._watch = _SourceWatch(store.folder, self._note_change) if watch else None
        self._holds_queue = False
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._awaited: dict[str, Future[Job]] = {}
        self._sources_changed = False
        self._reading = ("", 0, 0)  # a job, and its pages
        self._most_jobs = _MOST_JOBS
        self._collection = collection
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    def __enter__(self) -> "Writer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to do the jobs."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Have the thread end soon, and do not wait for it."""
        self._stop.set()
        self._wake.set()

    def stop(self, error: Exception | None = None) -> None:
        """Finish the write under way. The next process does what is queued.

        With an `error` none does: who waits for a job gets it.
        """
        self.ask_to_stop()
        self._thread.join(_LAST_WORK_S)  # it may be cut off then: the store is always whole
        for future in list(self._awaited.values()):
            if error is None:
                future.cancel()
            elif not future.done():
                future.set_exception(error)

    def submit(self, job: Job, content: bytes | None) -> None:
        """Queue a job: it is on the disk when this returns. Raises StoreError."""
        self._store.jobs.add(job, content)
        self._wake.set()

    def perform(self, job: Job, content: bytes | None) -> Future[Job]:
        """Queue a job, and return a future of the finished one. Raises StoreError.

        The job fails if it cannot be done now. The future is cancelled if the writer ends before;
        the next process then does the job.
        """
        future = self._awaited[job.id] = Future[Job]()
        try:
            self.submit(job, content)
        except BaseException:
            self._awaited.pop(job.id, None)
            raise
        if not self._thread.is_alive():
            future.cancel()
        return future

    def _work(self) -> None:
        if self._collection != DEFAULT_COLLECTION:
            structlog.contextvars.bind_contextvars(collection=self._collection)
        try:
            while not self._stop.is_set():
                self._wake.clear()
                if not self._try_to_work():
                    self._wake.wait(_LOOK_S)
        finally:
            if self._watch:
                self._watch.stop()
            if self._holds_queue:
                self._store.jobs.release()

    def _try_to_work(self) -> bool:
        """Do what there is to do; return whether there was anything. Failures are logged."""
        try:
            self._live.current()  # lets go of the last snapshot, even if nobody asks
            self._holds_queue = self._store.jobs.hold()
            if self._holds_queue:
                return self._work_once()
            self._look_for_results()
            return False
        except (StoreBusyError, _EndedError):
            self._stop.wait(_LOOK_S)
            return True
        except PartitionAwayError as error:
            _log.error("%s", error)
        except StoreAwayError:
            self._stop.wait(_LOOK_S)  # who watches the server tells of it
            return False
        except (PinciteError, OSError) as error:
            removed = isinstance(error, StoreMissingError)
            if not removed or self._collection == DEFAULT_COLLECTION:
                _log.error("%s", error)
        except Exception:  # noqa: BLE001 (later uploads must not wait for ever)
            _log.exception("Writing failed")
        self._fail_awaited()
        self._stop.wait(_RETRY_S)
        return True

    def _look_for_results(self) -> None:
        """Look for the results of jobs that another process does."""
        for job_id in list(self._awaited):
            job = self._store.jobs.find(job_id)
            if job and job.state in FINISHED:
                self._live.catch_up()
                self._resolve(job)

    def _work_once(self) -> bool:
        if self._watch:
            self._watch.follow(self._live.current().snapshot.info)
        if pending := self._store.jobs.pending():
            self._upload(pending)
            return True
        self._most_jobs = _MOST_JOBS
        if self._sources_changed:
            self._sources_changed = False
            self._sync()
            return True
        return False

    def _upload(self, jobs: Sequence[Job]) -> None:
        """Do the first jobs of the queue together, in one snapshot."""
        engine = self._live.catch_up()
        changes, accepted = self._collect(jobs[: self._most_jobs], engine)
        if not changes:
            return
        try:
            with self._store.writing(wait_s=_WAIT_FOR_OTHERS_S):
                if not self._store.jobs.hold():
                    return  # another process may have done them, and later ones
                info = change_uploads(
                    self._store,
                    changes,
                    engine.model,
                    self._encoder_of(engine),
                    previous=engine.snapshot,
                    progress=self._end_if_asked,
                )
        except SourceError as error:
            self._do_one_by_one(accepted, str(error).rstrip("."))
        except (PinciteError, OSError, _EndedError):
            raise  # the uploads are not to blame
        except Exception:  # noqa: BLE001 (one upload must not hold up the others)
            _log.exception("Uploads cannot be indexed")
            self._do_one_by_one(accepted, "it cannot be indexed; see the service's log")
        else:
            self._live.catch_up()
            give_back()
            for job in accepted:
                self._finish(replace(job, state="done", snapshot=info.id))

    def _collect(self, jobs: Iterable[Job], engine: Engine) -> tuple[list[UploadChange], list[Job]]:
        """Return the changes that jobs ask for, and these jobs; fail those that cannot be done.

        The last job for an id counts. Raises OSError, StoreError, ReadingError.
        """
        changes: dict[str, UploadChange] = {}
        accepted: list[Job] = []
        size = 0
        for job in jobs:
            try:
                change = self._change_of(job, engine)
            except SourceError as error:
                self._fail(job, str(error).rstrip("."))
                continue
            changes[job.document_id] = change
            accepted.append(job)
            size += len(change.content)
            if size > _MOST_BYTES:
                break
        return list(changes.values()), accepted

    def _change_of(self, job: Job, engine: Engine) -> UploadChange:
        """Return the change that a job asks for. Raises SourceError if it is impossible."""
        refuse_id_in_use(job.document_id, engine.snapshot)
        if not job.kind:
            return UploadChange(job.document_id)
        try:
            content = self._store.jobs.content(job)
        except StoreDamagedError:
            raise SourceError("its content in the store is damaged; upload it again") from None
        if content is None:
            raise SourceError("its content is gone")
        upload = Upload(
            job.document_id,
            job.kind,
            hashlib.sha256(content).hexdigest(),
            modified=job.created,
            title=job.title,
            metadata=job.metadata,
            file_name=job.file_name,
        )
        try:
            with progress_told_to(partial(self._note_pages, job.id)):
                documents = documents_of_upload(upload, content)
            refuse_without_passage(documents, engine.model)
        except UnreadableFileError as error:
            raise SourceError(str(error)) from error
        finally:
            self._reading = ("", 0, 0)
        return UploadChange(job.document_id, upload, content, documents)

    def _do_one_by_one(self, jobs: Sequence[Job], reason: str) -> None:
        """Do jobs one by one from now on, to find the one that fails; fail a single one."""
        self._most_jobs = 1
        if len(jobs) == 1:
            self._fail(jobs[0], reason)

    def _sync(self) -> None:
        engine = self._live.catch_up()
        try:
            report = sync(
                self._store,
                [],
                engine.model,
                self._encoder_of(engine),
                previous=engine.snapshot,
                gate=self._gate_of(engine),
                wait_s=_WAIT_FOR_OTHERS_S,
                progress=self._end_if_asked,
            )
        except StoreBusyError:
            self._sources_changed = True
            raise
        self._live.catch_up()
        give_back()
        _log_report(report)

    def _fail_awaited(self) -> None:
        """Fail the jobs that a caller waits for; all others are tried again."""
        for job_id in list(self._awaited):
            with suppress(PinciteError):  # then it is tried again
                job = self._store.jobs.find(job_id)
                if job and job.state not in FINISHED:
                    self._fail(job, FAILED)

    def _encoder_of(self, engine: Engine) -> Encoder:
        """Return the encoder that made the engine's snapshot, opened once.

        If its backend is not available here, the engine's own encoder encodes all text again.
        """
        made_by = engine.snapshot.info.made_by
        if engine.encoder.backend == made_by.backend:
            return engine.encoder
        if self._encoder is None or self._encoder[0] != made_by.vectors:
            try:
                encoder = open_encoder(engine.model, cast(Backend, made_by.backend))
            except ModelError as error:
                _log.warning("All text is embedded again: %s", error)
                encoder = engine.encoder
            self._encoder = made_by.vectors, encoder
        return self._encoder[1]

    def _fail(self, job: Job, reason: str) -> None:
        self._finish(replace(job, state="failed", error=reason))

    def _finish(self, job: Job) -> None:
        finished = replace(job, finished=now())
        try:
            self._store.jobs.finish(finished)
        finally:
            self._resolve(finished)

    def _resolve(self, job: Job) -> None:
        future = self._awaited.pop(job.id, None)
        if future and not future.cancelled():
            future.set_result(job)

    def _note_change(self) -> None:
        self._sources_changed = True
        self._wake.set()

    def pages_read(self, job_id: str) -> tuple[int, int]:
        """Return how many pages of a job's document are read, and how many it has; 0 if unknown."""
        reading, done, pages = self._reading
        return (done, pages) if job_id == reading else (0, 0)

    def _note_pages(self, job_id: str, done: int, pages: int) -> None:
        self._end_if_asked()
        self._reading = job_id, done, pages

    def _end_if_asked(self, *_: object) -> None:
        """Raise _EndedError if the service ends: long work calls this as its `progress`."""
        if self._stop.is_set():
            raise _EndedError


class _EndedError(Exception):
    """The service ends while it indexes; the next process does the work again."""


class _SourceWatch:
    """Calls `changed` soon after files in the SOURCEs change, and once at the start."""

    def __init__(self, store: Path | None, changed: Callable[[], None]) -> None:
        self._store = store
        self._changed = changed
        self._watched: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, info: SnapshotInfo) -> None:
        wanted = info.sources, info.ignore
        if wanted == self._watched:
            return
        self.stop()
        self._watched = wanted
        self._stop = threading.Event()
        arguments = [Path(source) for source in info.sources], info.ignore, self._stop
        self._thread = threading.Thread(
            target=self._watch, args=arguments, name="watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        self._thread = self._watched = None

    def _watch(self, sources: list[Path], ignore: tuple[str, ...], stop: threading.Event) -> None:
        try:
            watch_sources(sources, self._store, self._changed, stop, ignore=ignore, at_start=True)
        except Exception:  # noqa: BLE001 (the service answers on)
            _log.exception("The sources are no longer watched: restart the service")


def _log_report(report: SyncReport) -> None:
    """Log what a sync changed, or that the gate refused it."""
    if report.kept_aside:
        _log.warning(
            "The sources changed, but gold questions are answered worse: the snapshot before "
            "stays live, and %s is kept aside. `pincite index` tells which questions.",
            report.kept_aside,
        )
        return
    counts = [len(x) for x in (report.added, report.changed, report.removed, report.renamed)]
    if any(counts):
        _log.info("Indexed: %d added, %d changed, %d removed, %d renamed", *counts)
    for file in [file for file in report.skipped if file.path in report.removed][:_MOST_NAMED]:
        _log.warning("No longer indexed: %s, %s", file.path, file.reason)
