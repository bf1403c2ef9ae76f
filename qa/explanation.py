"""What `pincite ask --explain` shows of an answer: each stage's ranks and scores, a line each."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from index.terminal import one_line

_SHOWN = 10


def print_explanation(explain: Any, console: Console) -> None:
    """Print what an answer's `explain` has; no line is cut or broken."""
    for line in _lines(explain):
        console.print(one_line(line), soft_wrap=True)


def _lines(explain: Any) -> Iterator[str]:
    terms = (f"{term['text']} {term['weight']:.2f}" for term in explain["question"]["terms"])
    yield ""
    yield f"terms and their weights: {', '.join(terms)}"
    yield f"stages: {', '.join(['dense', *explain['stages']])}"
    for stage in ("dense", "lexical", "fused", "read", "quotes"):
        yield ""
        yield stage
        for row in explain[stage][:_SHOWN]:
            chosen = "  chosen" * row.get("chosen", False)
            yield f"{row['rank']:3}  {row['score']:.3f}  {row['place']}{chosen}"
    yield ""
    places = {row["passage_id"]: row["place"] for row in explain["dense"]}
    for group in explain["collapsed"]:
        stands_for = ", ".join(places[each] for each in group["stands_for"])
        yield f"{places[group['passage_id']]} stands for {stands_for}"
    yield from _decision(explain["decision"])


def _decision(decision: Any) -> Iterator[str]:
    yield "decision"
    evidence = decision["evidence"] or {}
    yield from (f"  {name} {value:.3f}" for name, value in evidence.items())
    if decision["missing_names"]:
        yield f"missing names: {', '.join(decision['missing_names'])}"
    told = f"score {decision['score']:.3f}"
    if decision["calibration"] is not None:
        told += f", calibration {decision['calibration']}{', stale' * decision['stale']}"
    yield told
    by_hand = ", set by hand" * decision["by_hand"]
    yield (
        f"confidence {decision['confidence']:.3f}, threshold {decision['threshold']:.3f}{by_hand}"
    )
