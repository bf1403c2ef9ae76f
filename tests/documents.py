"""Documents made by hand."""

import hashlib

from index.records import Document


def document(text: str, name: str = "a.txt", title: str = "") -> Document:
    """Return a document as if it had been read from notes/`name`."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=name.replace(".", "-").replace("/", "-"),
        source=f"notes/{name}",
        title=title,
        text=text,
        media_type="text/plain",
        reader="text/1",
        document_sha256=digest,
        text_sha256=digest,
    )
