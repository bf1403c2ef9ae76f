"""Minimal writers of office files: .xlsx, .ods, .pptx and .odt, with just what a test is about."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

OPEN_XML = "http://schemas.openxmlformats.org"
_PACKAGE = f"{OPEN_XML}/package/2006"
_OFFICE = f"{OPEN_XML}/officeDocument/2006"
RELATION = f"{_OFFICE}/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
DATE, DATE_TIME = 1, 2
"""Styles of cells."""
_DAY_ZERO = date(1899, 12, 30)

Value = str | int | float | bool | date | None


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive of these parts; the first is stored as it is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            package.writestr(name, content, method)
    return buffer.getvalue()


def changed(content: bytes, old: str, new: str, part: str = "") -> bytes:
    """Return an archive with `old` replaced in that part, or in all."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for name in [part] if part else list(parts):
        parts[name] = parts[name].replace(old.encode(), new.encode())
    return archive(parts)


def relations(*targets: tuple[str, str, str]) -> str:
    """Return a part of relations: id, kind and target of each."""
    lines = "".join(
        f'<Relationship Id="{id_}" Type="{RELATION}/{kind}" Target="{target}"/>'
        for id_, kind, target in targets
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{lines}</Relationships>'


# Spreadsheets.


@dataclass(frozen=True)
class Sheet:
    """A sheet; `merged` are ranges such as "A1:B1", and `state` may be "hidden"."""

    name: str
    rows: Sequence[Sequence[Any]]
    merged: Sequence[str] = ()
    state: str = "visible"


@dataclass(frozen=True)
class Formula:
    """A formula with the value that is stored of it, if there is one."""

    formula: str
    value: float | None = None


def xlsx(*sheets: Sheet) -> bytes:
    """Return an Excel workbook."""
    names = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{n}" state="{sheet.state}" r:id="r{n}"/>'
        for n, sheet in enumerate(sheets, 1)
    )
    main = f"{OPEN_XML}/spreadsheetml/2006/main"
    styles = "".join(f'<xf numFmtId="{number}"/>' for number in (0, 14, 22))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": relations(("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{RELATION}">'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(
            *(
                (f"r{n}", "worksheet", f"worksheets/sheet{n}.xml")
                for n in range(1, len(sheets) + 1)
            ),
            ("rs", "styles", "styles.xml"),
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="3">{styles}</cellXfs>'
        "</styleSheet>",
    }
    for n, sheet in enumerate(sheets, 1):
        rows = "".join(
            f'<row r="{r}">{"".join(_xlsx_cell(r, c, value) for c, value in enumerate(row))}</row>'
            for r, row in enumerate(sheet.rows, 1)
        )
        merged = "".join(f'<mergeCell ref="{area}"/>' for area in sheet.merged)
        merged = merged and f"<mergeCells>{merged}</mergeCells>"
        parts[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>{merged}</worksheet>'
        )
    return archive(parts)


def _xlsx_cell(row: int, column: int, value: "Value | Formula") -> str:
    place = f'r="{chr(ord("A") + column)}{row}"'
    match value:
        case None:
            return ""
        case Formula(formula, stored):
            result = "" if stored is None else f"<v>{stored}</v>"
            return f"<c {place}><f>{escape(formula)}</f>{result}</c>"
        case bool():
            return f'<c {place} t="b"><v>{value:d}</v></c>'
        case int() | float():
            return f"<c {place}><v>{value}</v></c>"
        case datetime():
            seconds = 3600 * value.hour + 60 * value.minute + value.second
            days = (value.date() - _DAY_ZERO).days + seconds / 86400
            return f'<c {place} s="{DATE_TIME}"><v>{days}</v></c>'
        case date():
            return f'<c {place} s="{DATE}"><v>{(value - _DAY_ZERO).days}</v></c>'
        case str() if value.startswith("#"):
            return f'<c {place} t="e"><v>{value}</v></c>'
    return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def ods(*sheets: Sheet, trailing: str = "") -> bytes:
    """Return an OpenDocument spreadsheet; `trailing` is markup at the end of each row."""
    tables = "".join(
        f"<table:table table:name={quoteattr(sheet.name)}>"
        + "".join(
            f"<table:table-row>{''.join(map(_ods_cell, row))}{trailing}</table:table-row>"
            for row in sheet.rows
        )
        + "</table:table>"
        for sheet in sheets
    )
    return odf("spreadsheet", tables)


def _ods_cell(value: Value) -> str:
    match value:
        case None:
            return "<table:table-cell/>"
        case bool():
            kind, attribute = "boolean", f'office:boolean-value="{str(value).lower()}"'
        case int() | float():
            kind, attribute = "float", f'office:value="{value}"'
        case date():
            kind, attribute = "date", f'office:date-value="{value.isoformat()}"'
        case _:
            kind, attribute = "string", ""
    return (
        f'<table:table-cell office:value-type="{kind}" {attribute}>'
        f"<text:p>{escape(str(value))}</text:p></table:table-cell>"
    )


