"""A run as tables at the terminal, and how a command ends."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import typer
from rich import box
from rich.table import Table

from eval.comparison import BaselineError, Comparison, compare
from eval.records import Run
from eval.report import (
    comparison_line,
    differences_table,
    kinds_line,
    measure_rows,
    moment,
    offsets_line,
)
from eval.report.files import JSON_FILE, read_run, write_report
from index.terminal import FAILURE, console, note, one_line

REGRESSION = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a run's report goes, and the earlier run that it is compared with."""

    out: Path
    quiet: bool
    baseline: Run | None

    @classmethod
    def to(cls, out: Path, baseline: Path | None, *, quiet: bool) -> Self:
        """Read the baseline, before anything that takes long.

        Raises BaselineError for one that cannot be used, or that the report would overwrite.
        """
        if baseline and baseline.resolve() == (out / JSON_FILE).resolve():
            raise BaselineError(
                f"The report would overwrite its baseline, {baseline}: name another folder with "
                "--out."
            )
        return cls(out, quiet, read_run(baseline) if baseline else None)

    def deliver(self, run: Run) -> None:
        """Write the report and print it.

        Ends the command with 1 where an offset does not hold or the run lacks questions of the
        baseline, with 5 on a significant loss. Raises BaselineError where both cannot be compared;
        the report is written all the same.
        """
        try:
            compared = compare(run, self.baseline) if self.baseline else None
        except BaselineError:
            write_report(run, None, self.out)
            raise
        files = write_report(run, compared, self.out)
        if not self.quiet:
            _print(run, compared)
            note(f"Wrote {', '.join(str(file) for file in files)}.")
        for remark in run.notes:
            note(remark)
        if run.offsets.wrong:
            first = run.offsets.wrong[0]
            note(f"{offsets_line(run)} (the first: {first}). Answers cannot be trusted.")
            raise typer.Exit(FAILURE)
        if compared and compared.losses:
            note(f"{comparison_line(compared)} See {files[0]}.")
            raise typer.Exit(REGRESSION)
        if compared and compared.missing:
            note(
                f"Of the baseline's questions {len(compared.missing)} were not asked, or have "
                f"other gold now (the first: {compared.missing[0]}), so the comparison tells "
                "nothing of them: ask them too or, if their gold was corrected, make the baseline "
                "anew."
            )
            raise typer.Exit(FAILURE)


def _print(run: Run, compared: Comparison | None) -> None:
    shown = console()
    shown.print(_measures_table(run))
    print(offsets_line(run))
    if compared:
        shown.print(_comparison_table(compared))
        for name, (before, now) in compared.conditions.items():
            print(one_line(f"{name} was {before}, is {now}"))
        print(comparison_line(compared))


def _measures_table(run: Run) -> Table:
    title = one_line(f"{run.settings.data}, {kinds_line(run)}")
    table = Table("measure", title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for part in run.measures:
        table.add_column(part, justify="right")
    for row in measure_rows(run):
        table.add_row(*row)
    return table


def _comparison_table(comparison: Comparison) -> Table:
    """Return what differs from the baseline, without what is the same to the last digit."""
    differ = tuple(d for d in comparison.differences if d.before != d.now)
    title = f"compared with the baseline of {moment(comparison.baseline.date)}"
    return differences_table(replace(comparison, differences=differ), title)
