"""The OpenAPI document: complete, true, and of use to a person and a program."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

from index.store import open_store
from qa.service.app import build_app
from qa.service.policy import Policy
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
OPEN_TO_ALL = {"GET /healthz", "GET /readyz"}
EXAMPLES = sorted(
    (Path(__file__).parents[2] / "qa" / "service" / "openapi_examples").glob("*.json")
)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory, model: Any) -> dict[str, Any]:
    """The document of a service that takes uploads: that of all routes."""
    corpus = Corpus(tmp_path_factory.mktemp("openapi"), model)
    corpus.write("hours.txt", "The clinic opens at 8 am.\n")
    corpus.index()
    with corpus.uploading() as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method.upper()} {path}", item[method]


def validator_of(
    document: dict[str, Any], schema: dict[str, Any]
) -> jsonschema_rs.Draft202012Validator:
    """Return what checks values against a schema that may refer to the document's components."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})


def follow(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that a reference leads to."""
    if "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)
    return schema


def parts_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and all that are written within it; what it refers to is elsewhere."""
    yield schema
    for combined in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(combined, []):
            yield from parts_of(part)
    for nested in ("items", "additionalProperties"):
        if isinstance(schema.get(nested), dict):
            yield from parts_of(schema[nested])
    for part in schema.get("properties", {}).values():
        yield from parts_of(part)


def is_binary(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "binary"


def schemas_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema of an object: components, and those written into a body."""
    yield from document["components"]["schemas"].items()
    for name, operation in operations_of(document):
        for media_type, told in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} {media_type}", told["schema"]
        for status, response in operation["responses"].items():
            for told in response.get("content", {}).values():
                yield f"{name} {status}", told["schema"]


# --- nothing is left undescribed ---


def test_every_field_is_described(document: dict[str, Any]) -> None:
    missing = [
        f"{name}: {field}"
        for name, schema in schemas_of(document)
        for part in parts_of(schema)
        for field, told in part.get("properties", {}).items()
        if not told.get("description") and not ("$ref" in told and follow(document, told))
    ]
    assert not missing, missing


def test_every_schema_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert not [name for name, schema in schemas.items() if not schema.get("description")]
    assert not [name for name in schemas if "ValidationError" in name]


def test_every_route_is_described(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    ids = []
    for name, operation in operations_of(document):
        assert operation.get("summary"), name
        assert len(operation.get("description", "")) > len("Tell."), name
        assert operation["description"].endswith("."), name
        assert tags.issuperset(operation.get("tags") or ["none"]), name
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), name
        ids.append(operation["operationId"])
    assert len(ids) == len(set(ids))
    assert document["info"]["description"]


def test_every_parameter_is_described_and_has_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations_of(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (name, parameter["name"])
            found = [
                *parameter["schema"].get("examples", []),
                *(each["value"] for each in parameter.get("examples", {}).values()),
            ]
            assert found, (name, parameter["name"])


def test_every_body_and_every_response_has_an_example_that_its_schema_allows(
    document: dict[str, Any],
) -> None:
    checked = 0
    for name, operation in operations_of(document):
        bodies = {
            f"{name} {where}": told
            for where, described in [
                ("body", operation.get("requestBody", {})),
                *operation["responses"].items(),
            ]
            for told in described.get("content", {}).values()
        }
        for where, told in bodies.items():
            schema = told["schema"]
            if is_binary(schema) or any(map(is_binary, schema.get("properties", {}).values())):
                continue
            values = [follow(document, each)["value"] for each in told.get("examples", {}).values()]
            values += [told["example"]] if "example" in told else []
            assert values, where
            for value in values:
                validator_of(document, schema).validate(value)
                checked += 1
    assert checked > 50


def test_every_example_of_a_field_is_allowed_by_its_schema(document: dict[str, Any]) -> None:
    for name, schema in schemas_of(document):
        for part in parts_of(schema):
            for field, told in part.get("properties", {}).items():
                for value in told.get("examples", []):
                    found = list(validator_of(document, told).iter_errors(value))
                    assert not found, (name, field, found)


# --- errors ---


def is_chat(name: str) -> bool:
    return "/chat/" in name or "/models" in name


def test_every_route_lists_its_errors_as_problems(document: dict[str, Any]) -> None:
    for name, operation in operations_of(document):
        errors = {each: told for each, told in operation["responses"].items() if each >= "400"}
        assert {"400", "403", "500"} <= errors.keys(), name
        if name not in OPEN_TO_ALL:
            assert {"401", "429", "503"} <= errors.keys(), name
        if "requestBody" in operation:
            assert {"408", "413"} <= errors.keys(), name
            assert ("422" in errors) is not is_chat(name), name
        for status, told in errors.items():
            assert told["description"], (name, status)
            assert list(told["content"]) == ["application/problem+json"], (name, status)
            (content,) = told["content"].values()
            schema = "ChatProblem" if is_chat(name) else "Problem"
            assert content["schema"] == {"$ref": f"#/components/schemas/{schema}"}, (name, status)
            assert content["example"]["status"] == int(status), (name, status)
        for status, header in (("401", "WWW-Authenticate"), ("429", "Retry-After")):
            assert status not in errors or header in errors[status]["headers"], (name, status)
        assert "503" not in errors or "Retry-After" in errors["503"]["headers"], name
        responses = operation["responses"].items()
        assert all("Location" in told["headers"] for each, told in responses if each == "202")
        for _, told in responses:
            assert "X-Request-ID" in told["headers"], name
            for described in told["headers"].values():
                told_of = follow(document, described)
                assert told_of["description"]
                assert "example" in told_of
                assert told_of["schema"]


def test_where_keys_are_asked_for_the_document_says_so(
    document: dict[str, Any], corpus: Corpus
) -> None:
    assert "securitySchemes" not in document["components"]
    corpus.write("hours.txt", "The clinic opens at 8 am.\n")
    corpus.index()
    app = build_app(
        live_over(corpus.store, HashingEncoder()), Policy(keys=open_store(corpus.store).keys)
    )
    locked = TestClient(app, base_url="http://127.0.0.1").get("/openapi.json").json()
    assert locked["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for name, operation in operations_of(locked):
        assert ("security" in operation) is (name not in OPEN_TO_ALL), name


def test_all_references_and_links_lead_somewhere(document: dict[str, Any]) -> None:
    written = json.dumps(document)
    ids = {operation["operationId"] for _, operation in operations_of(document)}
    linked = set()
    for _, operation in operations_of(document):
        for response in operation["responses"].values():
            linked |= {link["operationId"] for link in response.get("links", {}).values()}
    assert linked
    assert linked <= ids
    for reference in re.findall(r'"\$ref": "(#/[^"]+)"', written):
        assert follow(document, {"$ref": reference})
    assert "/home" not in written
    assert ".py" not in written


# --- what it says is so ---


def test_the_documents_schemas_are_schemas(document: dict[str, Any]) -> None:
    for _, schema in schemas_of(document):
        assert jsonschema_rs.meta.is_valid(schema)


def write_answers_anew(client: TestClient, folder: Path) -> None:
    """Ask the seeds what the examples ask, and keep the first passage of each answer."""

    def write(name: str, example: dict[str, Any]) -> None:
        text = json.dumps(example, ensure_ascii=False, indent=2)
        (folder / f"{name}.json").write_text(f"{text}\n", encoding="utf-8", newline="\n")

    for name in ("answer", "abstention"):
        asked = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        body = {"question": asked["question"], "top_k": 1}
        write(name, client.post("/v1/ask", json=body).json())
    asked = json.loads((folder / "written_answer.json").read_text(encoding="utf-8"))
    body = {"question": asked["question"], "top_k": 1}
    quoted = client.post("/v1/ask", json=body).json()
    write("written_answer", quoted | {"written": asked["written"]})
    asked = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    message = {"role": "user", "content": asked["question"]}
    body = {"model": "pincite", "messages": [message], "top_k": 1}
    made = client.post("/v1/chat/completions", json=body).json()
    write("completion", made | {"id": "chatcmpl-0b2f4c6d8e0a1b3c5d7e9f01", "created": 1767225600})


def test_the_example_of_an_answer_is_true_of_the_seeds(client: TestClient) -> None:
    """`TEST_UPDATE_GOLDEN=1 pytest` writes answers anew; read the difference."""
    folder = EXAMPLES[0].parent
    if os.environ.get("TEST_UPDATE_GOLDEN") == "1":
        write_answers_anew(client, folder)
    for name in ("answer", "abstention", "written_answer"):
        answer = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        found = client.post("/v1/verify", json=answer).json()
        assert found["holds"] is True, found
        again = client.post("/v1/ask", json={"question": answer["question"]}).json()
        assert again["answered"] is answer["answered"] is (name != "abstention")
        assert again.keys() == answer.keys()


def test_every_file_of_examples_is_shown(document: dict[str, Any]) -> None:
    shown = {
        name
        for _, operation in operations_of(document)
        for told in [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in told.get("content", {}).values()
        for name in content.get("examples", {})
    }
    assert shown == {path.stem for path in EXAMPLES}


def test_another_method_is_405_with_all_that_the_path_has(corpus: Corpus) -> None:
    corpus.write("hours.txt", "The clinic opens at 8 am.\n")
    corpus.index()
    with corpus.uploading() as client:
        paths = client.get("/openapi.json").json()["paths"]
        for path, item in paths.items():
            url = re.sub(r"\{\w+\}", "some-id", path.replace("{collection}", "default"))
            there = {method.upper() for method in METHODS & item.keys()}
            there |= {"HEAD"} if "GET" in there else set()
            for method in ("GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"):
                if method in there:
                    continue
                response = client.request(method, url)
                assert response.status_code == 405, (method, path)
                assert set(response.headers["allow"].split(", ")) == there
                assert response.headers["content-type"] == "application/problem+json"
                assert method in response.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/v1/documents", "/docs", "/openapi.json", "/static/app.js"])
def test_head_is_wherever_get_is(client: TestClient, path: str) -> None:
    got, response = client.get(path), client.head(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == got.headers["content-type"]
    assert response.headers["content-length"] == str(len(got.content))
