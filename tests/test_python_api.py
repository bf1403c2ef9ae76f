"""The package from Python: `from pincite import Engine`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pincite
from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from pincite import Engine
from tests.pdf_writing import lines, write_pdf

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def engine(seeds_store: Path) -> Engine:
    return Engine.open(seeds_store)


def test_a_question_is_answered_with_the_places_of_every_word(engine: Engine) -> None:
    answer = engine.ask("What is microneedling?")
    assert answer.answered
    assert answer.text
    for span in answer.spans:
        (number,) = span.citations
        citation = answer.citations[number - 1]
        cited = answer.text[span.start : span.end]
        assert cited == citation.cited_text
        assert cited == citation.document.text[citation.start : citation.end]
        assert citation.document.source.startswith("seeds/")


def test_a_citation_of_a_pdf_has_its_pages(
    tmp_path: Path, model: Model, encoder: Encoder, engine: Engine
) -> None:
    (folder := tmp_path / "reports").mkdir()
    pages = [lines(72, 700, "The year was long and dry."), lines(72, 700, "Redness fades in May.")]
    (folder / "report.pdf").write_bytes(write_pdf(pages))
    sync(open_store(tmp_path / "store"), [folder], model, encoder)
    (citation,) = Engine.open(tmp_path / "store").ask("When does redness fade?").citations
    assert (citation.cited_text, citation.pages) == ("Redness fades in May.", (2, 2))
    (plain, *_) = engine.ask("What is microneedling?").citations
    assert plain.pages is None, "a text file has no pages"


def test_a_question_the_documents_do_not_answer_gets_none(engine: Engine) -> None:
    answer = engine.ask("What is the capital of France?", top_k=3)
    assert (answer.answered, answer.text, answer.citations) == (False, None, ())
    assert len(answer.hits) == 3


def test_the_store_may_be_given_as_text_and_the_threshold_set(seeds_store: Path) -> None:
    strict = Engine.open(str(seeds_store), threshold=1.0)
    assert not strict.ask("What is microneedling?").answered


def test_an_engine_does_not_change(engine: Engine) -> None:
    with pytest.raises(AttributeError):
        engine.threshold = 0.0  # type: ignore[misc]


def test_what_is_exported_is_there_and_nothing_else() -> None:
    assert pincite.__version__
    assert all(hasattr(pincite, name) for name in pincite.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = pincite.nonsense


@pytest.mark.parametrize("name", ["qa", "index", "eval"])
def test_a_foreign_package_of_the_same_name_is_refused_by_name(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}; import pincite"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: pincite needs its own package")
    assert repr(name) in last


def test_importing_pincite_is_quick() -> None:
    code = "import sys, pincite; sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=False
    )
    assert done.returncode == 0
