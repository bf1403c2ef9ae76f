"""Scanned pages of a PDF: their words, read by rapidocr on OpenVINO."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from index.errors import SettingsError
from index.parsers.pdf.glyphs import TextRun
from index.records import ScannedPage

MOST_SCANS = 300
"""Pages of a document. More are named in its remarks, and not read."""
_PIXELS_PER_POINT = 200 / 72
_MOST_PIXELS = 12_000_000
_UNITS = 4
"""Of an edge that is kept, in a point."""


@dataclass(frozen=True, slots=True)
class ScannedWord:
    """A word and its edges on the page as shown, in points from the top left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


ScannedLine = tuple[ScannedWord, ...]


def check_installed() -> None:
    """Raise SettingsError if scanned pages cannot be read."""
    if not find_spec("rapidocr"):
        raise SettingsError(
            "To read scanned pages, rapidocr is needed: install it with "
            "`pip install 'pincite[ocr]'`, or leave out --ocr."
        )


class ScanReader:
    """Reads the words of scanned pages; the models are loaded with the first one."""

    @cached_property
    def name(self) -> str:
        """The library and its version."""
        return f"rapidocr {version('rapidocr')}"

    def lines(self, page: Any) -> list[ScannedLine]:
        """Return the lines of a page, from the top down."""
        width, height = page.get_size()
        scale = min(_PIXELS_PER_POINT, (_MOST_PIXELS / (width * height)) ** 0.5)
        bitmap = page.render(scale=scale)
        try:
            read = self._engine(bitmap.to_numpy()[:, :, :3], return_word_box=True)
        finally:
            bitmap.close()
        lines = (
            tuple(_word(text, box, scale) for text, _, box in words if text.strip())
            for words in read.word_results or ()
        )
        return list(filter(None, lines))

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import EngineType, RapidOCR

        parts = {f"{part}.engine_type": EngineType.OPENVINO for part in ("Det", "Cls", "Rec")}
        return RapidOCR(params=parts | {"Global.use_cls": False, "Global.log_level": "critical"})


def runs_of(lines: list[ScannedLine], page_height: float) -> list[TextRun]:
    """Return lines as runs of text, which have their origin at the bottom left."""
    runs: list[TextRun] = []
    for words in lines:
        text = ""
        blanks: list[tuple[int, float, float]] = []
        for before, word in zip((None, *words), words, strict=False):
            if before:
                blanks.append((len(text), before.right, max(before.right, word.left)))
                text += " "
            text += word.text
        top, bottom = min(w.top for w in words), max(w.bottom for w in words)
        runs.append(
            TextRun(
                text=text,
                x0=words[0].left,
                x1=words[-1].right,
                y=page_height - bottom,
                size=bottom - top,
                bold=False,
                blanks=tuple(blanks),
            )
        )
    return runs


def kept(number: int, lines: Iterable[ScannedLine]) -> ScannedPage:
    """Return the words of a page as a document keeps them."""
    words = [word for line in lines for word in line]
    edges = [(word.left, word.top, word.right, word.bottom) for word in words]
    packed = np.rint(np.clip(np.array(edges) * _UNITS, 0, 2**16 - 1)).astype("<u2").tobytes()
    return ScannedPage(number, " ".join(w.text for w in words), base64.b64encode(packed).decode())


def words_of(page: ScannedPage) -> Iterator[ScannedWord]:
    """Yield the words that a document keeps of a page."""
    edges = np.frombuffer(base64.b64decode(page.edges), "<u2").reshape(-1, 4) / _UNITS
    for text, around in zip(page.words.split(" "), edges.tolist(), strict=True):
        yield ScannedWord(text, *around)


def _word(text: str, box: Any, scale: float) -> ScannedWord:
    lefts, tops = zip(*box, strict=True)
    return ScannedWord(
        "".join(text.split()),
        float(min(lefts)) / scale,
        float(min(tops)) / scale,
        float(max(lefts)) / scale,
        float(max(tops)) / scale,
    )
