"""The reader: milliseconds by number of windows and precision, and how far logits are from torch's.

Windows are those of the passages of seeds/, drawn anew for each question of eval/gold/seeds.jsonl.
All precisions that this processor has are timed in turns in one process, after warming up.
"""

import argparse
import random
import statistics
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import orjson

from benchmarks.results import machine, table
from index.chunking.chunker import Chunker
from index.encoding.model import find_model
from index.encoding.openvino_model import precisions
from index.parsers import read_file
from index.sources.listing import SourceFile
from qa.read.openvino_reader import largest_differences, openvino_reader
from qa.read.reader import find_reader
from qa.read.reading import Reader, TrainedReader
from qa.read.windows import Window, windows

_REPOSITORY = Path(__file__).resolve().parents[2]
_WARMING = 3
_COMPARED_WINDOWS = 5

Asked = Sequence[tuple[str, Sequence[Window]]]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="a weights file instead of the bundled one")
    parser.add_argument("--windows", type=int, nargs="+", default=[3, 5, 10, 20])
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--torch", action="store_true", help="time torch, too")
    options = parser.parse_args()
    from qa.read.network import TorchReader  # torch takes long to import

    trained = find_reader(options.weights, None) if options.weights else find_reader()
    reference = TorchReader(trained)
    opened = _opened(trained)
    timed = [*opened, reference] if options.torch else opened
    asked = {count: _asked(count, options.repeats) for count in options.windows}
    print(f"{machine()}; medians of {options.repeats}, warm; milliseconds by number of windows\n")
    columns = ["reader", *(str(count) for count in options.windows)]
    medians = {count: _medians(timed, asked[count]) for count in options.windows}
    rows = [
        [reader.backend, *(medians[count][number] for count in options.windows)]
        for number, reader in enumerate(timed)
    ]
    print(table(columns, rows))
    compared = _asked(_COMPARED_WINDOWS, options.repeats)
    pairs = _COMPARED_WINDOWS * options.repeats
    print(f"\nlargest difference of a logit from torch's, over {pairs} pairs\n")
    differences = [largest_differences(reference, reader, compared) for reader in opened]
    figures = [[float(f"{figure:.2g}") for figure in each.values()] for each in differences]
    names = [reader.backend for reader in opened]
    rows = [[name, *map(str, own)] for name, own in zip(names, figures, strict=True)]
    print(table(["reader", "windows", "tokens"], rows))


def _opened(trained: TrainedReader) -> list[Reader]:
    return [openvino_reader(trained, precision) for precision in precisions()]


def _asked(count: int, repeats: int) -> Asked:
    """Return questions, each with as many windows to read: the same at each run."""
    chooser = random.Random(count)
    drawn = _windows()
    return [
        (question, chooser.sample(drawn, count))
        for question in islice(cycle(_questions()), repeats)
    ]


def _questions() -> list[str]:
    lines = (_REPOSITORY / "eval" / "gold" / "seeds.jsonl").read_bytes().splitlines()
    return [str(orjson.loads(line)["question"]) for line in lines if line.strip()]


def _windows() -> list[Window]:
    model = find_model()
    chunker = Chunker(model.tokenizer(), model.budget())
    made: list[Window] = []
    for path in sorted((_REPOSITORY / "seeds").glob("*.txt")):
        (document,) = read_file(SourceFile(path, f"seeds/{path.name}"))
        made += windows([(document, passage) for passage in chunker.chunk(document).passages])
    return made


def _medians(readers: Sequence[Reader], asked: Asked) -> list[float]:
    """Return the median milliseconds of each reader; all read a question before the next one."""
    for reader in readers:
        for question, given in asked[:_WARMING]:
            reader.read(question, given)
    milliseconds: list[list[float]] = [[] for _ in readers]
    for question, given in asked:
        for times, reader in zip(milliseconds, readers, strict=True):
            started = time.perf_counter()
            reader.read(question, given)
            times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times) for times in milliseconds]


if __name__ == "__main__":
    main()
