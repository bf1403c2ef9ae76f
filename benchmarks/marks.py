"""How well spans are found on the pages of PDFs: `python -m benchmarks.marks FOLDER [--spans 100]`.

Lines of each document, evenly spread, are marked on their pages. What lies under the marks is
read by PDFium once more, and compared with the span: letters and digits alone. (The middle half of
a mark is read: lines that are close overlap.)
"""

import argparse
import tempfile
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pypdfium2

from index.pages import PageMarks, Pages
from index.parsers import read_file
from index.records import Document, Span
from index.sources.listing import SourceFile
from index.store import open_store


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--spans", type=int, default=100, help="of each file")
    parser.add_argument("--show", action="store_true", help="print what was not found")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pages = Pages(open_store(Path(folder) / "store").uploads)
        for path in sorted(options.folder.rglob("*.pdf")):
            (document,) = read_file(SourceFile(path, f"{path.parent.name}/{path.name}"))
            _measure(path, document, pages, options.spans, show=options.show)
        pages.close()


def _measure(path: Path, document: Document, pages: Pages, count: int, *, show: bool) -> None:
    outcomes: Counter[str] = Counter()
    spent_ms: list[float] = []
    with pypdfium2.PdfDocument(path) as pdf:
        for span in _lines(document, count):
            first, _ = document.pages_of(span) or (1, 1)
            started = time.perf_counter()
            marks = pages.marks_in(SourceFile(path, document.source), document, first, span)
            spent_ms.append((time.perf_counter() - started) * 1000)
            outcome = _outcome(pdf, marks, span.of(document.text))
            outcomes[outcome] += 1
            if show and outcome != "right":
                print(f"  {outcome}, page {first}: {span.of(document.text)[:100]!r}")
    told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    print(f"{path.name}: {told}; median {sorted(spent_ms)[len(spent_ms) // 2]:.1f} ms")


def _outcome(pdf: pypdfium2.PdfDocument, marks: PageMarks, words: str) -> str:
    """Return "right" if just the words lie under the marks, else how they differ."""
    if not marks.rectangles:
        return "not found"
    text_page = pdf[marks.page - 1].get_textpage()
    under = Counter(
        letter
        for edges in marks.rectangles
        for letter in _letters(
            text_page.get_text_bounded(
                left=edges.left,
                top=marks.height - edges.top - (edges.bottom - edges.top) / 4,
                right=edges.right,
                bottom=marks.height - edges.bottom + (edges.bottom - edges.top) / 4,
            )
        )
    )
    wanted = Counter(_letters(words))
    wrong = sum((under - wanted).values()) / max(1, sum(wanted.values()))
    missed = sum((wanted - under).values()) / max(1, sum(wanted.values()))
    if wrong > 0.1:
        return "more than the words"
    return "right" if missed <= 0.1 else "in part"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _lines(document: Document, count: int) -> list[Span]:
    """Return lines of 20 to 400 characters, evenly spread."""
    spans: list[Span] = []
    start = 0
    for line in document.text.split("\n"):
        if 20 <= len(line) <= 400:
            spans.append(Span(start, start + len(line)))
        start += len(line) + 1
    return spans[:: max(1, len(spans) // count)][:count]


if __name__ == "__main__":
    main()
