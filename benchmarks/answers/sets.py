"""The sets that are asked, each on a store of its own, and what became of every question."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.answers.figures import (
    ANSWERED,
    ANSWERED_FAR_OFF,
    BEST,
    CITED,
    FILINGS,
    HIGHLIGHTS,
    LATENCY,
    NEAR_AUROC,
    RANKING,
    SUCCESS_AT_1,
)
from benchmarks.squad2 import Part, read_squad2
from eval.gold import PACKAGED_GOLD, Question, QuestionSet, locate, read_gold
from eval.measures import Measure
from eval.records import Result, Run
from eval.run import evaluate
from eval.sets.protocols import IndexedSets, run_abstain, run_beir, run_spans

MOST_SEEN = 500
"""At most this many questions about other articles, drawn evenly."""

FILINGS_GOLD = Path(__file__).parent / "filings.jsonl"
FILINGS_FIGURES = Path(__file__).parent / "filings_figures.json"

_SPLIT = "test"
_SEED = 0


@dataclass(frozen=True, slots=True)
class AskedSet:
    """A set of questions, what became of each, and the measures that are taken of it.

    `columns` are further values, one a question. `threshold` is the engine's own.
    """

    name: str
    results: Sequence[Result]
    measures: Sequence[Measure]
    threshold: float
    columns: Mapping[str, Sequence[float]]


Ask = Callable[[Path, Path, IndexedSets], Iterator[AskedSet]]
"""Asks one set or several, given the folder of public sets and that of the seeds."""


def ask_seeds(_: Path, seeds: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Ask the gold questions about the seeds."""
    run = _ask_gold(PACKAGED_GOLD, seeds, sets)
    yield _asked("seeds", run, (SUCCESS_AT_1, CITED, *ANSWERED, ANSWERED_FAR_OFF))


def ask_squad2(data: Path, _: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Ask SQuAD 2.0's questions, answerable and impossible ones, unseen articles apart.

    The article that the reader's training was judged by is not asked about.
    """
    folder = data / "squad2_half"
    squad2 = read_squad2(folder)
    engine = sets.open_documents(folder, squad2.documents)
    seen = squad2.about("seen")
    by_part: dict[Part, Sequence[Question]] = {
        "unseen": squad2.about("unseen"),
        "seen": seen[:: max(1, -(-len(seen) // MOST_SEEN))],
    }
    for part, questions in by_part.items():
        asked = QuestionSet(f"{folder.name}, {part} articles", squad2.sha256, tuple(questions))
        run = evaluate(engine, asked, top_k=sets.settings.top_k)
        yield _asked(asked.name, run, (*ANSWERED, *BEST, *NEAR_AUROC, *RANKING))


def ask_left_out(data: Path, _: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Ask questions of sets whose documents are half gone, and as many of another set."""
    for name in ("scifact", "medquad_skin"):
        run = run_abstain(data / name, None, _SEED, _SPLIT, sets)
        measures = (*ANSWERED, ANSWERED_FAR_OFF, *BEST, *NEAR_AUROC)
        yield _asked(f"{name}, half left out", run, measures)


def ask_spans(data: Path, _: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Ask about texts with known stretches that answer."""
    run = run_spans(data / "chunking_evaluation", sets)
    yield _asked("chunking_evaluation", run, HIGHLIGHTS)


def ask_beir(data: Path, _: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Ask whole sets, for their ranking of documents."""
    for name in ("scifact", "medquad_skin"):
        yield _asked(name, run_beir(data / name, _SPLIT, sets), RANKING)


def ask_filings(data: Path, _: Path, sets: IndexedSets) -> Iterator[AskedSet]:
    """Ask about tables of quarterly reports, and what these do not say."""
    run = _ask_gold(FILINGS_GOLD, data / "pdf", sets)
    figures: dict[str, str] = json.loads(FILINGS_FIGURES.read_text(encoding="utf-8"))
    columns = {
        "figure_cited": [cites_figure(result, figures.get(result.id)) for result in run.results],
        "of_another": [result.id.startswith("filings-other-") for result in run.results],
        "absent": [result.id.startswith("filings-absent-") for result in run.results],
    }
    yield _asked("filings", run, FILINGS, columns)


SETS: Mapping[str, Ask] = {
    "seeds": ask_seeds,
    "squad2": ask_squad2,
    "leave-out": ask_left_out,
    "spans": ask_spans,
    "beir": ask_beir,
    "filings": ask_filings,
}
"""What can be asked, by the name that chooses it."""


def cites_figure(result: Result, figure: str | None) -> bool:
    """Tell whether a question was answered with a citation that overlaps a row of the gold and
    holds the figure."""
    return bool(figure and result.answered) and any(
        citation.on_gold and holds_figure(citation.text, str(figure))
        for citation in result.citations
    )


def holds_figure(text: str, figure: str) -> bool:
    """Tell whether a figure stands in a text, and not as a part of a longer one."""
    return bool(re.search(rf"(?<![\d.,]){re.escape(figure)}(?!\d|[.,]\d)", text))


def _ask_gold(gold: Path, folder: Path, sets: IndexedSets) -> Run:
    engine = sets.open_folder(folder, folder)
    documents = [each.document for each in engine.snapshot.documents()]
    return evaluate(engine, locate(read_gold(gold), documents), top_k=sets.settings.top_k)


def _asked(
    name: str,
    run: Run,
    measures: Sequence[Measure],
    columns: Mapping[str, Sequence[float]] | None = None,
) -> AskedSet:
    return AskedSet(name, run.results, (*measures, LATENCY), run.settings.threshold, columns or {})
