"""What `pincite index` tells of the questions that the quality gate asked."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.table import Table

from eval.comparison import Comparison
from eval.gate import GateOutcome
from eval.measures import BY_NAME
from eval.records import Result
from eval.report.figures import difference_rows, rank_text
from index.terminal import one_line

_LISTED = 20


def print_outcome(outcome: GateOutcome, sources: Sequence[str], out: Console) -> None:
    """Tell what came of it; `sources` are those that were given to `pincite index`."""
    _print(out, _asides(outcome))
    compared = outcome.comparison
    if compared is None:
        return
    if outcome.passed:
        _print(out, _passed(outcome, compared))
        return
    told = f"The new snapshot {outcome.candidate} answers significantly worse on {outcome.gold}"
    _print(out, [f"{told} and was kept aside; {outcome.live} stays live."])
    out.print(_table(outcome, compared))
    _print(out, _broken(compared, outcome.lost))
    command = shlex.join(["pincite", "index", "--force", *sources])
    other = f"pincite rollback {outcome.candidate}"
    _print(out, [f"Look into them, or publish it all the same: {command} (or {other})"])


def _asides(outcome: GateOutcome) -> Iterator[str]:
    """Yield what decides nothing: what uploads changed, and which questions were not compared."""
    uploads = outcome.since_last_check
    if uploads and uploads.worse:
        yield f"Since the last check, uploads changed answers: {_counts(uploads)}."
        yield from _broken(uploads, {})
    for line, why in outcome.left_out.items():
        yield f"! {outcome.gold}, line {line}: its gold stands nowhere any more, correct it ({why})"
    if outcome.comparison is None:
        yield f"Nothing was compared: no question of {outcome.gold} stands in the live snapshot."
    elif outcome.comparison.added:
        count = len(outcome.comparison.added)
        yield f"{count} questions stand in the new snapshot only, and are compared from now on."


def _passed(outcome: GateOutcome, compared: Comparison) -> Iterator[str]:
    told = f"Gold questions: {outcome.asked} asked, {_counts(compared)}"
    if outcome.slight:
        slight = (f"{BY_NAME[d.name].label} {d.now - d.before:+.3f}" for d in outcome.slight)
        yield f"{told}, slight losses only ({', '.join(slight)})."
    else:
        yield f"{told}, no significant loss."
    if outcome.too_few:
        yield f"Too few questions to tell: {len(compared.worse)} of {outcome.asked} got worse:"
    if outcome.slight or outcome.too_few:
        yield from _broken(compared, outcome.lost)


def _counts(compared: Comparison) -> str:
    return f"{len(compared.better)} better, {len(compared.worse)} worse"


def _table(outcome: GateOutcome, compared: Comparison) -> Table:
    table = Table("measure", box=box.SIMPLE_HEAD)
    for column in ("before", "now", "difference (95 % interval)", "gained, lost"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in difference_rows(replace(compared, differences=outcome.losses)):
        table.add_row(*row[:-1])
    return table


def _broken(compared: Comparison, lost: Mapping[str, str]) -> Iterator[str]:
    """Yield a few lines for each question that got worse, those with another verdict first."""
    worse = sorted(compared.worse, key=lambda each: each.before.verdict == each.now.verdict)
    for change in worse[:_LISTED]:
        yield f"- {change.now.question}"
        yield f"  {_outcome(change.before)} -> {_outcome(change.now)}"
        if change.now.id in lost:
            yield f"  {lost[change.now.id]}"
    if len(worse) > _LISTED:
        yield f"- … and {len(worse) - _LISTED} more"


def _outcome(result: Result) -> str:
    return f"{result.verdict}, {rank_text(result)}" if result.ranking else result.verdict


def _print(out: Console, lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        out.print(one_line(line), soft_wrap=True)
