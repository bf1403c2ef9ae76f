"""A page as an image, and marks that lie over the very words of a span, or nowhere."""

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from index.encoding.model import Model
from index.pages import NoPageError, OriginalLostError, PageMarks, Pages, PageUnreadableError
from index.parsers.pdf.page_image import MOST_PIXELS, ImageFormat
from index.records import Span
from tests.pdf_writing import Words, lines, write_pdf
from tests.store.living import Living

LEFT = (
    "Redness fades within two days. It is normal,",
    "and nobody needs a cream for it. The dose is",
    "the same in both columns of this page.",
)
RIGHT = (
    "A needle of half a millimetre suits the face.",
    "A scar needs more. The dose is the same in",
    "both columns of this page.",
)


class Shelf:
    """A store with one PDF, and its pages."""

    def __init__(self, living: Living, pages: list[list[Words]]) -> None:
        self.file = living.files / "report.pdf"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(write_pdf(pages))
        living.index()
        self.snapshot = living.store.open()
        (self.document,) = (each.document for each in self.snapshot.documents())
        self.pages = Pages(living.store.uploads)

    def marks(self, words: str, page: int = 1) -> PageMarks:
        start = self.document.text.index(words)
        span = Span(start, start + len(words))
        return self.pages.marks(self.snapshot, self.document, page, span)

    def under(self, marks: PageMarks) -> str:
        return under(self.file, marks)


def under(file: Path, marks: PageMarks) -> str:
    """Return the letters and digits of a file that lie under marks, in their order."""
    pdf = pypdfium2.PdfDocument(file)
    page = pdf[marks.page - 1].get_textpage()
    found = [
        page.get_text_bounded(
            left=edges.left,
            top=marks.height - edges.top,
            right=edges.right,
            bottom=marks.height - edges.bottom,
        )
        for edges in marks.rectangles
    ]
    return letters("".join(found))


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


@pytest.fixture
def living(tmp_path: Path, model: Model) -> Living:
    return Living(tmp_path, model)


@pytest.fixture
def columns(living: Living) -> Iterator[Shelf]:
    page = [
        *(Words(60, 700 - 14 * i, line) for i, line in enumerate(LEFT)),
        *(Words(330, 700 - 14 * i, line) for i, line in enumerate(RIGHT)),
        Words(60, 500, "Total 1,234 and 567"),
    ]
    shelf = Shelf(living, [page, lines(72, 700, "The second page tells of water alone.")])
    yield shelf
    shelf.pages.close()


@pytest.mark.parametrize(
    "words",
    [
        "Redness fades within two days.",
        "It is normal, and nobody needs a cream for it.",
        "A needle of half a millimetre suits the face.",
        "The second page tells of water alone.",
    ],
)
def test_marks_lie_over_the_words(columns: Shelf, words: str) -> None:
    marks = columns.marks(words, page=2 if "second" in words else 1)
    assert marks.marked == 1
    assert (marks.width, marks.height) == (612, 792)
    assert columns.under(marks) == letters(words)


def test_what_stands_twice_on_a_page_is_told_apart_by_the_words_around_it(
    columns: Shelf,
) -> None:
    text = columns.document.text
    repeated = "The dose is the same in both columns of this page."
    first = columns.marks(repeated)
    again = text.index(repeated, text.index(repeated) + 1)
    second = columns.pages.marks(
        columns.snapshot, columns.document, 1, Span(again, again + len(repeated))
    )
    places = [sorted(edges.left for edges in marks.rectangles) for marks in (first, second)]
    assert places[0][0] < 306 < places[1][0]
    assert columns.under(first) == columns.under(second) == letters(repeated)


def test_what_cannot_be_told_apart_is_not_marked(living: Living) -> None:
    shelf = Shelf(living, [lines(72, 750, *["The same line again."] * 40)])
    words = "The same line again."
    start = 20 * len(f"{words} ")
    assert shelf.document.text[start:].startswith(words)
    marks = shelf.pages.marks(shelf.snapshot, shelf.document, 1, Span(start, start + len(words)))
    assert marks.rectangles == ()
    assert marks.marked == 0
    shelf.pages.close()


