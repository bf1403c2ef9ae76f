"""`pincite status`: what a store holds."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from index.terminal import one_line
from qa.cli import StoreOption
from qa.settings import Settings, load_settings

# Imported when run, for `pincite ask` has to start quickly.
if TYPE_CHECKING:
    from pincite.calibration_status import CalibrationStatus
    from qa.records import ReaderUsed


@dataclass(frozen=True, slots=True)
class Status:
    """What `pincite status` tells. `published` has a time in ISO 8601 for each of `snapshots`.

    `reader` is the one that answers are read with; None where the settings say "none".
    """

    store: str
    snapshot: str
    model: str
    reader: "ReaderUsed | None"
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
    calibration: "CalibrationStatus | None"
    gold: str | None


def status_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare every checksum.")] = False,
    store: StoreOption = None,
) -> None:
    """Show what the store holds."""
    from pincite.calibration_status import in_words

    status = _status(load_settings(store=store), check)
    if as_json:
        print(json.dumps(asdict(status), indent=2, ensure_ascii=False))
        return
    checked = ", every checksum holds" if status.checked else ""
    print(f"store        {one_line(status.store)}, {status.bytes / 2**20:.1f} MiB{checked}")
    print(f"snapshot     {status.snapshot}, published {status.published[status.snapshot]}")
    print(f"model        {one_line(status.model)}")
    print(f"reader       {_reader_in_words(status.reader)}")
    print(f"documents    {status.documents}")
    print(f"passages     {status.passages}, of {status.sentences} sentences")
    print(f"calibration  {one_line(in_words(status.calibration))}")
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


def _reader_in_words(reader: "ReaderUsed | None") -> str:
    return one_line(f"{reader.name}, SHA-256 {reader.digest}") if reader else "none"


def _status(settings: Settings, check: bool) -> Status:
    from index.store.registration import registered_gold
    from index.store.snapshot import open_snapshot
    from index.store.store import Store
    from pincite.calibration_status import CalibrationStatus
    from qa.read.choose import NO_READER, reader_used

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
        published={each: f"{store.published(each):%Y-%m-%dT%H:%M:%SZ}" for each in snapshots},
        kept_aside=store.pointer().aside,
        checked=check,
        calibration=CalibrationStatus.of(
            manifest,
            store.objects,
            by_hand=settings.threshold is not None,
            without=settings.without,
            reader=reader.digest if reader else NO_READER,
        ),
        gold=str(registered) if registered else None,
    )
