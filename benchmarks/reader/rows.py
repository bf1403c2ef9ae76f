"""The reader on rows that were kept out of training: a question and one window each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.reader.reading import Figure, Floats, separation
from eval.measures.formulas import calibration_error
from eval.measures.table import Table
from qa.read.reading import Reader, TokenScores
from training.batches import window_of
from training.rows import Row, is_kept_out, read_all, read_rows

MOST_ROWS = 1500
NEVER_TRAINED_ON = "measure-policyqa.jsonl.gz"


def kept_out_rows(folder: Path) -> dict[str, list[Row]]:
    """Return the rows of each source, drawn at random where they are very many.

    Left out are rows whose text stands in a row that is not kept out, with another question.
    """
    published = read_all(folder)
    seen = {row.text for row in published if not is_kept_out(row)}
    sets: dict[str, list[Row]] = {}
    for row in (*filter(is_kept_out, published), *read_rows(folder / NEVER_TRAINED_ON)):
        if row.text not in seen:
            sets.setdefault(row.source, []).append(row)
    return {name: _drawn(rows) for name, rows in sets.items()}


def table_of_rows(sets: Mapping[str, Sequence[Row]], reader: Reader) -> str:
    """Return a table in Markdown: how answered rows are told from each kind of the others.

    "words" is the share of the answer's words among as many of the highest token scores.
    """
    lines = [
        "| rows | not answered | answered + not | AUROC | calibration error, fitted | words |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, rows in sets.items():
        readings = [reader.read(row.question, [window_of(row)]) for row in rows]
        logits = np.array([float(each.answerability[0]) for each in readings], np.float64)
        answered = np.array([row.answered for row in rows])
        made = np.array([row.made for row in rows])
        shares = [
            _share_found(row, each.tokens[0])
            for row, each in zip(rows, readings, strict=True)
            if row.answered and each.tokens
        ]
        words = f"{np.nanmean(shares):.2f}" if shares else "–"
        errors = " ".join(f"{error:.3f}" for error in _calibration_errors(logits, answered))
        for kind, chosen in _kinds(answered, made):
            figure: Figure = separation(logits[chosen], answered[chosen])
            count = f"{answered[chosen].sum()} + {(~answered[chosen]).sum()}"
            extra = f"{errors} | {words}" if kind == "all" else " | "
            lines.append(f"| {name} | {kind} | {count} | {figure} | {extra} |")
    return "\n".join(lines)


def _kinds(answered: np.ndarray, made: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "all", np.ones(len(answered), bool)
    kinds = sorted(set(made[~answered]))
    if len(kinds) > 1:
        for kind in kinds:
            yield kind or "as published", answered | (~answered & (made == kind))


def _calibration_errors(logits: Floats, answered: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the calibration error of the logits as they are, and with a temperature and an offset
    that are fitted on every second row and used on the others."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(logits[::2, None], answered[::2])
    scaled: Floats = fitted.decision_function(logits[1::2, None])
    return (
        _calibration_error(logits[1::2], answered[1::2]),
        _calibration_error(scaled, answered[1::2]),
    )


def _calibration_error(log_odds: Floats, answered: NDArray[np.bool_]) -> float:
    columns = {"confidence": expit(log_odds), "right": answered.astype(np.float64)}
    return float(calibration_error(Table(columns), np.arange(len(log_odds))))


def _share_found(row: Row, scores: TokenScores) -> float:
    """Return the share of the answer's tokens that are among as many of the highest scores."""
    start, end = row.span or (0, 0)
    in_answer = (scores.spans[:, 0] < end) & (scores.spans[:, 1] > start)
    if not in_answer.any():  # the answer was cut off
        return np.nan
    best = np.argsort(-scores.scores, kind="stable")[: in_answer.sum()]
    return float(in_answer[best].mean())


def _drawn(rows: list[Row]) -> list[Row]:
    return rows if len(rows) <= MOST_ROWS else Random(0).sample(rows, MOST_ROWS)
