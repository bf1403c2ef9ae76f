"""Where a setting comes from, and what is said of one that cannot be used."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from index.errors import SettingsError
from qa.settings import Settings, load_settings


def toml(text: str | bytes) -> None:
    Path("pincite.toml").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_the_defaults_are_the_documented_ones() -> None:
    settings = load_settings()
    assert settings == Settings()
    assert (settings.store, settings.model, settings.top_k) == (Path(".pincite"), None, 5)
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert (settings.threshold, settings.allowed_hosts) == (None, ())


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().top_k == 5
    toml("top_k = 6\nport = 9000\n")
    assert load_settings().top_k == 6
    monkeypatch.setenv("PINCITE_TOP_K", "7")
    assert load_settings().top_k == 7
    assert load_settings(top_k=8).top_k == 8
    assert load_settings(top_k=None).top_k == 7  # a flag that was not given
    assert load_settings(top_k=8).port == 9000  # each setting by itself


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("PINCITE_STORE", "here/there", "store", Path("here/there")),
        ("PINCITE_MODEL", "a/model", "model", "a/model"),
        ("PINCITE_READER", "none", "reader", "none"),
        ("PINCITE_THRESHOLD", "0.45", "threshold", 0.45),
        ("PINCITE_HOST", "::1", "host", "::1"),
        ("PINCITE_PORT", "0", "port", 0),
        (
            "PINCITE_ALLOWED_HOSTS",
            "a.example, B.example,10.0.0.5,::1",
            "allowed_hosts",
            ("a.example", "b.example", "10.0.0.5", "::1"),
        ),
        ("PINCITE_KEYS", "required", "keys", "required"),
        ("PINCITE_RATE_LIMIT", "60", "rate_limit", 60),
        ("PINCITE_LOG_QUESTIONS", "true", "log_questions", True),
        ("PINCITE_CORS_ORIGINS", "https://A.example", "cors_origins", ("https://a.example",)),
        (
            "PINCITE_TRUSTED_PROXIES",
            "10.0.0.0/8, ::1",
            "trusted_proxies",
            ("10.0.0.0/8", "::1/128"),
        ),
    ],
)
def test_every_setting_has_a_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(load_settings(), name) == expected


def test_every_setting_can_stand_in_the_file() -> None:
    toml(
        'store = "s"\nread_from = ""\ncollection = "c"\n'
        'model = "m"\nreader = "r"\nbackend = "torch-float32"\ntop_k = 1\n'
        "threshold = 1\n"
        'host = "h"\nport = 1\n'
        'allowed_hosts = ["a"]\nwithout = ["spelling", "lexical"]\n'
        'watch = false\nkeep = 3\nignore = ["*.log"]\nmcp = true\nocr = true\n'
        'workers = 2\nkeys = "off"\nrate_limit = 0\nmax_queue = 0\nlog_format = "text"\n'
        'log_questions = true\ncors_origins = ["http://localhost:3000"]\n'
        'trusted_proxies = ["127.0.0.1"]\n'
        'llm = "http://localhost/v1"\nllm_model = "l"\nllm_remote = true\nllm_key = "k"\n'
        'llm_key_file = ""\nllm_timeout = 9.5\nllm_tokens = 99\n'
    )
    assert load_settings().model_dump() == {
        "store": Path("s"),
        "read_from": "",
        "collection": "c",
        "model": "m",
        "reader": "r",
        "backend": "torch-float32",
        "top_k": 1,
        "threshold": 1.0,
        "without": ("lexical", "spelling"),
        "host": "h",
        "port": 1,
        "allowed_hosts": ("a",),
        "watch": False,
        "keep": 3,
        "ignore": ("*.log",),
        "mcp": True,
        "ocr": True,
        "workers": 2,
        "keys": "off",
        "rate_limit": 0,
        "max_queue": 0,
        "log_format": "text",
        "log_questions": True,
        "cors_origins": ("http://localhost:3000",),
        "trusted_proxies": ("127.0.0.1/32",),
        "llm": "http://localhost/v1",
        "llm_model": "l",
        "llm_remote": True,
        "llm_key": SecretStr("k"),
        "llm_key_file": None,
        "llm_timeout": 9.5,
        "llm_tokens": 99,
    }


def test_stages_can_be_left_out_by_names_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_WITHOUT", " spelling, lexical ")
    assert load_settings().without == ("lexical", "spelling")
    monkeypatch.setenv("PINCITE_WITHOUT", "")
    assert load_settings().without == ()
    for wrong in ("lexicals", "lexical,", "lexical, ,codes", "headings"):
        monkeypatch.setenv("PINCITE_WITHOUT", wrong)
        assert "lexical, documents, spelling, codes" in refusal()


@pytest.mark.parametrize(
    ("variable", "value", "wanted"),
    [
        ("PINCITE_CORS_ORIGINS", "*", "https://intranet.example"),
        ("PINCITE_CORS_ORIGINS", "https://a.example/path", "without path"),
        ("PINCITE_TRUSTED_PROXIES", "proxy.example", "127.0.0.1,10.0.0.0/8"),
        ("PINCITE_KEYS", "yes", "'auto', 'required' or 'off'"),
        ("PINCITE_RATE_LIMIT", "-1", "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_can(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, wanted: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert wanted in refusal()


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PINCITE_STORE", "~/store")
    assert load_settings().store == tmp_path / "store"


def refusal() -> str:
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert raised.value.exit_code == 2
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("key", ["topk", "top_k_", "stores"])
def test_an_unknown_key_in_the_file_is_named_and_the_known_ones_listed(key: str) -> None:
    toml(f"{key} = 5\n")
    message = refusal()
    assert "pincite.toml" in message
    assert repr(key) in message
    assert "top_k" in message


@pytest.mark.parametrize("variable", ["PINCITE_TOPK", "PINCITE_", "PINCITE_TOP_K_"])
def test_an_unknown_variable_is_named_and_the_known_ones_listed(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "5")
    message = refusal()
    assert f"{variable}." in message
    assert "top_k" in message


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PINCITE_TOP_K", "many"),
        ("PINCITE_TOP_K", "0"),
        ("PINCITE_TOP_K", "51"),
        ("PINCITE_TOP_K", ""),
        ("PINCITE_THRESHOLD", "1.5"),
        ("PINCITE_THRESHOLD", "nan"),
        ("PINCITE_PORT", "65536"),
        ("PINCITE_PORT", "-1"),
    ],
)
def test_a_bad_value_is_named_with_its_key(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    message = refusal()
    assert variable.removeprefix("PINCITE_").lower() in message
    assert repr(value) in message


@pytest.mark.parametrize(
    "value",
    [
        '["a.example"]',
        "http://a.example",
        "a.example:8000",
        "a.example b.example",
        "a,,b",
        "é.example",
    ],
)
def test_what_is_not_a_list_of_host_names_is_refused_with_an_example(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PINCITE_ALLOWED_HOSTS", value)
    message = refusal()
    assert message.startswith(f"The setting allowed_hosts = {value!r}: give host names")
    assert "pincite.example,10.0.0.5" in message


def test_an_empty_list_of_hosts_allows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PINCITE_ALLOWED_HOSTS", "")
    assert load_settings().allowed_hosts == ()
    toml("allowed_hosts = 5\n")
    monkeypatch.delenv("PINCITE_ALLOWED_HOSTS")
    assert "allowed_hosts = 5" in refusal()


def test_a_bad_value_in_the_file_or_a_flag_is_named_with_its_key() -> None:
    toml('top_k = "five"\n')
    message = refusal()
    assert "top_k" in message
    assert "'five'" in message
    toml("")
    with pytest.raises(SettingsError, match=r"^--top-k 99: "):
        load_settings(top_k=99)


@pytest.mark.parametrize("content", [b"top_k = ", b"[", b"top_k 5", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_refused_by_name(content: bytes) -> None:
    toml(content)
    assert "pincite.toml" in refusal()


def test_a_file_that_cannot_be_read_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    toml("top_k = 5\n")

    def forbidden(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", forbidden)
    assert refusal() == "pincite.toml cannot be read: Permission denied."


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().top_k = 6  # type: ignore[misc]
