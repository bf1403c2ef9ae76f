"""The tools for language models, as the protocol's own client sees them: over stdio and HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult

from index.encoding.encoder import Encoder
from index.store import open_store
from index.terminal import run
from pincite.cli import app
from qa.protocol.server import mcp_server
from qa.protocol.tools import MOST_CHARACTERS
from qa.service.answerer import Answerer
from qa.service.app import build_app
from qa.service.guard import MAX_BODY_BYTES
from qa.service.keys import add_key
from qa.service.metrics import Metrics
from qa.service.policy import Policy
from qa.service.work_queue import WorkQueue
from qa.settings import Settings
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served
from tests.waiting import PATIENCE_S

QUESTION = "why do I get pimples after microneedling"
ELSEWHERE = "wer wurde 1998 Weltmeister"
REPOSITORY = str(Path(__file__).resolve().parents[2])

Server = StdioServerParameters | str
Session = Callable[[Client], Awaitable[None]]


def environment() -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PINCITE_")}
    return clean | {"PYTHONPATH": REPOSITORY}


def over_stdio(store: Path, folder: Path) -> StdioServerParameters:
    """Return how a client starts Pincite."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "pincite", "mcp", "--store", str(store)],
        cwd=folder,
        env={"PYTHONPATH": REPOSITORY},
    )


def talk(server: Server, session: Session, mode: str = "auto") -> None:
    """Connect, and do in a session what is to be done."""

    async def connected() -> None:
        async with Client(server, mode=mode, read_timeout_seconds=PATIENCE_S) as client:
            await session(client)

    asyncio.run(connected())


