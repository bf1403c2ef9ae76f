"""EPUB books made by hand."""

import io
import zipfile

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
ABOUT = (
    "<dc:title>The Lighthouse</dc:title><dc:creator>Ann Lee</dc:creator>"
    '<dc:date opf:event="modification">2020</dc:date>'
    '<dc:date opf:event="publication">1911-05-02</dc:date><dc:language>en</dc:language>'
    "<dc:subject>Sea</dc:subject><dc:subject>Light</dc:subject>"
    "<dc:description>&lt;p&gt;A keeper.&lt;/p&gt;</dc:description>"
)
NAVIGATION = (
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
    '<nav epub:type="landmarks"><ol><li><a href="one.xhtml">Start</a></li></ol></nav>'
    '<nav epub:type="toc"><ol><li><a href="one.xhtml">The Storm</a><ol>'
    '<li><a href="one.xhtml#b">The&nbsp;Lamp</a></li></ol></li>'
    '<li><a href="two%20b.xhtml">The Calm</a></li></ol></nav></body></html>'
)
ONE = (
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>'
    "<body><h2>The Storm</h2><p>The storm began at\n nine.</p><h3>A note</h3><p>It was cold.</p>"
    '<p id="b" class="h">The Lamp</p><p>The lamp burns oil.</p>'
    "<aside><p>1. Whale oil.</p></aside></body></html>"
)
TWO = "<html><body><p>Nobody came in March.</p><h1>Later</h1><p>It rained.</p></body></html>"


def package(
    pages: dict[str, str] | None = None,
    *,
    about: str = ABOUT,
    navigation: str | None = NAVIGATION,
    contents: str = "",
    others: dict[str, str | bytes] | None = None,
) -> bytes:
    """Return a book of pages in OEBPS/, in their order."""
    pages = {"one.xhtml": ONE, "two b.xhtml": TWO} if pages is None else pages
    items = "".join(
        f'<item id="p{n}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="p{n}"/>' for n in range(len(pages)))
    if navigation is not None:
        items += (
            '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        )
        spine = f'<itemref idref="nav"/>{spine}'
    if contents:
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    opf = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        f'{about}</metadata><manifest>{items}</manifest><spine toc="ncx">{spine}</spine></package>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OEBPS/book.opf", opf)
        for name, content in pages.items():
            archive.writestr(f"OEBPS/{name}", content)
        if navigation is not None:
            archive.writestr("OEBPS/nav.xhtml", navigation)
        if contents:
            archive.writestr("OEBPS/toc.ncx", contents)
        for name, part in (others or {}).items():
            archive.writestr(name, part)
    return buffer.getvalue()
