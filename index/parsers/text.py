"""Texts whose `Document.text` is the decoded file itself: prose, markup, settings, source code."""

from collections.abc import Iterable

from index.parsers.blocks import document_of
from index.parsers.decoding import text_of_file
from index.parsers.files import Reader, UnreadableFileError
from index.parsers.metadata import FrontMatter, read_front_matter, with_own
from index.records import Document
from index.sources.listing import SourceFile
from index.structure.layout import OUTLINERS

_MEDIA_TYPES = {
    "text/plain": ".txt .text",
    "text/markdown": ".md .markdown",
    "text/x-rst": ".rst",
    "text/x-tex": ".tex",
    "text/x-log": ".log",
    "text/x-ini": ".ini .cfg .conf .properties",
    "application/toml": ".toml",
    "application/yaml": ".yaml .yml",
    "text/x-source": ".asm .bash .bat .c .cc .cjs .clj .cmake .cpp .cs .css .cxx .dart .el .ex "
    ".exs .f90 .fs .go .gradle .graphql .groovy .h .hh .hpp .hs .java .jl .js .jsx .kt .kts "
    ".less .lisp .lua .mjs .ml .nim .pas .php .pl .pm .proto .ps1 .py .pyi .r .rb .rs .s .sass "
    ".scala .scm .scss .sh .sol .sql .svelte .swift .tcl .tf .ts .tsx .v .vb .vhd .vim "
    ".vue .zig .zsh",
}
_MAY_BE_MARKUP = frozenset(("text/x-source", "text/x-log"))
"""A script may begin with the page that it writes."""
_MAX_MEAN_LINE = 500
_MAX_LINE = 20_000


def read_text(media_type: str) -> Reader:
    """Return a reader of text whose `Document.text` is the decoded file itself."""

    def read(file: SourceFile) -> Iterable[Document]:
        content, decoded = text_of_file(file.path, may_be_markup=media_type in _MAY_BE_MARKUP)
        text = decoded.text
        if media_type == "text/x-source":
            _refuse_minified(text)
        in_markdown = media_type == "text/markdown"
        front_matter = read_front_matter(text) if in_markdown else FrontMatter()
        # Always done, to find out here, under the limits, whether the text can be outlined at all.
        own_title = OUTLINERS[media_type](text).title
        yield document_of(
            file,
            content,
            text,
            title=front_matter.title or own_title,
            media_type=media_type,
            reader="text/2",
            metadata=with_own(front_matter.metadata, decoded.metadata),
            remarks=decoded.remarks + front_matter.remarks,
        )

    return read


def _refuse_minified(text: str) -> None:
    """Raise UnreadableFileError for code that a program wrote, of which no line can be quoted."""
    lines = text.split("\n")
    if len(text) > _MAX_MEAN_LINE * len(lines) and max(map(len, lines)) > _MAX_LINE:
        raise UnreadableFileError("its lines are too long to quote; index what it was made from")


TEXT_READERS: dict[str, Reader] = {
    suffix: read_text(media_type)
    for media_type, suffixes in _MEDIA_TYPES.items()
    for suffix in suffixes.split()
}
