"""Which language model writes, with which key, and what is said to leave the machine."""

from pathlib import Path

import pytest

from index.errors import SettingsError
from qa.settings import Settings, load_settings
from qa.written.endpoint import Endpoint
from qa.written.opening import HOW_TO_SET, answer_writer, endpoint_of, what_leaves

LOCAL = "http://127.0.0.1:11434/v1"
REMOTE = "https://models.example/v1"
KEY = "sk-Zx9-never-shown"


def refusal(**settings: object) -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings(**settings)
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_nothing_writes_unless_a_model_is_set() -> None:
    assert answer_writer(Settings()) is None
    assert 'llm = "http' in HOW_TO_SET
    assert "PINCITE_LLM" in HOW_TO_SET


@pytest.mark.parametrize(
    "url",
    [
        LOCAL,
        "http://localhost:8080/v1",
        "https://[::1]:8080/v1",
        "http://127.3.2.1/v1",
    ],
)
def test_a_model_on_this_machine_needs_no_more_words(url: str) -> None:
    settings = load_settings(llm=f"{url}/")
    assert settings.llm == url
    assert what_leaves(settings).endswith(f"{url}, on this machine.")


@pytest.mark.parametrize(
    "url",
    [
        REMOTE,
        "http://10.0.0.5/v1",
        "http://0.0.0.0:8080/v1",
        "http://127.0.0.1.example/v1",
        "http://localhost.example/v1",
        "http://host.docker.internal/v1",
        "http://[::ffff:10.0.0.5]/v1",
    ],
)
def test_a_model_elsewhere_needs_a_word_that_says_what_leaves(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PINCITE_LLM", url)
    message = refusal()
    assert "questions and passages of your documents" in message
    assert "llm_remote = true" in message
    monkeypatch.setenv("PINCITE_LLM_REMOTE", "true")
    told = what_leaves(load_settings())
    assert f"go to {url}, on another machine." in told
    assert ("not encrypted" in told) == url.startswith("http:")


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:11434/v1",
        "ftp://127.0.0.1/v1",
        "http:///v1",
        "http://[::1/v1",
        "http://127.0.0.1:x/v1",
        "http://127.0.0.1:99999/v1",
        "http://127.0.0.1/v1?key=secret",
        "http://127.0.0.1/v1#top",
        "http://127.0.0.1/v 1",
        "http://modèle/v1",
        "me:secret@127.0.0.1/v1",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    message = refusal(llm=url)
    assert LOCAL in message
    assert "secret" not in message


@pytest.mark.parametrize("url", ["http://me:secret@127.0.0.1/v1", "https://secret@models.example"])
def test_a_password_in_the_address_is_refused_and_not_shown(url: str) -> None:
    message = refusal(llm=url, llm_remote=True)
    assert "PINCITE_LLM_KEY" in message
    assert "secret" not in message


def test_a_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_LLM", LOCAL)
    monkeypatch.setenv("PINCITE_LLM_KEY", KEY)
    settings = load_settings()
    assert settings.llm_key is not None
    assert settings.llm_key.get_secret_value() == KEY
    for shown in (repr(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "llm_key" in shown
        assert KEY not in shown
    monkeypatch.setenv("PINCITE_TOP_K", "many")
    assert KEY not in refusal()
    monkeypatch.delenv("PINCITE_TOP_K")
    monkeypatch.setenv("PINCITE_LLM", REMOTE)
    assert KEY not in refusal()
    monkeypatch.delenv("PINCITE_LLM_KEY")
    Path("pincite.toml").write_text("llm_key = 123454321")
    assert refusal() == "The setting llm_key: Input should be a valid string."


@pytest.mark.parametrize("name", ["llm_timeout", "llm_tokens"])
@pytest.mark.parametrize("value", [0, 99999, "many"])
def test_bounds_have_bounds(name: str, value: object) -> None:
    assert name.replace("_", "-") in refusal(**{name: value})


def test_all_that_is_set_reaches_the_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_LLM_KEY", KEY)
    monkeypatch.setenv("PINCITE_LLM_TIMEOUT", "1.5")
    settings = load_settings(llm=LOCAL, llm_model="small", llm_tokens=99)
    assert endpoint_of(settings) == Endpoint(LOCAL, "small", KEY, 1.5, 99)
    monkeypatch.setenv("PINCITE_LLM_KEY", "")
    assert endpoint_of(load_settings(llm=LOCAL)) == Endpoint(LOCAL, "", None, 1.5, 400)


def test_a_key_comes_from_one_place(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert endpoint_of(load_settings(llm=LOCAL, llm_key_file=str(file))).key == KEY
    both = refusal(llm=LOCAL, llm_key=KEY, llm_key_file=file)
    assert "llm_key or llm_key_file, not both" in both
    assert load_settings(llm_key_file="").llm_key_file is None


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (None, "No such file"),
        (b"", "is one word"),
        (b"sk-Zx9 never shown", "is one word"),
        ("sk-Zx9-äh".encode(), "is one word"),
        (b"sk-Zx9\xff", "it is not text"),
    ],
)
def test_a_file_without_a_key_is_refused(
    tmp_path: Path, content: bytes | None, wanted: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        endpoint_of(load_settings(llm=LOCAL, llm_key_file=str(file)))
    assert wanted in str(raised.value)
    assert "llm_key_file" in str(raised.value)
    assert "Zx9" not in str(raised.value)
