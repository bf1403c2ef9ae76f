"""What `pincite index` tells of what it did, or would do."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from index.changes import Changes
from index.plan import Plan
from index.report import SyncReport
from index.sources import SkippedFile
from index.terminal import one_line
from qa.settings import Settings

_LISTED = 20


def print_report(report: SyncReport, out: Console) -> None:
    """Tell what a sync did."""
    if report.repaired:
        told = "The old store could not be used and was built anew from the sources"
        out.print(f"{told}: {one_line(report.repaired)}.", soft_wrap=True)
    _print_changes(report, out)
    print_skipped(report.skipped, out)
    for each in report.remarks:
        out.print(one_line(f"! {each.path}: {each.reason}"), soft_wrap=True)
    for file in report.kept:
        out.print(f"! {one_line(file.path)}: kept as it was, {file.reason}", soft_wrap=True)
    _print_empty(report.empty, out)
    for language, sources in report.foreign.items():
        out.print(f"! {_in_language(language, sources)}", soft_wrap=True)
    summary = _summary(report, len(report.skipped))
    told = f"{report.passages} passages, {report.embedded} texts newly embedded"
    out.print(f"{summary}: {told}.", soft_wrap=True)


def print_plan(plan: Plan, out: Console) -> None:
    """Tell what a sync would do."""
    _print_changes(plan.changes, out)
    print_skipped(plan.skipped, out)
    for file in plan.kept:
        out.print(f"! {one_line(file.path)}: would be kept as it is, {file.reason}", soft_wrap=True)
    _print_empty(plan.empty, out)
    summary = _summary(plan.changes, len(plan.skipped)) or "nothing"
    out.print(f"It would be: {summary}. Nothing was done.", soft_wrap=True)


def print_dropped(
    dropped: Sequence[Path], sources: Sequence[Path], store: Path, out: Console, *, done: bool
) -> None:
    """Tell which SOURCEs are none any more now that just `sources` were given, and the way back.

    `done` tells whether that is so, or would be.
    """
    become = "is no longer a SOURCE" if done else "would be no SOURCE any more"
    for source in dropped:
        out.print(one_line(f"! {source} {become}"), soft_wrap=True)
    there = [source for source in dropped if source.exists()]
    if there:
        at = [] if store == Settings.model_fields["store"].default else ["--store", str(store)]
        command = shlex.join(["pincite", "index", *at, *map(str, (*there, *sources))])
        out.print(one_line(f"! All of them: {command}"), soft_wrap=True)


def print_skipped(skipped: Sequence[SkippedFile], out: Console) -> None:
    """Tell what was passed over, all of it: it is told nowhere else."""
    for each in skipped:
        out.print(one_line(f"! {each.path}: skipped, {each.reason}"), soft_wrap=True)


def _print_empty(folders: Sequence[Path], out: Console) -> None:
    for folder in folders:
        out.print(f"! {one_line(_as_given(folder))}: nothing to index in it", soft_wrap=True)


def _print_changes(changes: Changes | SyncReport, out: Console) -> None:
    for sign, names in (("+", changes.added), ("~", changes.changed), ("-", changes.removed)):
        _print_listed([f"{sign} {name}" for name in names], sign, out)
    _print_listed([f"> {old} is {new} now" for old, new in changes.renamed], ">", out)


def _print_listed(lines: Sequence[str], sign: str, out: Console) -> None:
    for line in lines[:_LISTED]:
        out.print(one_line(line), soft_wrap=True)
    if len(lines) > _LISTED:
        out.print(f"{sign} … and {len(lines) - _LISTED} more")


def _summary(changes: Changes | SyncReport, skipped: int) -> str:
    counts = {
        "added": len(changes.added),
        "changed": len(changes.changed),
        "removed": len(changes.removed),
        "renamed": len(changes.renamed),
        "unchanged": len(changes.unchanged),
        "skipped": skipped,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _in_language(language: str, sources: Sequence[str]) -> str:
    named = one_line(sources[0]) + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")
    return (
        f"{named}: in another language ({language}) than the model is for; expect worse answers, "
        "or choose a multilingual model with --model"
    )


def _as_given(folder: Path) -> str:
    """Return the path from here, where the folder lies below; two may have the same name."""
    here = Path.cwd()
    below = folder != here and folder.is_relative_to(here)
    return str(folder.relative_to(here) if below else folder)
