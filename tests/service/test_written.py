"""Written answers over HTTP: checked sentences, as JSON, as events, and in chats."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from prometheus_client.parser import text_string_to_metric_families

from index.encoding.encoder import Encoder
from qa.live import LiveEngine
from qa.read.reading import Reader
from qa.service import run
from qa.service.app import build_app
from qa.service.logs import log_lines
from qa.service.policy import Policy
from qa.service.server import GRACE_S, listen
from qa.settings import Settings
from tests.language_model import LanguageModel, plain, written
from tests.service.conftest import live_over
from tests.service.serving import connected, served
from tests.waiting import PATIENCE_S, until
from tests.written_answers import (
    DROPPED,
    ELSEWHERE,
    FIRST,
    MODEL,
    QUESTION,
    SECOND,
    SHOWN,
    marked,
    two_of_three,
    writer_at,
)

EVENTS = {"Accept": "text/event-stream"}
BODY = {"question": QUESTION, "write": True}
TEXT = " ".join(SHOWN)


@pytest.fixture(scope="module")
def live(seeds_store: Path, encoder: Encoder, reader: Reader) -> LiveEngine:
    live = live_over(seeds_store, encoder)
    live._engine = replace(live.latest, reader=reader)
    return live


@contextmanager
def serving(live: LiveEngine) -> Iterator[tuple[str, LanguageModel]]:
    """Serve with one turn for questions, and one for answers that a scripted model writes."""
    policy = Policy(questions_at_once=1, questions_waiting=0, written_at_once=1)
    with LanguageModel(MODEL) as model:
        model.reply = two_of_three()
        with served(build_app(live, policy, answer_writer=writer_at(model))) as address:
            yield address, model


@pytest.fixture(scope="module")
def service(live: LiveEngine) -> Iterator[tuple[str, LanguageModel]]:
    with serving(live) as found:
        yield found


@pytest.fixture
def llm(service: tuple[str, LanguageModel]) -> LanguageModel:
    """The language model, which was asked nothing yet."""
    _, model = service
    model.reply = two_of_three()
    model.requests.clear()
    return model


@pytest.fixture
def url(service: tuple[str, LanguageModel], llm: LanguageModel) -> str:
    """The address of the service."""
    return service[0]


def ask(url: str, **body: Any) -> httpx2.Response:
    return httpx2.post(f"{url}v1/ask", json=BODY | body, timeout=PATIENCE_S)


def metrics_of(url: str) -> str:
    return httpx2.get(f"{url}metrics", timeout=PATIENCE_S).text


class Events:
    """The server-sent events of an answer, read one by one."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> tuple[str, Any]:
        name = next(self._lines).removeprefix("event: ")
        data = json.loads(next(self._lines).removeprefix("data: "))
        assert next(self._lines) == ""
        return name, data

    def rest(self) -> list[tuple[str, Any]]:
        found = [self.next()]
        while found[-1][0] != "done":
            found.append(self.next())
        assert list(self._lines) == []
        return found


@contextmanager
def events_of(url: str, **body: Any) -> Iterator[Events]:
    address = f"{url}v1/ask"
    with httpx2.stream(
        "POST", address, json=BODY | body, headers=EVENTS, timeout=PATIENCE_S
    ) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Events(response)


def assert_is_shown(text: dict[str, Any]) -> None:
    """The text is the two sentences, each with what it rests on, which holds."""
    assert text["text"] == TEXT
    said = [text["text"][span["start"] : span["end"]] for span in text["spans"]]
    assert said == list(SHOWN)
    numbers = [citation["number"] for citation in text["citations"]]
    assert sorted({n for span in text["spans"] for n in span["citations"]}) == numbers
    assert all(0.5 <= span["support"] <= 1 for span in text["spans"])
    assert all(span["citations"] for span in text["spans"])
    assert (text["dropped"], text["model"], text["declined"]) == (1, MODEL, False)
    assert 0 < text["first_sentence_ms"] <= text["took_ms"]


