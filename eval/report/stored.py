"""A run as JSON, and back: what a later run is compared with."""

from codecs import BOM_UTF8
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from eval.comparison import Comparison
from eval.errors import BaselineError
from eval.records import MAX_GRADE, Ranking, Result, Run

FORMAT = 2
"""The JSON's format version: raise it when a field changes its name or meaning."""

_DEEPEST = 1000


def to_json(run: Run, comparison: Comparison | None = None) -> bytes:
    """Return the run, and what it was compared with, as indented JSON."""
    content: dict[str, Any] = {"format": FORMAT} | asdict(run)
    if comparison:
        content["comparison"] = asdict(comparison)
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_run(path: Path) -> Run:
    """Read a run back. Raises BaselineError for a file that is not one."""
    remedy = "name an eval.json, or make one by leaving out --baseline"
    try:
        content = path.read_bytes().removeprefix(BOM_UTF8)
        outer = orjson.loads(content)
    except OSError as error:
        raise BaselineError(f"{path} cannot be read ({error.strerror}): {remedy}.") from error
    except ValueError as error:
        raise BaselineError(f"{path} is not JSON: {remedy}.") from error
    if not isinstance(outer, dict) or "format" not in outer:
        raise BaselineError(f"{path} is not an evaluation: {remedy}.")
    if outer["format"] != FORMAT:
        raise BaselineError(f"{path} was written by another version of Pincite: make it anew.")
    try:
        run = TypeAdapter(Run).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BaselineError(f"{path}: {place}: {first['msg']}; make it anew.") from error
    for result in run.results:
        if not _is_possible(result):
            raise BaselineError(f"{path}: the result of {result.id} cannot be; make it anew.")
    return run


def _is_possible(result: Result) -> bool:
    """Tell whether the numbers are such as a run writes: C code computes with some of them."""
    shares = 0 <= result.score <= 1 and 0 <= result.confidence <= 1 and result.took_ms >= 0
    overlaps = all(
        0 <= overlap.both <= min(overlap.gold, overlap.shown)
        for overlap in (result.cited, result.highlighted)
        if overlap
    )
    return shares and overlaps and (result.ranking is None or _can_rank(result.ranking))


def _can_rank(ranking: Ranking) -> bool:
    ranks = [item.rank for item in ranking.found]
    grades = [*(item.grade for item in ranking.found), *ranking.missed]
    return (
        0 <= ranking.depth <= _DEEPEST
        and all(1 <= rank <= ranking.depth for rank in ranks)
        and ranks == sorted(set(ranks))
        and grades != []
        and all(1 <= grade <= MAX_GRADE for grade in grades)
    )
