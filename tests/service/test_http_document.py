"""The examples of docs/http.md are run as they stand there, against a service of its own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.store.location import collection_at
from index.sync import sync
from tests.pdf_writing import lines, write_pdf
from tests.service.test_serve_command import serving
from tests.waiting import PATIENCE_S

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "http.md"
FAILING = 'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }\n'


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_each_example_does_what_is_said(tmp_path: Path, model: Model, encoder: Encoder) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "hours.txt").write_text("The clinic opens at 8 am on weekdays.\n")
    (tmp_path / "prices.csv").write_text("treatment,price\npeeling,40\n")
    report = write_pdf([lines(72, 700, "The report is due on Friday.")])
    (tmp_path / "report.pdf").write_bytes(report)
    for store in (tmp_path / "store", collection_at(tmp_path / "store", "handbooks")):
        sync(open_store(store), [notes], model, encoder)
    (hours,) = (each.id for each in open_store(tmp_path / "store").open().descriptions())
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    with serving(tmp_path / "store", tmp_path, "--no-watch") as (_, port):
        said = ""
        for block in blocks:
            script = block.replace("localhost:8000", f"127.0.0.1:{port}")
            script = script.replace("notes-hours-txt-465e2125d5", hours)
            script = re.sub("curl .*18ea407e….*", "true", script)  # another id than this one's
            done = subprocess.run(
                ["bash", "-ec", FAILING + script],
                cwd=tmp_path,
                env=dict(os.environ),
                capture_output=True,
                encoding="utf-8",
                timeout=PATIENCE_S,
                check=False,
            )
            said += done.stdout
            assert done.returncode == 0, (block, said, done.stderr)
    for part in ('"answered":true', '"id":"price', '"town":"Bergen"', '"state":', '"holds":true'):
        assert part in said
