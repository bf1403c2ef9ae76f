"""`pincite status`: what a store holds."""

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from index.store.manifest import Manifest
from index.store.registration import registered_gold
from index.store.snapshot import open_snapshot
from index.store.store import Store
from index.terminal import one_line
from qa.answer.calibration import Calibration, Standing, key_of
from qa.cli import StoreOption
from qa.read.reader import NO_READER, reader_used
from qa.records import ReaderUsed
from qa.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class CalibrationStatus:
    """Whether the store's calibration applies.

    `promise` is None where nothing is promised, `made_for` what it was made for where that
    is why it does not apply. `threshold` is a confidence, as an answer shows and `--threshold`
    takes it, `score_threshold` the score that it is made of; `made` is a time in ISO 8601.
    """

    id: str
    made: str
    gold: str
    standing: Standing
    made_for: tuple[str, ...]
    promise: str | None
    by_hand: bool
    max_false_answers: float
    confidence_level: float
    threshold: float
    score_threshold: float


@dataclass(frozen=True, slots=True)
class Status:
    """What `pincite status` tells. `published` has a time in ISO 8601 for each of `snapshots`.

    `reader` is the one that answers are read with; None where the settings say "none".
    """

    store: str
    snapshot: str
    model: str
    reader: ReaderUsed | None
    documents: int
    passages: int
    sentences: int
    bytes: int
    sources: tuple[str, ...]
    ignore: tuple[str, ...]
    uploads: int
    snapshots: tuple[str, ...]
    published: dict[str, str]
    kept_aside: str | None
    checked: bool
    calibration: CalibrationStatus | None
    gold: str | None


def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare every checksum.")] = False,
    store: StoreOption = None,
) -> None:
    """Show what the store holds."""
    status = _status(load_settings(store=store), check)
    if as_json:
        print(json.dumps(asdict(status), indent=2, ensure_ascii=False))
        return
    checked = ", every checksum holds" if status.checked else ""
    reader = status.reader
    print(f"store        {one_line(status.store)}, {status.bytes / 2**20:.1f} MiB{checked}")
    print(f"snapshot     {status.snapshot}, published {status.published[status.snapshot]}")
    print(f"model        {one_line(status.model)}")
    print("reader      ", one_line(f"{reader.name}, SHA-256 {reader.digest}") if reader else "none")
    print(f"documents    {status.documents}")
    print(f"passages     {status.passages}, of {status.sentences} sentences")
    print(f"calibration  {one_line(_in_words(status.calibration))}")
    if status.gold:
        print(f"gold         {one_line(status.gold)}; a new snapshot must answer it no worse")
    for source in status.sources:
        print(f"source       {one_line(source)}")
    if status.ignore:
        print(f"ignored      {one_line(', '.join(status.ignore))}")
    if status.uploads:
        print(f"uploads      {status.uploads}")
    for snapshot in status.snapshots:
        if snapshot != status.snapshot:
            aside = ", kept aside by the gate" if snapshot == status.kept_aside else ""
            print(f"kept         {snapshot}, published {status.published[snapshot]}{aside}")
    print("skipped      `pincite index --dry-run` tells which files are passed over, and why")


def _in_words(calibration: CalibrationStatus | None) -> str:
    if calibration is None:
        return "none, so nothing is promised; `pincite calibrate` makes one"
    told = f"{calibration.id} of {calibration.made}, {calibration.standing}"
    if calibration.promise is not None:
        return f"{told}: {calibration.promise}"
    if calibration.standing == "in force":
        return f"{told}, but the threshold is set by hand, so nothing is promised"
    reason = "the documents changed since"
    if calibration.made_for:
        reason = f"it was made for {' and '.join(calibration.made_for)}"
    return f"{told}, so nothing is promised: {reason}; run `pincite calibrate` again"


def _status(settings: Settings, check: bool) -> Status:
    reader = reader_used(settings.reader)
    store = Store(settings.store)
    manifest = open_snapshot(store).manifest if check else store.live_manifest()
    registered = registered_gold(store)
    uploads = store.uploads.all()
    snapshots = tuple(store.snapshots())
    if check:
        for upload in uploads:
            store.objects.check(upload.content)
    return Status(
        store=str(settings.store),
        snapshot=manifest.id,
        model=manifest.model_name,
        reader=reader,
        documents=manifest.documents,
        passages=manifest.passages,
        sentences=manifest.sentences,
        bytes=store.total_bytes(),
        sources=manifest.sources,
        ignore=manifest.ignore,
        uploads=len(uploads),
        snapshots=snapshots,
        published={
            snapshot: f"{store.published(snapshot):%Y-%m-%dT%H:%M:%SZ}" for snapshot in snapshots
        },
        kept_aside=store.pointer().aside,
        checked=check,
        calibration=_calibration(store, manifest, settings, reader),
        gold=str(registered) if registered else None,
    )


def _calibration(
    store: Store, manifest: Manifest, settings: Settings, reader: ReaderUsed | None
) -> CalibrationStatus | None:
    """Return the status of a snapshot's calibration; None where there is none.

    Raises StoreDamagedError, StoreError for one that this Pincite cannot read.
    """
    if manifest.calibration is None:
        return None
    calibration = Calibration.from_bytes(store.objects.get(manifest.calibration))
    key = key_of(manifest, settings.without, reader.digest if reader else NO_READER)
    standing = calibration.standing(key, manifest.corpus)
    by_hand = settings.threshold is not None  # and comes before the calibrated one
    return CalibrationStatus(
        id=calibration.id,
        made=calibration.made.isoformat(),
        gold=calibration.gold,
        standing=standing,
        made_for=calibration.obstacles(key),
        promise=calibration.promise if standing == "in force" and not by_hand else None,
        by_hand=by_hand,
        max_false_answers=calibration.max_false_answers,
        confidence_level=calibration.confidence_level,
        threshold=calibration.probability(calibration.threshold),
        score_threshold=calibration.threshold,
    )
