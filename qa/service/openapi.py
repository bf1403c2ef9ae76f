"""The OpenAPI document: what FastAPI makes of the routes, with what it leaves out or gets wrong."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from qa.service.problems import Problem

DESCRIPTION = """Answers from your own documents, every word pinned to its place.

An **answer** is made of sentences of the documents, letter for letter, each cited with its
document and its place in the text; where the documents do not hold an answer, it says so. An
**offset** counts Unicode code points from 0, its end is exclusive, and
`text[start_char_index:end_char_index]` of the document is what is cited.

An **error** is a problem as in RFC 9457 (`application/problem+json`): its `detail` says what is
wrong and what to do. A field that is not known is an error, never passed over. A method that a
path does not have is answered 405, with those that it has in `Allow`; `HEAD` is wherever `GET` is.
"""
TAGS = [
    {
        "name": "Answers",
        "description": "Ask, check that an answer holds, tell if it helped.",
    },
    {"name": "Chat", "description": "The same for clients that are made for OpenAI's interface."},
    {"name": "Documents", "description": "What there is to answer from: list, read, add, remove."},
    {"name": "Service", "description": "How the service is."},
]
_EXAMPLES = Path(__file__).parent / "openapi_examples"
_REFERENCE = "#/components/schemas/{model}"
_OURS_INSTEAD = ("HTTPValidationError", "ValidationError")


def name_of(route: APIRoute) -> str:
    """Return a route's operationId: its function's name, which is stable and can be read."""
    return route.name


def answered_with(description: str, *examples: str, **more: Any) -> dict[str, Any]:
    """Describe what a route answers: `examples` name files of openapi_examples/.

    `more` goes into the description as it is: `model`, `headers`, `links`.
    """
    return {"description": description, **_shown(examples), **more}


def asked_with(*examples: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route whose body is JSON: `examples` name files, too."""
    return {"requestBody": _shown(examples)}


def complete_openapi(app: FastAPI, *models: type[BaseModel], keys: bool) -> None:
    """Let the document of `app` have the schemas of `models` and Problem, and the examples.

    FastAPI's own form of validation errors, which are never sent, goes out of it, and so do the
    titles that but repeat a field's name. With `keys`, routes that can answer 401 ask for one.
    """
    made_by_framework = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made_by_framework()
            _add_schemas(document, Problem, *models)
            document["components"]["examples"] = _examples()
            _drop_foreign_errors(document)
            if keys:
                _ask_for_keys(document)
            _drop_titles(document["paths"])
            _drop_titles(document["components"])
        return made_by_framework()

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _add_schemas(document: dict[str, Any], *models: type[BaseModel]) -> None:
    _, made = models_json_schema(
        [(model, "validation") for model in models], ref_template=_REFERENCE
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(made["$defs"])


def _shown(examples: Iterable[str]) -> dict[str, Any]:
    found = {name: {"$ref": f"#/components/examples/{name}"} for name in examples}
    return {"content": {"application/json": {"examples": found}}}


def _examples() -> dict[str, Any]:
    """Return all examples, by name. Written into the routes they would lose what is null."""
    return {
        path.stem: {
            "summary": path.stem.replace("_", " ").capitalize(),
            "value": orjson.loads(path.read_bytes()),
        }
        for path in sorted(_EXAMPLES.glob("*.json"))
    }


def _drop_foreign_errors(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            told = operation["responses"].get("422", {}).get("content", {})
            if any(name in str(told) for name in _OURS_INSTEAD):
                del operation["responses"]["422"]
    for name in _OURS_INSTEAD:
        document["components"]["schemas"].pop(name, None)


def _ask_for_keys(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, as `pincite key add` makes it.",
        }
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            if "401" in operation["responses"]:
                operation["security"] = [{"key": []}]


def _drop_titles(found: Any) -> None:
    if isinstance(found, dict):
        if isinstance(found.get("title"), str):  # of a field that is called so it is a schema
            del found["title"]
        for name, part in found.items():
            if name not in {"example", "examples"}:
                _drop_titles(part)
    elif isinstance(found, list):
        for part in found:
            _drop_titles(part)
