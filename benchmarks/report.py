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

from benchmarks.results import WITH_THE_CODE, at, middle, read_all, shown, table

_HERE = Path(__file__).parent
_BASE = "plain"
_OWN = "Pincite"
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
    ("questions a second, 1 client", ("service", "per_s_1")),
    ("questions a second, 8 clients", ("service", "per_s_8")),
    ("questions a second, 64 clients", ("service", "per_s_64")),
    ("the service's first answer, s", ("service", "first_answer_s")),
    ("an answer on the command line, s", ("service", "command_line_s")),
    ("anonymous memory of the service, MiB", ("service", "loaded_anonymous_mib")),
    ("file-backed memory of the service, MiB", ("service", "loaded_file_backed_mib")),
)
_GREY = "#808080"
_STYLES = {
    "Pincite": ("#0096D6", "o"),
    "plain": (_GREY, "|"),
    "txtai": ("#E69F00", "s"),
    "Haystack": ("#D55E00", "^"),
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
    """A bound on a figure, or on its ratio to the plain service's."""

    bound: float
    side: Literal["at most", "at least"]
    unit: str = ""

    def is_met(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value <= self.bound if self.side == "at most" else value >= self.bound

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.side} {self.bound:g}{self.unit and ' ' + self.unit}"


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of every system: its place in the result, its name, the target for its ratio."""

    place: tuple[str, ...]
    name: str
    target: Target | None = None


MEASURES = (
    Measure(("latency_ms_p50",), "HTTP latency p50, ms", Target(0.4, "at most")),
    Measure(("latency_ms_p95",), "HTTP latency p95, ms"),
    Measure(("latency_ms_p99",), "HTTP latency p99, ms"),
    Measure(("per_s_1",), "questions a second, 1 client"),
    Measure(("per_s_8",), "questions a second, 8 clients", Target(4, "at least")),
    Measure(("per_s_64",), "questions a second, 64 clients"),
    Measure(("indexing", "documents_per_s"), "documents indexed a second", Target(1.5, "at least")),
    Measure(("indexing", "documents_per_s_without_start"), "the same, less the start"),
    Measure(("indexing_whole", "documents_per_s"), "the same, whole set, once"),
    Measure(("command_line_s",), "an answer on the command line, s", Target(0.15, "at most")),
    Measure(("first_answer_s",), "the server's first answer, s", Target(0.5, "at most")),
    Measure(("loaded_resident_mib",), "resident memory, MiB", Target(0.7, "at most")),
    Measure(("loaded_anonymous_mib",), "of it anonymous, MiB"),
)
NDCG_ABOVE_BEST_PEER = Target(0.035, "at least")

AT_A_MILLION = {
    "dense p50": (("search", "dense_ms", "p50"), Target(5, "at most", "ms")),
    "dense p99": (("search", "dense_ms", "p99"), Target(15, "at most", "ms")),
    "recall@10": (("search", "recall_at_10"), Target(0.99, "at least")),
    "question p50": (("search", "question_ms", "p50"), Target(25, "at most", "ms")),
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
    for name, heading in (("peers", "Beside other systems"), ("alone", "A set of documents")):
        if compared := measured.pop(name, None):
            sections.append(_compared(heading, compared, into))
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


def _compared(heading: str, result: Mapping[str, Any], into: Path) -> str:
    figures = result["figures"]
    systems: Mapping[str, Mapping[str, Any]] = figures["systems"]
    names = [*(name for name in systems if name != _OWN), _OWN]
    columns = ["", *names, "ratio to plain", "wanted", "met"]
    if _BASE not in systems:
        columns = columns[:-3]
    rows = [row[: len(columns)] for row in (*_measured(systems, names), *_ranked(systems, names))]
    of = f"{figures['set']}, {figures['documents']} documents, {figures['questions']} questions."
    parts = [f"## {heading}\n\n{of}", table(columns, rows)]
    if _BASE in systems:
        plot_peers(systems, into / "plots" / "peers.svg")
        parts.append("![Each figure as a ratio to the plain service's](plots/peers.svg)")
    parts += [
        "\n".join(f"- {name}: {systems[name]['notes']}" for name in names),
        _conditions(result),
    ]
    if others := [name for name in names if systems[name]["versions"]]:
        packages = "\n".join(
            f"- {name}: {', '.join(f'{p} {v}' for p, v in systems[name]['versions'].items())}"
            for name in others
        )
        parts.append(f"<details><summary>Their packages</summary>\n\n{packages}\n\n</details>")
    return "\n\n".join(parts)


def _measured(
    systems: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> Iterator[Sequence[Any]]:
    for measure in MEASURES:
        values = [at(systems[name], measure.place) for name in names]
        own, base = middle(values[-1]), middle(at(systems.get(_BASE, {}), measure.place))
        ratio = own / base if own is not None and base else None
        wanted = f"{measure.target}" if measure.target else ""
        met = _yes_or_no(measure.target.is_met(ratio)) if measure.target and ratio else ""
        yield [measure.name, *values, ratio, wanted, met]


def _ranked(
    systems: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> Iterator[Sequence[Any]]:
    for place, name in (("ndcg_at_10", "nDCG@10"), ("recall_at_10", "recall@10")):
        values = [at(systems[each], ("quality", place)) for each in names]
        above, wanted, met = "", "", ""
        if len(values) > 1:
            over = values[-1] - max(values[:-1])
            above = f"{over:+.3f} over the best peer"
            if place == "ndcg_at_10":
                wanted = f"{NDCG_ABOVE_BEST_PEER} over the best peer"
                met = _yes_or_no(NDCG_ABOVE_BEST_PEER.is_met(over))
        yield [name, *(f"{value:.4f}" for value in values), above, wanted, met]


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


def plot_peers(systems: Mapping[str, Mapping[str, Any]], file: Path) -> None:
    """Draw each wanted figure as a ratio to the plain service's, and the bound that is wanted."""
    if "plain" not in systems:
        return
    figure, axes = _drawing(7.5, 3.6)
    measures = [measure for measure in MEASURES if measure.target]
    for row, measure in enumerate(measures):
        base = middle(at(systems["plain"], measure.place)) or 1
        for name, each in systems.items():
            colour, marker = _STYLES[name]
            ratio = (middle(at(each, measure.place)) or 0) / base
            axes.plot(ratio, row, marker, color=colour, label=name if row == 0 else None, ms=8)
        if measure.target:
            axes.plot(
                measure.target.bound,
                row,
                "x",
                color="#CC79A7",
                label="wanted" if row == 0 else None,
            )
    names = (f"{m.name.partition(',')[0]} ({_better(m.target.side)})" for m in measures if m.target)
    axes.set_yticks(range(len(measures)), list(names))
    axes.invert_yaxis()
    axes.set_xscale("log")
    _plain_ticks(axes.xaxis, (1, 2, 5))
    axes.set_xlabel("ratio to the plain service")
    _save(figure, file, 5)


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


def _better(side: str) -> str:
    return "less is better" if side == "at most" else "more is better"


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