def test_a_head_that_another_table_has_in_this_order_is_not_marked_there(living: Living) -> None:
    """The cells of the second head are drawn line by line; those of the first, cell by cell."""
    cells = [(300, "May 1,", "2022"), (400, "May 2,", "2021")]
    first = [Words(x, 700 - 12 * n, text) for x, *lines_ in cells for n, text in enumerate(lines_)]
    second = [Words(x, 500 - 12 * n, lines_[n]) for n in (0, 1) for x, *lines_ in cells]
    rows = [
        *(Words(72, 670, "Acorns"), Words(300, 670, "1,111"), Words(400, 670, "2,222")),
        *(Words(72, 470, "Beech nuts"), Words(300, 470, "3,333"), Words(400, 470, "4,444")),
    ]
    shelf = Shelf(living, [[*first, *rows[:3], *second, *rows[3:]]])
    text = shelf.document.text
    start = text.index("May 1", text.index("Acorns"))
    end = text.index("4,444") + 5
    marks = shelf.pages.marks(shelf.snapshot, shelf.document, 1, Span(start, end))
    assert all(edges.top > 792 - 520 for edges in marks.rectangles)
    shelf.pages.close()


def test_a_span_over_two_pages_is_marked_on_each(living: Living) -> None:
    shelf = Shelf(
        living,
        [
            lines(72, 100, "This long sentence of many words begins on the first page and"),
            lines(72, 700, "goes on to its end on the second page of this report."),
        ],
    )
    text = shelf.document.text
    for number, words in ((1, "This long sentence"), (2, "goes on to its end")):
        marks = shelf.pages.marks(shelf.snapshot, shelf.document, number, Span(0, len(text)))
        assert marks.marked == 1
        assert shelf.under(marks).startswith(letters(words))
    shelf.pages.close()


@pytest.mark.parametrize("image_format", ["webp", "png", "jpeg"])
def test_a_page_is_an_image_as_wide_as_wanted(columns: Shelf, image_format: ImageFormat) -> None:
    content = columns.pages.image(columns.snapshot, columns.document, 1, 306, image_format)
    image = Image.open(io.BytesIO(content))
    assert image.format == image_format.upper()
    assert image.size == (306, 396)
    again = columns.pages.image(columns.snapshot, columns.document, 1, 306, image_format)
    assert again is content  # cached


def test_a_page_that_would_be_too_large_is_made_smaller(columns: Shelf) -> None:
    content = columns.pages.image(columns.snapshot, columns.document, 1, 50_000, "jpeg")
    width, height = Image.open(io.BytesIO(content)).size
    assert width * height <= 1.01 * MOST_PIXELS


def test_a_page_that_is_very_long_is_shown_whole(living: Living) -> None:
    shelf = Shelf(living, [lines(72, 700, "A long page of a receipt.")])
    content = shelf.file.read_bytes().replace(b"[0 0 612 792]", b"[0 0 40 7920]")
    shelf.file.write_bytes(content)
    living.index()
    snapshot = living.store.open()
    (document,) = (each.document for each in snapshot.documents())
    image = Image.open(io.BytesIO(shelf.pages.image(snapshot, document, 1, 1000, "webp")))
    assert image.height <= 16_383
    shelf.pages.close()


def test_there_is_no_page_beyond_the_last_one(columns: Shelf) -> None:
    with pytest.raises(NoPageError, match="no page 3; it has 2"):
        columns.marks("The second page", page=3)


def test_a_file_that_changed_or_is_gone_is_not_shown(columns: Shelf) -> None:

    def image() -> bytes:
        return columns.pages.image(columns.snapshot, columns.document, 1, 200, "png")

    def marks() -> PageMarks:
        return columns.marks("Redness fades")

    assert image()
    columns.file.write_bytes(write_pdf([lines(72, 700, "Another report.")]))
    for show in (marks, image):
        with pytest.raises(OriginalLostError, match="changed since it was indexed"):
            show()
    columns.file.unlink()
    for show in (marks, image):
        with pytest.raises(OriginalLostError, match="is gone"):
            show()


def test_a_text_has_no_pages(living: Living) -> None:
    living.write("notes.txt", "Redness fades within two days.\n")
    living.index()
    snapshot = living.store.open()
    (document,) = (each.document for each in snapshot.documents())
    with pytest.raises(NoPageError, match="Only PDF documents"):
        Pages(living.store.uploads).image(snapshot, document, 1, 500, "png")


def test_a_page_that_takes_too_long_is_given_up(
    columns: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = columns.pages
    monkeypatch.setattr(pages._process, "_seconds", 0.0001)
    with pytest.raises(PageUnreadableError, match="took longer"):
        pages.image(columns.snapshot, columns.document, 1, 2000, "png")
    monkeypatch.undo()
    assert pages.image(columns.snapshot, columns.document, 1, 100, "png")
