"""Presentations: .pptx, slide by slide."""

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
from index.parsers.decoding import PRESENTATION
from index.parsers.files import UnreadableFileError, bytes_of, progressed
from index.parsers.office.charts import chart_rows
from index.parsers.office.numbering import LEVELS, integer, written
from index.parsers.office.package import Package, choose_alternatives, damaged
from index.records import Document
from index.remarks import remark_on
from index.sources.listing import SourceFile

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_TITLES = ("title", "ctrTitle")
_FURNITURE = frozenset(("dt", "ftr", "hdr", "sldNum", "sldImg"))
_MAX_TITLE_WORDS = 12
"""Of a first line that heads a slide without a title."""
_HIDDEN = "is hidden and was left out", "are hidden and were left out"
_NUMBERS = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}


def read_pptx(file: SourceFile) -> Iterable[Document]:
    """Yield the text of a presentation, whose pages are its slides."""
    content = bytes_of(file.path)
    deck = _Deck(Package(content, PRESENTATION))
    blocks: list[TextBlock] = []
    hidden: list[int] = []
    wordless: list[int] = []
    slides = deck.slides()
    for number, part in enumerate(slides, 1):
        progressed()
        slide = deck.tree(part)
        if slide is not None and slide.get("show") in ("0", "false"):
            hidden.append(number)
            continue
        blocks_of_slide = [] if slide is None else list(_Slide(deck, part, slide, number).blocks())
        blocks += blocks_of_slide
        if not blocks_of_slide:
            wordless.append(number)
    if not blocks:
        raise UnreadableFileError("no text in it")
    recorded, metadata = deck.package.properties()
    first_title = next((block.text for block in blocks if block.level), "")
    yield document_of(
        file,
        content,
        *lay_out(blocks, len(slides)),
        title=own_title(recorded) or first_title,
        media_type=MEDIA_TYPE,
        reader="presentation/1",
        metadata=metadata,
        remarks=[
            remark_on("slide", hidden, *_HIDDEN),
            remark_on("slide", wordless, "has no text", "have no text"),
        ],
    )


class _Deck:
    """The parts of a presentation, and how they are related.

    Elements are called by their names without namespaces, which differ between the two forms of
    the standard ("Strict" and the usual one).
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self._trees: dict[str, Any] = {}
        self._main = package.main or "ppt/presentation.xml"

    def slides(self) -> list[str]:
        """Return the names of the slides' parts, in order. Raises UnreadableFileError."""
        root = self.tree(self._main)
        if root is None or root.tag != "presentation":
            raise damaged(PRESENTATION)
        by_id = self.package.relations(self._main)
        listed = root.iterfind("sldIdLst/sldId")
        return [by_id.get(_relation_id(slide), ("", ""))[1] for slide in listed]

    def tree(self, part: str) -> Any:
        """Return the root of a part, None without it. Raises UnreadableFileError."""
        root = self.package.root(part) if part else None
        if root is not None:
            choose_alternatives(root, f"{_DRAWING}t")
            for element in root.iter("*"):
                element.tag = element.tag.rpartition("}")[2]
        return root

    def shared_tree(self, part: str) -> Any:
        """Return the root of a part that many slides refer to, such as a layout."""
        if part not in self._trees:
            self._trees[part] = self.tree(part)
        return self._trees[part]

    def target(self, part: str, relation: str) -> str:
        """Return the name of the part that a relation of a part leads to, "" if to none."""
        return self.package.relations(part).get(relation, ("", ""))[1]


