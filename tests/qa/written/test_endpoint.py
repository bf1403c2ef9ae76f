"""What a language model at an endpoint writes, and what is said when it cannot or does not stop."""

import itertools
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pytest

from qa.errors import WriterError
from qa.written.cancellation import Cancellation
from qa.written.endpoint import Endpoint
from tests.language_model import (
    DONE,
    EVENTS,
    LanguageModel,
    Reply,
    event,
    piece,
    plain,
    whole,
    written,
)
from tests.waiting import PATIENCE_S

MESSAGES = [{"role": "user", "content": "Who ruled?"}]
KEY = "sk-Zx9-never-shown"


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageModel]:
    with LanguageModel("first", "second") as model:
        yield model


@pytest.fixture
def model(server: LanguageModel) -> LanguageModel:
    server.requests.clear()
    return server


@pytest.fixture
def endpoint(model: LanguageModel) -> Endpoint:
    return Endpoint(model.url, "scripted", KEY, timeout_s=PATIENCE_S, most_tokens=20)


def refusal(endpoint: Endpoint, pieces: list[str] | None = None) -> str:
    """Return what is said of an answer that fails; what came before goes into `pieces`."""
    pieces = [] if pieces is None else pieces
    with pytest.raises(WriterError) as raised:
        pieces.extend(endpoint.resolved().stream(MESSAGES))
    message = str(raised.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert raised.value.__cause__ is None, "a traceback would show the request"
    return message


def test_pieces_come_as_they_are_written(model: LanguageModel, endpoint: Endpoint) -> None:
    gate = model.gate()
    model.reply = written("The court", gate, " rülëd", " [1].")
    pieces = endpoint.stream(MESSAGES)
    assert next(pieces) == "The court"
    gate.open()
    assert list(pieces) == [" rülëd", " [1]."]


def test_what_is_asked_for_is_said_once_and_plainly(
    model: LanguageModel, endpoint: Endpoint
) -> None:
    model.reply = written("Yes.")
    assert list(endpoint.stream(MESSAGES)) == ["Yes."]
    (request,) = model.requests
    assert request.body == {
        "model": "scripted",
        "messages": MESSAGES,
        "stream": True,
        "temperature": 0,
        "max_tokens": 20,
    }
    with_key = {name for name, value in request.headers.items() if KEY in value}
    assert with_key == {"Authorization"}
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    list(replace(endpoint, key=None).stream(MESSAGES))
    assert "Authorization" not in model.requests[-1].headers


def test_proxies_and_passwords_of_the_environment_are_not_used(
    model: LanguageModel, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine")
    monkeypatch.setenv("NETRC", str(netrc))
    for variable in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    model.reply = written("Yes.")
    assert list(replace(endpoint, key=None).stream(MESSAGES)) == ["Yes."]
    assert "Authorization" not in model.requests[-1].headers


def test_a_redirect_is_not_followed(model: LanguageModel, endpoint: Endpoint) -> None:
    model.reply = Reply(status=307, headers={"Location": f"{model.url}/chat/completions"})
    assert "new address" in refusal(endpoint)
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    "aside",
    [
        piece("", role="assistant"),
        piece(None, reasoning_content="The user asks"),
        piece(None, tool_calls="none"),
        event(choices=[], usage={"total_tokens": 9}),
        event(choices=[{"index": 0, "delta": {"content": None}, "finish_reason": ""}]),
        b": keep-alive\n\n",
        b"event: ping\n\n",
        b"retry: 10\nid: 7\n\n",
    ],
)
def test_what_is_no_text_is_passed_over(
    model: LanguageModel, endpoint: Endpoint, aside: bytes
) -> None:
    model.reply = written("Yes", aside, ".")
    assert list(endpoint.stream(MESSAGES)) == ["Yes", "."]


@pytest.mark.parametrize(
    "end",
    [[DONE], [piece(None, "stop")], [piece(None, "stop"), event(choices=[])], [piece("", "stop")]],
)
def test_an_answer_ends_with_its_reason_or_with_the_last_event(
    model: LanguageModel, endpoint: Endpoint, end: list[bytes]
) -> None:
    model.reply = Reply(["Yes.", *end])
    assert list(endpoint.stream(MESSAGES)) == ["Yes."]


def test_nothing_is_waited_for_once_the_answer_is_complete(
    model: LanguageModel, endpoint: Endpoint
) -> None:
    model.reply = Reply(["Yes.", piece(None, "stop"), model.gate()])
    assert list(endpoint.stream(MESSAGES)) == ["Yes."]


def test_an_answer_that_is_not_streamed_is_one_piece(
    model: LanguageModel, endpoint: Endpoint
) -> None:
    model.reply = whole("Yes. All of it.")
    assert list(endpoint.stream(MESSAGES)) == ["Yes. All of it."]
    model.reply = whole("Yes. All of", finish_reason="length")
    pieces: list[str] = []
    assert "bound of tokens" in refusal(endpoint, pieces)
    assert pieces == ["Yes. All of"]


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (["Yes. All of", piece(None, "length"), DONE], "llm_tokens is 20"),
        (["Yes. All of", piece(None, "content_filter"), DONE], "A filter"),
        (["Yes. All of"], "broke off before the answer was complete"),
        (["Yes. All of", b'data: {"choices": [{"del'], "broke off"),
        (["Yes. All of", b'data: {"choices": [{"del\n\n', DONE], "no valid answer"),
        (["Yes. All of", b"data: 7\n\n", DONE], "no valid answer"),
        (["Yes. All of", event(choices=[{"delta": {"content": 7}}]), DONE], "no valid answer"),
        (
            ["Yes. All of", event(error={"message": "out of\nmemory\x1b[2J.", "code": 500}), DONE],
            "reports an error: out of memory [2J.",
        ),
        (["Yes. All of", event(error=True), DONE], "reports an error."),
        (["Yes. All of", b"data: " + b"x" * (2 << 20)], "more at once than can be an answer"),
        (["Yes. All of", b"data: x\n" * (1 << 18)], "more at once than can be an answer"),
    ],
)
@pytest.mark.parametrize("is_whole", [True, False])
def test_what_came_before_the_answer_broke_off_is_kept(
    model: LanguageModel, endpoint: Endpoint, steps: list[str | bytes], wanted: str, is_whole: bool
) -> None:
    model.reply = Reply(steps, is_whole=is_whole)
    pieces: list[str] = []
    assert wanted in refusal(endpoint, pieces)
    assert pieces == ["Yes. All of"]


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (
            plain(401, error={"message": f"Wrong: {KEY}"}),
            "HTTP 401) refuses the key: check llm_key",
        ),
        (plain(403), "HTTP 403) refuses the key"),
        (plain(404, error={"message": 'no model "x"'}), 'no model "x": check llm, llm_model'),
        (Reply([b"<h1>"], 404, {"Content-Type": "text/html"}), "address or model: check llm"),
        (plain(429, {"Retry-After": "7"}), "try again in 7 seconds"),
        (plain(429, {"Retry-After": "Mon, 30 Nov 2026"}), "try again later"),
        (plain(500, error={"message": "x" * 9000}), f"(HTTP 500) fails: {'x' * 200}…."),
        (plain(503, error="loading"), "(HTTP 503) fails: loading."),
        (plain(502, error={"message": 7}), "(HTTP 502) fails."),
        (plain(400, error={"message": f"max_tokens\n{KEY} too many."}), "max_tokens … too many."),
        (Reply([b"<h1>"], 200, {"Content-Type": "text/html"}), "check the address llm"),
        (Reply(["Yes."], 200, {}), "check the address llm"),
        (plain(200, detail="no"), "no valid answer"),
        (plain(200, error={"message": "busy"}), "reports an error: busy."),
        (Reply([b"x" * (1 << 17)] * 9, 200, {"Content-Type": "application/json"}), "no valid"),
        (Reply([b"x" * 99], 200, {"Content-Type": EVENTS, "Content-Encoding": "gzip"}), "no valid"),
        (
            Reply([b'{"choices'], 200, {"Content-Type": "application/json"}, is_whole=False),
            "broke off",
        ),
        (Reply(status=101), "broke off"),
    ],
)
def test_a_refusal_says_what_to_do(
    model: LanguageModel, endpoint: Endpoint, reply: Reply, wanted: str
) -> None:
    model.reply = reply
    message = refusal(endpoint)
    assert wanted in message
    assert KEY not in message


