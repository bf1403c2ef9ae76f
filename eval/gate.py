"""The quality gate: a new snapshot has to answer a person's gold questions as the live one does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from eval.comparison import FEWEST, Comparison, Difference, compare
from eval.gold import GoldRow, Located, Rows, locate_what_stands
from eval.records import Result, Run
from eval.run import evaluate
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import Model, find_model
from index.errors import ModelError
from index.progress import Progress, no_progress
from index.store.protocols import Snapshot
from index.store.records import SnapshotInfo
from qa.engine import Engine
from qa.read.reader import open_reader_if_any
from qa.read.reading import Reader
from qa.records import stages_without
from qa.settings import Settings

MATERIAL = 0.1
"""The least loss in a graded measure that holds a snapshot back."""

GRADED = frozenset({"ndcg_at_10", "mrr_at_10", "citation_precision", "auroc"})
"""Each new document changes what words weigh, and moves some passages by a rank: in these
measures that is significant before a reader notices it. In the others a question is lost or not."""


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """What the live snapshot and the candidate to follow it answered to the file called `gold`.

    `comparison` is None where no question stands in the live one; `asked` counts those that do.
    `since_last_check` compares the live one with the last checked one, where that is another.
    `missing` tells, by the ids of questions that got worse, what became of their quotes;
    `left_out` tells it, by line, of questions whose quotes stand in neither snapshot.
    """

    gold: str
    live: str
    candidate: str
    comparison: Comparison | None
    since_last_check: Comparison | None
    missing: Mapping[str, str]
    left_out: Mapping[int, str]
    asked: int

    @property
    def losses(self) -> tuple[Difference, ...]:
        """The significant losses that hold the candidate back."""
        return tuple(
            loss
            for loss in self._significant
            if loss.name not in GRADED or abs(loss.now - loss.before) >= MATERIAL
        )

    @property
    def slight(self) -> tuple[Difference, ...]:
        """The significant losses that are too small to hold it back."""
        return tuple(loss for loss in self._significant if loss not in self.losses)

    @property
    def _significant(self) -> tuple[Difference, ...]:
        return self.comparison.losses if self.comparison else ()

    @property
    def passed(self) -> bool:
        """Whether the candidate may go live."""
        return not self.losses

    @property
    def too_few(self) -> bool:
        """Whether more got worse than better, but on too few questions to tell chance from loss."""
        compared = self.comparison
        if compared is None or self._significant or len(compared.worse) <= len(compared.better):
            return False
        return len(compared.better) + len(compared.worse) < FEWEST or any(
            difference.guarded
            and difference.verdict == "too few"
            and (difference.lost or 0) > (difference.gained or 0)
            for difference in compared.differences
        )


@dataclass(frozen=True, slots=True)
class GoldGate:
    """An `index.sync.Gate` that asks `gold` of both snapshots, with these `settings`.

    `model` and `encoder` are those of the candidate. `report` gets the outcome.
    """

    gold: Rows[GoldRow]
    model: Model
    encoder: Encoder
    settings: Settings
    report: Callable[[GateOutcome], None]
    progress: Progress = no_progress

    def __call__(self, live: Snapshot, candidate: Snapshot, checked: Snapshot | None) -> bool:
        """Tell whether nothing guarded got significantly, and not just slightly, worse.

        What got worse between `checked` and `live` is reported but does not decide. Raises
        ModelError if the model of the live snapshot is not here, GoldError for a question that
        cannot be asked.
        """
        snapshots = [live, candidate]
        if checked:
            with suppress(ModelError):  # without its model it cannot be asked
                model_of(checked.info, self.model)
                snapshots.append(checked)
        before, now, *earlier = self._ask(snapshots)
        compared = _compare(before, now)
        worse = {change.now.id for change in compared.worse} if compared else set[str]()
        rows = self.gold.by_line.items()
        missing = {
            row.id: now.located.missing_since(before.located, line)
            for line, row in rows
            if row.id in worse
        }
        nowhere = before.located.gone.keys() & now.located.gone.keys()
        outcome = GateOutcome(
            gold=now.run.settings.data,
            live=live.id,
            candidate=candidate.id,
            comparison=compared,
            since_last_check=_compare(earlier[0], before) if earlier else None,
            missing={question: why for question, why in missing.items() if why},
            left_out={
                line: now.located.why_missing(row.quotes[0])
                for line, row in rows
                if row.id in nowhere
            },
            asked=len(before.standing),
        )
        self.report(outcome)
        return outcome.passed

    def _ask(self, snapshots: Sequence[Snapshot]) -> Iterator["_Asked"]:
        """Ask of each snapshot the questions that stand in any of them."""
        located = [
            locate_what_stands(self.gold, [chunked.document for chunked in snapshot.documents()])
            for snapshot in snapshots
        ]
        nowhere = set.intersection(*(set(own.gone) for own in located))
        reader = open_reader_if_any(self.settings.reader, self.settings.backend)
        for number, (snapshot, own) in enumerate(zip(snapshots, located, strict=True)):
            standing = [
                question for question in own.questions.questions if question.id not in nowhere
            ]
            asked = replace(own.questions, questions=tuple(standing))
            progress = self._progress(number, len(snapshots))
            yield _Asked(own, evaluate(self._engine(snapshot, reader), asked, progress=progress))

    def _engine(self, snapshot: Snapshot, reader: Reader | None) -> Engine:
        model, encoder = model_of(snapshot.info, self.model), self.encoder
        if model is not self.model:
            encoder = open_encoder(model, self.settings.backend)
        threshold, stages = self.settings.threshold, stages_without(self.settings.without)
        return Engine(snapshot, model, encoder, model.tokenizer(), reader, threshold, stages)

    def _progress(self, number: int, runs: int) -> Progress:
        def progress(what: str, done: int, total: int) -> None:
            self.progress(what, number * total + done, runs * total)

        return progress


@dataclass(frozen=True, slots=True)
class _Asked:
    """A snapshot, what of the gold stands in it, and what it answered."""

    located: Located
    run: Run

    @property
    def standing(self) -> tuple[Result, ...]:
        """The results of questions that can be answered from it, or by nothing anywhere."""
        return tuple(result for result in self.run.results if result.id not in self.located.gone)


def model_of(info: SnapshotInfo, current: Model) -> Model:
    """Return the model that a snapshot was made by. Raises ModelError if it is not here."""
    if info.model_fingerprint == current.fingerprint:
        return current
    with suppress(ModelError):
        model = find_model(info.model_name)
        if model.fingerprint == info.model_fingerprint:
            return model
    raise ModelError(
        f"The live snapshot was made by the model {info.model_name}, which is not here as "
        "it was then, so the gold questions cannot be asked of it: bring it back, or publish "
        "without comparing with `pincite index --force`."
    )


def _compare(before: _Asked, now: _Asked) -> Comparison | None:
    """Compare on the questions that stood in `before`; None if there are none."""
    if not before.standing:
        return None
    return compare(now.run, replace(before.run, results=before.standing), of_one_file=True)
