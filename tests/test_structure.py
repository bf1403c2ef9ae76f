"""How the code is laid out: which way imports run, what modules are called, how deep they lie."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("index", "qa", "eval", "pincite")
"""Lowest first: each may import itself and those before it."""
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc"}
PRIVATE_WORDS = set(
    """
    asking binding claims dealing direct disguise elsewhere entries gathering halves kept known lost
    making places pool saying settling stack western
    """.split()
)
"""Words that mean something only to those who wrote the code."""
STORE = {
    "index.store",
    "index.store.protocols",
    "index.store.records",
    "index.store.collection",
    "index.store.catalogue",
    "index.store.location",
}
"""What all others may import of it: how a store keeps its content is its own business."""
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


def test_imports_run_one_way():
    wrong = [
        f"{name_of(module)}:{line} imports {name}"
        for module in MODULES
        for line, name in upward_imports(
            name_of(module).split("/")[0], module.read_text(encoding="utf-8")
        )
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


def test_the_store_is_asked_by_its_protocols_only():
    outside = [
        path
        for folder in (*PACKAGES, "benchmarks", "training")
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        if not name_of(path).startswith("index/store/")
    ]
    wrong = {
        name_of(path): parts
        for path in outside
        if (parts := parts_of_the_store(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def parts_of_the_store(source: str) -> set[str]:
    """Return the modules of the store that a module imports and should not know."""
    inside = {name for name in map(dotted, MODULES) if name.startswith("index.store.")}
    return (inside - STORE).intersection(targets_of(source))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from index.store import open_store, records\nimport index.store.protocols", []),
        ("from index.store import local", ["index.store.local"]),
        ("def f():\n    import index.store.local.store", ["index.store.local.store"]),
    ],
)
def test_a_look_into_the_store_is_found(source: str, expected: list[str]):
    assert sorted(parts_of_the_store(source)) == expected


def dotted(module: Path) -> str:
    """Return the name that a module is imported by."""
    parts = module.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles(sources: Mapping[str, str]) -> list[list[str]]:
    """Return the groups of modules, name to source, that import one another, by what way ever.

    An import inside a function counts. A module that imports a package imports its `__init__` only,
    unless it names a module in it: `from package import module`.
    """
    numbers = {name: number for number, name in enumerate(sources)}
    edges = [
        (number, numbers[target])
        for name, number in numbers.items()
        for target in targets_of(sources[name])
        if target in numbers and target != name
    ]
    rows, columns = zip(*edges, strict=True) if edges else ((), ())
    graph = csr_array(([1] * len(edges), (rows, columns)), shape=(len(numbers), len(numbers)))
    _, groups = connected_components(graph, connection="strong")
    members: dict[int, list[str]] = {}
    for name, group in zip(numbers, groups.tolist(), strict=True):
        members.setdefault(group, []).append(name)
    return [group for group in members.values() if len(group) > 1]


def targets_of(source: str) -> Iterator[str]:
    """Yield what a module may import: `from a import b` is the module a, and a.b if it is one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_imports_run_in_a_circle():
    found = circles({dotted(module): module.read_text(encoding="utf-8") for module in MODULES})
    assert not found, "Imports run in a circle: " + "; ".join(", ".join(each) for each in found)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"a": "import b", "b": "import c", "c": ""}, []),
        ({"a": "import b", "b": "def f():\n    from c import d", "c": "import a"}, ["a", "b", "c"]),
        ({"a": "from p import b", "p": "", "p.b": "import a"}, ["a", "p.b"]),
        ({"a": "import p.b", "p": "import a", "p.b": ""}, []),
        ({"a": "from a import x"}, []),
    ],
)
def test_a_circle_is_found(sources: dict[str, str], expected: list[str]):
    assert circles(sources) == ([expected] if expected else [])


def test_no_relative_import_hides_from_these_tests():
    relative = [
        f"{name_of(module)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_every_name_says_what_a_module_is_and_is_not_taken():
    taken = set(sys.stdlib_module_names) | SAYS_NOTHING
    folders = {parent for module in MODULES for parent in module.parents}
    own = {path for path in folders if path != REPOSITORY and path.is_relative_to(REPOSITORY)}
    own |= set(MODULES)
    assert [name_of(path) for path in sorted(own) if path.stem in taken] == []
    private = {name_of(path) for path in own if path.stem.strip("_") in PRIVATE_WORDS}
    assert private == set(), "these words say something to their authors only"


def test_no_module_lies_more_than_two_folders_deep_in_its_package():
    deep = [name_of(each) for each in MODULES if len(each.relative_to(REPOSITORY).parts) > 4]
    assert deep == []


def test_the_changelog_opens_with_the_current_version():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest is not None, "CHANGELOG.md has no heading like '## 0.1.0'"
    assert newest[1] == project["version"]
