"""A completion in chunks, as server-sent events.

All of it is known before the first chunk goes out: a request that cannot be answered gets an HTTP
status, never an event, and a stream that has begun ends well.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from qa.service.chat.completion import ChatCompletion

MEDIA_TYPE = "text/event-stream"
EVENT = {
    "type": "object",
    "description": "An event.",
    "properties": {
        "data": {
            "type": "string",
            "description": "A chunk in JSON; of the last event, `[DONE]`.",
            "examples": ["[DONE]"],
        }
    },
    "required": ["data"],
}
_DONE = b"data: [DONE]\n\n"


def events(completion: ChatCompletion, pieces: Iterable[str], *, include_usage: bool) -> bytes:
    """Return the events of a completion, whose content `pieces` are.

    The last chunk with a choice has the annotations and `pincite`. With `include_usage` one more
    follows, which has no choice and tells the usage.
    """
    chunks = _chunks(completion, pieces, include_usage=include_usage)
    return b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks) + _DONE


def _chunks(
    completion: ChatCompletion, pieces: Iterable[str], *, include_usage: bool
) -> Iterator[dict[str, Any]]:
    whole = completion.model_dump(mode="json")
    head = {name: whole[name] for name in ("id", "created", "model", "system_fingerprint")}
    head |= {"object": "chat.completion.chunk"} | ({"usage": None} if include_usage else {})
    message = whole["choices"][0]["message"]
    yield head | _choice({"role": message["role"], "content": ""})
    for piece in pieces:
        yield head | _choice({"content": piece})
    end = _choice({"annotations": message["annotations"]}, completion.choices[0].finish_reason)
    yield head | end | {"pincite": whole["pincite"]}
    if include_usage:
        yield head | {"choices": [], "usage": whole["usage"]}


def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {"choices": [choice]}
