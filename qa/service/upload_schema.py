"""What the OpenAPI document says of the bodies of uploads."""

from typing import Any

from qa.service.ask_wire import NOT_BLANK
from qa.service.upload_body import KINDS, MAX_TITLE_CHARS, FormMetadata

_FORM = {
    "type": "object",
    "description": "A form with a file, as a web page sends it.",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {
            "type": "string",
            "format": "binary",
            "description": "The file. The suffix of its name tells what it is, else the media "
            "type that it is sent with.",
        },
        "title": {
            "type": "string",
            "maxLength": MAX_TITLE_CHARS,
            "description": "What to call the document.",
            "examples": ["Opening hours"],
        },
        "metadata": {
            **FormMetadata.model_json_schema(),
            "examples": [{"author": "Jane", "year": 2024}],
        },
    },
}
EXAMPLES = {
    "text/plain": "The clinic opens at 8 am.\n",
    "text/markdown": "# Opening hours\n\nThe clinic opens at 8 am.\n",
    "text/html": "<h1>Opening hours</h1><p>The clinic opens at 8 am.</p>",
    "application/xhtml+xml": '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Hours</title>'
    "</head><body><p>The clinic opens at 8 am.</p></body></html>",
    "text/csv": "question,answer\nWhen does the clinic open?,At 8 am.\n",
    "text/tab-separated-values": "question\tanswer\nWhen does the clinic open?\tAt 8 am.\n",
    "application/jsonl": '{"title": "Opening hours", "text": "The clinic opens at 8 am."}\n',
    "application/x-ndjson": '{"title": "Opening hours", "text": "The clinic opens at 8 am."}\n',
}
"""An example of each kind that is text."""

BODIES: dict[str, Any] = {
    "application/json": {
        "schema": {"$ref": "#/components/schemas/UploadBody"},
        "example": {"text": "The clinic opens at 8 am.", "title": "Opening hours"},
    },
    "multipart/form-data": {
        "schema": _FORM,
        "encoding": {
            "file": {"contentType": ", ".join(KINDS)},
            "metadata": {"contentType": "application/json"},
        },
    },
    **{
        kind: {
            "schema": {
                "type": "string",
                "description": "The file itself, in UTF-8 or as its `charset` says.",
                "minLength": 1,
                "pattern": NOT_BLANK,
            },
            "example": example,
        }
        for kind, example in EXAMPLES.items()
    },
    **{
        kind: {"schema": {"type": "string", "format": "binary", "description": "The file itself."}}
        for kind in KINDS.keys() - EXAMPLES.keys()
    },
}
"""What the OpenAPI document says of the bodies."""
