"""`python -m benchmarks.lists DATA`: list all that answers, and compare it with what does.

The questions are those of gold.jsonl on `files/`, and every other one of chunking_evaluation with
at least three answers. Of the others, half fitted the weights.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

from benchmarks.lists.gold import (
    FILES,
    ListQuestion,
    Matched,
    listed,
    match,
    own_questions,
    span_questions,
)
from eval.sets.protocols import IndexedSets
from index.progress import no_progress
from qa.engine import Engine
from qa.settings import Settings

LEAST_ANSWERS = 3


def main(arguments: list[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="benchmarks.lists", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of public sets, as docs/reader.md names")
    parser.add_argument("--cache", type=Path, help="where sets are kept once indexed")
    parser.add_argument("--reader", help="as `pincite ask --reader`")
    parser.add_argument("--each", action="store_true", help="print a line for each question")
    options = parser.parse_args(arguments)
    sets = IndexedSets(Settings(reader=options.reader), options.cache, no_progress)
    print("| questions | of | answers | listed | recall | precision | all, no more | median ms |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    own = sets.open_folder(FILES, FILES)
    questions = own_questions(each.document for each in own.snapshot.documents())
    for kind in dict.fromkeys(question.kind for question in questions):
        of_kind = [question for question in questions if question.kind == kind]
        _print(kind, own, of_kind, each=options.each)
    folder = options.data / "chunking_evaluation"
    spans = sets.open_folder(folder, folder / "corpora")
    documents = [each.document for each in spans.snapshot.documents()]
    asked = span_questions(folder, documents, LEAST_ANSWERS)
    _print("chunking_evaluation", spans, asked[1::2], each=options.each)


def _print(name: str, engine: Engine, questions: Sequence[ListQuestion], *, each: bool) -> None:
    matches: list[Matched] = []
    took_ms: list[float] = []
    for question in questions:
        started = time.perf_counter()
        listing = listed(engine, question)
        took_ms.append(1000 * (time.perf_counter() - started))
        matches.append(match(question, listing))
        if each:
            print(question.id, question.text, matches[-1], listing.bounds)
    cells = (
        str(len(questions)),
        str(sum(each.answers for each in matches)),
        str(sum(each.quotes for each in matches)),
        f"{fmean(each.recall for each in matches):.2f}",
        f"{fmean(each.precision for each in matches):.2f}",
        str(sum(each.recall == each.precision == 1 for each in matches)),
        f"{median(took_ms):.0f}",
    )
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