def test_the_text_comes_beside_the_quotes_and_holds(url: str) -> None:
    quoted = ask(url, write=False).json()
    answer = ask(url).json()
    assert quoted["written"] is None
    assert_is_shown(answer["written"])
    assert answer["written"]["ended"] is answer["written"]["dropped_sentences"] is None
    assert answer | {"written": None, "took_ms": 0} == quoted | {"took_ms": 0}
    verified = httpx2.post(f"{url}v1/verify", json=answer, timeout=PATIENCE_S).json()
    assert verified["holds"], verified
    assert len(verified["written"]) == len(answer["written"]["citations"])
    text = answer["written"]["text"]
    answer["written"]["text"] = text.replace("up to a week", "up to 9 days")
    refused = httpx2.post(f"{url}v1/verify", json=answer, timeout=PATIENCE_S).json()
    assert (refused["holds"], len(refused["faults"])) == (False, 1)
    assert "“9 days” is not in what it cites" in refused["faults"][0]
    answer["written"]["text"] = text
    answer["written"]["citations"][0]["cited_text"] += " Always."
    changed = httpx2.post(f"{url}v1/verify", json=answer, timeout=PATIENCE_S).json()
    assert not changed["holds"]
    assert changed["written"][0]["status"] == "stale"


def test_how_many_passages_are_shown_changes_nothing_of_the_text(url: str) -> None:
    answer = ask(url, top_k=1).json()
    assert len(answer["passages"]) == 1
    assert answer["written"]["text"] == TEXT
    with events_of(url, top_k=1) as events:
        (_, quoted), *_, (_, text), _ = events.rest()
    assert (len(quoted["passages"]), text["text"]) == (1, TEXT)


def test_what_was_dropped_and_why_is_told_on_request(url: str) -> None:
    answer = ask(url, explain=True).json()
    [dropped] = answer["written"]["dropped_sentences"]
    assert dropped["text"] == DROPPED
    assert dropped["check"] in ("number", "support")
    assert dropped["reason"]
    checks = answer["explain"]["written"]
    assert checks["dropped"] == [dropped]
    assert [each["text"] for each in checks["shown"]] == list(SHOWN)


def test_a_model_is_not_asked_where_the_documents_do_not_answer(
    url: str, llm: LanguageModel
) -> None:
    answer = ask(url, question=ELSEWHERE).json()
    assert (answer["answered"], answer["written"]) == (False, None)
    with events_of(url, question=ELSEWHERE) as events:
        assert [name for name, _ in events.rest()] == ["answer", "done"]
    assert llm.requests == []


def test_each_sentence_is_sent_as_soon_as_it_is_checked(url: str, llm: LanguageModel) -> None:
    gate = llm.gate()
    llm.reply = two_of_three(gate)
    with events_of(url) as events:
        name, quoted = events.next()
        assert (name, quoted["answered"], quoted["written"]) == ("answer", True, None)
        name, first = events.next()
        assert (name, first["text"]) == ("sentence", FIRST)
        gate.open()
        (_, dropped), (_, second), (_, text), _ = rest = events.rest()
    assert [name for name, _ in rest] == ["dropped", "sentence", "written", "done"]
    assert (dropped["text"], second["text"]) == (DROPPED, SECOND)
    assert_is_shown(text)
    assert text["citations"] == [*first["cited"], *second["cited"]]
    names = ("start", "end", "citations", "support")
    assert text["spans"] == [{name: each[name] for name in names} for each in (first, second)]


def test_earlier_questions_are_told_to_the_model(url: str, llm: LanguageModel) -> None:
    assert ask(url, history=["what is microneedling"]).status_code == 200
    asked = json.dumps(llm.requests[-1].body["messages"])
    assert "what is microneedling" in asked
    assert QUESTION in asked


@pytest.mark.parametrize("as_events", [False, True])
def test_if_the_model_goes_away_the_quotes_stand_and_it_is_told(
    live: LiveEngine, as_events: bool
) -> None:
    with serving(live) as (url, llm):
        llm.reply = two_of_three(lambda _: llm.kill())
        if as_events:
            with events_of(url) as events:
                found = events.rest()
            quoted, text = found[0][1], found[-2][1]
        else:
            quoted = ask(url).json()
            text = quoted["written"]
        assert quoted["answer"]["text"]
        assert text["text"] == FIRST
        assert "before the answer was complete" in text["ended"]
        text = ask(url).json()["written"]  # nobody answers there any more
        assert (text["text"], text["spans"], text["first_sentence_ms"]) == (None, [], None)
        assert text["ended"]


