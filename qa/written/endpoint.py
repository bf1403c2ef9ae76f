"""A language model at an OpenAI-compatible endpoint: what it writes, piece by piece.

Nothing of the environment decides where a question goes: no proxy, no .netrc, no redirect.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import httpx2
from pydantic import BaseModel, ValidationError

from index.terminal import one_line
from qa.errors import WriterError
from qa.written.cancellation import Cancellation

Message = Mapping[str, str]
"""A message of a chat: its `role` and its `content`."""

_CONNECT_S = 5.0
_MOST_BYTES = 1 << 20
"""Of one event, or of an answer that comes whole."""
_CHARACTERS_PER_TOKEN = 16
"""No prose has as many: who writes more does not keep to the bound on tokens."""
_MOST_QUOTED = 200
_NO_ANSWER = "The language model's server sends what is no valid answer."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a language model answers, such as http://127.0.0.1:11434/v1, and how long it may.

    Where `model` is empty, `resolved` takes the first that the server lists. `timeout_s` bounds the
    time from asking to the last piece, that of the caller between two pieces among it: what comes
    later is not read.
    """

    url: str
    model: str = ""
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 60.0
    most_tokens: int = 400

    def resolved(self, cancellation: Cancellation | None = None) -> "Endpoint":
        """Return the endpoint with its model's name, which the server is asked for if need be.

        Raises WriterError, also if it is cancelled.
        """
        if self.model:
            return self
        cancellation = cancellation or Cancellation()
        with (
            self._told(cancellation),
            self._client() as client,
            client.stream("GET", "models", extensions={"trace": cancellation.trace}) as response,
        ):
            self._refuse_failure(response)
            models = _parsed(_Models, _whole(response)).data
        if not models or not models[0].id:
            raise WriterError("The language model's server lists no model: set llm_model.")
        return replace(self, model=models[0].id)

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Generator[str]:
        """Yield what the model writes, as it comes. The endpoint must be a `resolved` one.

        Closing the iterator closes the connection; so does the `cancellation`, from any thread,
        even while the server is silent. Raises WriterError, also behind the last piece if the model
        did not write to the end: its last sentence may then be incomplete.
        """
        cancellation = cancellation or Cancellation()
        body = {
            "model": self.model,
            "messages": list(messages),
            "stream": True,
            "temperature": 0,
            "max_tokens": self.most_tokens,
        }
        most_characters = self.most_tokens * _CHARACTERS_PER_TOKEN
        with (
            self._told(cancellation),
            self._client() as client,
            client.sse(
                "chat/completions",
                method="POST",
                json=body,
                extensions={"trace": cancellation.trace},
                max_event_size=_MOST_BYTES,
            ) as events,
        ):
            self._refuse_failure(events.response)
            for choice in self._choices(events):
                cancellation.check()
                if choice.text:
                    yield choice.text[:most_characters]
                most_characters -= len(choice.text)
                if most_characters < 0:
                    raise WriterError(
                        "The language model wrote far more than its bound of tokens allows: "
                        f"llm_tokens is {self.most_tokens}."
                    )
                if choice.finish_reason:
                    self._refuse_unfinished(choice.finish_reason)
                    return

    def _choices(self, events: httpx2.EventSource) -> Iterator["_Choice"]:
        kind = events.response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            if not (choices := self._chosen(_whole(events.response))):
                raise WriterError(_NO_ANSWER)
            yield from choices
            return
        if kind != "text/event-stream":
            raise WriterError(
                "The language model's server does not answer as an OpenAI-compatible one: "
                "check the address llm."
            )
        for event in events:
            if event.data.strip() == "[DONE]":
                return
            if event.data:
                yield from self._chosen(event.data)
        raise WriterError("The language model's server broke off before the answer was complete.")

    def _chosen(self, content: str | bytes) -> list["_Choice"]:
        completion = _parsed(_Completion, content)
        if completion.error:
            reason = self._quoted(completion.error)
            raise WriterError(f"The language model's server reports an error{reason}.")
        return (completion.choices or [])[:1]

    def _client(self) -> httpx2.Client:
        return httpx2.Client(
            base_url=self.url,
            headers={"Accept-Encoding": "identity"}
            | ({"Authorization": f"Bearer {self.key}"} if self.key else {}),
            timeout=httpx2.Timeout(self.timeout_s, connect=_CONNECT_S),
            trust_env=False,
            follow_redirects=False,
        )

    @contextmanager
    def _told(self, cancellation: Cancellation) -> Iterator[None]:
        """End a request in time, and raise as WriterError what goes wrong up to the server."""
        server = "The language model's server"
        too_slow = (
            f"{server} was too slow: the answer was not complete after {self.timeout_s:g} seconds "
            "(llm_timeout)."
        )
        try:
            cancellation.check()
            with cancellation.after(self.timeout_s, too_slow):
                yield
        except WriterError as error:
            message = str(error)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            reason = re.sub(r"^\[Errno -?\d+\] ", "", one_line(str(error))) or "no connection"
            message = f"{server} cannot be reached ({reason}): see that it runs at the address llm."
        except httpx2.TimeoutException:
            message = too_slow
        except httpx2.SSEError:
            message = f"{server} sends more at once than can be an answer."
        except httpx2.TransportError:
            message = f"{server} broke off before the answer was complete."
        except httpx2.DecodingError:
            message = _NO_ANSWER
        except httpx2.InvalidURL:
            message = "The address llm of the language model's server is not valid."
        else:
            return
        # What it came from may hold the request, and with it the key.
        raise WriterError(cancellation.reason or message) from None

    def _refuse_failure(self, response: httpx2.Response) -> None:
        status = response.status_code
        if response.is_success:
            return
        start = f"The language model's server (HTTP {status})"
        if status in {401, 403}:
            wants = "refuses the key: check" if self.key else "asks for a key: set"
            raise WriterError(f"{start} {wants} llm_key or llm_key_file.")
        if response.is_redirect:
            raise WriterError(f"{start} has moved: set llm to its new address.")
        reason = self._quoted(_error_in(_whole(response)))
        if status == 404:
            raise WriterError(
                f"{start} has no such address or model{reason}: check llm, llm_model."
            )
        if status == 429:
            wait = response.headers.get("retry-after", "")
            later = f"in {wait} seconds" if re.fullmatch("[0-9]{1,5}", wait) else "later"
            raise WriterError(f"{start} is asked too often: try again {later}.")
        fails = "fails" if response.is_server_error else "refuses the request"
        raise WriterError(f"{start} {fails}{reason}.")

    def _refuse_unfinished(self, finish_reason: str) -> None:
        if finish_reason == "length":
            raise WriterError(
                "The language model reached its bound of tokens before the answer was complete: "
                f"llm_tokens is {self.most_tokens}."
            )
        if finish_reason == "content_filter":
            raise WriterError("A filter of the language model's server ended the answer.")

    def _quoted(self, error: object) -> str:
        """Return what a server says of an error, behind a colon; "" if it says nothing."""
        words = error.get("message") if isinstance(error, dict) else error
        if not isinstance(words, str):
            return ""
        # The key is taken out before the text is cut, which could leave a part of it.
        hidden = words.replace(self.key, "…") if self.key else words
        line = " ".join(one_line(hidden).split())
        short = line if len(line) <= _MOST_QUOTED else f"{line[:_MOST_QUOTED]}…"
        return f": {short.rstrip('.')}" if short else ""


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    """A part of an answer, or a whole one. What else the model thinks or calls is left aside."""

    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: str | None = None

    @property
    def text(self) -> str:
        part = self.delta or self.message
        return (part and part.content) or ""


class _Completion(BaseModel):
    choices: list[_Choice] | None = None
    error: Any = None


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


_Form = TypeVar("_Form", bound=BaseModel)


def _parsed(form: type[_Form], content: str | bytes) -> _Form:
    try:
        return form.model_validate_json(content)
    except ValidationError:
        raise WriterError(_NO_ANSWER) from None


def _error_in(body: bytes) -> object:
    try:
        return _Completion.model_validate_json(body).error
    except ValidationError:
        return None


def _whole(response: httpx2.Response) -> bytes:
    """Return the body, as far as it can be an answer."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _MOST_BYTES:
            break
    return bytes(body[:_MOST_BYTES])