def test_a_server_that_wants_a_key_is_said_to(model: LanguageModel, endpoint: Endpoint) -> None:
    model.reply = plain(401)
    assert "asks for a key: set llm_key" in refusal(replace(endpoint, key=None))


def test_a_server_that_is_not_there_cannot_be_reached(endpoint: Endpoint) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # taken, and nobody listens
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
        message = refusal(replace(endpoint, url=url))
    assert "cannot be reached (Connection refused)" in message
    assert "llm" in message


def test_an_address_that_is_none_is_refused(endpoint: Endpoint) -> None:
    assert "is not valid" in refusal(replace(endpoint, url="http://127.0.0.1:x/v1"))


@pytest.mark.parametrize("has_head", [True, False])
def test_silence_ends_an_answer(model: LanguageModel, endpoint: Endpoint, has_head: bool) -> None:
    model.reply = Reply([model.gate()]) if has_head else Reply(before=model.gate())
    message = refusal(replace(endpoint, timeout_s=0.1))
    assert "not complete after 0.1 seconds (llm_timeout)" in message


def test_silence_in_the_middle_ends_an_answer(model: LanguageModel, endpoint: Endpoint) -> None:
    model.reply = Reply(["Yes. All of", model.gate()])
    pieces: list[str] = []
    assert "not complete after 2 seconds" in refusal(replace(endpoint, timeout_s=2.0), pieces)
    assert pieces == ["Yes. All of"]