def odf(kind: str, body: str, *, styles: str = "", own_styles: str = "", meta: str = "") -> bytes:
    """Return an OpenDocument file. `own_styles` are the automatic ones of its content."""
    names = "office text table style draw meta".split()
    spaces = " ".join(
        f'xmlns:{name}="{_ODF}{name.replace("draw", "drawing")}:1.0"' for name in names
    )
    spaces += ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    manifest = f"{_ODF}manifest:1.0"
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": f'<manifest xmlns="{manifest}"/>',
            "content.xml": f"<office:document-content {spaces}>"
            f"<office:automatic-styles>{own_styles}</office:automatic-styles>"
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "styles.xml": f"<office:document-styles {spaces}><office:styles>{styles}"
            "</office:styles></office:document-styles>",
            "meta.xml": f"<office:document-meta {spaces}><office:meta>{meta}</office:meta>"
            "</office:document-meta>",
        }
    )


# Presentations.


@dataclass(frozen=True)
class Slide:
    """A slide: the markup of its shapes, and of its notes' paragraphs.

    `parts` are others that it refers to, by id: kind, name and content.
    """

    shapes: str
    notes: str = ""
    hidden: bool = False
    parts: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


def pptx(*slides: Slide, core: str = "", master: str = "") -> bytes:
    """Return a presentation. `core` are its properties, `master` the styles of its master."""
    spaces = (
        f'xmlns:p="{OPEN_XML}/presentationml/2006/main" xmlns:r="{RELATION}" '
        f'xmlns:a="{OPEN_XML}/drawingml/2006/main"'
    )
    listed = "".join(f'<p:sldId id="{255 + n}" r:id="r{n}"/>' for n in range(1, len(slides) + 1))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": relations(
            ("r1", "officeDocument", "ppt/presentation.xml"),
            ("r2", "metadata/core-properties", "docProps/core.xml"),
        ),
        "docProps/core.xml": '<c:coreProperties xmlns:c="c" xmlns:dc="dc" xmlns:dcterms="dcterms">'
        f"{core}</c:coreProperties>",
        "ppt/presentation.xml": f"<p:presentation {spaces}><p:sldIdLst>{listed}</p:sldIdLst>"
        "</p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            # The order of the parts is not that of the slides.
            *((f"r{n}", "slide", f"slides/slide{99 - n}.xml") for n in range(1, len(slides) + 1))
        ),
        "ppt/slideLayouts/layout.xml": f"<p:sldLayout {spaces}><p:cSld><p:spTree/></p:cSld>"
        "</p:sldLayout>",
        "ppt/slideLayouts/_rels/layout.xml.rels": relations(("r1", "slideMaster", "../master.xml")),
        "ppt/master.xml": f"<p:sldMaster {spaces}><p:cSld><p:spTree/></p:cSld><p:txStyles>"
        f"{master}</p:txStyles></p:sldMaster>",
    }
    for n, slide in enumerate(slides, 1):
        name = f"slide{99 - n}.xml"
        show = ' show="0"' if slide.hidden else ""
        parts[f"ppt/slides/{name}"] = (
            f"<p:sld {spaces}{show}><p:cSld><p:spTree>{slide.shapes}</p:spTree></p:cSld></p:sld>"
        )
        parts[f"ppt/slides/_rels/{name}.rels"] = relations(
            ("layout", "slideLayout", "../slideLayouts/layout.xml"),
            *((("notes", "notesSlide", f"../notes{n}.xml"),) if slide.notes else ()),
            *((id_, kind, f"../{part}") for id_, (kind, part, _) in slide.parts.items()),
        )
        parts |= {f"ppt/{part}": content for _, part, content in slide.parts.values()}
        if slide.notes:
            parts[f"ppt/notes{n}.xml"] = (
                f"<p:notes {spaces}><p:cSld><p:spTree>{shape(slide.notes, 'body')}"
                f"{shape('<a:p><a:r><a:t>7</a:t></a:r></a:p>', 'sldNum')}"
                "</p:spTree></p:cSld></p:notes>"
            )
    return archive(parts)


def shape(paragraphs: str, placeholder: str = "") -> str:
    """Return a shape with these paragraphs; "obj" is the placeholder of a slide's content."""
    kind = "" if placeholder == "obj" else f' type="{placeholder}"'
    marked = f'<p:ph{kind} idx="1"/>' if placeholder else ""
    return (
        f"<p:sp><p:nvSpPr><p:cNvPr/><p:cNvSpPr/><p:nvPr>{marked}</p:nvPr></p:nvSpPr>"
        f"<p:spPr/><p:txBody><a:bodyPr/>{paragraphs}</p:txBody></p:sp>"
    )


def paragraph(text: str, properties: str = "", level: int = 0) -> str:
    """Return a paragraph of a shape; `properties` may say how it is marked."""
    return (
        f'<a:p><a:pPr lvl="{level}">{properties}</a:pPr><a:r><a:t>{escape(text)}</a:t></a:r></a:p>'
    )


def title(text: str) -> str:
    """Return the title of a slide."""
    return shape(paragraph(text), "title")