async def call(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    result = await client.call_tool(tool, arguments)
    assert isinstance(result, CallToolResult)
    return result


async def data_of(client: Client, tool: str, **arguments: Any) -> Any:
    """Return what a tool gives for programs; the client compares it with the output schema."""
    result = await call(client, tool, **arguments)
    assert not result.is_error, text_of(result)
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await call(client, tool, **arguments)
    assert result.is_error
    assert result.structured_content is None
    return text_of(result)


def text_of(result: CallToolResult) -> str:
    [content] = result.content
    assert content.type == "text"
    return content.text


@pytest.fixture(scope="module")
def url(seeds_store: Path, encoder: Encoder) -> Iterator[str]:
    with served(build_app(live_over(seeds_store, encoder), mcp=True)) as address:
        yield address


@pytest.fixture(params=["stdio", "http", "http before 2026"])
def connect(
    request: pytest.FixtureRequest, seeds_store: Path, tmp_path: Path, url: str
) -> Callable[[Session], None]:
    """What runs a session over each way there is."""
    if request.param == "stdio":
        return lambda session: talk(over_stdio(seeds_store, tmp_path), session)
    mode = "auto" if request.param == "http" else "legacy"
    return lambda session: talk(f"{url}mcp", session, mode)


def test_a_cited_answer_can_be_read_and_checked(connect: Callable[[Session], None]) -> None:
    async def session(client: Client) -> None:
        answer = await data_of(client, "ask", question=QUESTION)
        assert answer["answered"]
        for citation in answer["citations"]:
            start, end = citation["start_char_index"], citation["end_char_index"]
            opened = await data_of(
                client, "open_document", document_id=citation["document_id"], start=start, end=end
            )
            first = opened["start_char_index"]
            assert opened["text"][start - first : end - first] == citation["cited_text"]
            assert first < start
            assert opened["end_char_index"] > end
        checked = await data_of(client, "verify", citations=answer["citations"])
        assert checked["holds"]
        assert {each["status"] for each in checked["results"]} == {"valid"}
        altered = answer["citations"][0] | {"cited_text": "Pimples never appear."}
        checked = await data_of(client, "verify", citations=[altered])
        assert [each["status"] for each in checked["results"]] == ["stale"]
        assert "empty" in await refusal(client, "ask", question=" \n")

    connect(session)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_what_is_wrong_with_a_call_is_told_to_the_model(url: str, mode: str) -> None:
    async def session(client: Client) -> None:
        assert "empty" in await refusal(client, "ask", question=" \n")
        assert "2000 at most" in await refusal(client, "ask", question="x" * 2001)
        assert "question" in await refusal(client, "ask")
        assert "top_k" in await refusal(client, "ask", question=QUESTION, top_k=51)
        assert "unknown argument" in await refusal(client, "ask", question=QUESTION, k=1)
        assert "nosuch" in await refusal(client, "ask", question=QUESTION, filters={"nosuch": 1})
        for name in ("../../etc/passwd", "", "\x00", "nosuch"):
            assert "no document of that id" in await refusal(
                client, "open_document", document_id=name
            )
        answer = await data_of(client, "ask", question=QUESTION)
        document = answer["citations"][0]["document_id"]
        for part in ({"start": 10**9}, {"start": 5, "end": 5}, {"start": 9, "end": 3}):
            told = await refusal(client, "open_document", document_id=document, **part)
            assert "start must lie before end" in told
        assert "start" in await refusal(client, "open_document", document_id=document, start=-1)
        assert "citations" in await refusal(client, "verify", citations=[])
        assert "cited_text" in await refusal(client, "verify", citations=[{"document_id": "x"}])
        with pytest.raises(MCPError, match="open_document"):
            await client.call_tool("delete_everything", {})
        assert (await data_of(client, "ask", question=QUESTION))["answered"]

    talk(f"{url}mcp", session, mode)


def test_it_is_the_answer_that_the_service_gives(url: str) -> None:
    async def session(client: Client) -> None:
        body: dict[str, Any] = {"question": QUESTION, "top_k": 2, "filters": {"path": "no"}}
        for filters in ({}, {"media_type": "text/plain"}, {"path": {"prefix": "nowhere/"}}):
            body["filters"] = filters
            asked = httpx2.post(f"{url}v1/ask", json=body, timeout=PATIENCE_S).json()
            for sent in (filters, json.dumps(filters)):  # some clients send objects as text
                answer = await data_of(client, "ask", **body | {"filters": sent})
                assert answer | {"took_ms": 0} == asked | {"took_ms": 0}

    talk(f"{url}mcp", session)


def test_a_question_may_lean_on_earlier_ones(url: str) -> None:
    async def session(client: Client) -> None:
        history = ["what is microneedling"]
        for sent in (history, json.dumps(history)):
            result = await call(client, "ask", question="how does it work", history=sent)
            answer: Any = result.structured_content
            assert answer["searched"] == "How does microneedling work?"
            assert f"Searched: {answer['searched']}" in text_of(result)
        assert "history" in await refusal(client, "ask", question="why", history=["why"] * 21)

    talk(f"{url}mcp", session)


def test_the_tools_describe_themselves(url: str) -> None:
    async def session(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "open_document", "verify"}
        for tool in tools.values():
            assert tool.description
            assert tool.annotations
            assert tool.annotations.read_only_hint
            assert tool.output_schema
            for schema in (tool.input_schema, tool.output_schema):
                assert schema["type"] == "object"
            for argument in tool.input_schema["properties"].values():
                assert argument["description"]

    talk(f"{url}mcp", session)


def test_the_text_names_what_a_model_needs_to_go_on(url: str) -> None:
    async def session(client: Client) -> None:
        result = await call(client, "ask", question=QUESTION)
        answer: Any = result.structured_content
        for citation in answer["citations"]:
            assert f"{citation['cited_text']} [{citation['number']}]" in text_of(result)
            assert citation["document_id"] in text_of(result)
        for passage in answer["passages"]:
            assert passage["text"] in text_of(result)
        told = text_of(await call(client, "ask", question=ELSEWHERE))
        assert told.startswith("Your documents do not seem to answer this.")

    talk(f"{url}mcp", session)


def test_a_long_document_comes_in_parts_that_make_the_whole(corpus: Corpus) -> None:
    text = "".join(f"Line {number} tells of foxes 🦊 and hens.\n\n" for number in range(1000))
    corpus.write("long.txt", text)
    corpus.index()
    live = live_over(corpus.store, corpus._encoder)
    [document] = (each.id for each in live.current().snapshot.descriptions())

    async def session(client: Client) -> None:
        parts: list[str] = []
        start: int | None = 0
        while start is not None:
            part = await data_of(client, "open_document", document_id=document, start=start)
            assert part["start_char_index"] == start
            assert len(part["text"]) <= MOST_CHARACTERS
            assert part["characters"] == len(text)
            parts.append(part["text"])
            start = part["next_start"]
        assert len(parts) > 2
        assert "".join(parts) == text
        whole = await call(client, "open_document", document_id=document, start=1, end=len(text))
        assert len(text_of(whole)) < MOST_CHARACTERS + 500
        assert f"start={MOST_CHARACTERS}" in text_of(whole)

    with served(build_app(live, mcp=True)) as url:
        talk(f"{url}mcp", session)


def test_it_follows_the_live_snapshot(corpus: Corpus) -> None:
    corpus.write("hens.txt", "Hens are fed at eight every morning.")
    corpus.index()

    async def session(client: Client) -> None:
        first = await data_of(client, "ask", question="when are the hens fed")
        corpus.write("hens.txt", "Hens are fed at nine every morning.")
        second = corpus.index()
        now = await data_of(client, "ask", question="when are the hens fed")
        assert now["snapshot"] == second != first["snapshot"]
        assert "nine" in now["passages"][0]["text"]
        checked = await data_of(client, "verify", citations=first["citations"])
        assert [each["status"] for each in checked["results"]] == ["stale"]

    with served(build_app(live_over(corpus.store, corpus._encoder), mcp=True)) as url:
        talk(f"{url}mcp", session)


def test_over_http_it_stands_behind_what_guards_the_service(url: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"Accept": "application/json, text/event-stream"}

    def post(content: bytes, **more: str) -> httpx2.Response:
        sent = headers | {"Content-Type": "application/json"} | more
        return httpx2.post(f"{url}mcp", headers=sent, content=content, timeout=PATIENCE_S)

    body = json.dumps(message).encode()
    assert post(body).status_code == 200
    assert post(body, Host="evil.example").status_code == 400
    assert post(body, Origin="http://evil.example").status_code == 403
    assert post(b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    assert post(b"{").status_code == 400
    assert httpx2.get(f"{url}mcp", timeout=PATIENCE_S).status_code == 405
    assert post(body).status_code == 200


def test_a_key_is_asked_for_as_of_everybody_else(corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls sleep in red barns until midnight.")
    corpus.index()
    keys = open_store(corpus.store).keys
    headers = {"Authorization": f"Bearer {add_key(keys, 'reader', ['ask'])}"}
    locked = build_app(live_over(corpus.store, corpus._encoder), Policy(keys=keys), mcp=True)

    async def session(client: Client) -> None:
        assert (await data_of(client, "ask", question="where do owls sleep"))["passages"]

    async def with_key(url: str) -> None:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=PATIENCE_S) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            await session(client)

    with served(locked) as url:
        assert httpx2.post(f"{url}mcp", json={}, timeout=PATIENCE_S).status_code == 401
        asyncio.run(with_key(f"{url}mcp"))


def test_when_too_much_is_asked_for_the_model_is_told_to_wait(corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls sleep in red barns until midnight.")
    corpus.index()
    asking = Answerer(live_over(corpus.store, corpus._encoder), Metrics())

    async def session() -> None:
        queue = WorkQueue(at_once=1, waiting=0)
        async with Client(mcp_server(asking, queue.turn)) as client:
            async with queue.turn():
                assert "try again" in await refusal(client, "ask", question="where do owls sleep")
            assert (await data_of(client, "ask", question="where do owls sleep"))["passages"]

    asyncio.run(session())


def test_without_being_asked_for_it_is_not_there(corpus: Corpus) -> None:
    corpus.write("hens.txt", "Hens are fed at eight every morning.")
    corpus.index()
    with corpus.client() as client:
        assert client.post("/mcp", json={}).status_code == 404


def test_a_command_serves_it_over_http(seeds_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served_with: list[Settings] = []
    monkeypatch.setattr("qa.service.run.serve", lambda settings, _: served_with.append(settings))
    arguments = ["mcp", "--http", "--port", "0", "--store", str(seeds_store)]
    monkeypatch.setattr(sys, "argv", ["pincite", *arguments])
    assert run(app) == 0
    [settings] = served_with
    assert (settings.mcp, settings.port, settings.store) == (True, 0, seeds_store)


def test_it_ends_on_ctrl_c_though_it_waits_for_input(seeds_store: Path, tmp_path: Path) -> None:
    with started("--store", seeds_store, folder=tmp_path) as process:
        assert process.stderr
        assert process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == -signal.SIGINT
        assert process.stderr.read() == ""


@contextmanager
def started(*arguments: str | Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `pincite mcp` for as long as it is needed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pincite", "mcp", *map(str, arguments)],
        cwd=folder,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_is_no_message_is_survived_and_nothing_else_goes_to_stdout(
    seeds_store: Path, tmp_path: Path
) -> None:
    hostile = ["", "{", "null", "[]", '{"jsonrpc": "2.0"}', "\x00\x1b[2J", '"\\ud800"', "[" * 5000]
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    wanted = {"name": "ask", "arguments": {"question": QUESTION}}
    messages: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": wanted},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": 5}},
        {"jsonrpc": "2.0", "id": 4, "method": "nosuch"},
    ]
    lines = [json.dumps(message) for message in messages]
    with started("--store", seeds_store, folder=tmp_path) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n".join([*lines[:2], *hostile, *lines[2:], ""]))
        process.stdin.flush()
        by_id: dict[Any, Any] = {}
        while not {1, 2, 3, 4} <= set(by_id):
            answer = json.loads(process.stdout.readline())
            assert answer["jsonrpc"] == "2.0"
            by_id[answer.get("id")] = answer
        rest, log = process.communicate(timeout=PATIENCE_S)  # the end of its input ends it
    assert (process.returncode, rest) == (0, "")
    assert by_id[1]["result"]["serverInfo"]["name"] == "pincite"
    assert by_id[2]["result"]["structuredContent"]["answered"]
    assert by_id[3]["error"]
    assert by_id[4]["error"]
    assert QUESTION not in log


def test_what_keeps_it_from_starting_is_one_line_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, code, told in (
        (["--store", str(tmp_path / "none")], 1, "pincite index"),
        (["--port", "9000"], 2, "--http"),
    ):
        monkeypatch.setattr(sys, "argv", ["pincite", "mcp", *arguments])
        assert run(app) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert told in err
        assert len(err.splitlines()) == 1
