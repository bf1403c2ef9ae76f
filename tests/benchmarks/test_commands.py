"""Every benchmark starts, and the report can be made of what was measured."""

import sys
from importlib import import_module

import pytest

from benchmarks.report import write_report
from benchmarks.results import WITH_THE_CODE, keep, spread

BENCHMARKS = """
    __main__ answers.__main__ claims.__main__ decision.__main__ grow peers.__main__ reader.__main__
    reader.latency report scale search service stages store
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
    measured = ["Beside other systems", "By number of passages", "limits", "reading", "stages"]
    assert headings == [f"## {name}" for name in measured]
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {"peers.svg", "sizes.svg"}


def test_the_report_says_which_ratios_are_met(tmp_path):
    pytest.importorskip("matplotlib")
    plain = system(latency_ms_p50=10, latency_ms_p99=20, per_s_8=90, loaded_resident_mib=600)
    own = system(latency_ms_p50=4, latency_ms_p99=20, per_s_8=180, loaded_resident_mib=300)
    figures = {"set": "a set", "documents": 9, "questions": 9, "precision": "bfloat16"}
    systems = {"plain": plain, "Pincite without a reader": own}
    keep("peers", "In turns.", {**figures, "systems": systems}, tmp_path)
    lines = write_report(tmp_path, tmp_path).read_text(encoding="utf-8").splitlines()
    wanted = [line.split(" | ")[1:] for line in lines if " to plain: " in line]
    assert wanted == [
        ["0.400", "at most 0.5", "yes |"],
        ["1.00", "at most 1", "yes |"],
        ["2.00", "at least 3", "**no** |"],
        ["1.00", "at least 2.3", "**no** |"],
        ["0.500", "at most 0.65", "yes |"],
    ]


def system(**figures: float) -> dict[str, object]:
    indexing = {"documents_per_s_without_start": spread([50.0])}
    quality = {"ndcg_at_10": 0.7, "recall_at_10": 0.8}
    measured = {name: spread([float(value)]) for name, value in figures.items()}
    return {"notes": "", "indexing": indexing, "quality": quality, **measured}
