"""Chat completions, as the official client of OpenAI sees them over real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai
import pytest

from index.encoding.encoder import Encoder
from index.store import open_store
from qa.service.app import build_app
from qa.service.guard import MAX_BODY_BYTES
from qa.service.keys import add_key
from qa.service.policy import Policy
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served
from tests.waiting import PATIENCE_S

QUESTION = "why do I get pimples after microneedling"
ELSEWHERE = "wer wurde 1998 Weltmeister"
KNOWN_TO_HAVE_NO_EFFECT: dict[str, Any] = {
    "temperature": 0.2,
    "max_tokens": 5,
    "top_p": 0.1,
    "stop": ["."],
    "seed": 7,
    "presence_penalty": 1.0,
    "user": "someone",
    "n": 1,
    "logprobs": False,
    "response_format": {"type": "text"},
    "tool_choice": "auto",
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {}}}],
}


@pytest.fixture(scope="module")
def url(seeds_store: Any, encoder: Encoder) -> Iterator[str]:
    with served(build_app(live_over(seeds_store, encoder))) as address:
        yield address


@pytest.fixture(scope="module")
def chat(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}v1", api_key="none", max_retries=0) as client:
        yield client


def said(question: Any) -> list[Any]:
    return [{"role": "user", "content": question}]


def ask(chat: openai.OpenAI, question: Any, **more: Any) -> Any:
    return chat.chat.completions.create(model="pincite", messages=said(question), **more)


def refusal(chat: openai.OpenAI, **body: Any) -> str:
    """Return what the client tells of a request that is refused."""
    wanted: dict[str, Any] = {"model": "pincite", "messages": said(QUESTION)} | body
    with pytest.raises(openai.BadRequestError) as refused:
        chat.chat.completions.create(**wanted)
    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 400
    assert problem["error"]["message"] == problem["detail"]
    assert refused.value.type == "invalid_request_error"
    assert problem["detail"] in str(refused.value)
    return str(problem["detail"])


def test_an_answer_is_quotes_with_markers_and_sources(chat: openai.OpenAI) -> None:
    completion = ask(chat, QUESTION)
    [choice] = completion.choices
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    answer = completion.pincite
    assert answer["answered"]
    quotes, _, sources = choice.message.content.partition("\n\nSources:\n")
    for citation in answer["citations"]:
        assert f"{citation['cited_text']} [{citation['number']}]" in quotes
        place = f"characters {citation['start_char_index']}-{citation['end_char_index']}"
        [line] = [each for each in sources.splitlines() if f"[{citation['number']}]" in each]
        assert citation["source"] in line
        assert place in line
        assert citation["label"] in line


def test_annotations_lead_to_the_words_in_the_document(chat: openai.OpenAI, url: str) -> None:
    completion = ask(chat, QUESTION)
    message = completion.choices[0].message
    citations = completion.pincite["citations"]
    assert len(message.annotations) == len(citations) >= 1
    for annotation, citation in zip(message.annotations, citations, strict=True):
        found = annotation.url_citation
        assert message.content[found.start_index : found.end_index] == citation["cited_text"]
        assert found.url.startswith(f"{url}?at=")
        document_id, span, digest = found.url.partition("?at=")[2].split(".")
        document = httpx2.get(f"{url}v1/documents/{document_id}", timeout=PATIENCE_S).json()
        start, end = map(int, span.split("-"))
        assert document["text"][start:end] == citation["cited_text"]
        assert document["text_sha256"].startswith(digest)


def test_it_is_the_answer_that_ask_gives(chat: openai.OpenAI, url: str) -> None:
    body = {"question": QUESTION, "top_k": 3, "filters": {"media_type": "text/plain"}}
    asked = httpx2.post(f"{url}v1/ask", json=body, timeout=PATIENCE_S).json()
    completion = ask(chat, QUESTION, extra_body={key: body[key] for key in ("top_k", "filters")})
    assert completion.system_fingerprint == asked["snapshot"]
    assert completion.pincite | {"took_ms": 0} == asked | {"took_ms": 0}


def test_an_abstention_says_so_and_cites_nothing(chat: openai.OpenAI) -> None:
    completion = ask(chat, ELSEWHERE)
    message = completion.choices[0].message
    assert message.content.startswith("Your documents do not seem to answer this.")
    assert "“weltmeister”" in message.content.lower()
    assert completion.pincite["passages"][0]["source"] in message.content
    assert message.annotations == []
    assert completion.pincite["answered"] is False


def test_what_a_question_leaves_out_comes_from_earlier_ones(chat: openai.OpenAI) -> None:
    messages: Any = [
        *said("what is microneedling"),
        {"role": "assistant", "content": "Tiny needles."},
        *said(" "),
        *said("how does it work"),
    ]
    for number in (1, 30):
        completion: Any = chat.chat.completions.create(
            model="pincite", messages=said("what is collagen") * number + messages
        )
        answer = completion.pincite
        assert answer["question"] == "how does it work"
        assert answer["searched"] == "How does microneedling work?"
        line = "Searched: How does microneedling work? (carried over: microneedling)"
        assert line in completion.choices[0].message.content.splitlines()


def test_the_last_question_is_answered(chat: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    before = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": [image]},
        {"role": "assistant", "content": None},
    ]
    messages: Any = [*before, *said(QUESTION), {"role": "assistant", "content": "Well:"}]
    completion: Any = chat.chat.completions.create(model="pincite", messages=messages)
    assert completion.pincite["question"] == QUESTION
    parts = [{"type": "text", "text": "why do I get"}, {"type": "text", "text": "pimples"}]
    assert ask(chat, parts).pincite["question"] == "why do I get\npimples"


def test_usage_counts_tokens_of_the_question_and_of_the_content(chat: openai.OpenAI) -> None:
    short, long = ask(chat, "redness"), ask(chat, f"{QUESTION} and {QUESTION}")
    for completion in (short, long):
        usage = completion.usage
        assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
        assert usage.completion_tokens > 10
    assert 1 <= short.usage.prompt_tokens < long.usage.prompt_tokens


def test_sampling_parameters_are_taken_and_change_nothing(chat: openai.OpenAI) -> None:
    plain, sampled = ask(chat, QUESTION), ask(chat, QUESTION, **KNOWN_TO_HAVE_NO_EFFECT)
    assert sampled.choices == plain.choices


def test_any_model_may_be_named_and_there_is_one(chat: openai.OpenAI) -> None:
    completion = chat.chat.completions.create(model="gpt-4o", messages=said(QUESTION))
    assert completion.model == "gpt-4o"
    assert [model.id for model in chat.models.list()] == ["pincite"]
    assert chat.models.retrieve("pincite").object == "model"
    with pytest.raises(openai.NotFoundError, match="pincite"):
        chat.models.retrieve("gpt-4o")


@pytest.mark.parametrize("question", [QUESTION, ELSEWHERE])
def test_a_stream_has_the_same_content_in_chunks(chat: openai.OpenAI, question: str) -> None:
    plain = ask(chat, question)
    chunks: list[Any] = list(
        ask(chat, question, stream=True, stream_options={"include_usage": True})
    )
    assert len({chunk.id for chunk in chunks}) == 1
    *with_choice, last = chunks
    assert last.choices == []
    assert last.usage == plain.usage
    assert all(chunk.usage is None for chunk in with_choice)
    deltas = [chunk.choices[0].delta for chunk in with_choice]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == plain.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in with_choice] == [
        *(None for _ in with_choice[1:]),
        "stop",
    ]
    end: Any = with_choice[-1]
    assert end.pincite | {"took_ms": 0} == plain.pincite | {"took_ms": 0}
    whole = plain.choices[0].message.annotations
    assert [each.model_dump() for each in whole] == end.choices[0].delta.annotations


def test_the_client_s_own_streaming_helper_understands_it(chat: openai.OpenAI) -> None:
    with chat.chat.completions.stream(model="pincite", messages=said(QUESTION)) as stream:
        stream.until_done()
        final = stream.get_final_completion()
    assert final.choices[0].message.content == ask(chat, QUESTION).choices[0].message.content


def test_events_are_framed_as_clients_expect(url: str) -> None:
    body = {"messages": said(QUESTION), "stream": True}
    response = httpx2.post(f"{url}v1/chat/completions", json=body, timeout=PATIENCE_S)
    assert response.headers["content-type"].partition(";")[0] == "text/event-stream"
    *events, done, nothing = response.text.split("\n\n")
    assert nothing == ""
    assert done == "data: [DONE]"
    for event in events:
        assert "\n" not in event
        chunk = json.loads(event.removeprefix("data: "))
        assert chunk["object"] == "chat.completion.chunk"
        assert "usage" not in chunk


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "Hello"}]}, "no question"),
        ({"messages": said("   ")}, "empty"),
        ({"messages": said("   "), "stream": True}, "empty"),
        ({"messages": said("x" * 2001)}, "2001"),
        ({"messages": said("a") + said("x" * 2001) + said("why")}, "messages[1]: The question has"),
        ({"messages": said(None)}, "must be text"),
        ({"messages": said({"text": "redness"})}, "must be text"),
        ({"messages": said([{"type": "image_url", "image_url": {"url": "x"}}])}, "image_url"),
        ({"messages": said([{"type": "text"}])}, "leave it out"),
        ({"messages": said(["redness"])}, "leave it out"),
        ({"n": 2}, "body.n"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"extra_body": {"top_k": 51}}, "top_k"),
        ({"extra_body": {"filters": {"nosuchfield": 1}}}, "nosuchfield"),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_the_client_s_words(
    chat: openai.OpenAI, body: dict[str, Any], told: str
) -> None:
    assert told in refusal(chat, **body)


def test_what_is_no_json_or_too_large_or_from_elsewhere_is_told_to_the_client_too(
    chat: openai.OpenAI, url: str
) -> None:
    address = f"{url}v1/chat/completions"
    own = url.rstrip("/")
    half = b'{"messages": [{"role": "user", "content": "\\ud800"}]}'
    for content, origin, status, told in (
        (b"{", own, 400, "not valid JSON"),
        (half, own, 400, "Unicode"),
        (b"x" * (MAX_BODY_BYTES + 1), own, 413, "larger"),
        (b"{}", "http://elsewhere.example", 403, "another site"),
    ):
        headers = {"Content-Type": "application/json", "Origin": origin}
        response = httpx2.post(address, headers=headers, content=content, timeout=PATIENCE_S)
        assert response.status_code == response.json()["status"] == status
        assert told in response.json()["error"]["message"]
    assert "error" not in httpx2.post(f"{url}v1/ask", json={}, timeout=PATIENCE_S).json()


def test_a_key_is_what_the_client_calls_its_api_key(corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls sleep in red barns until midnight.")
    corpus.index()
    keys = open_store(corpus.store).keys
    secret = add_key(keys, "reader", ["ask"])
    app = build_app(live_over(corpus.store, corpus._encoder), Policy(keys=keys))
    with served(app) as address:
        for key in (secret, "pin_wrong"):
            with openai.OpenAI(base_url=f"{address}v1", api_key=key, max_retries=0) as chat:
                if key == secret:
                    assert ask(chat, "where do owls sleep").pincite["passages"]
                else:
                    with pytest.raises(openai.AuthenticationError, match="pincite key add"):
                        chat.models.list()


def test_odd_characters_are_quoted_as_they_are(corpus: Corpus) -> None:
    text = 'The 🦊 café\u2028says "[1]" and \\n on **Mondays**, data: [DONE] too.'
    corpus.write("odd.txt", f"{text}\n\nNothing else is told here.")
    corpus.index()
    live = live_over(corpus.store, corpus._encoder)
    with (
        served(build_app(live)) as address,
        openai.OpenAI(base_url=f"{address}v1", api_key="none", max_retries=0) as chat,
    ):
        question = "what does the café say on mondays"
        completion = ask(chat, question)
        [citation] = completion.pincite["citations"]
        found = completion.choices[0].message.annotations[0].url_citation
        content = completion.choices[0].message.content
        assert content[found.start_index : found.end_index] == citation["cited_text"]
        assert citation["cited_text"] in text
        deltas = [each.choices[0].delta.content or "" for each in ask(chat, question, stream=True)]
        assert "".join(deltas) == content
