"""RESULTS.md and its plots, from the measurements under results/.

`python -m benchmarks.report`. A measurement whose figures are `columns` and `rows` becomes a table
as it is; peers and sizes have tables of their own.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.plots import plot_peers, plot_sizes
from benchmarks.results import WITH_THE_CODE, read_all
from benchmarks.tables import at, middle, shown, table
from benchmarks.targets import AT_A_MILLION, MEASURES, NDCG_ABOVE_BEST_PEER

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
        met = _said(measure.target.is_met(ratio)) if measure.target and ratio else ""
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
                met = _said(NDCG_ABOVE_BEST_PEER.is_met(over))
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
            [name, found := at(figures[-1], place), f"{target}", _said(target.is_met(found))]
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


def _said(met: bool) -> str:  # noqa: FBT001 - it is said, not switched
    return "yes" if met else "**no**"


if __name__ == "__main__":
    main()
