"""Asking starts quickly, for it imports only what it needs."""

import subprocess
import sys
import textwrap
from pathlib import Path

from index.encoding.encoder import Encoder

NEEDED = {
    "Stemmer",
    "annotated_doc",
    "annotated_types",
    "cython_runtime",  # by Stemmer
    "faiss",
    "filelock",
    "markdown_it",  # by rich
    "mdurl",
    "numpy",
    "openvino",
    "orjson",
    "packaging",
    "platformdirs",
    "pydantic",
    "pydantic_core",
    "pygments",
    "rich",
    "shellingham",
    "swig_runtime_data5",
    "tokenizers",
    "typer",
    "typing_extensions",
    "typing_inspection",
}
OWN = {"eval", "index", "pincite", "qa"}
NOT_OWN = [
    "index.sync",
    "index.chunking.chunker",
    "index.structure.layout",
    "index.structure.markdown",
    "index.chunking.sentences",
    "qa.service",
]


def test_asking_imports_neither_torch_nor_what_indexing_needs(
    seeds_store: Path,
    encoder: Encoder,  # converted by now
) -> None:
    script = f"""
        import sys
        from pincite.cli import app
        from index.terminal import run
        sys.argv = ["pincite", "ask", "why do I get pimples", "--store", {str(seeds_store)!r}]
        assert run(app) == 0
        print(*(name for name, module in sys.modules.items() if module), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    modules = set(done.stderr.split())
    foreign = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - OWN
    assert {name for name in foreign if not name.startswith("_")} <= NEEDED
    assert not modules.intersection(NOT_OWN)


def test_serving_imports_no_protocol_that_was_not_asked_for() -> None:
    script = "import sys, qa.service.app, qa.service.run; assert 'mcp' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
