"""The commands that tend a store: status, rollback, purge, key."""

import json
from typing import Annotated, Any

import typer

from index.changes import plan
from index.errors import PinciteError, SettingsError, SourceError
from index.progress import progress_bar
from index.store import open_store
from index.store.catalogue import collections_at, delete_removed
from index.store.collection import DEFAULT_COLLECTION
from index.store.protocols import Store
from index.store.records import SnapshotInfo
from index.terminal import console, note, note_some, one_line
from qa.answer.calibration import Calibration, key_of
from qa.options import STORE, JsonOption, with_settings
from qa.read.reader import NO_READER, reader_used
from qa.records import ReaderUsed
from qa.service.keys import RIGHTS, add_key, revoke_key
from qa.settings import Settings

key_app = typer.Typer(
    help="API keys for the service: who holds one may ask, or write, or both.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@with_settings(*STORE)
def status_command(
    settings: Settings,
    as_json: JsonOption = False,
    check: Annotated[bool, typer.Option("--check", help="Compare every checksum.")] = False,
) -> None:
    """Show what the store holds."""
    status = _status(settings, check)
    if as_json:
        print(json.dumps(status, indent=2, ensure_ascii=False))
        return
    live, published, reader = status["snapshot"], status["published"], status["reader"]
    checked = ", every checksum holds" if status["checked"] else ""
    used = f"{reader['name']}, SHA-256 {reader['digest']}" if reader else "none"
    print(f"store        {one_line(status['store'])}, {status['bytes'] / 2**20:.1f} MiB{checked}")
    if status["collection"] != DEFAULT_COLLECTION:
        print(f"collection   {status['collection']}")
    print(f"snapshot     {live}, published {published[live]}")
    print(f"model        {one_line(status['model'])}")
    print(f"reader       {one_line(used)}")
    print(f"documents    {status['documents']}")
    print(f"passages     {status['passages']}, of {status['sentences']} sentences")
    print(f"calibration  {one_line(_in_words(status['calibration']))}")
    if status["gold"]:
        print(f"gold         {one_line(status['gold'])}; a new snapshot must answer it no worse")
    for source in status["sources"]:
        print(f"source       {one_line(source)}")
    if status["ignore"]:
        print(f"ignored      {one_line(', '.join(status['ignore']))}")
    if status["uploads"]:
        print(f"uploads      {status['uploads']}")
    for snapshot in status["snapshots"]:
        if snapshot != live:
            aside = ", kept aside by the gate" if snapshot == status["kept_aside"] else ""
            print(f"kept         {snapshot}, published {published[snapshot]}{aside}")
    print("skipped      `pincite index --dry-run` tells which files are passed over, and why")


def _status(settings: Settings, check: bool) -> dict[str, Any]:
    """Return what `--json` prints. Times are in ISO 8601; without a reader that is None."""
    reader = reader_used(settings.reader)
    store = open_store(settings.location)
    live = store.live()
    gold = store.gold()
    snapshots = store.snapshots()
    if check:
        with progress_bar() as progress:
            store.check(progress)
    return {
        "store": str(settings.root),
        "collection": settings.collection,
        "snapshot": live.id,
        "model": live.model_name,
        "reader": {"name": reader.name, "digest": reader.digest} if reader else None,
        "documents": live.documents,
        "passages": live.passages,
        "sentences": live.sentences,
        "bytes": store.total_bytes(),
        "sources": live.sources,
        "ignore": live.ignore,
        "uploads": len(store.uploads.all()),
        "snapshots": [info.id for info in snapshots],
        "published": {info.id: f"{info.published_at:%Y-%m-%dT%H:%M:%SZ}" for info in snapshots},
        "kept_aside": store.standing().aside,
        "checked": check,
        "calibration": _calibration(live, settings, reader),
        "gold": str(gold) if gold else None,
    }


def _calibration(
    live: SnapshotInfo, settings: Settings, reader: ReaderUsed | None
) -> dict[str, Any] | None:
    """Return the status of a snapshot's calibration, None where there is none.

    `promise` is None where nothing is promised. `made_for` says what it was made for, where that
    is why it does not apply. `threshold` is a confidence, as `--threshold` takes it.
    Raises StoreError for one that this Pincite cannot read.
    """
    if live.calibration is None:
        return None
    calibration = Calibration.from_bytes(live.calibration)
    key = key_of(live, settings.without, reader.digest if reader else NO_READER)
    standing = calibration.standing(key, live.corpus)
    by_hand = settings.threshold is not None  # and comes before the calibrated one
    return {
        "id": calibration.id,
        "made": calibration.made.isoformat(),
        "gold": calibration.gold,
        "standing": standing,
        "made_for": calibration.obstacles(key),
        "promise": calibration.promise if standing == "in force" and not by_hand else None,
        "by_hand": by_hand,
        "max_false_answers": calibration.max_false_answers,
        "confidence_level": calibration.confidence_level,
        "threshold": calibration.probability(calibration.threshold),
        "score_threshold": calibration.threshold,
    }


def _in_words(calibration: dict[str, Any] | None) -> str:
    if calibration is None:
        return "none, so nothing is promised; `pincite calibrate` makes one"
    start = f"{calibration['id']} of {calibration['made']}, {calibration['standing']}"
    if calibration["promise"] is not None:
        return f"{start}: {calibration['promise']}"
    if calibration["standing"] == "in force":
        return f"{start}, but the threshold is set by hand, so nothing is promised"
    reason = "the documents changed since"
    if calibration["made_for"]:
        reason = f"it was made for {' and '.join(calibration['made_for'])}"
    return f"{start}, so nothing is promised: {reason}; run `pincite calibrate` again"


@with_settings(*STORE)
def rollback_command(
    settings: Settings,
    snapshot: Annotated[
        str | None,
        typer.Argument(help="Which; none: the one before the live one.", show_default=False),
    ] = None,
) -> None:
    """Make an older snapshot live again. The next `pincite index` follows the sources again."""
    target = open_store(settings.location, keep=settings.keep)
    before = target.live_id()
    live = target.roll_back(snapshot)
    note(
        f"Snapshot {live.id} is live again: {live.documents} documents, "
        f"{live.passages} passages. {before} is kept: `pincite rollback {before}"
        f"{settings.in_collection}` goes back."
    )
    note(
        "The SOURCEs and ignore patterns of that snapshot are back, too. The next `pincite index"
        f"{settings.in_collection}` reads those SOURCEs and the uploads as they are now, and so "
        "does `pincite serve` without --no-watch."
    )
    note(
        f"`pincite purge{settings.in_collection}` would keep what is live now and forget {before}."
    )


@with_settings(*STORE)
def purge_command(settings: Settings) -> None:
    """Permanently delete what was removed: all snapshots but the live one, their text and vectors.

    What was deleted since `pincite index` last ran is still live: run that first. Every file that
    is kept is searched for what is forgotten. Exit code 1: something was found.
    """
    target = open_store(settings.location)
    _say_what_stays(target, settings)
    delete_removed(settings.root)
    with progress_bar() as progress:
        done = target.purge(progress)
    note_some(done.documents, "-")
    searched = (
        f"{done.files} files that are kept, {done.bytes / 2**20:.1f} MiB, searched for "
        f"{done.sentences} removed sentences and {done.vectors} vectors"
    )
    if done.found:
        note_some([f"{file}: {what}" for file, what in done.found])
        if not done.files:
            raise PinciteError(
                f"{len(done.found)} removed sentences stand in uploads, and nothing was forgotten: "
                "replace or delete these uploads, and retry."
            )
        raise PinciteError(
            f"{searched}: {len(done.found)} found. Remove what holds them, and retry."
        )
    note(f"{searched}: none found.")
    if done.feedback:
        note(f"Feedback that quoted what was removed is forgotten, too: {done.feedback}.")


def _say_what_stays(store: Store, settings: Settings) -> None:
    """Say what a person may think is forgotten but is not, and the other way round."""
    live = store.live()
    for newer in store.newer_than_live():
        note(f"! {newer} is newer and goes: after a rollback, {live.id} is the live snapshot.")
    if not live.sources:
        return
    try:
        changes = plan(store, [])
    except SourceError as error:
        note(f"! What is live was not compared with the sources: {error}")
        return
    stay = [f"{source} was deleted" for source in changes.removed]
    stay += [f"{source} was changed" for source in changes.changed]
    note_some([f"{line}, and what was indexed of it is live and stays" for line in stay])
    if stay:
        first, then = (f"`pincite {name}{settings.in_collection}`" for name in ("index", "purge"))
        note(f"! To forget that, too: {first}, then {then} again.")


@key_app.command("add")
@with_settings("store")
def add_command(
    settings: Settings,
    name: Annotated[str, typer.Argument(help="What the key is called in the list and in logs.")],
    can: Annotated[
        list[str],
        typer.Option(metavar="RIGHT,…", help="What it may: ask, write, or both. Repeatable."),
    ] = ["ask"],  # noqa: B006 (never changed)
    collections: Annotated[
        list[str] | None,
        typer.Option(
            "--collection",
            help="Open this collection only. Repeatable.",
            show_default="all collections",
        ),
    ] = None,
) -> None:
    """Make a key and print it; only its hash is kept, so it is shown this once."""
    given = ",".join(can)
    wanted = {right.strip() for right in given.split(",")}
    if not wanted <= set(RIGHTS):
        raise SettingsError(f"--can {given!r}: give {' or '.join(RIGHTS)}, or ask,write for both.")
    rights = tuple(right for right in RIGHTS if right in wanted)
    there = {found.name for found in collections_at(settings.root)} if collections else set()
    print(add_key(open_store(settings.root).keys, name, rights, collections or ()))
    where = f" in {', '.join(collections)}" if collections else ""
    note(
        f"The key {name} may {' and '.join(rights)}{where}. It is not shown again; send it as the "
        "header `Authorization: Bearer KEY`. A service on this store asks for keys from its next "
        "start on."
    )
    for missing in sorted(set(collections or ()) - there):
        note(f"! There is no collection {missing} yet.")


@key_app.command("list")
@with_settings("store")
def list_command(settings: Settings) -> None:
    """List the keys by name; what they are cannot be shown."""
    keys = open_store(settings.root).keys.all()
    for key in keys:
        limits = f"  only {','.join(key.collections)}" if key.collections else ""
        line = f"{key.name}  {','.join(key.rights)}  since {key.created}{limits}"
        console().print(line, soft_wrap=True)
    if not keys:
        note("There is no key: `pincite key add NAME` makes one.")


@key_app.command("revoke")
@with_settings("store")
def revoke_command(
    settings: Settings, name: Annotated[str, typer.Argument(help="The key's name.")]
) -> None:
    """Forget a key: from now on it opens nothing, in a running service, too."""
    revoke_key(open_store(settings.root).keys, name)
    note(f"The key {name} is revoked.")
