"""What a text's layout says: its headings, paragraphs, list items and table rows."""

from collections.abc import Callable

from index.structure.markdown import outline_markdown
from index.structure.outline import Block, Outline
from index.structure.plaintext import outline_plaintext

OUTLINERS: dict[str, Callable[[str], Outline]] = {
    "text/plain": outline_plaintext,
    "text/markdown": outline_markdown,
}

__all__ = ["OUTLINERS", "Block", "Outline"]
