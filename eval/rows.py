"""Files of a JSON object a line, written by people and other programs: checked line by line."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError

from eval.errors import GoldError

Row = TypeVar("Row", bound=BaseModel)


def not_blank(text: str) -> str:
    """Return `text`. Raises ValueError if it holds nothing but blanks."""
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(not_blank)]


_PLAIN = {
    "missing": "is missing",
    "extra_forbidden": "is no field of it",
    "json_invalid": "is not JSON",
    "model_type": "is not a JSON object",
    "model_attributes_type": "is not a JSON object",
    "string_type": "must be text in quotation marks",
}
"""What is wrong, by pydantic's name for it, where its own words are a programmer's."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """A file's rows by line number (1-based), in order, and what it was when it was read."""

    path: Path
    sha256: str
    by_line: Mapping[int, Row]

    def error(self, line: int, what: str) -> GoldError:
        """Return an error about a line."""
        return line_error(self.path, line, what)


def line_error(path: Path, line: int, what: str) -> GoldError:
    """Return an error that names the file and the line."""
    return GoldError(f"{path}, line {line}: {what}")


def read_lines(path: Path) -> tuple[str, dict[int, str]]:
    """Return a file's SHA-256 and its lines by number; blank ones are passed over.

    Raises GoldError for a file that cannot be read, is not UTF-8 or is empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GoldError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise line_error(path, line, "is not UTF-8; save the file as UTF-8.") from error
    # Not splitlines(): a JSON string may hold U+2028, which that would split at.
    lines = {number: line for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    if not lines:
        raise GoldError(f"{path} is empty: check that it is the right file.")
    return hashlib.sha256(content).hexdigest(), lines


def read_rows(path: Path, kind: type[Row], form: str) -> Rows[Row]:
    """Read rows of one kind; `form` says, in errors, what a line is made of. Raises GoldError."""
    sha256, lines = read_lines(path)
    rows = {number: _row(path, number, line, kind, form) for number, line in lines.items()}
    return Rows(path, sha256, rows)


def refuse_repeats(rows: Rows[Row], values: Mapping[int, str], what: str) -> None:
    """Raise GoldError for the first line whose value, `what` by name, stood on one before it."""
    seen: dict[str, int] = {}
    for line, value in values.items():
        first = seen.setdefault(value, line)
        if first != line:
            shown = value if len(value) <= 80 else f"{value[:80]}…"
            raise rows.error(
                line, f"{what} “{shown}” is that of line {first}, too; change or remove one."
            )


def _row(path: Path, number: int, line: str, kind: type[Row], form: str) -> Row:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = _PLAIN.get(first["type"], first["msg"].removeprefix("Value error, ")).rstrip(".?")
        named = f"{place} " if first["type"] in _PLAIN and place else f"{place}: " if place else ""
        raise line_error(path, number, f"{named}{what}. A line is {form}; correct it.") from error
