"""Settings: a flag, else a PINCITE_… variable, else pincite.toml, else the default."""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

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
_HOSTS_WANTED = (
    "give host names or IP addresses, without scheme or port and with commas between them, "
    "such as pincite.example,10.0.0.5"
)

_ORIGINS_WANTED = (
    "give origins with scheme and without path, with commas between them, such as "
    "https://intranet.example,http://localhost:3000"
)

_PROXIES_WANTED = (
    "give addresses or networks of reverse proxies, with commas between them, such as "
    "127.0.0.1,10.0.0.0/8"
)

_STAGES_WANTED = f"give stages to leave out, with commas between them: {', '.join(STAGES)}"

_PATTERNS_WANTED = "give patterns as in .gitignore, with commas between them, such as *.log,drafts/"


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
    without: tuple[Stage, ...] = ()
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    keys: Keys = "auto"
    rate_limit: int | None = Field(default=None, ge=0, le=1_000_000)
    max_queue: int = Field(default=100, ge=0, le=10_000)
    log_format: Literal["auto", "json", "text"] = "auto"
    log_questions: bool = False
    watch: bool = True
    mcp: bool = False
    keep: int = Field(default=2, ge=1, le=1000)
    ignore: tuple[str, ...] | None = None

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

    @field_validator("store")
    @classmethod
    def _at_home(cls, store: Path) -> Path:
        return store.expanduser()

    @field_validator("without", mode="before")
    @classmethod
    def _stages(cls, names: Any) -> Any:
        """Take "lexical, codes" for the two; refuse what is no stage."""
        found = _listed(names, _STAGES_WANTED)
        if not set(found) <= set(STAGES):
            raise ValueError(_STAGES_WANTED)
        return tuple(stage for stage in STAGES if stage in found)

    @field_validator("ignore", mode="before")
    @classmethod
    def _patterns(cls, patterns: Any) -> Any:
        """Take "*.log, drafts/" for the two."""
        return None if patterns is None else tuple(_listed(patterns, _PATTERNS_WANTED))

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _names(cls, hosts: Any) -> Any:
        """Take "a.example, b.example" for the two; refuse what no Host header could name."""
        names = [name.lower() for name in _listed(hosts, _HOSTS_WANTED)]
        if not all(map(_is_host_name, names)):
            raise ValueError(_HOSTS_WANTED)
        return tuple(names)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins(cls, origins: Any) -> Any:
        """Take "https://a.example, http://localhost:3000" for the two."""
        found = [origin.lower() for origin in _listed(origins, _ORIGINS_WANTED)]
        if not all(re.fullmatch(r"https?://[^/\s*?#@]+", origin) for origin in found):
            raise ValueError(_ORIGINS_WANTED)
        return tuple(found)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, proxies: Any) -> Any:
        """Take "127.0.0.1, 10.0.0.0/8" for the two."""
        found = _listed(proxies, _PROXIES_WANTED)
        try:
            return tuple(str(ipaddress.ip_network(each)) for each in found)
        except ValueError:
            raise ValueError(_PROXIES_WANTED) from None


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
            found = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
        raise SettingsError(f"{TOML_FILE} cannot be read: {reason}.") from error
    for key in found.keys() - Settings.model_fields.keys():
        raise SettingsError(f"{TOML_FILE}: unknown setting {key!r}. {_known()}")
    return found


def _from_environment() -> dict[str, str]:
    found: dict[str, str] = {}
    for variable, value in sorted(os.environ.items()):
        if variable.startswith(PREFIX):
            key = variable.removeprefix(PREFIX).lower()
            if key not in Settings.model_fields:
                raise SettingsError(f"Unknown setting in the environment: {variable}. {_known()}")
            found[key] = value
    return found


def _listed(value: Any, wanted: str) -> list[str]:
    """Return the names in "a, b", or in a list; "" has none.

    Raises ValueError with what is `wanted` for anything else.
    """
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
        raise ValueError(wanted)
    stripped = [name.strip() for name in names]
    return [] if stripped == [""] else stripped


def _is_host_name(name: str) -> bool:
    if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", name):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _known() -> str:
    return f"Known are: {', '.join(Settings.model_fields)}."
