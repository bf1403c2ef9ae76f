"""RESULTS.md and its plots, from the measurements under results/.

`python -m benchmarks.report`. A measurement whose figures are `columns` and `rows` becomes a table
as it is; peers and sizes have tables of their own, and plots: SVG with text as text, for light and
dark pages alike. Colours are those of Okabe and Ito, which colour-blind people tell apart; markers
differ, too.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.peers.systems import PINCITE, WITH_READER, WITHOUT_READER
from benchmarks.results import WITH_THE_CODE, at, read_all, shown, table

_HERE = Path(__file__).parent
_COMPARED = {"peers": "Beside other systems", "alone": "A set of documents"}
_SIZES = (
    ("documents", ("build", "documents")),
    ("built in, s", ("build", "seconds")),
    ("peak memory of building, MiB", ("build", "peak_mib")),
    ("on disk, MiB", ("build", "disk_mib")),
    ("opened in, s", ("search", "open_s")),
    ("by vectors p50, ms", ("search", "dense_ms", "p50")),
    ("by vectors p99, ms", ("search", "dense_ms", "p99")),
    ("recall@10 by vectors", ("search", "recall_at_10")),
    ("recall@100 by vectors", ("search", "recall_at_100")),
    ("by words p50, ms", ("search", "words_ms", "p50")),
    ("by words p99, ms", ("search", "words_ms", "p99")),
    ("whole question p50, ms", ("search", "question_ms", "p50")),
    ("whole question p99, ms", ("search", "question_ms", "p99")),
    ("anonymous memory when asked, MiB", ("search", "asked", "anonymous_mib")),
    ("file-backed memory when asked, MiB", ("search", "asked", "file_backed_mib")),
    ("HTTP latency p50, 1 client, ms", ("service", "latency_ms_p50")),
    ("questions a second, 8 clients", ("service", "per_s_8")),
    ("the service's first answer, s", ("service", "first_answer_s")),
    ("an answer on the command line, s", ("service", "command_line_s")),
    ("anonymous memory of the service, MiB", ("service", "loaded_anonymous_mib")),
    ("file-backed memory of the service, MiB", ("service", "loaded_file_backed_mib")),
)
_GREY = "#808080"
_STYLES = {
    "plain": ("#E69F00", "s"),
    WITH_READER: ("#D55E00", "D"),
    "txtai": ("#009E73", "^"),
    WITHOUT_READER: ("#56B4E9", "o"),
    PINCITE: ("#0072B2", "P"),
}
_LINES = (
    ("whole question", ("search", "question_ms", "p50"), "#0096D6", "o"),
    ("by vectors", ("search", "dense_ms", "p50"), "#E69F00", "s"),
    ("by vectors, p99", ("search", "dense_ms", "p99"), "#E69F00", "d"),
    ("by words", ("search", "words_ms", "p50"), "#009E73", "^"),
)
_MEMORY = (
    ("anonymous", ("search", "asked", "anonymous_mib"), "#0096D6", "o"),
    ("file-backed", ("search", "asked", "file_backed_mib"), "#E69F00", "s"),
    ("on disk", ("build", "disk_mib"), "#009E73", "^"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a figure, or on a ratio of two."""

    bound: float
    side: Literal["at most", "at least"]
    unit: str = ""

    def is_met(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value <= self.bound if self.side == "at most" else value >= self.bound

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.side} {self.bound:g}{self.unit and ' ' + self.unit}"


_INDEXING = ("indexing", "documents_per_s_without_start")
_LATENCY = ("latency_ms_p50",)
_THROUGHPUT = ("per_s_8",)
_QUALITY = ("quality", "ndcg_at_10")
MEASURES = {
    _LATENCY: "asked first p50, ms",
    ("latency_ms_p95",): "asked first p95, ms",
    ("latency_ms_p99",): "asked first p99, ms",
    ("again_ms_p50",): "asked again p50, ms",
    ("again_ms_p99",): "asked again p99, ms",
    _THROUGHPUT: "questions a second, 8 clients",
    ("p99_ms_8",): "8 clients p99, ms",
    ("loaded_resident_mib",): "resident memory, MiB",
    ("loaded_anonymous_mib",): "of it anonymous, MiB",
    ("first_answer_s",): "the server's first answer, s",
    ("command_line_s",): "an answer on the command line, s",
    _INDEXING: "documents indexed a second, less the start",
    ("indexing", "documents_per_s"): "the same, with the start",
    ("indexing_whole", "documents_per_s"): "the same, whole set, once",
    _QUALITY: "nDCG@10",
    ("quality", "recall_at_10"): "recall@10",
}
"""The names of the figures of a system, by their places."""