class _Slide:
    """One slide. `blocks` may be called once."""

    def __init__(self, deck: _Deck, part: str, root: Any, number: int) -> None:
        self._deck = deck
        self._part = part
        self._root = root
        self._number = number
        layouts = deck.package.related(part, "slideLayout")
        masters = deck.package.related(layouts[0], "slideMaster") if layouts else []
        self._layout = deck.shared_tree(layouts[0]) if layouts else None
        self._master = deck.shared_tree(masters[0]) if masters else None

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the title, what else is on the slide, and the notes, in this order."""
        shapes = list(_shapes(self._root.find("cSld/spTree")))
        titles = [shape for shape in shapes if _placeholder(shape).get("type") in _TITLES]
        title = next(filter(None, (one_line(" ".join(_texts(each))) for each in titles)), "")
        blocks = [
            block for shape in shapes if shape not in titles for block in self._of_shape(shape)
        ]
        if title:
            yield self._block(title, level=1)
        elif len(blocks) > 1 and _may_head(blocks[0].text):
            yield self._block(blocks.pop(0).text, level=1)
        yield from blocks
        for notes in self._deck.package.related(self._part, "notesSlide"):
            root = self._deck.tree(notes)
            for shape in _shapes(None if root is None else root.find("cSld/spTree")):
                if _placeholder(shape).get("type") == "body":
                    yield from map(self._block, _texts(shape))

    def _block(self, text: str, *, level: int = 0, tight: bool = False) -> TextBlock:
        return TextBlock(text, level, tight, self._number)

    def _of_shape(self, shape: Any) -> Iterator[TextBlock]:
        if shape.tag == "sp" and _placeholder(shape).get("type") not in _FURNITURE:
            yield from self._paragraphs(shape)
        for table in shape.iter("tbl"):
            rows = (
                [one_line(" ".join(_texts(cell))) for cell in row.iter("tc")]
                for row in table.iter("tr")
            )
            yield from rows_of_table(rows, self._number)
        for chart in shape.iter("chart"):
            root = self._deck.tree(self._deck.target(self._part, _relation_id(chart)))
            if root is not None:
                yield from rows_of_table(chart_rows(root), self._number)
        for diagram in shape.iter("relIds"):
            root = self._deck.tree(self._deck.target(self._part, _relation_id(diagram, "dm")))
            if root is not None:
                tight = False
                for text in _texts(root):
                    yield self._block(f"- {text}", tight=tight)
                    tight = True

    def _paragraphs(self, shape: Any) -> Iterator[TextBlock]:
        counts: dict[int, int] = {}
        tight = False
        for paragraph in shape.iterfind("txBody/p"):
            text = _text(paragraph)
            if not text:
                continue
            depth = _depth(paragraph)
            marker = self._marker(shape, paragraph, depth)
            number = ""
            for deeper in [level for level in counts if level > depth or marker is None]:
                del counts[deeper]
            if marker is not None and marker.tag == "buAutoNum":
                start = integer(marker.get("startAt"), 1)
                counts[depth] = counts.get(depth, start - 1) + 1
                number = _numbered(counts[depth], marker.get("type", ""))
            if marker is None:
                yield self._block(text)
            else:
                yield self._block(f"{'  ' * depth}{number or '-'} {text}", tight=tight)
            tight = marker is not None

    def _marker(self, shape: Any, paragraph: Any, depth: int) -> Any:
        """Return the element that says how an item is marked, None for a plain paragraph.

        The nearest one counts: the paragraph's, its shape's, the layout's or the master's.
        """
        style = f"lstStyle/lvl{depth + 1}pPr"
        places = [paragraph.find("pPr"), shape.find(f"txBody/{style}")]
        if (placeholder := shape.find("nvSpPr/nvPr/ph")) is not None:
            index, kind = placeholder.get("idx"), placeholder.get("type", "obj")
            for root in (self._layout, self._master):
                alike = [
                    each
                    for each in _shapes(None if root is None else root.find("cSld/spTree"))
                    if (root is self._layout and index and _placeholder(each).get("idx") == index)
                    or _placeholder(each).get("type", "obj") in (kind, "body")
                ]
                alike.sort(key=lambda each: _placeholder(each).get("idx") != index)
                places += [each.find(f"txBody/{style}") for each in alike[:1]]
            if self._master is not None and kind != "subTitle":
                places.append(self._master.find(f"txStyles/bodyStyle/lvl{depth + 1}pPr"))
        for place in places:
            for marker in () if place is None else place:
                if marker.tag in ("buChar", "buAutoNum", "buBlip"):
                    return marker
                if marker.tag == "buNone":
                    return None
        return None


def _relation_id(element: Any, name: str = "id") -> str:
    """Return the relation that an element names by an attribute with a namespace."""
    ids = (value for key, value in element.attrib.items() if key.endswith(f"}}{name}"))
    return next(ids, "")


def _shapes(tree: Any) -> Iterator[Any]:
    """Yield the shapes that show, those in groups in their place."""
    for child in () if tree is None else tree:
        shown = child.find("*/cNvPr")
        if shown is not None and shown.get("hidden") in ("1", "true"):
            continue
        if child.tag == "grpSp":
            yield from _shapes(child)
        elif child.tag in ("sp", "graphicFrame"):
            yield child


def _placeholder(shape: Any) -> dict[str, str]:
    """Return what makes a shape a placeholder, nothing for one that is none."""
    placeholder = shape.find("nvSpPr/nvPr/ph")
    return {} if placeholder is None else dict(placeholder.attrib)


def _texts(element: Any) -> list[str]:
    """Return the paragraphs below an element that are not empty."""
    return list(filter(None, map(_text, element.iter("p"))))


def _text(paragraph: Any) -> str:
    pieces = paragraph.iter("t", "br", "tab")
    text = one_line("".join(" " if piece.tag != "t" else piece.text or "" for piece in pieces))
    return text if has_text(text) else ""


def _depth(paragraph: Any) -> int:
    properties = paragraph.find("pPr")
    return min(LEVELS - 1, 0 if properties is None else integer(properties.get("lvl"), 0))


def _numbered(count: int, kind: str) -> str:
    """Return a number as PowerPoint writes a kind, such as "alphaLcParenR": "b)"."""
    style = next((ours for theirs, ours in _NUMBERS.items() if kind.startswith(theirs)), "decimal")
    number = written(count, style)
    if kind.endswith("ParenBoth"):
        return f"({number})"
    return f"{number})" if kind.endswith("ParenR") else f"{number}."


def _may_head(text: str) -> bool:
    is_item = text.startswith(("-", " ", "|")) or " |" in text
    return not is_item and len(text.split()) <= _MAX_TITLE_WORDS and not text.endswith((".", ":"))