def dripping(drop: bytes) -> Callable[[socket.socket], None]:
    """Return a step that sends drops, far less than a wait apart, until who asked hangs up."""

    def drip(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        is_there = True
        while is_there:
            connection.sendall(drop)
            with suppress(TimeoutError):
                is_there = connection.recv(1) != b""

    return drip


@pytest.mark.parametrize(
    "drop", [event(choices=[]), piece("w"), b": keep-alive\n\n", b"data: x\n", b"x"]
)
def test_an_answer_that_never_ends_is_ended_in_time(
    model: LanguageModel, endpoint: Endpoint, drop: bytes
) -> None:
    model.reply = Reply(["Yes.", dripping(b"%x\r\n%s\r\n" % (len(drop), drop))])
    assert "not complete after 0.3 seconds" in refusal(replace(endpoint, timeout_s=0.3))


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 ", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_a_head_that_never_ends_is_ended_in_time(
    model: LanguageModel, endpoint: Endpoint, start: bytes
) -> None:
    drop = start if start.endswith(b"\n") else b"2"

    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        dripping(drop)(connection)

    model.reply = Reply(before=drip)
    assert "not complete after 0.3 seconds" in refusal(replace(endpoint, timeout_s=0.3))


def test_an_answer_that_never_ends_is_ended_by_its_length(
    model: LanguageModel, endpoint: Endpoint
) -> None:
    model.reply = Reply(itertools.repeat("word "))
    pieces: list[str] = []
    assert "bound of tokens" in refusal(endpoint, pieces)
    assert "".join(pieces) == "word " * 64  # 20 tokens of at most 16 characters


