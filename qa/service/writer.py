"""The one thread of the service that writes: uploads, and what changed in the SOURCEs."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace

from filelock import FileLock, Timeout

from index.errors import PinciteError, SourceError, StoreBusyError
from index.process import give_back
from index.store.jobs import FINISHED, Job, now
from index.store.store import Store
from index.store.store_folder import JOBS_LOCK
from index.sync import Gate, change_uploads, sync
from qa.engine import Engine
from qa.live import LiveEngine
from qa.service.batch import collect
from qa.service.ending import EndedError, end_when
from qa.service.following import Follower
from qa.service.indexing_encoder import IndexingEncoder
from qa.service.sync_log import log_report

FAILED = "It could not be written; see the service's log."

_WAIT_FOR_OTHERS_S = 5.0
_RETRY_S = 2.0
_LOOK_S = 0.3
_LAST_WORK_S = 20.0
_MOST_JOBS = 100
"""How many are done together."""

_log = logging.getLogger("pincite")


class Writer:
    """Works off the store's jobs, those first that an earlier process left; a context.

    Of several processes that serve a store one works; the others queue their jobs and see what
    becomes of them. With `watch`, changes in the SOURCEs are indexed, too, unless the gate that
    `gate_of` an engine gives says no.
    """

    def __init__(
        self,
        store: Store,
        live: LiveEngine,
        *,
        watch: bool = False,
        gate_of: Callable[[Engine], Gate | None] = lambda _: None,
    ) -> None:
        self._store = store
        self._live = live
        self._gate_of = gate_of
        self._encoder = IndexingEncoder()
        self._follower = Follower(store.folder, self._note_change) if watch else None
        self._queue_lock = FileLock(store.folder / JOBS_LOCK, timeout=0)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._awaited: dict[str, Future[Job]] = {}
        self._sources_changed = False
        self._most_jobs = _MOST_JOBS
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End what is being written, and write no more; what is queued is done by the next one."""
        self._stop.set()
        self._wake.set()
        self._thread.join(_LAST_WORK_S)  # a crash would harm nothing either
        for future in list(self._awaited.values()):
            future.cancel()

    def submit(self, job: Job, content: bytes | None) -> None:
        """Queue a job; it is on the disk when this returns, and will be done whatever happens.

        Raises OSError.
        """
        self._store.jobs.add(job, content)
        self._wake.set()

    def perform(self, job: Job, content: bytes | None) -> Future[Job]:
        """Queue a job that is waited for, and given up where it cannot be done now.

        Returns what will be the finished job; it is cancelled when the writer ends before, and
        the job is done by the next one. Raises OSError.
        """
        future = self._awaited[job.id] = Future[Job]()
        try:
            self.submit(job, content)
        except BaseException:
            del self._awaited[job.id]
            raise
        return future

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.clear()
                if not self._try_to_work():
                    self._wake.wait(_LOOK_S)
        finally:
            if self._follower:
                self._follower.stop()
            self._queue_lock.release()

    def _try_to_work(self) -> bool:
        """Do what there is to do; tell whether there was anything. Whatever goes wrong is told."""
        try:
            return self._work_once() if self._has_queue() else self._see_what_became()
        except (StoreBusyError, EndedError):
            self._stop.wait(_LOOK_S)
        except (PinciteError, OSError) as error:
            _log.error("%s", error)
            self._give_up_awaited()
            self._stop.wait(_RETRY_S)
        except Exception:  # noqa: BLE001 (whatever it is, later uploads must not wait for ever)
            _log.exception("Writing failed")
            self._give_up_awaited()
            self._stop.wait(_RETRY_S)
        return True

    def _has_queue(self) -> bool:
        if not self._queue_lock.is_locked:
            try:
                self._queue_lock.acquire()
            except Timeout:
                return False
        return True

    def _see_what_became(self) -> bool:
        """Look for the jobs that another process does."""
        for job_id in list(self._awaited):
            job = self._store.jobs.find(job_id)
            if job and job.state in FINISHED:
                self._live.catch_up()
                self._tell(job)
        return False

    def _work_once(self) -> bool:
        if self._follower:
            self._follower.follow(self._live.current().snapshot.manifest)
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
        """Do jobs together, the first ones of the queue: one snapshot for all of them."""
        engine = self._live.catch_up()
        batch = collect(jobs[: self._most_jobs], self._store, engine)
        for job in batch.failed:
            self._finish(job)
        if not batch.changes:
            return
        encoder = self._encoder.of(engine)
        try:
            manifest = change_uploads(
                self._store,
                batch.changes,
                engine.model,
                encoder,
                known=engine.snapshot,
                wait_s=_WAIT_FOR_OTHERS_S,
                progress=end_when(self._stop),
            )
        except SourceError as error:
            self._do_one_by_one(batch.accepted, str(error).rstrip("."))
        except (PinciteError, OSError, EndedError):
            raise  # a matter of the moment, not of what was uploaded
        except Exception:  # noqa: BLE001 (one upload must not hold up the others)
            _log.exception("Uploads cannot be indexed")
            self._do_one_by_one(batch.accepted, "it cannot be indexed; see the service's log")
        else:
            self._live.catch_up()
            give_back()
            for job in batch.accepted:
                self._finish(replace(job, state="done", snapshot=manifest.id))

    def _do_one_by_one(self, jobs: Sequence[Job], reason: str) -> None:
        """Find out which of several jobs it is that cannot be done; one by itself has failed."""
        self._most_jobs = 1
        if len(jobs) == 1:
            self._finish(replace(jobs[0], state="failed", error=reason))

    def _sync(self) -> None:
        engine = self._live.catch_up()
        encoder = self._encoder.of(engine)
        try:
            report = sync(
                self._store,
                [],
                engine.model,
                encoder,
                known=engine.snapshot,
                gate=self._gate_of(engine),
                wait_s=_WAIT_FOR_OTHERS_S,
                progress=end_when(self._stop),
            )
        except StoreBusyError:
            self._sources_changed = True
            raise
        self._live.catch_up()
        give_back()
        log_report(report)

    def _give_up_awaited(self) -> None:
        """Fail the jobs that somebody waits for; who was told that it will be done can wait."""
        for job_id in list(self._awaited):
            job = self._store.jobs.find(job_id)
            if job and job.state not in FINISHED:
                with suppress(PinciteError, OSError):  # the next look finds it undone
                    self._finish(replace(job, state="failed", error=FAILED))

    def _finish(self, job: Job) -> None:
        finished = replace(job, finished=now())
        try:
            self._store.jobs.finish(finished)
            self._store.jobs.forget_finished()
        finally:
            self._tell(finished)

    def _tell(self, job: Job) -> None:
        future = self._awaited.pop(job.id, None)
        if future and not future.cancelled():
            future.set_result(job)

    def _note_change(self) -> None:
        self._sources_changed = True
        self._wake.set()