RATIOS = (
    (WITHOUT_READER, "plain", _LATENCY, Target(0.5, "at most")),
    (WITHOUT_READER, "plain", ("latency_ms_p99",), Target(1, "at most")),
    (WITHOUT_READER, "plain", _THROUGHPUT, Target(3, "at least")),
    (WITHOUT_READER, "plain", _INDEXING, Target(1.4, "at least")),
    (WITHOUT_READER, "plain", ("loaded_resident_mib",), Target(0.65, "at most")),
    (PINCITE, WITH_READER, _LATENCY, Target(0.3, "at most")),
    (PINCITE, WITH_READER, _THROUGHPUT, Target(4, "at least")),
)
"""What is wanted of a figure of one system as a ratio to another's."""
_INDEXING_IN_BFLOAT16 = Target(2.3, "at least")

AT_A_MILLION = {
    "dense p50": (("search", "dense_ms", "p50"), Target(5, "at most", "ms")),
    "dense p99": (("search", "dense_ms", "p99"), Target(15, "at most", "ms")),
    "recall@10": (("search", "recall_at_10"), Target(0.99, "at least")),
    "question p50": (("search", "question_ms", "p50"), Target(20, "at most", "ms")),
    "anonymous memory": (("search", "asked", "anonymous_mib"), Target(2000, "at most", "MiB")),
}


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=WITH_THE_CODE)
    parser.add_argument("--into", type=Path, default=_HERE, help="the folder of RESULTS.md")
    options = parser.parse_args()
    print(f"Wrote {write_report(options.results, options.into)}")


def write_report(results: Path, into: Path) -> Path:
    """Write RESULTS.md and its plots into a folder; return its path."""
    measured = read_all(results)
    sections = ["# Results\n\nMade by `python -m benchmarks.report` from results/; see README.md."]
    compared = sorted(name for name in measured if name.partition("-")[0] in _COMPARED)
    sections += [_compared(name, measured.pop(name), into) for name in compared]
    sizes = [name for name in measured if name.startswith("passages-")]
    if sizes:
        grown = sorted(
            (measured.pop(n) for n in sizes), key=lambda e: e["figures"]["build"]["passages"]
        )
        plot_sizes([each["figures"] for each in grown], into / "plots" / "sizes.svg")
        sections.append(_sizes(grown))
    sections += [_tabled(name, each) for name, each in measured.items()]
    report = into / "RESULTS.md"
    report.write_text("\n\n".join(sections) + "\n", "utf-8")
    return report


def _compared(name: str, result: Mapping[str, Any], into: Path) -> str:
    figures = result["figures"]
    systems: Mapping[str, Mapping[str, Any]] = figures["systems"]
    kind, _, precision = name.partition("-")
    heading = _COMPARED[kind] + (f", {precision}" if precision else "")
    of = f"{figures['set']}, {figures['documents']} documents, {figures['questions']} questions."
    rows = [
        [measure, *(at(each, place) for each in systems.values())]
        for place, measure in MEASURES.items()
    ]
    parts = [f"## {heading}\n\n{of}", table(["", *systems], rows)]
    if wanted := list(_wanted(systems, figures.get("precision", "float32"))):
        parts.append(table(["ratio", "measured", "wanted", "met"], wanted))
    plot_quality(systems, into / "plots" / f"{name}.svg")
    parts += [
        f"![Latency and throughput against nDCG@10](plots/{name}.svg)",
        "\n".join(f"- {name}: {each['notes']}" for name, each in systems.items()),
        _conditions(result),
    ]
    if packages := figures.get("packages"):
        lines = (
            f"- {name}: {', '.join(f'{p} {v}' for p, v in each.items())}"
            for name, each in packages.items()
        )
        own = "\n".join(lines)
        parts.append(f"<details><summary>The peers' packages</summary>\n\n{own}\n\n</details>")
    return "\n\n".join(parts)


def _wanted(systems: Mapping[str, Mapping[str, Any]], precision: str) -> Iterator[Sequence[Any]]:
    """Yield what is wanted of one system beside another, where both were measured."""
    for own, peer, place, usual in RATIOS:
        in_bfloat16 = place == _INDEXING and precision == "bfloat16"
        target = _INDEXING_IN_BFLOAT16 if in_bfloat16 else usual
        if own in systems and peer in systems:
            figure, base = (at(systems[name], place)["median"] for name in (own, peer))
            met = _yes_or_no(target.is_met(figure / base))
            yield [f"{own} to {peer}: {MEASURES[place]}", figure / base, f"{target}", met]