def test_what_the_model_s_server_says_is_told(url: str, llm: LanguageModel) -> None:
    llm.reply = plain(429, {"Retry-After": "7"})
    text = ask(url).json()["written"]
    assert text["text"] is None
    assert "7 seconds" in text["ended"]


def test_a_waiting_model_holds_up_nobody_and_more_are_sent_away(
    url: str, llm: LanguageModel
) -> None:
    gate = llm.gate()
    llm.reply = two_of_three(gate)
    with events_of(url) as events:
        events.next()
        gate.wait()
        assert ask(url, write=False).json()["answered"]
        for headers in ({}, EVENTS):
            refused = httpx2.post(f"{url}v1/ask", json=BODY, headers=headers, timeout=PATIENCE_S)
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            assert "try again" in refused.json()["detail"]
        gate.open()
        events.rest()
    assert until(lambda: ask(url).status_code == 200)


@pytest.mark.parametrize("headers", [{}, EVENTS], ids=["json", "events"])
def test_a_silent_model_is_left_at_once_when_nobody_reads_on(
    live: LiveEngine, headers: dict[str, str]
) -> None:
    body = json.dumps(BODY)
    told = {"Host": "127.0.0.1", "Content-Type": "application/json"} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    asked = f"POST /v1/ask HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}"
    with serving(live) as (url, llm):
        silent = threading.Event()
        llm.reply = written(lambda _: silent.set(), llm.until_hung_up)
        with connected(url) as client:
            client.sendall(asked.encode())
            assert silent.wait(PATIENCE_S)
        assert llm.hung_up.wait(PATIENCE_S)
        llm.reply = two_of_three()
        assert until(lambda: ask(url).status_code == 200)


def test_a_service_that_stops_ends_at_once_what_a_silent_model_writes(
    live: LiveEngine, caplog: pytest.LogCaptureFixture
) -> None:
    silent, shown = threading.Barrier(3), threading.Event()

    def read_events(url: str) -> list[tuple[str, Any]]:
        with events_of(url) as events:
            found = [events.next(), events.next()]
            shown.set()
            return [*found, *events.rest()]

    with LanguageModel(MODEL) as llm, ThreadPoolExecutor(2) as pool:
        llm.reply = two_of_three(lambda _: silent.wait(PATIENCE_S), llm.until_hung_up)
        with served(build_app(live, answer_writer=writer_at(llm))) as url:
            as_json, as_events = pool.submit(ask, url), pool.submit(read_events, url)
            silent.wait(PATIENCE_S)
            assert shown.wait(PATIENCE_S)
            stopped = time.monotonic()
        assert time.monotonic() - stopped < GRACE_S / 2
        answer, (*_, (_, text), _) = as_json.result().json(), as_events.result()
    assert answer["answer"]["text"]
    assert text["text"] == FIRST
    for ended in (answer["written"]["ended"], text["ended"]):
        assert ended.startswith("The service stops")
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


def test_what_cannot_be_done_is_refused(url: str, live: LiveEngine) -> None:
    both = ask(url, all=True)
    assert both.status_code == 422
    assert "`write`" in both.json()["detail"]
    for odd in ("yes", 1, None):
        assert ask(url, write=odd).status_code == 422
    with served(build_app(live)) as without:
        refused = ask(without)
        assert refused.status_code == 422
        assert "has no language model" in refused.json()["detail"]
        assert refused.headers["content-type"] == "application/problem+json"


def test_sentences_are_counted_and_logged_without_their_words(
    live: LiveEngine, llm: LanguageModel, capsys: pytest.CaptureFixture[str]
) -> None:
    with log_lines("json"), served(build_app(live, answer_writer=writer_at(llm))) as url:
        ask(url)
        with events_of(url) as events:
            events.rest()
        metrics = metrics_of(url)
    counted = {
        (sample.name, sample.labels.get("outcome")): sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
    }
    assert counted["pincite_written_sentences_total", "shown"] == 4
    assert counted["pincite_written_sentences_total", "dropped"] == 2
    stderr = capsys.readouterr().err
    lines = [json.loads(line) for line in stderr.splitlines()]
    first, second = (line for line in lines if line["event"] == "written")
    assert (first["shown"], first["dropped"], first["model"]) == (2, 1, MODEL)
    asked = {line["request_id"] for line in lines if line["event"] == "question"}
    assert {first["request_id"], second["request_id"]} == asked
    assert "swelling" not in stderr