def test_who_stops_reading_hangs_up_at_once(model: LanguageModel, endpoint: Endpoint) -> None:
    model.hung_up.clear()
    model.reply = Reply(["Yes.", model.until_hung_up])
    pieces = endpoint.stream(MESSAGES)
    assert next(pieces) == "Yes."
    pieces.close()
    assert model.hung_up.wait(PATIENCE_S)


@pytest.mark.parametrize("place", ["before the head", "behind the head", "in the middle"])
def test_a_silent_server_is_left_at_once_if_somebody_cancels(
    model: LanguageModel, endpoint: Endpoint, place: str
) -> None:
    cancellation = Cancellation()

    def cancel(connection: socket.socket) -> None:
        cancellation.cancel("The service stops.")
        cancellation.cancel("Too late.")
        model.until_hung_up(connection)

    model.hung_up.clear()
    gate = model.gate()
    model.reply = {
        "before the head": Reply(before=cancel),
        "behind the head": Reply([cancel]),
        "in the middle": Reply(["Yes.", gate, cancel]),
    }[place]
    pieces = replace(endpoint, timeout_s=3600.0).stream(MESSAGES, cancellation)
    if place == "in the middle":
        assert next(pieces) == "Yes."
        gate.open()
    with pytest.raises(WriterError, match=r"^The service stops\.$"):
        next(pieces)
    assert model.hung_up.wait(PATIENCE_S)
    model.requests.clear()
    for asked in (endpoint, replace(endpoint, model="")):
        with pytest.raises(WriterError, match=r"^The service stops\.$"):
            list(asked.resolved(cancellation).stream(MESSAGES, cancellation))
    assert model.requests == []


def test_nothing_that_has_come_is_read_once_somebody_cancels(
    model: LanguageModel, endpoint: Endpoint
) -> None:
    cancellation = Cancellation()
    model.reply = Reply([piece("Yes.") * 9, DONE])
    with closing(endpoint.stream(MESSAGES, cancellation)) as pieces:
        assert next(pieces) == "Yes."
        cancellation.cancel("The service stops.")
        with pytest.raises(WriterError, match="The service stops"):
            next(pieces)


def test_a_server_that_is_killed_breaks_the_answer_off(endpoint: Endpoint) -> None:
    with LanguageModel() as model:
        gate = model.gate()
        model.reply = written("Yes. All of", gate)
        pieces = replace(endpoint, url=model.url).stream(MESSAGES)
        assert next(pieces) == "Yes. All of"
        gate.wait()
        model.kill()
        with pytest.raises(WriterError, match="broke off"):
            next(pieces)
        assert "cannot be reached" in refusal(replace(endpoint, url=model.url))


def test_without_a_name_the_first_model_that_is_listed_writes(
    model: LanguageModel, endpoint: Endpoint
) -> None:
    model.reply = written("Yes.")
    nameless = replace(endpoint, model="")
    assert nameless.resolved() == replace(endpoint, model="first")
    assert endpoint.resolved() is endpoint
    assert list(nameless.resolved().stream(MESSAGES)) == ["Yes."]
    assert model.requests[-1].body["model"] == "first"
    assert model.requests[-2].headers["Authorization"] == f"Bearer {KEY}"


def test_a_server_that_lists_no_model_needs_a_name(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, model: LanguageModel
) -> None:
    monkeypatch.setattr(model, "models", [""])
    assert "set llm_model" in refusal(replace(endpoint, model=""))
    monkeypatch.setattr(model, "models", [])
    assert "set llm_model" in refusal(replace(endpoint, model=""))
    elsewhere = replace(endpoint, model="", url=model.url.removesuffix("/v1"))
    assert "HTTP 404" in refusal(elsewhere)


@pytest.mark.parametrize("show", [repr, str])
def test_the_key_is_not_shown(
    model: LanguageModel,
    endpoint: Endpoint,
    show: Callable[[object], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    model.reply = plain(500, error={"message": KEY})
    assert KEY not in show(endpoint)
    assert KEY not in refusal(endpoint)
    assert caplog.records
    assert KEY not in caplog.text
