"""A run as JSON, and back: what a later run is compared with."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from eval.comparison import Comparison
from eval.errors import BaselineError
from eval.records import Run

FORMAT = 2
"""The JSON's format version: raise it when a field changes its name or meaning."""


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
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise BaselineError(f"{path} cannot be read ({error.strerror}): {remedy}.") from error
    except ValueError as error:
        raise BaselineError(f"{path} is not JSON: {remedy}.") from error
    if not isinstance(content, dict) or "format" not in content:
        raise BaselineError(f"{path} is not an evaluation: {remedy}.")
    if content.pop("format") != FORMAT:
        raise BaselineError(f"{path} was written by another version of Pincite: make it anew.")
    content.pop("comparison", None)
    try:
        return TypeAdapter(Run).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BaselineError(f"{path}: {place}: {first['msg']}; make it anew.") from error
