"""A run as tables for the terminal, and how a command ends."""

from pathlib import Path

import typer
from rich import box
from rich.table import Table

from eval.comparison import Comparison, compare
from eval.records import Run
from eval.report import write_report
from eval.report.figures import (
    comparison_line,
    difference_rows,
    kinds_line,
    measure_rows,
    offsets_line,
    parts_of,
)
from eval.report.stored import read_run
from index.terminal import console, one_line

WRONG_OFFSETS, REGRESSION = 1, 5


def measures_table(run: Run) -> Table:
    """Return the figures, a column for each part."""
    title = one_line(f"{run.settings.data}, {kinds_line(run)}")
    table = Table("measure", title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for part in parts_of(run):
        table.add_column(part, justify="right")
    for row in measure_rows(run):
        table.add_row(*row)
    return table


def comparison_table(comparison: Comparison) -> Table:
    """Return what differs from the baseline; rows that are the same to the last digit left out."""
    title = f"compared with the baseline of {comparison.baseline.date}"
    table = Table("measure", title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in ("before", "now", "difference (95 % interval)"):
        table.add_column(column, justify="right")
    table.add_column("")
    for each, row in zip(comparison.differences, difference_rows(comparison), strict=True):
        if each.before != each.now:
            table.add_row(*row)
    return table


def deliver(measured: Run, baseline: Path | None, out: Path, *, quiet: bool) -> None:
    """Write the report into `out` and print it, compared with the run in the file `baseline`.

    Ends the command with 1 where an offset does not hold, with 5 on a significant loss.
    """
    compared = compare(measured, read_run(baseline)) if baseline else None
    files = write_report(measured, compared, out)
    notes = console(stderr=True)
    if not quiet:
        shown = console()
        shown.print(measures_table(measured))
        print(offsets_line(measured))
        if compared:
            shown.print(comparison_table(compared))
            print(comparison_line(compared))
        notes.print(f"Wrote {', '.join(str(file) for file in files)}.", soft_wrap=True)
    if measured.offsets.wrong:
        first = measured.offsets.wrong[0]
        notes.print(f"{offsets_line(measured)} (the first: {first}). Answers cannot be trusted.")
        raise typer.Exit(WRONG_OFFSETS)
    if compared and compared.losses:
        notes.print(f"{comparison_line(compared)} See {files[0]}.", soft_wrap=True)
        raise typer.Exit(REGRESSION)
