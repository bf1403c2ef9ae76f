"""The HTTP contract, checked from outside: what is asked, what comes back, what is refused."""

import asyncio
import csv
import io
import json
import math
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio import to_thread
from starlette.testclient import TestClient

from index.encoding.encoder import Encoder
from index.store import open_store
from qa.engine import Engine
from qa.live import LiveEngine
from qa.question.filters import OPERATORS, OWN_FIELDS
from qa.read.reader import find_reader
from qa.service.app import build_app
from qa.service.guard import MAX_BODY_BYTES
from tests.calibrations import PROMISE
from tests.damage import flip_a_bit
from tests.service.conftest import Corpus, client_of, live_over
from tests.waiting import PATIENCE_S

QUESTION = "why do I get pimples after microneedling"
QUESTIONS = [
    QUESTION,
    "how long does redness last",
    "Can microneedling make acne scars worse?",
    "what are signs of infection",
    "wer wurde 1998 Weltmeister",
]

PLACE_KEYS = {
    *("document_id", "document_title", "source", "start_char_index", "end_char_index"),
    *("cited_text", "start_page_number", "end_page_number", "row_number"),
}
CITATION_KEYS = PLACE_KEYS | {
    *("number", "heading_path"),
    *("document_sha256", "text_sha256", "also_in", "also_in_count"),
    *("agreeing_documents", "label", "url", "table"),
}
PASSAGE_KEYS = {
    *("rank", "passage_id", "document_id", "document_title", "source", "heading_path", "text"),
    *("start_char_index", "end_char_index", "score", "highlights", "also_in"),
    *("also_in_count", "start_page_number", "end_page_number", "row_number", "label", "table"),
}
ANSWER_KEYS = {
    *("question", "answered", "confidence", "answer", "citations", "passages", "snapshot"),
    *("model", "calibration", "corrections", "took_ms", "explain"),
    *("unknown_words", "missing_names", "searched", "carried_over", "all", "reader"),
    *("more", "written"),
}
SECURITY_HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-resource-policy",
}


