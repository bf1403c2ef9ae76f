"""What is uploaded, in whichever form it comes."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import PurePath
from typing import Annotated, Any, Literal

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, RootModel, ValidationError
from pydantic_core import PydanticSerializationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from index.parsers import READERS
from index.records import MetadataValue
from qa.formats.fields import WireModel
from qa.service.ask_wire import NOT_BLANK

KINDS = {
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
}
"""What reads a body, by its media type."""

MAX_TITLE_CHARS = 500
_MAX_METADATA = 50
_CHARSETS = re.compile(
    r"iso8859-\d+|cp\d+|utf-(8|16|32)(-[bl]e)?|koi8-[ru]|mac-\w+|gb2312|gbk|gb18030|big5\w*|"
    r"shift_jis\w*|euc_\w+|hz|johab|tis-620"
)
"""As Python's codecs call them."""
WholeNumber = Annotated[int, Field(ge=-(2**53), le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)]


Metadata = Annotated[
    dict[str, str | WholeNumber | Number | bool | list[str]],
    Field(max_length=_MAX_METADATA, description="What `filters` can ask for."),
]


class UploadBody(WireModel):
    """A document as text."""

    text: str = Field(
        min_length=1,
        description="Offsets in citations count in this text.",
        examples=["The clinic opens at 8 am."],
        json_schema_extra={"pattern": NOT_BLANK},
    )
    title: str = Field(
        default="",
        max_length=MAX_TITLE_CHARS,
        description="What to call it; else it is what the text calls itself, or the id.",
        examples=["Opening hours"],
    )
    media_type: Literal["text/plain", "text/markdown", "text/html"] = Field(
        default="text/plain", description="What the text is.", examples=["text/plain"]
    )
    metadata: Metadata = Field(
        default={},
        examples=[{"author": "Jane", "year": 2024, "tags": ["opening", "hours"]}],
    )


class FormMetadata(RootModel[Metadata]):
    """The `metadata` of a form, which is JSON."""

    model_config = ConfigDict(strict=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file's content, what reads it, and what was said of it."""

    content: bytes
    kind: str
    title: str
    metadata: Mapping[str, MetadataValue]


async def read_body(request: Request) -> Uploaded:
    """Return what a request uploads. Raises HTTPException 415, 422."""
    media_type, charset = _content_type(request.headers.get("content-type", ""))
    if media_type == "application/json":
        return await run_in_threadpool(_of_json, await _whole(request))
    if media_type == "multipart/form-data":
        async with request.form(max_files=1, max_fields=10) as form:
            return await _of_form(form)
    kind = KINDS.get(media_type)
    if kind is None:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Send JSON with a text, a form with a file, or one of: {', '.join(KINDS)}.",
        )
    content = await _whole(request)
    if media_type.startswith("text/") and charset not in ("utf-8", "us-ascii"):
        content = await run_in_threadpool(_in_utf8, content, charset)
    return Uploaded(content, kind, "", {})


async def _whole(request: Request) -> bytes:
    """Return the body; `Request.body` would hold it as long as there is the request."""
    return b"".join([chunk async for chunk in request.stream()])


def _in_utf8(content: bytes, charset: str) -> bytes:
    """Decode what is written in a charset that people write in; there are others, and slow ones."""
    try:
        name = codecs.lookup(charset).name
        if _CHARSETS.fullmatch(name):
            return content.decode(name).encode()
    except (LookupError, ValueError):
        pass
    raise _unprocessable(f"The body is no text in {charset[:40]}; send UTF-8.")


def _content_type(header: str) -> tuple[str, str]:
    """Return the media type and the charset that a header names; "" for what is no media type."""
    message = Message()
    try:
        message["Content-Type"] = header
        return message.get_content_type() if header else "", (
            message.get_content_charset() or "utf-8"
        )
    except ValueError:
        return "", "utf-8"


def _of_json(content: bytes) -> Uploaded:
    try:
        body = UploadBody.model_validate_json(content)
    except ValidationError as error:
        found = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(found) from error
    try:
        encoded = body.text.encode()
        body.model_dump_json()
    except (UnicodeEncodeError, PydanticSerializationError):
        raise _unprocessable("The body holds half a character; send valid Unicode.") from None
    return Uploaded(encoded, KINDS[body.media_type], body.title, _frozen(body.metadata))


async def _of_form(form: FormData) -> Uploaded:
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
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Name the file with what it is: {', '.join(READERS)}.",
        )
    if len(title) > MAX_TITLE_CHARS:
        raise _unprocessable(f"title: send {MAX_TITLE_CHARS} characters at most.")
    metadata = _form_metadata(form.get("metadata", "{}"))
    return Uploaded(await file.read(), kind, title, metadata)


def _form_metadata(field: object) -> Mapping[str, MetadataValue]:
    try:
        read = FormMetadata.model_validate_json(field if isinstance(field, str) else "")
        read.model_dump_json()
    except (ValidationError, PydanticSerializationError):
        raise _unprocessable(
            "body.metadata: send a JSON object of texts, numbers, true, false and lists of texts, "
            f'such as {{"author": "Jane", "year": 2024}}, {_MAX_METADATA} at most.'
        ) from None
    return _frozen(read.root)


def _frozen(metadata: Mapping[str, Any]) -> Mapping[str, MetadataValue]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in metadata.items()
    }


def _unprocessable(detail: str) -> HTTPException:
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
