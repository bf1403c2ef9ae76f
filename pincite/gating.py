"""The quality gate at the command line: `pincite gate`, and what `pincite index` asks."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Self

import typer

from eval.comparison import Comparison
from eval.gate import GateOutcome, GoldGate, model_of
from eval.gold import GoldError, GoldRow, Rows, locate, read_gold
from eval.measures import BY_NAME
from eval.records import Result
from eval.report import count_kinds, differences_table, rank_text
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.errors import SettingsError, StoreError, StoreUnusableError
from index.progress import Progress
from index.store import open_store
from index.store.protocols import Store
from index.sync import Gate
from index.terminal import console, note, one_line
from qa.options import STORE, with_settings
from qa.settings import Settings

_ENOUGH = 30
"""As a rule, this many questions tell a loss from chance."""

_LISTED = 20


@with_settings(*STORE)
def gate_command(
    settings: Settings,
    gold: Annotated[
        Path | None,
        typer.Argument(help="JSONL file of gold questions; none: show what is registered."),
    ] = None,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Publish new snapshots without checking gold questions."),
    ] = False,
) -> None:
    """Register gold questions that new snapshots have to answer no worse than the live one."""
    if gold and remove:
        raise SettingsError("Name a gold file, or take the registered one away with --remove.")
    target = open_store(settings.location, keep=settings.keep)
    if gold:
        _register(gold, target)
    elif remove:
        was_there = target.set_gold(None)
        how = "Gold questions are no longer" if was_there else "No gold questions are"
        note(f"{how} registered.")
    elif registered := target.gold():
        print(one_line(f"{registered}: {_kinds(_read_registered(registered))}"))
    else:
        note("No gold questions are registered: `pincite gate GOLD` registers some.")


def _register(gold: Path, store: Store) -> None:
    rows = read_gold(gold)
    if store.exists:
        locate(rows, [chunked.document for chunked in store.open().documents()])
    store.set_gold(gold)
    note(f"From now on `pincite index` asks {_kinds(rows)}.")
    if len(rows.by_line) < _ENOUGH:
        note(f"With fewer than {_ENOUGH} a loss can seldom be told from chance: write more.")


def _kinds(rows: Rows[GoldRow]) -> str:
    return (
        f"{len(rows.by_line)} questions ({count_kinds(row.kind for row in rows.by_line.values())})"
    )


def _read_registered(gold: Path) -> Rows[GoldRow]:
    try:
        return read_gold(gold)
    except GoldError as error:
        raise GoldError(
            f"{error} It is registered for this store: `pincite gate --remove` takes it away, "
            "`pincite index --force` does without it."
        ) from error


def gold_of(store: Store) -> Path | None:
    """Return the registered gold file; None, too, for a store that has to be built anew."""
    try:
        return store.gold()
    except StoreUnusableError:
        return None


@dataclass(frozen=True, slots=True)
class GoldCheck:
    """What one run of `pincite index` does about the registered gold questions.

    `rows` is None where there are none or `--force` overrides them. The gate adds to `outcomes`.
    """

    rows: Rows[GoldRow] | None
    overridden: bool
    outcomes: list[GateOutcome] = field(default_factory=list)

    @classmethod
    def of(cls, store: Store, model: Model, *, force: bool) -> Self:
        """Read the questions. Raises GoldError, StoreError, or ModelError from `model_of`."""
        try:
            registered = gold_of(store)
        except StoreError:
            if not force:
                raise
            return cls(None, overridden=True)
        if force or registered is None:
            return cls(None, overridden=registered is not None)
        rows = _read_registered(registered)
        with suppress(StoreError):  # then there is nothing to compare with
            model_of(store.live(), model)
        return cls(rows, overridden=False)

    def gate(
        self, settings: Settings, model: Model, encoder: Encoder, progress: Progress
    ) -> Gate | None:
        """Return a gate that answers as `pincite ask` does with these settings.

        An overridden one lets everything through: the new snapshot counts as checked.
        """
        if self.overridden:
            return lambda *_: True
        if self.rows is None:
            return None
        return GoldGate(self.rows, model, encoder, settings, self.outcomes.append, progress)

    def report(self, arguments: Sequence[str]) -> None:
        """Print what came of it; `arguments` are those of the command line that name SOURCEs."""
        if self.overridden:
            note("Gate overridden: the gold questions were not asked.")
        for outcome in self.outcomes:
            _note_outcome(outcome, arguments)


def _note_outcome(outcome: GateOutcome, arguments: Sequence[str]) -> None:
    _note_asides(outcome)
    compared = outcome.comparison
    if compared is None:
        return
    if outcome.passed:
        _note_passed(outcome, compared)
        return
    worse = f"The new snapshot {outcome.candidate} answers significantly worse on {outcome.gold}"
    note(f"{worse} and was kept aside; {outcome.live} stays live.")
    losses = replace(compared, differences=outcome.losses)
    console(stderr=True).print(differences_table(losses))
    _note_worse(compared, outcome.missing)
    command = shlex.join(["pincite", "index", "--force", *arguments])
    other = f"pincite rollback {outcome.candidate}"
    note(f"Look into them, or publish it all the same: {command} (or {other})")


def _note_asides(outcome: GateOutcome) -> None:
    """Print what uploads changed, and which questions were not compared: neither decides."""
    uploads = outcome.since_last_check
    if uploads and uploads.worse:
        note(f"Since the last check, uploads changed answers: {_counts(uploads)}.")
        _note_worse(uploads, {})
    for line, why in outcome.left_out.items():
        gone = "its gold stands nowhere any more, correct it"
        note(f"! {outcome.gold}, line {line}: {gone} ({why})")
    if outcome.comparison is None:
        note(f"Nothing was compared: no question of {outcome.gold} stands in the live snapshot.")
    elif added := len(outcome.comparison.added):
        note(f"{added} questions stand in the new snapshot only, and are compared from now on.")


def _note_passed(outcome: GateOutcome, compared: Comparison) -> None:
    asked = f"Gold questions: {outcome.asked} asked, {_counts(compared)}"
    if outcome.slight:
        slight = (f"{BY_NAME[d.name].label} {d.now - d.before:+.3f}" for d in outcome.slight)
        note(f"{asked}, slight losses only ({', '.join(slight)}).")
    elif outcome.too_few:
        note(f"{asked}.")
    else:
        note(f"{asked}, no significant loss.")
    if outcome.too_few:
        note(f"Too few questions to tell: {len(compared.worse)} of {outcome.asked} got worse:")
    if outcome.slight or outcome.too_few:
        _note_worse(compared, outcome.missing)


def _note_worse(compared: Comparison, missing: Mapping[str, str]) -> None:
    """Print a few lines for each question that got worse, those with another verdict first."""
    worse = sorted(compared.worse, key=lambda change: change.before.verdict == change.now.verdict)
    for change in worse[:_LISTED]:
        note(f"- {change.now.question}")
        note(f"  {_outcome(change.before)} -> {_outcome(change.now)}")
        if change.now.id in missing:
            note(f"  {missing[change.now.id]}")
    if len(worse) > _LISTED:
        note(f"- … and {len(worse) - _LISTED} more")


def _counts(compared: Comparison) -> str:
    return f"{len(compared.better)} better, {len(compared.worse)} worse"


def _outcome(result: Result) -> str:
    return f"{result.verdict}, {rank_text(result)}" if result.ranking else result.verdict
