"""What the card of an embedding model, its README.md, says about it."""

import re
from pathlib import Path

import yaml

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_LANGUAGE = re.compile(r"^languages?:.*\n(?:[ \t]*-.*\n)*", re.MULTILINE)
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z]+)*", re.IGNORECASE)


def languages_of(folder: Path) -> frozenset[str] | None:
    """Return the ISO 639-1 codes of the languages that a model is for.

    None if it is for many, or its card, should it have one, does not tell.
    """
    try:
        card = (folder / "README.md").read_text(encoding="utf-8")
        front_matter = _FRONT_MATTER.match(card)
        # All else that stands there may be long: results on a hundred benchmarks.
        line = _LANGUAGE.search(front_matter[1]) if front_matter else None
        named = yaml.load(line[0], yaml.BaseLoader) if line else {}  # noqa: S506 - gives text only
    except (OSError, ValueError, yaml.YAMLError):
        return None
    (languages,) = named.values() if named else ([],)
    codes = [languages] if isinstance(languages, str) else languages
    found = [_CODE.fullmatch(code) if isinstance(code, str) else None for code in codes]
    known = frozenset(match[1].lower() for match in found if match)
    return known if known and all(found) else None
