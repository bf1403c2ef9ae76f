"""The reader on OpenVINO: no torch, ready in a fraction of a second.

`openvino_reader` opens it. It was converted from the torch reader once, and its logits were
compared with those of torch (`index.encoding.openvino_model`).
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.encoding.batching import Together
from index.encoding.openvino_model import Comparison, compile_model, converted, write_model
from index.encoding.shapes import Ids
from index.records import Span
from qa.read.pairs import INPUTS, Pair, PairTokenizer, read_pairs
from qa.read.reading import Logits, Reader, Reading, TrainedReader
from qa.read.windows import Window

if TYPE_CHECKING:
    from qa.read.network import TorchReader

_BATCH_TOKENS = 512
"""Larger batches take longer: they hold more padding, and are no faster a token."""

_MOST_QUESTIONS = 4
"""Of how many the windows are read together: the last of them waits for all."""

TOLERANCES = {"float32": 0.001, "bfloat16": 0.25}
"""How far a logit may be from torch's."""

_CHECKED_QUESTIONS = (
    "why do I get pimples after microneedling",
    "What were Intel's total net sales in the third quarter of 2023, and how did they change?",
)
_CHECKED_TEXTS = (  # what stands above, and the text
    ("", "Redness fades within two days."),
    ("", "Quarter | Net sales\nThird | $14,158"),
    ("Side effects", "Redness fades within two days; swelling, within one. Pimples may appear."),
    ("Pflege: Danach", "Die Rötung klingt nach zwei Tagen ab. 皮肤发红两天后消退。 👍🏽"),
    ("", " ".join(f"Needle number {n} was set to {n / 10:.1f} mm." for n in range(8))),
    ("A report: Part I", " ".join(f"Sentence {n} of a long text." for n in range(60))),
)
_CHECKED_WINDOWS = tuple(
    Window(number, Span(0, len(text)), (Span(0, len(text)),), text, above)
    for number, (above, text) in enumerate(_CHECKED_TEXTS)
)


def openvino_reader(trained: TrainedReader, precision: str) -> "OpenVinoReader":
    """Return the converted reader. Raises NotConvertibleError, ImportError without OpenVINO."""
    return converted(ReaderConversion(trained), precision)


class OpenVinoReader:
    """Reads with the converted network in a folder."""

    def __init__(self, folder: Path, trained: TrainedReader, precision: str) -> None:
        self.name = trained.name
        self.digest = trained.digest
        self.backend = f"openvino-{precision}"
        self.precision = precision
        with ThreadPoolExecutor(max_workers=1) as thread:
            compiling = thread.submit(compile_model, folder, precision, "LATENCY", keep=True)
            self._tokenizer = PairTokenizer(trained.encoder.tokenizer(), trained.limits)
            self._request = compiling.result().create_infer_request()
        self._reading = Together(self._read_together, _MOST_QUESTIONS)

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return how the windows answer the question."""
        return self._reading(self._tokenizer.pairs(question, windows))

    def _read_together(self, questions: Sequence[Sequence[Pair]]) -> list[Reading]:
        return read_pairs(questions, self._compute, _BATCH_TOKENS, self._tokenizer.limits.both)

    def _compute(self, inputs: Mapping[str, Ids]) -> tuple[Logits, Logits]:
        self._request.infer(dict(inputs))
        answerable, tokens = (
            np.array(self._request.get_output_tensor(number).data, dtype=np.float32)
            for number in (0, 1)
        )
        return answerable, tokens


@dataclass(frozen=True)
class ReaderConversion:
    """The `index.encoding.openvino_model.Conversion` of a reader."""

    trained: TrainedReader

    @cached_property
    def reference(self) -> "TorchReader":
        """The reader on torch, imported only for a conversion."""
        from qa.read.network import TorchReader

        return TorchReader(self.trained)

    @property
    def digest(self) -> str:
        """The reader's digest."""
        return self.trained.digest

    def write(self, folder: Path) -> None:
        """Write the network; the tokenizer stays in the encoder's folder."""
        from qa.read.network import ConvertibleNetwork

        write_model(ConvertibleNetwork(self.reference.network), INPUTS, folder)

    def open(self, folder: Path, precision: str) -> OpenVinoReader:
        """Open what was written."""
        return OpenVinoReader(folder, self.trained, precision)

    def compare(self, opened: OpenVinoReader) -> Comparison:
        """Compare the logits of windows and of tokens."""
        asked = [(question, _CHECKED_WINDOWS) for question in _CHECKED_QUESTIONS]
        figures = largest_differences(self.reference, opened, asked)
        worst = float(np.max(list(figures.values())))  # NaN if one of them is
        if worst <= TOLERANCES[opened.precision]:
            return Comparison(figures, "")
        return Comparison(figures, f"converted, it gives other logits (by {worst:.3f})")

    def probe(self) -> list[float]:
        """Return the logits of one window."""
        logits: list[float] = _probed(self.reference).tolist()
        return logits

    def gives(self, opened: OpenVinoReader, probe: list[float]) -> bool:
        """Tell whether the logits of that window are near enough."""
        differences = np.abs(_probed(opened) - np.array(probe, dtype=np.float32))
        return bool(np.all(differences <= TOLERANCES[opened.precision]))


def _probed(reader: Reader) -> Logits:
    reading = reader.read(_CHECKED_QUESTIONS[0], _CHECKED_WINDOWS[:1])
    return np.concatenate(list(_by_kind([reading]).values()))


def largest_differences(
    reference: Reader, opened: Reader, asked: Iterable[tuple[str, Sequence[Window]]]
) -> dict[str, float]:
    """Return by how much logits differ at most, with each window read with the others and alone."""
    differences: dict[str, list[float]] = {"answerability": [0.0], "tokens": [0.0]}
    for question, windows in asked:
        expected = _by_kind([reference.read(question, windows)])
        together = _by_kind([opened.read(question, windows)])
        alone = _by_kind([opened.read(question, [window]) for window in windows])
        for kind, logits in (*together.items(), *alone.items()):
            differences[kind].append(float(np.abs(logits - expected[kind]).max(initial=0.0)))
    return {kind: float(np.max(values)) for kind, values in differences.items()}


def _by_kind(readings: Sequence[Reading]) -> dict[str, Logits]:
    tokens = [scores.scores for reading in readings for scores in reading.tokens or ()]
    return {
        "answerability": np.concatenate([reading.answerability for reading in readings]),
        "tokens": np.concatenate(tokens),
    }
