"""Scanned pages of a PDF: their words, read by rapidocr on OpenVINO."""

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from index.errors import SettingsError
from index.parsers.pdf.glyphs import TextRun
from index.recently_used import RecentlyUsed

MOST_SCANS = 300
"""Pages of a document. More are named in its remarks, and not read."""
_PIXELS_PER_POINT = 200 / 72
_MOST_PIXELS = 12_000_000
_REMEMBERED = 32
"""Pages."""


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

    def __init__(self) -> None:
        self._pages: RecentlyUsed[object, list[ScannedLine]] = RecentlyUsed(_REMEMBERED)

    @cached_property
    def name(self) -> str:
        """The library and its version."""
        return f"rapidocr {version('rapidocr')}"

    def lines(self, page: Any, key: object) -> list[ScannedLine]:
        """Return the lines of a page, from the top down. The last pages are remembered by `key`."""
        return self._pages.get(key, lambda: (self._read(page), 1))

    def _read(self, page: Any) -> list[ScannedLine]:
        width, height = page.get_size()
        scale = min(_PIXELS_PER_POINT, (_MOST_PIXELS / (width * height)) ** 0.5)
        bitmap = page.render(scale=scale)
        try:
            read = self._engine(bitmap.to_numpy()[:, :, :3], return_word_box=True)
        finally:
            bitmap.close()
        return [
            tuple(_word(text, box, scale) for text, _, box in words if text.strip())
            for words in read.word_results or ()
        ]

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import EngineType, RapidOCR

        parts = {f"{part}.engine_type": EngineType.OPENVINO for part in ("Det", "Cls", "Rec")}
        return RapidOCR(params=parts | {"Global.use_cls": False, "Global.log_level": "critical"})


def runs_of(lines: list[ScannedLine], page_height: float) -> list[TextRun]:
    """Return lines as runs of text, which have their origin at the bottom left."""
    runs: list[TextRun] = []
    for words in filter(None, lines):
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


def _word(text: str, box: Any, scale: float) -> ScannedWord:
    lefts, tops = zip(*box, strict=True)
    return ScannedWord(
        text,
        float(min(lefts)) / scale,
        float(min(tops)) / scale,
        float(max(lefts)) / scale,
        float(max(tops)) / scale,
    )
