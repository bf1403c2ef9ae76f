"""The OpenAPI document: FastAPI's, with examples and more schemas, without its mistakes."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from qa.service.addresses import COLLECTIONS_PATH, PATH_OF_ONE, prefix_of
from qa.service.logs import REQUEST_ID
from qa.service.problems import ChatProblem, Problem, describe_chat_problem, usual_problem

DESCRIPTION = """Answers from your own documents, every word pinned to its place.

An **answer** is made of sentences of the documents, letter for letter, each cited with its
document and its place in the text. If the documents do not hold an answer, it says so. An
**offset** counts Unicode code points from 0, and an end is exclusive: what is cited is
`text[start_char_index:end_char_index]` of the document.

An **error** is a problem as in RFC 9457 (`application/problem+json`): its `detail` says what is
wrong and what to do. An unknown field is an error. A path answers a method that it does not have
with 405 and lists its methods in `Allow`; `HEAD` works wherever `GET` does.

A **collection** has documents of its own. `/v1/collections/{collection}/ask` and so on ask one;
`/v1/ask` and the other plain routes ask the one called `default`, unless whoever runs the service
chose another.
"""
TAGS = [
    {"name": "Answers", "description": "Ask, and check that an answer holds."},
    {"name": "Chat", "description": "Ask with a program made for OpenAI's interface."},
    {"name": "Documents", "description": "List, read, add and remove documents."},
    {"name": "Collections", "description": "List the collections, and ask one of them."},
    {"name": "Service", "description": "How the service is."},
]
NOT_BLANK = r"[^\s\x1c-\x1f\x85]"
"""Pattern of a text that is more than blanks."""
_IN_COLLECTION = "_in_collection"
_EXAMPLES = Path(__file__).parent / "openapi_examples"
_NEVER_SENT = "HTTPValidationError"
_HEADERS = {
    REQUEST_ID: {
        "description": "What the service's log calls the request: the id you sent, or a new one.",
        "schema": {"type": "string"},
        "example": "4c1f9a70b3d2e856",
    }
}
_OF_ALL_RESPONSES = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
_SECURITY_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `pincite key add` makes it.",
    }
}


def answered_with(
    description: str, *examples: str, also: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Return the description of a response; `examples` name files of openapi_examples/.

    `also` has texts that it may be instead, an example by media type. `more` is added as it is:
    `model`, `headers`, `links`.
    """
    content = asked_with(*examples)["requestBody"]["content"]
    for media_type, example in (also or {}).items():
        content[media_type] = {"schema": {"type": "string"}, "example": example}
    return {"description": description, "content": content, **more}


def asked_with(*examples: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route whose body is JSON, with its `examples`."""
    references = {name: {"$ref": f"#/components/examples/{name}"} for name in examples}
    return {"requestBody": {"content": {"application/json": {"examples": references}}}}


def complete_openapi(app: FastAPI, *models: type[BaseModel], keys: bool) -> None:
    """Add the errors, the examples, and the schemas of `models` to the document of `app`.

    FastAPI's form of validation errors is removed, for the service never sends it, and so are
    titles that repeat a field's name. With `keys`, routes that can answer 401 require one.
    """
    from_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = from_fastapi()
            for path, path_item in document["paths"].items():
                for operation in path_item.values():
                    operation["responses"] = _completed(path, operation)
                    if keys and "401" in operation["responses"]:
                        operation["security"] = [{"key": []}]
            if PATH_OF_ONE in document["paths"]:
                document["paths"] |= dict(_of_collections(document["paths"]))
            components = document["components"]
            components["schemas"] |= _schemas(Problem, ChatProblem, *models)
            components["schemas"].pop(_NEVER_SENT, None)
            components["schemas"].pop("ValidationError", None)
            components["examples"] = _examples()
            components["headers"] = _HEADERS
            if keys:
                components["securitySchemes"] = _SECURITY_SCHEMES
            _drop_titles(document["paths"])
            _drop_titles(components)
        return from_fastapi()

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation does it


def _completed(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Return the responses of a route, with the errors that come before its work."""
    statuses = {400, 403, 500}
    if path not in ("/healthz", "/readyz"):
        statuses |= {401, 429, 503}
    if "requestBody" in operation:
        statuses |= {408, 413, 422}
    responses = {str(status): usual_problem(status) for status in statuses}
    responses |= {
        status: response
        for status, response in operation["responses"].items()
        if _NEVER_SENT not in str(response)
    }
    for response in responses.values():
        response["headers"] = response.get("headers", {}) | _OF_ALL_RESPONSES
    if "Chat" in operation["tags"]:
        responses.pop("422", None)
        for status, response in responses.items():
            if status >= "400":
                describe_chat_problem(response)
    return dict(sorted(responses.items()))


def _of_collections(paths: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the routes of one collection: the plain ones with a parameter, each once."""
    named = paths[PATH_OF_ONE]["get"]["parameters"]
    for path, path_item in paths.items():
        if not path.startswith("/v1/") or path.startswith(COLLECTIONS_PATH):
            continue
        of_one = deepcopy(path_item)
        for operation in of_one.values():
            is_chat = "Chat" in operation["tags"]
            operation["tags"] = ["Collections"]
            operation["operationId"] += _IN_COLLECTION
            operation["parameters"] = [*named, *operation.get("parameters", [])]
            missing = usual_problem(404)
            missing["headers"] = _OF_ALL_RESPONSES
            if is_chat:
                describe_chat_problem(missing)
            operation["responses"].setdefault("404", missing)
            operation["responses"] = dict(sorted(operation["responses"].items()))
            for response in operation["responses"].values():
                for link in response.get("links", {}).values():
                    link["operationId"] += _IN_COLLECTION
                    link["parameters"]["collection"] = "$request.path.collection"
        yield prefix_of("{collection}") + path.removeprefix("/v1/"), of_one


def _schemas(*models: type[BaseModel]) -> dict[str, Any]:
    _, generated = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    return dict(generated["$defs"])


def _examples() -> dict[str, Any]:
    """Return all examples by name. In the routes, FastAPI would drop the fields that are null."""
    return {
        path.stem: {
            "summary": path.stem.replace("_", " ").capitalize(),
            "value": orjson.loads(path.read_bytes()),
        }
        for path in sorted(_EXAMPLES.glob("*.json"))
    }


def _drop_titles(schema: Any) -> None:
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):  # else it is the schema of a field of that name
            del schema["title"]
        for name, part in schema.items():
            if name not in {"example", "examples"}:
                _drop_titles(part)
    elif isinstance(schema, list):
        for part in schema:
            _drop_titles(part)
