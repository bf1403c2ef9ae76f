"""The writer of answers that the settings ask for, and what it sends where."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from index.errors import SettingsError
from qa.settings import PREFIX, TOML_FILE, Settings

if TYPE_CHECKING:
    from qa.written.endpoint import Endpoint
    from qa.written.writing import AnswerWriter

HOW_TO_SET = (
    'No language model is set. Name the endpoint of one: llm = "http://127.0.0.1:11434/v1" in '
    f"{TOML_FILE}, {PREFIX}LLM, or the option --llm."
)
"""What to do where `answer_writer` is None."""

_opening = Lock()


def answer_writer(settings: Settings) -> "AnswerWriter | None":
    """Return what writes answers, or None where no language model is set. Nothing is sent yet.

    What checks the sentences is loaded once a process. Raises SettingsError.
    """
    if not settings.llm:
        return None
    endpoint = endpoint_of(settings)
    from qa.written.support import open_checker
    from qa.written.writing import AnswerWriter

    with _opening:
        checker = open_checker(settings.backend)
    return AnswerWriter(endpoint, checker)


def endpoint_of(settings: Settings) -> "Endpoint":
    """Return the endpoint that `settings.llm` names. Raises SettingsError if the key is none."""
    from qa.written.endpoint import Endpoint

    return Endpoint(
        settings.llm,
        settings.llm_model,
        _key(settings),
        settings.llm_timeout,
        settings.llm_tokens,
    )


def what_leaves(settings: Settings) -> str:
    """Return what is sent to which address, for who switches written answers on."""
    sent = (
        "For a written answer, the question, those before it in a conversation and the passages "
        f"found go to {settings.llm}"
    )
    if settings.llm_is_local:
        return f"{sent}, on this machine."
    if settings.llm.startswith("http:"):
        return f"{sent}, on another machine. They are not encrypted on the way."
    return f"{sent}, on another machine."


def _key(settings: Settings) -> str | None:
    if settings.llm_key_file:
        setting, key = "llm_key_file", _content(settings.llm_key_file.expanduser())
    elif settings.llm_key:
        setting, key = "llm_key", settings.llm_key.get_secret_value().strip()
    else:
        return None
    if not key or any(not "!" <= character <= "~" for character in key):
        raise SettingsError(f"The setting {setting}: a key is one word of letters and signs.")
    return key


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"The llm_key_file {file} cannot be read: {reason}.") from None
