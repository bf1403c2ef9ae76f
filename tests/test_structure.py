"""How the code is laid out: which way imports run, what modules are called, how long they are."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("index", "qa", "eval", "pincite")
"""Lowest first: each may import itself and those before it."""
MAX_LINES = 400
MODULES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(REPOSITORY).as_posix()


def imports_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of each absolute import, those inside functions included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def upward_imports(package: str, source: str) -> list[tuple[int, str]]:
    """Return the imports in a module of `package` that reach for a package above it."""
    above = PACKAGES[PACKAGES.index(package) + 1 :]
    return [(line, name) for line, name in imports_of(source) if name.split(".")[0] in above]


def test_every_package_has_modules():
    assert {name_of(module).split("/")[0] for module in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_run_one_way(module: Path):
    package = name_of(module).split("/")[0]
    wrong = [
        f"{name_of(module)}:{line} imports {name}"
        for line, name in upward_imports(package, module.read_text(encoding="utf-8"))
    ]
    assert not wrong, f"Imports run {' <- '.join(PACKAGES)}, but " + "; ".join(wrong)


@pytest.mark.parametrize(
    ("package", "source", "expected"),
    [
        ("index", "from qa.engine import Engine", [(1, "qa.engine")]),
        ("index", "def f():\n    import eval.cli, os", [(2, "eval.cli")]),
        ("qa", "if TYPE_CHECKING:\n    import pincite", [(2, "pincite")]),
        ("qa", "from index.records import Span\nfrom qa import engine", []),
        ("pincite", "import index, qa, eval", []),
        ("index", "from . import records\nimport qartz", []),
    ],
)
def test_an_upward_import_is_found(package: str, source: str, expected: list[tuple[int, str]]):
    assert upward_imports(package, source) == expected


def test_no_module_has_a_name_that_says_nothing_or_is_taken():
    taken = set(sys.stdlib_module_names) | {"utils", "util", "helpers", "helper"}
    folders = {parent for module in MODULES for parent in module.parents if parent != REPOSITORY}
    own = {path for path in folders if path.is_relative_to(REPOSITORY)} | set(MODULES)
    assert [name_of(path) for path in sorted(own) if path.stem in taken] == []


def test_no_module_is_too_long():
    lengths = {name_of(m): len(m.read_text(encoding="utf-8").splitlines()) for m in MODULES}
    too_long = {name: lines for name, lines in lengths.items() if lines > MAX_LINES}
    assert not too_long, f"More than {MAX_LINES} lines: divide by what the parts do."


def test_the_changelog_opens_with_the_current_version():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest is not None, "CHANGELOG.md has no heading like '## 0.1.0'"
    assert newest[1] == project["version"]
