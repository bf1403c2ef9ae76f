"""What schemathesis has to know of the service: real files, and what no schema can say."""

import io
import re
from http import HTTPStatus
from typing import Any

import docx
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

from qa.service.uploads import KINDS, TEXT_EXAMPLES
from tests.epub_writing import package
from tests.office_writing import Sheet, Slide, odf, ods, pptx, title, xlsx
from tests.pdf_writing import lines, write_pdf

SCHEMA_CANNOT_SAY = {
    # How many tokens a text has; what fields the documents have; how many conditions there are
    # in all the fields of a filter together; whether the service can write, and not with `all`.
    "POST /v1/ask": r"The question has \d+ tokens|No document has a field|The filters have |"
    r"This service has no language model|Ask for `all` or for `write`",
    "POST /v1/chat/completions": r"The question has \d+ tokens|No document has a field|"
    r"The filters have |No message has the role user|This service has no language model",
    # That one number is not less than another.
    "POST /v1/verify": r"body\.[\w.]+: end_char_index lies before start_char_index",
    # What a cursor looked like that the service gave out.
    "GET /v1/documents": r"cursor: not one that this service gave out",
    # What makes bytes a PDF with text in it, a row of a table, …; that a text is not just
    # characters that are not seen.
    "PUT /v1/documents/{document_id}": r"The document cannot be indexed: ",
}
"""By operation, for what the service rightly refuses (400, 422) what the schema allows."""


def _docx(text: str) -> bytes:
    made, content = docx.Document(), io.BytesIO()
    made.add_paragraph(text)
    made.save(content)
    return content.getvalue()


_WORDS = st.text("abcdefgh ", min_size=1, max_size=30)
_SHEETS = _WORDS.map(lambda text: Sheet("Hours", [["Day", "Hours"], [f"Day {text}", 8]]))
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_FILES = {
    "application/epub+zip": _WORDS.map(lambda text: package({"a.html": f"<p>Hours {text}.</p>"})),
    "application/pdf": _WORDS.map(lambda text: write_pdf([lines(72, 700, f"Hours {text}.")])),
    f"{_OPEN_XML}.wordprocessingml.document": _WORDS.map(lambda text: _docx(f"Hours {text}.")),
    f"{_OPEN_XML}.presentationml.presentation": _WORDS.map(lambda text: pptx(Slide(title(text)))),
    f"{_OPEN_XML}.spreadsheetml.sheet": _SHEETS.map(xlsx),
    "application/vnd.ms-excel": _SHEETS.map(xlsx),  # read under any name of a spreadsheet
    "application/vnd.oasis.opendocument.spreadsheet": _SHEETS.map(ods),
    "application/vnd.oasis.opendocument.text": _WORDS.map(
        lambda text: odf("text", f"<text:p>Hours {text}.</text:p>")
    ),
}
for _kind, _content in _FILES.items():
    schemathesis.openapi.media_type(_kind, st.one_of(_content, st.binary(min_size=1)))
schemathesis.serializer.alias(sorted(KINDS.keys() - _FILES.keys() - {"text/plain"}), "text/plain")


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep a failure unless it is none."""
    if isinstance(failure, RejectedPositiveData):
        label = case.operation.label.replace("/v1/collections/{collection}/", "/v1/")
        expected = SCHEMA_CANNOT_SAY.get(label)
        told = str(response.json().get("detail", ""))
        return not (response.status_code in (400, 422) and expected and re.match(expected, told))
    if isinstance(failure, AcceptedNegativeData):
        # A number that is sent as a text file is the text of that number, and YAML puts blanks in
        # quotes. What is too large is refused, too.
        is_yaml, is_text = case.media_type == "application/yaml", isinstance(case.body, str)
        is_other_text = case.media_type in TEXT_EXAMPLES and (is_yaml or not is_text)
        return not is_other_text and response.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return True
