"""The one thread of the service that writes: uploads, and what changed in the SOURCEs."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from index.backends import Backend
from index.backends.choose import open_encoder
from index.build import Measure, sync
from index.encoder import Encoder
from index.errors import PinciteError, SourceError, StoreBusyError
from index.gating import Gate
from index.jobs import Job, State, now
from index.objects import stored_as
from index.store import Store
from index.uploading import change_uploads, refuse_files_of_sources, why_unreadable
from index.uploads import Upload, UploadChange
from index.watching import watch_sources
from qa.engine import Engine
from qa.live import LiveEngine
from qa.probing import background_measure

WAIT_FOR_OTHERS_S = 5.0
"""How long another process may write before it is tried again."""
FAILED = "It could not be written; see the service's log."

_log = logging.getLogger("pincite")


class Writer:
    """Works off the store's jobs, those first that an earlier process left; a context.

    With `watch`, changes in the SOURCEs are indexed, too, unless `gate_of` an engine says no.
    """

    def __init__(
        self,
        store: Store,
        live: LiveEngine,
        *,
        backend: Backend = "auto",
        watch: bool = False,
        gate_of: Callable[[Engine], Gate | None] = lambda _: None,
    ) -> None:
        self._store = store
        self._live = live
        self._backend = backend
        self._gate_of = gate_of
        self._stop = threading.Event()
        self._wake = threading.Condition()
        self._awaited: dict[str, Future[Job]] = {}
        self._sources_changed = False
        self._encoder: Encoder | None = None
        self._measure: tuple[tuple[str, int], Measure] | None = None
        self._threads = [threading.Thread(target=self._work, name="writer", daemon=True)]
        if watch:
            self._threads.append(threading.Thread(target=self._watch, name="watch", daemon=True))

    def __enter__(self) -> "Writer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with self._wake:
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()
        for future in list(self._awaited.values()):
            future.cancel()

    def submit(self, job: Job, content: bytes | None) -> Future[Job]:
        """Queue a job; it is on the disk when this returns.

        Returns what will be the finished job; it is cancelled when the writer ends before, and
        the job is done by the next one. Raises OSError.
        """
        future = self._awaited[job.id] = Future[Job]()
        try:
            self._store.jobs.add(job, content)
        except BaseException:
            del self._awaited[job.id]
            raise
        with self._wake:
            self._wake.notify_all()
        return future

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                if not self._work_once():
                    with self._wake:
                        self._wake.wait(0.5)
            except StoreBusyError:
                self._stop.wait(0.2)
            except Exception:  # noqa: BLE001 (whatever it is, later uploads must not wait for ever)
                _log.exception("Writing failed")
                for job in self._store.jobs.pending():
                    if job.state == "running":
                        self._finish(replace(job, state="failed", error=FAILED))
                self._stop.wait(1)

    def _work_once(self) -> bool:
        """Do what there is to do; tell whether there was anything."""
        if pending := self._store.jobs.pending():
            self._upload(pending)
            return True
        if self._sources_changed:
            self._sources_changed = False
            self._sync()
            return True
        return False

    def _upload(self, jobs: Sequence[Job]) -> None:
        """Do jobs together: one snapshot for all that came until now."""
        engine = self._live.catch_up()
        changes: dict[str, UploadChange] = {}
        accepted: list[Job] = []
        for job in jobs:
            self._set(job, "running")
            change = self._change(job, engine)
            if change:
                changes[job.document_id] = change
                accepted.append(job)
        if not accepted:
            return
        encoder = self._encoder_for(engine)
        try:
            manifest = change_uploads(
                self._store,
                list(changes.values()),
                engine.model,
                encoder,
                known=engine.snapshot,
                measure=self._measure_for(engine, encoder),
                wait_s=WAIT_FOR_OTHERS_S,
            )
            self._live.catch_up()
        except StoreBusyError:
            raise
        except (PinciteError, OSError) as error:
            _log.error("%s", error)
            for job in accepted:
                self._finish(replace(job, state="failed", error=FAILED))
        else:
            for job in accepted:
                self._finish(replace(job, state="done", snapshot=manifest.id))

    def _change(self, job: Job, engine: Engine) -> UploadChange | None:
        """Return what a job asks for; None if it fails."""
        try:
            refuse_files_of_sources(job.document_id, engine.snapshot)
            if not job.kind:
                return UploadChange(job.document_id)
            path = self._store.jobs.content(job)
            content = path.read_bytes()
        except (SourceError, OSError) as error:
            reason = str(error) if isinstance(error, SourceError) else "its content is gone"
            self._finish(replace(job, state="failed", error=reason))
            return None
        upload = Upload(
            job.document_id,
            job.kind,
            stored_as(content),
            modified=job.created,
            title=job.title,
            metadata=job.metadata,
        )
        if reason := why_unreadable(upload, path, engine.model):
            self._finish(replace(job, state="failed", error=reason))
            return None
        return UploadChange(job.document_id, upload, content)

    def _sync(self) -> None:
        engine = self._live.catch_up()
        encoder = self._encoder_for(engine)
        try:
            report = sync(
                self._store,
                [],
                engine.model,
                encoder,
                known=engine.snapshot,
                measure=self._measure_for(engine, encoder),
                gate=self._gate_of(engine),
                wait_s=WAIT_FOR_OTHERS_S,
            )
        except StoreBusyError:
            self._sources_changed = True
            raise
        except PinciteError as error:
            _log.error("%s", error)
            return
        self._live.catch_up()
        _log.info(
            "Indexed: %d added, %d changed, %d removed",
            *map(len, (report.added, report.changed, report.removed)),
        )
        if report.kept_aside:
            _log.warning("Snapshot %s was kept aside: see `pincite index`.", report.kept_aside)

    def _encoder_for(self, engine: Engine) -> Encoder:
        """Return what made the store's vectors, so that these are used again."""
        if engine.encoder.backend == engine.snapshot.manifest.backend:
            return engine.encoder
        if self._encoder is None:
            self._encoder = open_encoder(engine.model, self._backend, indexing=True)
        return self._encoder

    def _measure_for(self, engine: Engine, encoder: Encoder) -> Measure:
        """Return the same one for the same model and encoder: it remembers what it encoded."""
        made_for = engine.model.fingerprint, id(encoder)
        if self._measure is None or self._measure[0] != made_for:
            self._measure = made_for, background_measure(engine.model, encoder)
        return self._measure[1]

    def _set(self, job: Job, state: State) -> None:
        self._store.jobs.update(replace(job, state=state))

    def _finish(self, job: Job) -> None:
        finished = replace(job, finished=now())
        self._store.jobs.update(finished)
        self._store.jobs.forget_finished()
        future = self._awaited.pop(job.id, None)
        if future and not future.cancelled():
            future.set_result(finished)

    def _watch(self) -> None:
        sources = [Path(source) for source in self._live.latest.snapshot.manifest.sources]
        watch_sources(sources, self._store.folder, self._note_change, self._stop)

    def _note_change(self) -> None:
        self._sources_changed = True
        with self._wake:
            self._wake.notify_all()
