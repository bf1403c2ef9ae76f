"""Scanned pages: read, cited with their page, and marked, where rapidocr is installed."""

import io
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from index.encoding.model import Model
from index.errors import SettingsError
from index.pages import Pages
from index.parsers import READERS, UnreadableFileError, read_file
from index.parsers.files import progress_told_to
from index.parsers.isolation import reading_process
from index.parsers.pdf import scans
from index.records import Span
from index.sources.listing import SourceFile
from tests.pdf_writing import lines, write_pdf
from tests.store.living import Living

WORDS = "The clinic opens at eight on weekdays."


def scanned(pages: list[list[str]]) -> bytes:
    """Return a PDF whose pages are pictures of lines of text."""
    written = pypdfium2.PdfDocument(write_pdf([lines(72, 700, *page, size=14) for page in pages]))
    pictures = [page.render(scale=200 / 72).to_pil().convert("RGB") for page in written]
    content = io.BytesIO()
    pictures[0].save(content, "PDF", resolution=200, save_all=True, append_images=pictures[1:])
    return content.getvalue()


@pytest.fixture
def ocr() -> Iterator[None]:
    """Have scanned pages read."""
    pytest.importorskip("rapidocr", reason="needs pincite[ocr]")
    reading_process.end()
    reading_process.ocr = True
    yield
    reading_process.end()
    reading_process.ocr = False


def test_without_ocr_a_scan_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(scanned([[WORDS]]))
    with pytest.raises(
        UnreadableFileError, match=r"no text in it \(scanned\?\); read it with --ocr"
    ):
        read_file(SourceFile(tmp_path / "scan.pdf", "notes/scan.pdf"))


def test_where_rapidocr_is_missing_it_is_said_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.parsers.pdf.scans.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'pincite\[ocr\]'"):
        scans.check_installed()


def test_it_is_told_how_many_pages_are_read(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(scanned([[WORDS], [WORDS]]))
    told: list[tuple[int, int]] = []
    with (
        progress_told_to(lambda *page: told.append(page)),
        pytest.raises(UnreadableFileError),
    ):
        list(READERS[".pdf"](SourceFile(tmp_path / "scan.pdf", "notes/scan.pdf")))
    assert [page for page in told if any(page)] == [(1, 2), (2, 2)]


def test_words_of_a_scan_are_kept_where_they_stand() -> None:
    edges = (0.1, 2, 30.24, 12), (40, 2, 50, 9999)
    lines = [(scans.ScannedWord(text, *edges[i]),) for i, text in enumerate(("Grüße,", "👋"))]
    page = scans.kept(7, lines)
    assert (page.number, page.words) == (7, "Grüße, 👋")
    for word, around in zip(scans.words_of(page), edges, strict=True):
        assert (word.left, word.top, word.right, word.bottom) == pytest.approx(around, abs=0.125)


@pytest.mark.soak
@pytest.mark.usefixtures("ocr")
def test_a_scan_is_read_and_its_words_are_marked(tmp_path: Path, model: Model) -> None:
    living = Living(tmp_path, model)
    file = living.files / "scan.pdf"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(scanned([["First a page about something else."], [WORDS, "Parking is free."]]))
    living.index()
    snapshot = living.store.open()
    (document,) = (each.document for each in snapshot.documents())
    assert WORDS in document.text
    assert document.remarks == ("pages 1, 2 were read by OCR",)
    assert "rapidocr" in document.reader
    start = document.text.index(WORDS)
    span = Span(start, start + len(WORDS))
    assert document.pages_of(span) == (2, 2)
    reading_process.end()
    reading_process.ocr = False  # what was read is kept
    pages = Pages(living.store.uploads)
    marks = pages.marks(snapshot, document, 2, span)
    pages.close()
    assert marks.marked == 1
    (edges,) = marks.rectangles
    assert 60 < edges.left < 80
    assert edges.top < 792 - 700 < edges.bottom + 4
