"""What a reader is."""

from collections.abc import Callable, Iterable

from index.records import Document
from index.sources.listing import SourceFile

Reader = Callable[[SourceFile], Iterable[Document]]
"""Yields the documents in a file, one or many. Raises UnreadableFileError, OSError."""
