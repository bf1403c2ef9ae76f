"""Settings: a flag, else a PINCITE_… variable, else pincite.toml, else the default."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from index.encoding import Backend
from index.errors import SettingsError
from qa.records import STAGES, Stage

PREFIX = "PINCITE_"
TOML_FILE = Path("pincite.toml")
Keys = Literal["auto", "required", "off"]
HOW_TO_ALLOW_HOSTS = (
    f"--allowed-hosts NAME,…, {PREFIX}ALLOWED_HOSTS=NAME,… or "
    f'allowed_hosts = ["NAME"] in {TOML_FILE}'
)


def _listed(wanted: str, check: Callable[[list[str]], Any] = list) -> BeforeValidator:
    """Return what reads "a, b", or a list, as the names in it; "" has none.

    `check` returns the names as they are kept. What is no list of names, or what `check` raises
    ValueError for, is refused with what is `wanted`.
    """

    def names(value: Any) -> Any:
        parts = value.split(",") if isinstance(value, str) else value
        if parts is None:
            return None
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValueError(wanted)
        stripped = [part.strip() for part in parts]
        try:
            return tuple(check([] if stripped == [""] else stripped))
        except ValueError:
            raise ValueError(wanted) from None

    return BeforeValidator(names)


def _stages(names: list[str]) -> list[Stage]:
    if not set(names) <= set(STAGES):
        raise ValueError
    return [stage for stage in STAGES if stage in names]


def _hosts(names: list[str]) -> list[str]:
    hosts = [name.lower() for name in names]
    for host in hosts:
        if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host):
            ipaddress.ip_address(host)
    return hosts


def _origins(names: list[str]) -> list[str]:
    origins = [name.lower() for name in names]
    if not all(re.fullmatch(r"https?://[^/\s*?#@]+", origin) for origin in origins):
        raise ValueError
    return origins


def _networks(proxies: list[str]) -> list[str]:
    return [str(ipaddress.ip_network(proxy)) for proxy in proxies]


class EngineOptions(TypedDict):
    """The settings that `Engine.open` and `LiveEngine` take by name."""

    model: str | None
    reader: str | None
    backend: Backend
    threshold: float | None
    without: tuple[Stage, ...]


class Settings(BaseModel):
    """Everything that can be set, with its default. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Path = Path(".pincite")
    model: str | None = None
    reader: str | None = Field(default=None, min_length=1)
    backend: Backend = "auto"
    top_k: int = Field(default=5, ge=1, le=50)
    threshold: float | None = Field(default=None, ge=0, le=1)
    without: Annotated[
        tuple[Stage, ...],
        _listed(
            f"give stages to leave out, with commas between them: {', '.join(STAGES)}", _stages
        ),
    ] = ()
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    allowed_hosts: Annotated[
        tuple[str, ...],
        _listed(
            "give host names or IP addresses, without scheme or port and with commas between them, "
            "such as pincite.example,10.0.0.5",
            _hosts,
        ),
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...],
        _listed(
            "give origins with scheme and without path, with commas between them, such as "
            "https://intranet.example,http://localhost:3000",
            _origins,
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        _listed(
            "give addresses or networks of reverse proxies, with commas between them, such as "
            "127.0.0.1,10.0.0.0/8",
            _networks,
        ),
    ] = ()
    keys: Keys = "auto"
    rate_limit: int | None = Field(default=None, ge=0, le=1_000_000)
    max_queue: int = Field(default=100, ge=0, le=10_000)
    log_format: Literal["auto", "json", "text"] = "auto"
    log_questions: bool = False
    watch: bool = True
    mcp: bool = False
    keep: int = Field(default=2, ge=1, le=1000)
    ignore: Annotated[
        tuple[str, ...] | None,
        _listed("give patterns as in .gitignore, with commas between them, such as *.log,drafts/"),
    ] = None

    @field_validator("store")
    @classmethod
    def _at_home(cls, store: Path) -> Path:
        return store.expanduser()

    @property
    def for_engine(self) -> EngineOptions:
        """What an engine is opened with, besides the store."""
        return {
            "model": self.model,
            "reader": self.reader,
            "backend": self.backend,
            "threshold": self.threshold,
            "without": self.without,
        }


def load_settings(**flags: Any) -> Settings:
    """Return the settings in force; a flag that is None was not given.

    Raises SettingsError naming the key, the value and what is wrong with it.
    """
    from_flags = {key: value for key, value in flags.items() if value is not None}
    try:
        return Settings(**{**_from_file(), **_from_environment(), **from_flags})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        named = f"--{key.replace('_', '-')}" if key in from_flags else f"The setting {key} ="
        raise SettingsError(f"{named} {first['input']!r}: {message}.") from error


def _from_file() -> dict[str, Any]:
    try:
        with TOML_FILE.open("rb") as file:
            values = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
        raise SettingsError(f"{TOML_FILE} cannot be read: {reason}.") from error
    for key in values:
        _check_is_setting(key, f"{TOML_FILE}: unknown setting {key!r}")
    return values


def _from_environment() -> dict[str, str]:
    values: dict[str, str] = {}
    for variable, value in sorted(os.environ.items()):
        if variable.startswith(PREFIX):
            key = variable.removeprefix(PREFIX).lower()
            _check_is_setting(key, f"Unknown setting in the environment: {variable}")
            values[key] = value
    return values


def _check_is_setting(key: str, message: str) -> None:
    if key not in Settings.model_fields:
        raise SettingsError(f"{message}. Known are: {', '.join(Settings.model_fields)}.")
