"""The bodies of uploads: text in JSON, a file as the body, or a file in a form."""

import codecs
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any, Literal

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from index.parsers import READERS
from index.records import MetadataValue
from qa.formats.fields import JsonModel
from qa.service.openapi import NOT_BLANK

KINDS = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/epub+zip": ".epub",
    "message/rfc822": ".eml",
    "application/mbox": ".mbox",
    "application/rtf": ".rtf",
    "application/yaml": ".yaml",
    "application/toml": ".toml",
}
"""The kinds of files, by their media types. Others are known by their names, in a form."""

_NAMES = f"{', '.join(dict.fromkeys(KINDS.values()))}, .json, .rst"
UNREADABLE = (
    "Send JSON with a text, a file with its media type, such as application/pdf, or a form with a "
    f"file whose name ends in {_NAMES} or the like."
)
_NO_KIND = f"Pincite cannot read such a file: its name must end in {_NAMES} or the like."
_MAX_TITLE_CHARS = 500
_MAX_METADATA = 50
_MAX_FILE_NAME_CHARS = 200
_CHARSETS = re.compile(
    r"iso8859-\d+|cp\d+|utf-(8|16|32)(-[bl]e)?|koi8-[ru]|mac-\w+|gb2312|gbk|gb18030|big5\w*|"
    r"shift_jis\w*|euc_\w+|hz|johab|tis-620"
)
"""The charsets that people write in, by Python's names; some other codecs are slow."""

_WholeNumber = Annotated[int, Field(ge=-(2**53), le=2**53)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
Metadata = Annotated[
    dict[str, str | _WholeNumber | _Number | bool | list[str]],
    Field(max_length=_MAX_METADATA, description="What `filters` can ask for."),
]


class UploadBody(JsonModel):
    """A document as text."""

    text: str = Field(
        min_length=1,
        description="Offsets in citations count in this text.",
        json_schema_extra={"pattern": NOT_BLANK},
    )
    title: str = Field(
        default="",
        max_length=_MAX_TITLE_CHARS,
        description="The document's title; by default the text's own, else the id.",
    )
    media_type: Literal["text/plain", "text/markdown", "text/html"] = Field(
        default="text/plain", description="What the text is."
    )
    metadata: Metadata = Field(default={})


_METADATA: TypeAdapter[dict[str, Any]] = TypeAdapter(Metadata, config=ConfigDict(strict=True))


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file, its kind such as ".pdf", and what the request says of it."""

    content: bytes
    kind: str
    name: str = ""
    title: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict[str, MetadataValue])


async def read_body(request: Request) -> UploadedFile:
    """Return the file that a request uploads. Raises HTTPException 415, 422."""
    media_type, charset = _content_type(request.headers.get("content-type", ""))
    if media_type == "application/json":
        return await run_in_threadpool(_of_json, await _whole(request))
    if media_type == "multipart/form-data":
        if charset not in ("utf-8", "us-ascii"):  # any codec would decode names, slow ones, too
            raise _unprocessable("Send the form's names and fields in UTF-8.")
        async with request.form(max_files=1, max_fields=10) as form:
            return await _of_form(form)
    kind = KINDS.get(media_type)
    if kind is None:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            UNREADABLE,
        )
    content = await _whole(request)
    if media_type.startswith("text/") and charset not in ("utf-8", "us-ascii"):
        content = await run_in_threadpool(_in_utf8, content, charset)
    return UploadedFile(content, kind, _name_in(request.headers.get("content-disposition", "")))


async def _whole(request: Request) -> bytes:
    """Return the body. `Request.body` would hold it until the request ends."""
    return b"".join([chunk async for chunk in request.stream()])


def _in_utf8(content: bytes, charset: str) -> bytes:
    try:
        name = codecs.lookup(charset).name
        if _CHARSETS.fullmatch(name):
            return content.decode(name).encode()
    except (LookupError, ValueError):
        pass
    raise _unprocessable(f"The body is not text in {charset[:40]}; send UTF-8.")


def _content_type(header: str) -> tuple[str, str]:
    """Return the media type and the charset that a header names; "" if it is malformed."""
    message = Message()
    try:
        message["Content-Type"] = header
        media_type = message.get_content_type() if header else ""
        return media_type, message.get_content_charset() or "utf-8"
    except ValueError:
        return "", ""


def _name_in(content_disposition: str) -> str:
    """Return the file name in a Content-Disposition header (RFC 6266); "" without one."""
    message = Message()
    try:
        with suppress(UnicodeError):  # headers come in Latin-1, and clients write UTF-8
            content_disposition = content_disposition.encode("latin-1").decode()
        message["Content-Disposition"] = content_disposition
        return _sanitised(message.get_filename() or "")
    except ValueError:
        return ""


def _sanitised(name: str) -> str:
    """Return a file name without its folders and without invisible characters."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in last)
    path = PurePath(" ".join(seen.split()).strip('. "'))
    suffix = path.suffix[:20]
    return path.stem[: _MAX_FILE_NAME_CHARS - len(suffix)] + suffix


def _of_json(content: bytes) -> UploadedFile:
    try:
        body = UploadBody.model_validate_json(content)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        ) from error
    try:
        encoded = body.text.encode()
        body.model_dump_json()
    except (UnicodeEncodeError, PydanticSerializationError):
        raise _unprocessable("The body holds half a character; send valid Unicode.") from None
    kind, metadata = KINDS[body.media_type], _frozen(body.metadata)
    return UploadedFile(encoded, kind, title=body.title, metadata=metadata)


