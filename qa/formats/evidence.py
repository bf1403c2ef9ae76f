"""An answer as one HTML file: each quote beside its place, marked on the page of a PDF itself."""

import base64
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

from index.pages import NoPageError, OriginalLostError, Pages, PageUnreadableError
from index.records import Document, Span
from index.store.protocols import Snapshot
from qa.formats.fields import place_line
from qa.formats.labels import label
from qa.formats.marked_text import why_not
from qa.records import Answer, Citation

_AROUND = 1500
"""Characters of text that are shown before and after a quote."""
_MOST_PAGES = 3
_WIDTH = 1200
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 4px solid #b45309;
  white-space: pre-wrap; font-size: 1.1rem }
.place { color: #555; overflow-wrap: anywhere }
figure { position: relative; margin: 1rem 0; border: 1px solid #ccc }
figure img { display: block; width: 100% }
figure i { position: absolute; background: #fde047; mix-blend-mode: multiply }
figcaption { position: absolute; right: .5rem; top: .5rem; padding: 0 .5rem; background: #fffc }
.text { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #ccc; padding: 1rem }
mark { background: #fde047 }
"""


def write_evidence(answer: Answer, snapshot: Snapshot, pages: Pages) -> Path:
    """Write the answer into a new temporary file, which stays; return its path."""
    folder = Path(tempfile.mkdtemp(prefix="pincite-answer-"))
    path = folder / "answer.html"
    path.write_text("".join(_parts(answer, snapshot, pages)), encoding="utf-8")
    return path


def _parts(answer: Answer, snapshot: Snapshot, pages: Pages) -> Iterator[str]:
    yield (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(answer.question)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(answer.question)}</h1>"
    )
    if not answer.answered:
        yield f"<p>{escape(why_not(answer))}</p>"
    for citation in answer.citations:
        document = citation.document
        name = label(document, citation.span, citation.heading_path)
        yield f"<h2>[{citation.number}] {escape(name)}</h2>"
        yield f"<blockquote>{escape(citation.cited_text)}</blockquote>"
        yield f'<p class="place">{escape(place_line(document, citation.span))}</p>'
        yield from _place(citation, snapshot, pages)
    yield "</html>\n"


def _place(citation: Citation, snapshot: Snapshot, pages: Pages) -> Iterator[str]:
    document, span = citation.document, citation.span
    first, last = citation.pages or (1, 0)
    try:
        shown = [
            _page(document, number, span, snapshot, pages)
            for number in range(first, min(last, first + _MOST_PAGES - 1) + 1)
        ]
    except NoPageError:
        shown = []
    except (OriginalLostError, PageUnreadableError) as error:
        yield f"<p>{escape(str(error))}</p>"
        shown = []
    yield from shown or [_text(document, span)]


def _page(document: Document, number: int, span: Span, snapshot: Snapshot, pages: Pages) -> str:
    marks = pages.marks(snapshot, document, number, span)
    image = base64.b64encode(pages.image(snapshot, document, number, _WIDTH, "webp")).decode()
    rectangles = "".join(
        f'<i style="left:{100 * edges.left / marks.width:.3f}%;'
        f"top:{100 * edges.top / marks.height:.3f}%;"
        f"width:{100 * (edges.right - edges.left) / marks.width:.3f}%;"
        f'height:{100 * (edges.bottom - edges.top) / marks.height:.3f}%"></i>'
        for edges in marks.rectangles
    )
    unmarked = "" if rectangles else " The words could not be found on the page to mark them."
    return (
        f'<figure><img alt="Page {number}" src="data:image/webp;base64,{image}">{rectangles}'
        f"<figcaption>Page {number}.{unmarked}</figcaption></figure>"
    )


def _text(document: Document, span: Span) -> str:
    before = document.text[max(0, span.start - _AROUND) : span.start]
    after = document.text[span.end : span.end + _AROUND]
    return (
        f'<div class="text">{escape(before)}<mark>{escape(span.of(document.text))}</mark>'
        f"{escape(after)}</div>"
    )
