"""Plain text and Markdown: .txt and .md."""

import hashlib
from collections.abc import Iterable

from index.parsers.decoding import text_of_file
from index.parsers.files import Reader
from index.parsers.metadata import FrontMatter, read_front_matter, with_own
from index.records import Document
from index.sources.listing import SourceFile
from index.structure.layout import OUTLINERS


def read_text(media_type: str) -> Reader:
    """Return a reader of text whose `Document.text` is the decoded file itself."""

    def read(file: SourceFile) -> Iterable[Document]:
        content, decoded = text_of_file(file.path)
        text = decoded.text
        in_markdown = media_type == "text/markdown"
        front_matter = read_front_matter(text) if in_markdown else FrontMatter()
        # Always done, to find out here, under the limits, whether the text can be outlined at all.
        own_title = OUTLINERS[media_type](text).title
        yield Document(
            id=file.document_id,
            source=file.source,
            title=front_matter.title or own_title,
            text=text,
            media_type=media_type,
            reader="text/2",
            document_sha256=hashlib.sha256(content).hexdigest(),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            metadata=with_own(front_matter.metadata, decoded.metadata),
            remarks=decoded.remarks + front_matter.remarks,
        )

    return read