def test_what_leaves_the_machine_is_told_at_the_start(
    capsys: pytest.CaptureFixture[str], llm: LanguageModel
) -> None:
    with listen("127.0.0.1", 0) as listener:
        run._announce(Settings(), listener)
        assert len(capsys.readouterr().err.splitlines()) == 1
        run._announce(Settings(llm=llm.url), listener)
    _, told = capsys.readouterr().err.splitlines()
    assert llm.url in told


# --- chats ---


@pytest.fixture
def chat(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}v1", api_key="none", max_retries=0) as client:
        yield client


def said(chat: openai.OpenAI, question: str = QUESTION, **more: Any) -> Any:
    messages: Any = [{"role": "user", "content": question}]
    return chat.chat.completions.create(model="pincite-written", messages=messages, **more)


def test_a_chat_gets_the_text_with_marks_and_sources(chat: openai.OpenAI) -> None:
    assert [each.id for each in chat.models.list()] == ["pincite", "pincite-written"]
    assert chat.models.retrieve("pincite-written").id == "pincite-written"
    completion = said(chat)
    message, text = completion.choices[0].message, completion.pincite["written"]
    words, _, sources = message.content.partition("\n\nSources:\n")
    for span, sentence in zip(text["spans"], SHOWN, strict=True):
        assert f"{sentence} {''.join(f'[{n}]' for n in span['citations'])}" in words
    assert "1 sentence was dropped" in words
    assert len(sources.splitlines()) == len(text["citations"])
    pieces = [
        message.content[each.url_citation.start_index : each.url_citation.end_index]
        for each in message.annotations
    ]
    assert list(dict.fromkeys(pieces)) == list(SHOWN)
    quotes: Any = chat.chat.completions.create(
        model="pincite", messages=[{"role": "user", "content": QUESTION}]
    )
    assert quotes.pincite["written"] is None


def test_a_chat_is_streamed_as_sentences_are_checked(
    chat: openai.OpenAI, llm: LanguageModel
) -> None:
    plain_message = said(chat).choices[0].message
    gate = llm.gate()
    llm.reply = two_of_three(gate)
    stream: Any = iter(said(chat, stream=True, stream_options={"include_usage": True}))
    chunks = [next(stream), next(stream)]
    assert chunks[-1].choices[0].delta.content.startswith(FIRST)
    gate.open()
    chunks += stream
    *with_choice, last = chunks
    assert last.usage.completion_tokens > 10
    contents = [chunk.choices[0].delta.content or "" for chunk in with_choice]
    assert "".join(contents) == plain_message.content
    end: Any = with_choice[-1]
    assert end.choices[0].finish_reason == "stop"
    assert end.pincite["written"]["text"] == TEXT
    assert end.choices[0].delta.annotations == [
        each.model_dump() for each in plain_message.annotations
    ]
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_gets_the_quotes_if_nothing_is_left(
    chat: openai.OpenAI, llm: LanguageModel, stream: bool
) -> None:
    llm.reply = written(marked(DROPPED))
    outcome = said(chat, stream=stream)
    if stream:
        content = "".join(chunk.choices[0].delta.content or "" for chunk in outcome)
    else:
        content = outcome.choices[0].message.content
    assert "temporary redness and swelling. [1]" in content
    assert "The answer is in quotes instead." in content
    assert DROPPED not in content


def test_a_chat_abstains_without_the_model(chat: openai.OpenAI, llm: LanguageModel) -> None:
    for stream in (False, True):
        outcome = said(chat, ELSEWHERE, stream=stream)
        assert stream or not outcome.pincite["answered"]
        assert not stream or "do not seem to answer" in "".join(
            chunk.choices[0].delta.content or "" for chunk in outcome
        )
    assert llm.requests == []


def test_a_chat_without_a_language_model_is_told_so(live: LiveEngine) -> None:
    with (
        served(build_app(live)) as url,
        openai.OpenAI(base_url=f"{url}v1", api_key="none", max_retries=0) as chat,
    ):
        assert [each.id for each in chat.models.list()] == ["pincite"]
        with pytest.raises(openai.BadRequestError, match="has no language model"):
            said(chat)
