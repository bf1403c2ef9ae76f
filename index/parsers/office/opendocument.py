"""OpenDocument texts: .odt."""

from collections.abc import Iterable, Iterator
from typing import Any

from index.parsers.blocks import (
    TextBlock,
    document_of,
    has_text,
    lay_out,
    one_line,
    own_title,
    rows_of_table,
)
from index.parsers.decoding import OPEN_TEXT
from index.parsers.files import UnreadableFileError, bytes_of
from index.parsers.office.numbering import LEVELS, ListLevel, Numbering, integer
from index.parsers.office.package import Package, damaged
from index.records import Document, MetadataValue
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/vnd.oasis.opendocument.text"
_ODF = "{urn:oasis:names:tc:opendocument:xmlns:"
TEXT, OFFICE, TABLE, DRAW, STYLE, META = (
    f"{_ODF}{name}:1.0}}" for name in "text office table drawing style meta".split()
)
_DC = "{http://purl.org/dc/elements/1.1/}"

_WRAPPERS = (f"{TEXT}section", f"{TEXT}numbered-paragraph")
_ROW_GROUPS = tuple(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "row-group"))
_LEFT_OUT = frozenset(
    f"{TEXT}{name}" for name in "note ruby-text hidden-text tracked-changes script".split()
) | {f"{OFFICE}annotation", f"{DRAW}frame", f"{DRAW}custom-shape", f"{DRAW}g", f"{DRAW}object"}
_MOST_REPEATED = 100
"""Of an empty cell, which may be repeated to the edge of the sheet."""
_NUMBERS = {
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
}
_OUTLINE = "outline"


def read_odt(file: SourceFile) -> Iterable[Document]:
    """Yield the text of an OpenDocument text as it reads with all tracked changes accepted."""
    content = bytes_of(file.path)
    package = Package(content, OPEN_TEXT)
    root = package.root("content.xml")
    body = None if root is None else root.find(f"{OFFICE}body/{OFFICE}text")
    if body is None:
        raise damaged(OPEN_TEXT)
    styles = _Styles([root, package.root("styles.xml")])
    titles = (p for p in body.iter(f"{TEXT}p") if styles.is_title(p))
    title = next(filter(None, map(_text, titles)), "")
    blocks = list(_Blocks(styles, 1 if title else 0).of(body))
    if not blocks:
        raise UnreadableFileError("no text in it")
    recorded, metadata = _properties(package)
    yield document_of(
        file,
        content,
        *lay_out(blocks),
        title=own_title(recorded) or title,
        media_type=MEDIA_TYPE,
        reader="opendocument_text/1",
        metadata=metadata,
    )


class _Styles:
    """The styles of paragraphs and lists, by name, from both parts that define some."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self.lists: dict[str, dict[int, ListLevel]] = {}
        self._parents: dict[str, str] = {}
        for root in roots:
            if root is None:
                continue
            for style in root.iter(f"{STYLE}style"):
                name, parent = style.get(f"{STYLE}name"), style.get(f"{STYLE}parent-style-name")
                if name and parent and style.get(f"{STYLE}family") == "paragraph":
                    self._parents.setdefault(name, parent)
            for style in root.iter(f"{TEXT}list-style", f"{TEXT}outline-style"):
                is_outline = style.tag == f"{TEXT}outline-style"
                name = _OUTLINE if is_outline else style.get(f"{STYLE}name") or ""
                self.lists.setdefault(name, dict(_levels(style)))

    def is_title(self, paragraph: Any) -> bool:
        """Tell whether a paragraph has the style "Title", or one made of it."""
        return "Title" in self._line(paragraph)

    def _line(self, paragraph: Any) -> list[str]:
        """Return the names of a paragraph's style and of those that it is made of."""
        line: list[str] = []
        name = paragraph.get(f"{TEXT}style-name") or ""
        while name and name not in line:
            line.append(name)
            name = self._parents.get(name, "")
        return line


def _levels(style: Any) -> Iterator[tuple[int, ListLevel]]:
    for level in style:
        if not isinstance(level.tag, str) or not level.tag.startswith(TEXT):
            continue
        number = integer(level.get(f"{TEXT}level"), 1)
        form = level.get(f"{STYLE}num-format") or ""
        before = level.get(f"{STYLE}num-prefix") or ""
        after = level.get(f"{STYLE}num-suffix") or ""
        is_numbered = "number" in level.tag or level.tag == f"{TEXT}outline-level-style"
        if is_numbered and form:
            first = number - integer(level.get(f"{TEXT}display-levels"), 1)
            shown = ".".join(f"%{n + 1}" for n in range(max(0, first), number))
            start = integer(level.get(f"{TEXT}start-value"), 1)
            own = ListLevel(_NUMBERS.get(form, "decimal"), f"{before}{shown}{after}", start)
        else:
            own = ListLevel("none" if is_numbered else "bullet", "")
        if 1 <= number <= LEVELS:
            yield number - 1, own


