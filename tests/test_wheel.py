"""The wheel, installed away from the checkout: what it puts where, and that it answers."""

import importlib.metadata
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TEXT = (
    "\ufeff# Sourdough 🍞\r\n\r\n"
    "The dough rests in the refrigerator for eighteen hours. "
    "The crust wants an oven of 250 °C – no less.\r\n\r\n"
    "Rye flour absorbs more water than wheat flour does.\r\n"
)


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel in it."""

    environment: Path
    site_packages: Path

    def run(self, command: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return run([str(self.environment / "bin" / command), *arguments], cwd)

    def python(self, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return self.run("python", "-c", code, cwd=cwd)


def run(command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `command` without any variable that could lead it to the checkout or to settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PINCITE", "COV"))}
    return subprocess.run(
        command,
        cwd=cwd,
        env=kept | {"PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1"},
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    built = run([*build, str(REPOSITORY)], folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("pincite-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    environment = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(environment, with_pip=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--no-index"]
    done = run([*pip, str(wheel)], environment)
    assert done.returncode == 0, done.stdout + done.stderr
    site_packages = next((environment / "lib").glob("python*/site-packages"))
    # What pincite depends on is borrowed from the environment of the tests. Python reads no .pth
    # file in a folder that came by a .pth file, so the checkout, if installed there as editable,
    # does not come along.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "borrowed.pth").write_text("\n".join(sorted(borrowed)), encoding="utf-8")
    return Installed(environment, site_packages)


def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"pincite", wheel_metadata_folder(wheel)}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]
    carried = {name.removeprefix("pincite/_app/") for name in names}
    files = [
        path.relative_to(REPOSITORY).as_posix()
        for folder in ("qa", "index", "eval")
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {"eval/gold/seeds.jsonl", "qa/read/weights/reader.safetensors"} <= {*files}
    assert any(file.startswith("qa/service/static/") for file in files)
    assert sorted(set(files) - carried) == []
    assert {"pincite/py.typed", "pincite/__init__.py", "pincite/layout.py"} <= carried


def wheel_metadata_folder(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    return f"{name}-{version}.dist-info"


def test_no_generic_name_stands_in_site_packages(installed: Installed):
    top = {path.name for path in installed.site_packages.iterdir()}
    assert "pincite" in top
    assert not top & {"qa", "index", "eval", "tests", "_app"}


def test_everything_is_imported_from_the_wheel(installed: Installed, tmp_path: Path):
    code = "import pincite, index, qa, eval; print(pincite, index, qa, eval, sep='\\n')"
    told = installed.python(code, tmp_path)
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.splitlines()) == 4
    assert all(str(installed.site_packages) in line for line in told.stdout.splitlines())
    assert str(REPOSITORY) not in told.stdout


def test_the_engine_and_the_version_are_exported(installed: Installed, tmp_path: Path):
    code = "from pincite import Engine, __version__; print(Engine.__name__, __version__)"
    told = installed.python(code, tmp_path)
    assert told.stdout.split() == ["Engine", installed_version(installed)], told.stderr


def installed_version(installed: Installed) -> str:
    (found,) = importlib.metadata.distributions(name="pincite", path=[str(installed.site_packages)])
    return found.version


def test_importing_pincite_does_not_import_torch(installed: Installed, tmp_path: Path):
    told = installed.python("import sys, pincite; print('torch' in sys.modules)", tmp_path)
    assert told.stdout.strip() == "False", told.stderr


def test_it_indexes_and_answers_with_a_citation_that_holds(installed: Installed, tmp_path: Path):
    source = tmp_path / "notes" / "bread.txt"
    source.parent.mkdir()
    source.write_bytes(TEXT.encode())

    indexed = installed.run("pincite", "index", "notes", "--store", "store", cwd=tmp_path)
    assert indexed.returncode == 0, indexed.stderr
    question = "How long does the dough rest in the refrigerator?"
    asked = installed.run("pincite", "ask", question, "--store", "store", "--json", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr

    answer = json.loads(asked.stdout)
    assert answer["answered"]
    assert answer["reader"]["name"] == "bundled"
    assert "eighteen hours" in answer["answer"]["text"]
    text = TEXT.removeprefix("\ufeff")
    assert answer["citations"]
    for citation in answer["citations"]:
        start, end = citation["start_char_index"], citation["end_char_index"]
        assert text[start:end] == citation["cited_text"]


@pytest.mark.parametrize("name", ["index", "qa", "eval"])
def test_a_foreign_module_of_that_name_is_refused(installed: Installed, tmp_path: Path, name: str):
    (tmp_path / f"{name}.py").write_text("", encoding="utf-8")
    told = installed.python(f"import {name}, pincite", tmp_path)
    assert told.returncode == 1
    last = told.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: pincite needs its own package {name!r}")
    assert str(tmp_path / f"{name}.py") in last


def test_a_foreign_file_that_nobody_imported_is_no_obstacle(installed: Installed, tmp_path: Path):
    (tmp_path / "index.py").write_text("raise RuntimeError", encoding="utf-8")
    told = installed.python("from pincite import Engine", tmp_path)
    assert told.returncode == 0, told.stderr


def test_a_foreign_module_is_refused_by_a_checkout_too(tmp_path: Path):
    (tmp_path / "index.py").write_text("", encoding="utf-8")
    code = f"import sys; sys.path.append({str(REPOSITORY)!r}); import pincite"
    told = run([sys.executable, "-c", code], tmp_path)
    assert told.stderr.splitlines()[-1].startswith("ImportError: pincite needs its own package")