async def _of_form(form: FormData) -> UploadedFile:
    file, title = form.get("file"), form.get("title", "")
    if not isinstance(file, UploadFile) or not isinstance(title, str):
        raise _unprocessable("The form must have a file called `file`.")
    unknown = form.keys() - {"file", "title", "metadata"}
    if unknown:
        raise _unprocessable(f"{sorted(unknown)[0]}: unknown field; leave it out.")
    kind = PurePath(file.filename or "").suffix.lower()
    if kind not in READERS:
        kind = KINDS.get(file.content_type or "", "")
    if not kind:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _NO_KIND)
    if len(title) > _MAX_TITLE_CHARS:
        raise _unprocessable(f"title: send {_MAX_TITLE_CHARS} characters at most.")
    metadata = _form_metadata(form.get("metadata", "{}"))
    name = _sanitised(file.filename or "")
    return UploadedFile(await file.read(), kind, name, title, metadata)


def _form_metadata(field: object) -> Mapping[str, MetadataValue]:
    try:
        metadata = _METADATA.validate_json(field if isinstance(field, str) else "")
        _METADATA.dump_json(metadata)
    except (ValidationError, PydanticSerializationError):
        raise _unprocessable(
            "body.metadata: send a JSON object of texts, numbers, true, false and lists of texts, "
            f'such as {{"author": "Jane", "year": 2024}}, {_MAX_METADATA} at most.'
        ) from None
    return _frozen(metadata)


def _frozen(metadata: Mapping[str, Any]) -> Mapping[str, MetadataValue]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in metadata.items()
    }


def _unprocessable(detail: str) -> HTTPException:
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


_PAGE = (
    "<html><head><title>Hours</title></head><body><p>The clinic opens at 8 am.</p></body></html>"
)
_MAIL = "From: Ann <ann@example.org>\nSubject: Opening hours\n\nThe clinic opens at 8 am.\n"
_RECORD = '{"title": "Opening hours", "text": "The clinic opens at 8 am."}\n'
TEXT_EXAMPLES = {
    "text/plain": "The clinic opens at 8 am.\n",
    "text/markdown": "# Opening hours\n\nThe clinic opens at 8 am.\n",
    "text/html": _PAGE,
    "application/xhtml+xml": _PAGE.replace("<html>", '<html xmlns="http://www.w3.org/1999/xhtml">'),
    "text/csv": "question,answer\nWhen does the clinic open?,At 8 am.\n",
    "text/tab-separated-values": "question\tanswer\nWhen does the clinic open?\tAt 8 am.\n",
    "application/jsonl": _RECORD,
    "application/x-ndjson": _RECORD,
    "message/rfc822": _MAIL,
    "application/mbox": f"From ann@example.org Thu Jan  1 10:00:00 2026\n{_MAIL}",
    "application/rtf": "{\\rtf1 The clinic opens at 8 am.}",
    "application/yaml": "opens: 8 am\n",
    "application/toml": 'opens = "8 am"\n',
}
"""An example of each media type that is text."""

_TEXT = {
    "type": "string",
    "description": "The file itself, in UTF-8 or as its `charset` says.",
    "minLength": 1,
    "pattern": NOT_BLANK,
}
_BINARY = {"type": "string", "format": "binary", "description": "The file itself."}
_FORM = {
    "type": "object",
    "description": "A form with a file, as a web page sends it.",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": _BINARY | {"description": "The file; its name or media type says what it is."},
        "title": {
            "type": "string",
            "maxLength": _MAX_TITLE_CHARS,
            "description": "The document's title.",
        },
        "metadata": _METADATA.json_schema(),
    },
}
_FORM_TYPES = {
    "file": {"contentType": ", ".join(KINDS)},
    "metadata": {"contentType": "application/json"},
}
BODIES: dict[str, Any] = {
    "application/json": {
        "schema": {"$ref": "#/components/schemas/UploadBody"},
        "example": {"text": "The clinic opens at 8 am.", "title": "Opening hours"},
    },
    "multipart/form-data": {"schema": _FORM, "encoding": _FORM_TYPES},
    **{kind: {"schema": _BINARY} for kind in KINDS if kind not in TEXT_EXAMPLES},
    **{kind: {"schema": _TEXT, "example": example} for kind, example in TEXT_EXAMPLES.items()},
}
"""The bodies in the OpenAPI document."""
