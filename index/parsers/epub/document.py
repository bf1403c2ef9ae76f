"""EPUB books, one document a book: its pages in reading order, headed as its contents say."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from index.parsers.blocks import TextBlock, document_of, lay_out
from index.parsers.decoding import EPUB_BOOK
from index.parsers.epub.book import Entry, read_book
from index.parsers.files import UnreadableFileError, bytes_of, progressed
from index.parsers.office.package import Package
from index.parsers.web.blocks import BlockReader
from index.parsers.web.decoding import decode_page
from index.parsers.web.page import read_fragment
from index.records import Document
from index.remarks import listed
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/epub+zip"
_MAX_HEADINGS_OF_A_TITLE = 3
_LABEL = re.compile(
    r"(?:chapter|part|book|section|appendix|lesson|kapitel|teil|chapitre|capítulo)?"
    r"(?:[0-9]{1,6}|[ivxlc]{1,7}|[a-z][0-9]{0,4})?"
)
_MIN_LINKS = 5
_MOSTLY = 0.8


def read_epub(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a book."""
    from selectolax import __version__

    content = bytes_of(file.path)
    package = Package(content, EPUB_BOOK)
    book = read_book(package)
    headings = _Headings()
    blocks: list[TextBlock] = []
    unread: list[str] = []
    for page in book.pages:
        progressed()
        try:
            reader = read_fragment(decode_page(package.read(page)).text)
        except UnreadableFileError as error:
            if str(error) != "empty":
                unread.append(page)
            continue
        if not _is_contents(reader):
            blocks += headings.of(reader, book.contents.get(page, ()))
    if not blocks:
        raise UnreadableFileError("no text in it")
    yield document_of(
        file,
        content,
        *lay_out(blocks),
        title=book.title,
        media_type=MEDIA_TYPE,
        reader=f"epub/1 (selectolax {__version__})",
        metadata=book.metadata,
        remarks=[f"pages that cannot be read were left out: {listed(unread)}"] if unread else [],
    )


def _is_contents(reader: BlockReader) -> bool:
    """Tell whether a page is a list of links to others."""
    links = sum(block.is_links for block in reader.blocks)
    return links > _MIN_LINKS and links >= _MOSTLY * len(reader.blocks)


@dataclass(slots=True)
class _Headings:
    """Gives headings the levels of the contents, from page to page.

    A heading that stands in the contents has its `level` there. Those after it, in this page and
    in pages that the contents do not name, are as far below it as in their page: it has `own`
    there, or 0 if it comes from the contents alone.
    """

    level: int = 0
    own: int = 0

    def of(self, reader: BlockReader, contents: Iterable[Entry]) -> Iterator[TextBlock]:
        """Yield the blocks of a page, with headings from its contents where it has none."""
        blocks = [block.block for block in reader.blocks]
        starts = ((element.get("id"), span.start) for element, span in reader.spans.items())
        anchors = {anchor: start for anchor, start in starts if anchor}
        standing: dict[int, Entry] = {}
        missing: dict[int, list[Entry]] = defaultdict(list)
        for entry in contents:
            start = anchors.get(entry.anchor, 0)
            number = _find(entry.title, blocks, start, standing)
            if number is not None:
                standing[number] = entry
            elif not entry.anchor or entry.anchor in anchors:
                missing[start].append(entry)
        for number, block in enumerate(blocks):
            for entry in missing[number]:
                self.level, self.own = entry.level, 0
                yield TextBlock(entry.title, entry.level)
            if number in standing:
                self.level, self.own = standing[number].level, block.level
                yield replace(block, level=self.level)
            elif block.level:
                yield replace(block, level=max(1, self.level + block.level - self.own))
            else:
                yield block
        for entry in missing[len(blocks)]:
            self.level, self.own = entry.level, 0
            yield TextBlock(entry.title, entry.level)


def _find(title: str, blocks: Sequence[TextBlock], start: int, taken: Container[int]) -> int | None:
    """Return the block from `start` on that is a title, None if there is none."""
    wanted = _squeezed(title)
    words = ""
    for block in blocks[start : start + _MAX_HEADINGS_OF_A_TITLE]:
        words += _squeezed(block.text)
        if start not in taken and _is_same(words, wanted):
            return start
        if not block.level:
            break
    for number in range(start, len(blocks)):
        is_free = blocks[number].level and number not in taken
        if is_free and _is_same(_squeezed(blocks[number].text), wanted):
            return number
    return None


def _is_same(title: str, other: str) -> bool:
    """Tell whether two squeezed titles differ by nothing but a number or a label before one."""
    shorter, longer = sorted((title, other), key=len)
    if not shorter or not longer.endswith(shorter):
        return False
    return _LABEL.fullmatch(longer, 0, len(longer) - len(shorter)) is not None


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