def ask(client: TestClient, question: str = QUESTION, **more: Any) -> Any:
    response = client.post("/v1/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    return response.json()


def test_all_that_answers_is_listed_as_json_or_csv(client: TestClient) -> None:
    listed = ask(client, "what are signs of infection", all=True)["all"]
    quotes = [quote for document in listed["documents"] for quote in document["quotes"]]
    assert len(quotes) == listed["count"] > 0
    for quote in quotes:
        text = text_of(client, quote["document_id"])
        assert text[quote["start_char_index"] : quote["end_char_index"]] == quote["cited_text"]
    body = {"question": "what are signs of infection", "all": True}
    response = client.post("/v1/ask", json=body, headers={"Accept": "text/csv"})
    assert response.headers["content-type"].startswith("text/csv")
    assert (response.headers["x-pincite-complete"] == "yes") == listed["complete"]
    lines = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [line["text"] for line in lines] == [quote["cited_text"] for quote in quotes]
    refused = client.post("/v1/ask", json=body, headers={"Accept": "text/csv;q=0, */*"})
    assert refused.json()["all"] == listed
    assert ask(client, "wer wurde 1998 Weltmeister", all=True)["all"]["count"] == 0


def text_of(client: TestClient, document_id: str) -> str:
    return str(client.get(f"/v1/documents/{document_id}").json()["text"])


def problem_of(response: Any, status: int) -> str:
    """Check that a response is such a problem and gives nothing away; return its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == status
    assert body["title"]
    for secret in (str(Path.cwd()), "/tmp", "Traceback", ".py", "site-packages"):
        assert secret not in response.text
    return str(body["detail"])


def check_offsets(client: TestClient, answer: dict[str, Any]) -> None:
    """Every offset of an answer, against the documents as the service gives them out."""
    for place in places_of(answer):
        text = text_of(client, place["document_id"])
        cited = place["cited_text"] if "cited_text" in place else place["text"]
        assert text[place["start_char_index"] : place["end_char_index"]] == cited
    for passage in answer["passages"]:
        for highlight in passage["highlights"]:
            assert 0 <= highlight["start"] < highlight["end"] <= len(passage["text"])
    if answer["answer"]:
        cited = {each["number"]: each["cited_text"] for each in answer["citations"]}
        for span in answer["answer"]["spans"]:
            words = answer["answer"]["text"][span["start"] : span["end"]]
            assert [cited[number] for number in span["citations"]] == [words]


def places_of(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in [*answer["citations"], *answer["passages"]]:
        yield item
        yield from item["also_in"]


# --- answering ---


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_offset_holds_in_the_document(client: TestClient, question: str) -> None:
    check_offsets(client, ask(client, question, top_k=50))


def test_an_answer_has_exactly_the_keys_of_the_contract(client: TestClient) -> None:
    answer = ask(client, top_k=50)
    assert answer["answered"]
    assert set(answer) == ANSWER_KEYS
    assert set(answer["answer"]) == {"text", "spans"}
    assert all(set(span) == {"start", "end", "citations"} for span in answer["answer"]["spans"])
    assert all(set(citation) == CITATION_KEYS for citation in answer["citations"])
    assert all(set(passage) == PASSAGE_KEYS for passage in answer["passages"])
    assert all(
        set(place) == PLACE_KEYS for passage in answer["passages"] for place in passage["also_in"]
    )
    assert [passage["rank"] for passage in answer["passages"]] == list(
        range(1, len(answer["passages"]) + 1)
    )
    assert [c["number"] for c in answer["citations"]] == list(
        range(1, len(answer["citations"]) + 1)
    )
    assert answer["explain"] is None
    assert answer["calibration"] is None
    assert answer["reader"] == {"name": "bundled", "digest": find_reader().digest}
    assert answer["missing_names"] == []


def test_a_name_that_no_document_has_leaves_a_question_unanswered(client: TestClient) -> None:
    answer = ask(client, f"{QUESTION} according to AMD")
    assert (answer["answered"], answer["answer"], answer["citations"]) == (False, None, [])
    assert answer["missing_names"] == ["AMD"]
    assert answer["passages"]
    assert not any(passage["highlights"] for passage in answer["passages"])
    assert client.post("/v1/verify", json=answer).json()["holds"] is True


def test_a_question_may_lean_on_earlier_ones(client: TestClient) -> None:
    answer = ask(client, "how does it work", history=["what is microneedling", "and why?"])
    whole = ask(client, "How does microneedling work?")
    made_whole = {"question": "how does it work", "searched": whole["question"]}
    made_whole["carried_over"] = ["microneedling"]
    assert answer | {"took_ms": 0} == whole | made_whole | {"took_ms": 0}
    assert client.post("/v1/verify", json=answer).json()["holds"]


def test_every_word_of_the_answer_is_cited(client: TestClient) -> None:
    answer = ask(client)["answer"]
    uncited = list(answer["text"])
    for span in answer["spans"]:
        uncited[span["start"] : span["end"]] = [""] * (span["end"] - span["start"])
    assert "".join(uncited).strip() == ""


def test_it_abstains(client: TestClient) -> None:
    answer = ask(client, "Who won the 1998 football world cup final?")
    assert answer["answered"] is False
    assert answer["answer"] is None
    assert answer["citations"] == []
    assert len(answer["passages"]) == 5


def test_the_same_question_gets_the_same_bytes_but_for_the_time(client: TestClient) -> None:
    def asked() -> str:
        text = client.post("/v1/ask", json={"question": QUESTION, "explain": True}).text
        return re.sub(r'"took_ms":[\d.]+', "", text)

    assert asked() == asked()


@pytest.mark.parametrize("top_k", [1, 3, 5.0, 50])
def test_top_k_bounds_the_passages_and_leaves_the_answer(client: TestClient, top_k: float) -> None:
    answer, usual = ask(client, top_k=top_k), ask(client)
    assert 1 <= len(answer["passages"]) <= top_k
    assert answer["answer"] == usual["answer"]
    assert answer["citations"] == usual["citations"]


def test_explain_explains(client: TestClient) -> None:
    explained = ask(client, explain=True)["explain"]
    assert isinstance(explained, dict)
    assert explained


def test_a_filter_leaves_one_document(client: TestClient) -> None:
    everything = ask(client, top_k=50)
    source = everything["passages"][-1]["source"]
    assert len({each["source"] for each in everything["passages"]}) > 1
    for filters in ({"source": source}, {"path": {"prefix": source}}, {"source": {"in": [source]}}):
        answer = ask(client, top_k=50, filters=filters)
        assert {place["source"] for place in places_of(answer)} == {source}
        assert {each["agreeing_documents"] for each in answer["citations"]} <= {1}
        check_offsets(client, answer)
        assert set(answer) == ANSWER_KEYS
    assert ask(client, top_k=50, filters={}) | {"took_ms": 0} == everything | {"took_ms": 0}


def test_a_filter_that_nothing_matches_gives_no_answer(client: TestClient) -> None:
    answer = ask(client, explain=True, filters={"title": "No such title"})
    assert answer["answered"] is False
    assert answer["confidence"] == 0
    assert answer["answer"] is None
    assert answer["passages"] == answer["citations"] == []
    assert answer["explain"]["fused"] == []
    assert client.post("/v1/verify", json=answer).json()["holds"] is True


def test_the_openapi_page_tells_what_filters_there_are(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    told = schemas["AskBody"]["properties"]["filters"]["description"]
    for part in (*OPERATORS, *OWN_FIELDS, "20 conditions", "1000 values"):
        assert part in told


def test_offsets_count_code_points_past_emoji_and_line_ends(corpus: Corpus) -> None:
    corpus.write(
        "otters.txt", "👩🏽‍🚀🚀 Notes\r\n\r\nOtters 🦦 hold hands when they sleep. They float.\r\n"
    )
    corpus.index()
    client = corpus.client()
    answer = ask(client, "otters hold hands when they sleep")
    check_offsets(client, answer)
    assert answer["citations"][0]["cited_text"].startswith("Otters 🦦 hold hands")
    # 👩 🏽 ZWJ 🚀 🚀 are five code points (nine UTF-16 units); " Notes" six; two line ends four.
    assert answer["citations"][0]["start_char_index"] == 5 + 6 + 4


# --- documents ---


def test_paging_goes_through_all_documents_once(client: TestClient) -> None:
    sources: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/documents", params=query).json()
        assert 1 <= len(page["documents"]) <= 2
        sources += [document["source"] for document in page["documents"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    whole = client.get("/v1/documents").json()
    assert whole["next_cursor"] is None
    assert sources == [document["source"] for document in whole["documents"]]
    assert len(set(sources)) == 5


def test_a_document_tells_what_it_is(client: TestClient, seeds_dir: Path) -> None:
    listed = client.get("/v1/documents", params={"limit": 1}).json()["documents"][0]
    whole = client.get(f"/v1/documents/{listed['id']}").json()
    text = whole.pop("text")
    assert whole == listed
    assert text == (seeds_dir.parent / whole["source"]).read_bytes().decode()
    assert whole["characters"] == len(text)


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_every_row_of_a_file_is_listed_whatever_the_page(corpus: Corpus, limit: int) -> None:
    rows = "".join(f"{i},Needle {i} is mild.\n" for i in range(10))
    corpus.write("rows.csv", f"question,answer\n{rows}")
    corpus.write("a.txt", "Redness fades within two days.\n")
    corpus.index()
    listed: list[str] = []
    query: dict[str, str] = {"limit": str(limit)}
    with corpus.client() as client:
        while True:
            page = client.get("/v1/documents", params=query).json()
            listed += [each["id"] for each in page["documents"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
    assert len(listed) == len(set(listed)) == 11


@pytest.mark.parametrize("cursor", ["!!!", "%", "é", "/w", "=", "_w"])
def test_a_made_up_cursor_is_refused(client: TestClient, cursor: str) -> None:
    assert "cursor" in problem_of(client.get("/v1/documents", params={"cursor": cursor}), 422)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_a_limit_out_of_range_is_refused(client: TestClient, limit: str) -> None:
    assert "limit" in problem_of(client.get("/v1/documents", params={"limit": limit}), 422)


# --- verifying ---


def test_citations_are_valid_moved_stale_or_missing(client: TestClient) -> None:
    citation = ask(client)["citations"][0]
    start, end = citation["start_char_index"], citation["end_char_index"]
    shifted = {**citation, "start_char_index": start + 1, "end_char_index": end + 1}
    changed = {**citation, "cited_text": "No document says this."}
    gone = {**citation, "document_id": "no-such-document"}
    body = {"citations": [citation, shifted, changed, gone]}
    results = client.post("/v1/verify", json=body).json()["results"]
    assert results[2]["nearest"] is None
    assert [each["source"] for each in results[3]["found_in"]][:1] == [citation["source"]]
    assert results[3]["nearest"] is results[3]["note"] is None
    found = [(each["status"], each["start_char_index"], each["end_char_index"]) for each in results]
    assert found == [
        ("valid", start, end),
        ("moved", start, end),
        ("stale", None, None),
        ("missing", None, None),
    ]


def test_of_a_changed_citation_the_nearest_text_is_shown(client: TestClient) -> None:
    citation = ask(client)["citations"][0]
    words = citation["cited_text"]
    changed = {**citation, "cited_text": f"{words.upper()} "}
    (result,) = client.post("/v1/verify", json={"citations": [changed]}).json()["results"]
    assert result["status"] == "stale"
    assert result["nearest"] == {
        "text": words,
        "start_char_index": citation["start_char_index"],
        "end_char_index": citation["end_char_index"],
        "similarity": 1.0,
    }
    paged = {**citation, "start_page_number": 3, "end_page_number": 3}
    (result,) = client.post("/v1/verify", json={"citations": [paged]}).json()["results"]
    assert result["differs"] == ["start_page_number", "end_page_number"]


def test_a_whole_answer_can_be_verified_as_it_was_given(client: TestClient) -> None:
    for question, answered in [(QUESTION, True), ("Who won the 1998 football world cup?", False)]:
        answer = ask(client, question, explain=True)
        assert answer["answered"] is answered
        response = client.post("/v1/verify", json=answer)
        assert response.status_code == 200, response.text
        found = response.json()
        assert found["holds"] is True
        assert found["faults"] == []
        assert len(found["results"]) == len(answer["citations"])
        assert {each["status"] for each in found["passages"]} == {"valid"}


def test_a_tampered_answer_does_not_hold(client: TestClient) -> None:
    answer = ask(client)
    answer["answer"]["text"] = "x" + answer["answer"]["text"][1:]
    answer["citations"][0]["source"] = "seeds/other.txt"
    answer["passages"][0]["text"] = "No document says this."
    found = client.post("/v1/verify", json=answer).json()
    assert found["holds"] is False
    assert found["results"][0]["differs"] == ["source"]
    assert found["passages"][0]["status"] == "stale"
    assert "not those of citation 1" in found["faults"][0]
    emptied = ask(client) | {"citations": []}
    assert client.post("/v1/verify", json=emptied).json()["holds"] is False


def test_verify_takes_no_field_that_it_does_not_know(client: TestClient) -> None:
    body: dict[str, Any] = {"citations": [], "pasages": []}
    assert "pasages: unknown field" in problem_of(client.post("/v1/verify", json=body), 422)
    assert "citations" in problem_of(client.post("/v1/verify", json={}), 422)


@pytest.mark.parametrize(
    "citation",
    [
        {},
        {"document_id": "a", "cited_text": "x", "start_char_index": "0", "end_char_index": 1},
        {"document_id": "a", "cited_text": "x", "start_char_index": 0, "end_char_index": True},
        {"document_id": 1, "cited_text": "x", "start_char_index": 0, "end_char_index": 1},
        {"document_id": "a", "cited_text": "", "start_char_index": 0, "end_char_index": 0},
        {"document_id": "a", "cited_text": "x", "start_char_index": -1, "end_char_index": 0},
        {"document_id": "a", "cited_text": "x", "start_char_index": 2, "end_char_index": 1},
    ],
)
def test_half_a_citation_is_refused(client: TestClient, citation: dict[str, Any]) -> None:
    body = {"citations": [citation]}
    assert "citations.0" in problem_of(client.post("/v1/verify", json=body), 422)


# --- what is refused ---


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "question"),
        ({"question": ""}, "empty"),
        ({"question": " \n\t"}, "empty"),
        ({"question": "x" * 2001}, "2001 characters"),
        ({"question": "a " * 999}, "tokens"),
        ({"question": None}, "question"),
        ({"question": 7}, "question"),
        ({"question": QUESTION, "top_k": 0}, "top_k"),
        ({"question": QUESTION, "top_k": 51}, "top_k"),
        ({"question": QUESTION, "top_k": "many"}, "top_k"),
        ({"question": QUESTION, "top_k": "5"}, "top_k"),
        ({"question": QUESTION, "top_k": True}, "top_k"),
        ({"question": QUESTION, "top_k": 5.5}, "top_k"),
        ({"question": QUESTION, "explain": "yes"}, "explain"),
        ({"question": QUESTION, "explain": 1}, "explain"),
        ({"question": QUESTION, "topk": 3}, "topk: unknown field"),
        ({"question": QUESTION, "filters": None}, "filters"),
        ({"question": QUESTION, "filters": []}, "filters"),
        ({"question": QUESTION, "filters": "source=a"}, "filters"),
        ({"question": QUESTION, "filters": {"sauce": "a"}}, "no document has"),
        ({"question": QUESTION, "filters": {"source": ["a"]}}, "'source'"),
        ({"question": QUESTION, "filters": {"source": None}}, "'source'"),
        ({"question": QUESTION, "filters": {"source": {"not": "a"}}}, "no operator 'not'"),
        ({"question": QUESTION, "filters": {"source": {"in": []}}}, "at least one"),
        ({"question": QUESTION, "filters": {"source": {"in": ["a"] * 1001}}}, "1001 values"),
        ({"question": QUESTION, "filters": {"source": {"gt": True}}}, "truth value"),
        ({"question": QUESTION, "filters": {"source": {"gt": 1, "lt": "b"}}}, "both the same"),
        ({"question": QUESTION, "filters": {f"a{n}": 1 for n in range(21)}}, "21 conditions"),
        ({"question": QUESTION, "filters": {"x" * 10_000: 1}}, "source, path"),
        ({"question": QUESTION, "history": "before"}, "history"),
        ({"question": QUESTION, "history": ["before"] * 21}, "history"),
        ({"question": QUESTION, "history": ["a", "x" * 2001]}, "history[1]: the question has 2001"),
        ({"question": QUESTION, "history": [" "]}, "history[0]: the question is empty"),
        ([], "JSON object"),
    ],
)
def test_a_bad_question_is_refused_with_the_reason(
    client: TestClient, body: Any, detail: str
) -> None:
    assert detail.lower() in problem_of(client.post("/v1/ask", json=body), 422).lower()


@pytest.mark.parametrize(
    "content",
    [
        rb'{"question": "half a character: \ud83d"}',
        rb'{"question": "x", "\ud83d": 1}',
        rb'{"question": "x", "filters": {"\ud83d": 1}}',
        b'{"question": "x", "' + b"y" * 100_000 + b'": 1}',
        b'{"question": ',
        b"question=x",
        b"",
        b"null",
        b'"x"',
    ],
)
def test_what_is_hardly_json_is_refused(client: TestClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    detail = problem_of(client.post("/v1/ask", content=content, headers=headers), 422)
    assert 0 < len(detail) <= 500


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000])
def test_what_cannot_be_parsed_at_all_is_refused(client: TestClient, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/ask", content=content, headers=headers)
    assert problem_of(response, response.status_code)
    assert response.status_code in (400, 422)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_content_type_is_refused(client: TestClient, media_type: str | None) -> None:
    content = json.dumps({"question": QUESTION}).encode()
    headers = {"Content-Type": media_type} if media_type else {}
    detail = problem_of(client.post("/v1/ask", content=content, headers=headers), 422)
    assert "application/json" in detail


def test_what_is_not_there_is_404(client: TestClient) -> None:
    for path, nearest in (
        ("/v1/aks", "/v1/ask"),
        ("/ask", "/v1/ask"),
        ("/v1/document/some-id", "/v1/documents"),
        ("/v2/verify/", "/v1/verify"),
    ):
        assert f"Did you mean {nearest}?" in problem_of(client.post(path, json={}), 404)
    for path in ("/nothing", "/static/nothing.js", "/" + "x" * 5000, "/%ff%00"):
        detail = problem_of(client.get(path), 404)
        assert "/docs" in detail
        assert "mean" not in detail
    problem_of(client.get("/static/../app.py"), 404)
    problem_of(client.get("/static/%2e%2e/app.py"), 404)
    assert "no document" in problem_of(client.get("/v1/documents/nothing"), 404)


def test_another_method_is_405_and_tells_which_are_allowed(client: TestClient) -> None:
    response = client.get("/v1/ask")
    problem_of(response, 405)
    assert response.headers["allow"] == "POST"


def test_a_large_body_is_413_with_its_length_declared_or_not(client: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    large = json.dumps({"question": "x" * MAX_BODY_BYTES}).encode()

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 100_000):
            yield large[start : start + 100_000]

    assert "1024 KiB" in problem_of(client.post("/v1/ask", content=large, headers=headers), 413)
    assert "1024 KiB" in problem_of(
        client.post("/v1/ask", content=in_pieces(), headers=headers), 413
    )


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", "10.0.0.1", "[", ""]
)
def test_another_host_name_is_refused(client: TestClient, host: str) -> None:
    detail = problem_of(client.get("/healthz", headers={"Host": host}), 400)
    assert "host" in detail
    for way in ("--allowed-hosts", "PINCITE_ALLOWED_HOSTS=", "allowed_hosts = ", "pincite.toml"):
        assert way in detail


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_loopback_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_page_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    body = {"question": QUESTION}
    assert "site" in problem_of(client.post("/v1/ask", json=body, headers=headers), 403)


def test_its_own_page_and_a_link_from_elsewhere_are_answered(client: TestClient) -> None:
    own = {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert client.post("/v1/ask", json={"question": QUESTION}, headers=own).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=link).status_code == 200


class Broken(LiveEngine):
    """Fails in a way that nobody foresaw."""

    def __init__(self, store: Path) -> None:
        self.store = open_store(store)

    def current(self) -> Engine:
        raise RuntimeError("/tmp/secret.py is broken")


def test_an_unforeseen_error_gives_nothing_away(seeds_store: Path) -> None:
    response = client_of(Broken(seeds_store)).post("/v1/ask", json={"question": QUESTION})
    assert "log" in problem_of(response, 500)
    assert set(response.headers) >= SECURITY_HEADERS


# --- around it ---


def test_health_and_readiness(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_a_head_request_gets_the_headers_alone(client: TestClient, path: str) -> None:
    response = client.head(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == client.get(path).headers["content-type"]


class Busy(LiveEngine):
    """Takes its time over every question."""

    def __init__(self, live: LiveEngine) -> None:
        self.store, self._engine = live.store, live.latest
        self.asked, self.may_answer = threading.Event(), threading.Event()

    def current(self) -> Engine:
        self.asked.set()
        self.may_answer.wait(PATIENCE_S)
        return self._engine


def test_health_and_readiness_do_not_wait_behind_questions(
    seeds_store: Path, encoder: Encoder
) -> None:
    live = Busy(live_over(seeds_store, encoder))

    async def look() -> list[int]:
        to_thread.current_default_thread_limiter().total_tokens = 1
        transport = httpx2.ASGITransport(build_app(live))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
            asked = asyncio.create_task(asking.post("/v1/ask", json={"question": QUESTION}))
            await asyncio.to_thread(live.asked.wait, PATIENCE_S)
            try:
                paths = ("/healthz", "/readyz")
                found = [await asyncio.wait_for(asking.get(path), PATIENCE_S) for path in paths]
                assert not asked.done()
            finally:
                live.may_answer.set()
            return [response.status_code for response in (*found, await asked)]

    assert asyncio.run(look()) == [200, 200, 200]


def test_the_api_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/")
        assert client.get(link).status_code == 200
    assert not re.findall(r"https?://|//cdn", page.text)


def test_openapi_describes_every_route_and_all_its_references_lead_somewhere(
    client: TestClient,
) -> None:
    description = client.get("/openapi.json").json()
    assert description["openapi"].startswith("3.")
    assert set(description["paths"]) >= {
        *("/v1/ask", "/v1/verify", "/v1/documents", "/v1/documents/{document_id}"),
        *("/healthz", "/readyz"),
    }
    references = re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(description))
    assert references
    for reference in references:
        found = description
        for part in reference.split("/"):
            found = found[part]
    assert "422" in description["paths"]["/v1/ask"]["post"]["responses"]
    assert "HTTPValidationError" not in json.dumps(description["paths"])


def test_every_response_has_the_security_headers(client: TestClient) -> None:
    responses = [
        *(client.get(path) for path in ("/", "/healthz", "/docs", "/openapi.json", "/nothing")),
        *(client.get(f"/static/{name}") for name in ("app.js", "text.js", "style.css")),
        client.get("/v1/documents"),
        client.get("/v1/ask"),
        client.post("/v1/ask", json={"question": QUESTION}),
        client.post("/v1/ask", json={"question": ""}),
        client.get("/", headers={"Host": "evil.example"}),
        client.get("/", headers={"Origin": "http://evil.example"}),
    ]
    for response in responses:
        assert set(response.headers) >= SECURITY_HEADERS
        assert "server" not in response.headers
    assert "unsafe" not in client.get("/").headers["content-security-policy"]


# --- following the store ---


def test_a_new_snapshot_answers_the_next_question(corpus: Corpus) -> None:
    corpus.write("a.txt", "The lighthouse keeper is called Ada.\n")
    first = corpus.index()
    client = corpus.client()
    assert ask(client, "what is the lighthouse keeper called")["snapshot"] == first

    corpus.write("a.txt", "The lighthouse keeper is called Grace.\n")
    second = corpus.index()
    answer = ask(client, "what is the lighthouse keeper called")
    assert answer["snapshot"] == second != first
    assert answer["answer"]["text"] == "The lighthouse keeper is called Grace."


def test_a_damaged_new_snapshot_leaves_the_old_one_answering(corpus: Corpus) -> None:
    corpus.write("a.txt", "The lighthouse keeper is called Ada.\n")
    first = corpus.index()
    client = corpus.client()
    corpus.write("a.txt", "The lighthouse keeper is called Grace.\n")
    assert corpus.index() != first
    flip_a_bit(corpus.store)

    for _ in range(2):
        answer = ask(client, "what is the lighthouse keeper called")
        assert answer["snapshot"] == first
        assert answer["answer"]["text"] == "The lighthouse keeper is called Ada."
    assert client.get("/readyz").status_code == 200


def test_a_calibration_is_told_of_from_the_next_question_on(corpus: Corpus) -> None:
    corpus.write("redness.txt", "Redness of the skin fades within two days.\n")
    corpus.index()
    question = "Redness of the skin fades within how many days?"
    with corpus.client() as client:
        before = ask(client, question, explain=True)
        made = corpus.calibrate()
        answer = ask(client, question, explain=True)
        assert before["calibration"] is None
        score = answer["explain"]["decision"]["score"]
        assert score == before["explain"]["decision"]["score"]
        assert answer["confidence"] == pytest.approx(1 / (1 + math.exp(6 - 12 * score)))
        threshold = pytest.approx(1 / (1 + math.exp(6 - 12 * 0.55)))
        assert answer["calibration"] == {
            "id": made,
            "promise": PROMISE,
            "stale": False,
            "threshold": threshold,
            "max_false_answers": 0.1,
            "confidence_level": 0.95,
        }
        # A whole answer can be verified, its calibration included.
        assert client.post("/v1/verify", json=answer).status_code == 200
        corpus.write("more.txt", "Scars need more time than redness.\n")
        corpus.index()
        stale = ask(client, question)["calibration"]
        assert (stale["id"], stale["stale"], stale["promise"]) == (made, True, None)


def test_openapi_says_what_the_confidence_was_fitted_on(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    told = schemas["AnswerJson"]["properties"]["confidence"]["description"]
    assert told.startswith("The probability that what is cited")
    assert "if `calibration` is not null, on your own" in told
    assert "promise" in schemas["CalibrationJson"]["properties"]
