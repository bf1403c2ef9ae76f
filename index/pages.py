"""Pages of a document as people see them, and where words of its text stand on them."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from index.errors import PinciteError
from index.ingest import upload_as_file
from index.parsers import UnreadableFileError, read_errors_explained
from index.parsers.isolation import ReadingProcess, Task
from index.parsers.pdf.document import MEDIA_TYPE
from index.parsers.pdf.marks import Rectangle
from index.parsers.pdf.page_image import ImageFormat
from index.recently_used import RecentlyUsed
from index.records import Document, Span
from index.sources.listing import SourceFile, locate
from index.store.protocols import Snapshot, Uploads
from index.store.records import is_upload, upload_id_of

_SECONDS = 20.0
_CACHE_BYTES = 32 * 2**20


class NoPageError(PinciteError):
    """The document has no such page, or none that can be shown as an image."""


class OriginalLostError(PinciteError):
    """The file of a document is gone, or is no longer what was indexed."""


class PageUnreadableError(PinciteError):
    """The page of a damaged or hostile file cannot be shown."""


@dataclass(frozen=True, slots=True)
class PageMarks:
    """Where the part of a span that is on one page stands there.

    `width` and `height` are of the page as shown, in points, and so are the rectangles. `marked` is
    the share of the part's letters and digits that was found; there are no rectangles where that
    is less than half.
    """

    page: int
    width: float
    height: float
    rectangles: tuple[Rectangle, ...]
    marked: float


class Pages:
    """The pages of the documents of a store, read in a process of their own. Thread-safe.

    Every method raises NoPageError, OriginalLostError, PageUnreadableError, and StoreError where
    the content of an upload cannot be read.
    """

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._process = ReadingProcess(seconds=_SECONDS, at_most=_SECONDS)
        self._images: RecentlyUsed[tuple[object, ...], bytes] = RecentlyUsed(_CACHE_BYTES)

    def beside(self, uploads: Uploads) -> Self:
        """Return the pages of another store, which share the process and the images kept."""
        other = copy(self)
        other._uploads = uploads  # noqa: SLF001 (of this class)
        return other

    def image(
        self,
        snapshot: Snapshot,
        document: Document,
        number: int,
        width: int,
        image_format: ImageFormat,
    ) -> bytes:
        """Return page `number`, from 1, as an image so many pixels wide."""
        _check_page(document, number)

        def render() -> tuple[bytes, int]:
            arguments = {"number": number, "width": width, "image_format": image_format}
            with self._original_of(snapshot, document) as file:
                result = self._read(file, document, "page_image", arguments)
            content = base64.b64decode(result["image"])
            return content, len(content)

        file = None if is_upload(document.source) else _file_of(snapshot, document)
        version = file and file.path.stat().st_mtime_ns  # an image of what was changed is no use
        key = document.document_sha256, version, number, width, image_format
        return self._images.get(key, render)

    def marks(self, snapshot: Snapshot, document: Document, number: int, span: Span) -> PageMarks:
        """Return where the part of a span that is on page `number` stands there."""
        with self._original_of(snapshot, document) as file:
            return self.marks_in(file, document, number, span)

    def marks_in(self, file: SourceFile, document: Document, number: int, span: Span) -> PageMarks:
        """Return the same, given the file of the document."""
        starts = _check_page(document, number)
        first = starts[number - 1]
        last = starts[number] if number < len(starts) else len(document.text)
        scans = document.layout.scans if document.layout else ()
        arguments = {
            "number": number,
            "scan": next((list(page) for page in scans if page.number == number), None),
            "text": document.text[first:last],
            "start": max(span.start, first) - first,
            "end": min(span.end, last) - first,
        }
        result = self._read(file, document, "page_marks", arguments)
        rectangles = tuple(Rectangle(*edges) for edges in result["rectangles"])
        return PageMarks(number, result["width"], result["height"], rectangles, result["marked"])

    def close(self) -> None:
        """End the process."""
        self._process.end()

    def _read(
        self, file: SourceFile, document: Document, task: Task, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            with read_errors_explained():
                results = self._process.run(
                    task, file, dict, sha256=document.document_sha256, **arguments
                )
        except UnreadableFileError as error:
            raise PageUnreadableError(f"The page cannot be shown: {error}.") from error
        if not results:
            raise OriginalLostError(
                "The file was changed since it was indexed: its pages are shown again when "
                "`pincite index` has read it."
            )
        return results[0]

    @contextmanager
    def _original_of(self, snapshot: Snapshot, document: Document) -> Iterator[SourceFile]:
        """Give the file that a document was read from, which may have changed since."""
        if is_upload(document.source):
            upload = self._uploads.find(upload_id_of(document.source))
            if upload is None:
                raise OriginalLostError("The upload was removed.")
            with upload_as_file(upload, self._uploads.content(upload)) as file:
                yield file
            return
        yield _file_of(snapshot, document)


def _file_of(snapshot: Snapshot, document: Document) -> SourceFile:
    path = locate(document.source, [Path(source) for source in snapshot.info.sources])
    if path is None:
        raise OriginalLostError("The file is gone; its text is as it was indexed.")
    return SourceFile(path, document.source)


def _check_page(document: Document, number: int) -> tuple[int, ...]:
    """Return where the pages start. Raises NoPageError unless there is such a page."""
    starts = document.layout.pages if document.layout else ()
    if document.media_type != MEDIA_TYPE or not starts:
        raise NoPageError("Only PDF documents have pages that can be shown.")
    if not 1 <= number <= len(starts):
        raise NoPageError(f"The document has no page {number}; it has {len(starts)}.")
    return starts
