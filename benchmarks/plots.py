"""Plots of measurements: SVG with text as text, for light and dark pages alike.

Colours are those of Okabe and Ito, which colour-blind people tell apart; markers differ, too.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.tables import at, middle
from benchmarks.targets import MEASURES

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