class _Blocks:
    """Turns the elements of a body into blocks, and counts list items on the way.

    `title_level` is 1 if the document's own title stands above its headings, else 0.
    """

    def __init__(self, styles: _Styles, title_level: int) -> None:
        self._styles = styles
        self._title_level = title_level
        unnumbered = dict.fromkeys(range(LEVELS), ListLevel("none", ""))
        outline = unnumbered | styles.lists.get(_OUTLINE, {})
        self._numbering = Numbering({_OUTLINE: outline}, {_OUTLINE: _OUTLINE})
        self._list_of_id: dict[str, str] = {}
        self._last_list = ""
        self._tight = False

    def of(self, container: Any) -> Iterator[TextBlock]:
        """Yield the blocks of a body, a section, a text box or a note."""
        for child in container:
            if child.tag in (f"{TEXT}p", f"{TEXT}h"):
                self._tight = False
                yield from self._paragraph(child)
            elif child.tag == f"{TEXT}list":
                yield from self._list(child, "", 0)
            elif child.tag == f"{TABLE}table":
                yield from rows_of_table(list(self._cells(row)) for row in _rows(child))
                self._tight = False
            elif child.tag in _WRAPPERS and child.get(f"{TEXT}display") != "none":
                yield from self.of(child)
            elif child.tag in (f"{DRAW}frame", f"{DRAW}custom-shape", f"{DRAW}g"):
                yield from self._aside(child)

    def _paragraph(self, paragraph: Any, label: str = "", depth: int = 0) -> Iterator[TextBlock]:
        if text := _text(paragraph):
            if paragraph.tag == f"{TEXT}h":
                level = min(integer(paragraph.get(f"{TEXT}outline-level"), 1), LEVELS)
                number = self._numbering.label(_OUTLINE, level - 1)
                if paragraph.get(f"{TEXT}is-list-header") == "true" or number == "-":
                    number = ""
                yield TextBlock(f"{number} {text}".strip(), level + self._title_level)
            elif self._styles.is_title(paragraph):
                yield TextBlock(text, 1)
            elif label:
                yield TextBlock(f"{'  ' * depth}{label} {text}", tight=self._tight)
                self._tight = True
            else:
                yield TextBlock(text)
        yield from self._aside(paragraph)

    def _aside(self, element: Any) -> Iterator[TextBlock]:
        """Yield what stands in the boxes and notes of an element."""
        for child in element:
            if child.tag == f"{TEXT}note":
                body = child.find(f"{TEXT}note-body")
                yield from self.of(() if body is None else body)
            elif child.tag in (f"{DRAW}text-box", f"{DRAW}custom-shape"):
                yield from self.of(child)
            elif isinstance(child.tag, str) and child.tag != f"{OFFICE}annotation":
                yield from self._aside(child)

    def _list(self, element: Any, list_id: str, depth: int) -> Iterator[TextBlock]:
        """Yield the items of a list. `list_id` is that of the list around it, "" without one.

        A list within another one goes on with its levels, unless it has a style of its own.
        """
        if not list_id or element.get(f"{TEXT}style-name"):
            list_id = self._open_list(element, depth)
        for item in element:
            if item.tag not in (f"{TEXT}list-item", f"{TEXT}list-header"):
                continue
            is_first = item.tag == f"{TEXT}list-item"
            for child in item:
                if child.tag == f"{TEXT}list":
                    yield from self._list(child, list_id, min(depth + 1, LEVELS - 1))
                elif child.tag == f"{TEXT}p":
                    label = self._numbering.label(list_id, depth) if is_first else ""
                    yield from self._paragraph(child, label, depth)
                    is_first = False
                elif child.tag == f"{TEXT}h":
                    self._tight = False
                    yield from self._paragraph(child)

    def _open_list(self, element: Any, depth: int) -> str:
        """Return the id of a list: that of an earlier one, if it goes on counting there."""
        before = self._list_of_id.get(element.get(f"{TEXT}continue-list") or "")
        if element.get(f"{TEXT}continue-numbering") == "true":
            before = self._last_list
        own = before or f"list {len(self._numbering.levels)}"
        if not before:
            style = element.get(f"{TEXT}style-name") or ""
            bullets = dict.fromkeys(range(LEVELS), ListLevel("bullet", ""))
            self._numbering.levels[own] = bullets | self._styles.lists.get(style, {})
            self._numbering.shared[own] = own
            self._tight = self._tight and depth > 0
        xml_id = element.get("{http://www.w3.org/XML/1998/namespace}id")
        if xml_id:
            self._list_of_id[xml_id] = own
        self._last_list = self._last_list if depth else own
        return own

    def _cells(self, row: Any) -> Iterator[str]:
        for cell in row:
            if cell.tag in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
                text = one_line(" ".join(_cell(block.text) for block in self.of(cell)))
                times = integer(cell.get(f"{TABLE}number-columns-repeated"), 1)
                yield from [text] * min(times, _MOST_REPEATED)


def _cell(text: str) -> str:
    return text.strip().replace(" | ", " ")


def _rows(table: Any) -> Iterator[Any]:
    for child in table:
        if child.tag == f"{TABLE}table-row":
            yield child
        elif child.tag in _ROW_GROUPS:
            yield from _rows(child)


def _text(paragraph: Any) -> str:
    """Return the text of a paragraph, without notes, comments and what is in boxes."""
    text = one_line("".join(_pieces(paragraph)))
    return text if has_text(text) else ""


def _pieces(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag in (f"{TEXT}s", f"{TEXT}tab", f"{TEXT}line-break"):
            yield " "
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
            yield from _pieces(child)
        yield child.tail or ""


def _properties(package: Package) -> tuple[str, dict[str, MetadataValue]]:
    """Return the title and the metadata that the document's properties record."""
    root = package.root("meta.xml")
    meta = None if root is None else root.find(f"{OFFICE}meta")
    if meta is None:
        return "", {}

    def first(*names: str) -> str:
        return next(filter(None, (one_line(meta.findtext(name) or "") for name in names)), "")

    keywords = [one_line(word.text or "") for word in meta.iterfind(f"{META}keyword")]
    return first(f"{_DC}title"), {
        "author": first(f"{META}initial-creator", f"{_DC}creator"),
        "created": first(f"{META}creation-date").partition(".")[0],
        "last_saved": first(f"{_DC}date").partition(".")[0],
        "subject": first(f"{_DC}subject"),
        "keywords": tuple(filter(None, keywords)),
    }
