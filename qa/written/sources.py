"""The numbered passages that a language model writes from, and what of them may be cited."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.records import Document, Passage, Span
from qa.read.windows import Window, windows
from qa.records import Answer

MOST_SOURCES = 5


@dataclass(frozen=True, slots=True)
class Source:
    """A passage with the number that the model cites it by, from 1.

    `windows` are the stretches that a sentence can rest on, whole units in the order of the text.
    What speaks to a language model is in none of them.
    """

    number: int
    document: Document
    heading_path: tuple[str, ...]
    windows: tuple[Window, ...]
