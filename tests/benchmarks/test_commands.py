"""Every benchmark starts, and the report can be made of what was measured."""

import sys
from importlib import import_module

import pytest

from benchmarks.report import write_report
from benchmarks.results import WITH_THE_CODE

BENCHMARKS = """
    __main__ answers.__main__ decision.__main__ grow peers.__main__ reader.__main__ reader.latency
    report scale search service stages startup store
""".split()


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_tells_its_options(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        import_module(f"benchmarks.{name}").main()
    assert ended.value.code == 0
    assert "usage: " in capsys.readouterr().out


def test_the_report_has_a_section_for_each_measurement(tmp_path):
    pytest.importorskip("matplotlib")
    text = write_report(WITH_THE_CODE, tmp_path).read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## Beside other systems", "## By number of passages", "## stages"]
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"peers.svg", "sizes.svg"}