def _sizes(grown: Sequence[Mapping[str, Any]]) -> str:
    figures = [each["figures"] for each in grown]
    columns = ["", *(f"{each['build']['passages']:,}" for each in figures)]
    rows = [[name, *(at(each, place) for each in figures)] for name, place in _SIZES]
    parts = [
        "## By number of passages",
        table(columns, rows),
        "![Time of a question and memory by number of passages](plots/sizes.svg)",
    ]
    if figures[-1]["build"]["passages"] >= 1_000_000:
        wanted = [
            [name, found := at(figures[-1], place), f"{target}", _yes_or_no(target.is_met(found))]
            for name, (place, target) in AT_A_MILLION.items()
        ]
        parts.append(table(["at a million", "measured", "wanted", "met"], wanted))
    return "\n\n".join([*parts, *(_conditions(each) for each in grown)])


def _tabled(name: str, result: Mapping[str, Any]) -> str:
    figures = result["figures"]
    return "\n\n".join(
        [f"## {name}", table(figures["columns"], figures["rows"]), _conditions(result)]
    )


def _conditions(result: Mapping[str, Any]) -> str:
    of = result["conditions"]
    versions = ", ".join(f"{name} {version}" for name, version in of["versions"].items())
    return (
        f"{result['method']} {of['machine']}; load average before "
        f"{shown(of['load_average_before'])}; {of['date']}, commit {of['commit']}; "
        f"Python {of['python']}, {versions}."
    )


def _yes_or_no(met: bool) -> str:  # noqa: FBT001 - a word, not a switch
    return "yes" if met else "**no**"


def plot_quality(systems: Mapping[str, Mapping[str, Any]], file: Path) -> None:
    """Draw latency and throughput of each system against how well it ranks."""
    figure, panels = _drawing(9, 4, columns=2)
    for axes, place in zip(panels, (_LATENCY, _THROUGHPUT), strict=True):
        for name, each in systems.items():
            colour, marker = _STYLES.get(name, (_GREY, "x"))
            of = at(each, place)
            spread = [[of["median"] - of["least"]], [of["most"] - of["median"]]]
            ranks = at(each, _QUALITY)
            axes.errorbar(
                of["median"], ranks, xerr=spread, fmt=marker, color=colour, label=name, ms=8
            )
        axes.set_xscale("log")
        axes.margins(x=0.15, y=0.15)
        _plain_ticks(axes.xaxis, (1, 2, 5))
        axes.set_xlabel(MEASURES[place])
        axes.set_ylabel(MEASURES[_QUALITY])
    _save(figure, file, 2)


def plot_sizes(figures: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Draw the time of searches and the memory they take, by number of passages."""
    figure, (left, right) = _drawing(9, 3.4, columns=2)
    passages = [each["build"]["passages"] for each in figures]
    for axes, lines, unit in ((left, _LINES, "ms, median"), (right, _MEMORY, "MiB")):
        for name, place, colour, marker in lines:
            values = [at(each, place) for each in figures]
            axes.plot(passages, values, marker=marker, color=colour, label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        _plain_ticks(axes.xaxis, (1,))
        _plain_ticks(axes.yaxis, (1, 3))
        axes.set_xlabel("passages")
        axes.set_ylabel(unit)
    _save(figure, file, 2)


def _plain_ticks(axis: Any, steps: Sequence[int]) -> None:
    """Mark these steps of each decade, by numbers without exponents."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def _drawing(width: float, height: float, columns: int = 1) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    plt.switch_backend("svg")

    grey = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    parameters: dict[Any, Any] = dict.fromkeys(grey, _GREY)
    plt.rcParams.update(parameters)
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "pincite", "font.size": 10})
    figure, axes = plt.subplots(1, columns, figsize=(width, height), layout="constrained")
    return figure, axes


def _save(figure: Any, file: Path, legend_columns: int) -> None:
    for axes in figure.axes:
        axes.grid(color=_GREY, alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
        axes.legend(frameon=False, fontsize=9, ncols=legend_columns, **above)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, transparent=True, metadata={"Date": None})


if __name__ == "__main__":
    main()
