"""Settings: a flag, else a PINCITE_… variable, else pincite.toml, else the default."""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from index.backends import Backend
from index.errors import SettingsError
from qa.abstention import DEFAULT_THRESHOLD

PREFIX = "PINCITE_"
TOML_FILE = Path("pincite.toml")
HOW_TO_ALLOW_HOSTS = (
    f"--allowed-hosts NAME,…, {PREFIX}ALLOWED_HOSTS=NAME,… or "
    f'allowed_hosts = ["NAME"] in {TOML_FILE}'
)
_HOSTS_WANTED = (
    "give host names or IP addresses, without scheme or port and with commas between them, "
    "such as pincite.example,10.0.0.5"
)


class Settings(BaseSettings):
    """Everything that can be set, with its default. An unknown key is an error."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=TOML_FILE, extra="forbid", frozen=True
    )

    store: Path = Path(".pincite")
    model: str | None = None
    backend: Backend = "auto"
    top_k: int = Field(default=5, ge=1, le=50)
    threshold: float = Field(default=DEFAULT_THRESHOLD, ge=0, le=1)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("store")
    @classmethod
    def _at_home(cls, store: Path) -> Path:
        return store.expanduser()

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _names(cls, hosts: Any) -> Any:
        """Take "a.example, b.example" for the two; refuse what no Host header could name."""
        names = hosts.split(",") if isinstance(hosts, str) else hosts
        if not isinstance(names, list | tuple) or not all(isinstance(n, str) for n in names):
            raise ValueError(_HOSTS_WANTED)
        stripped = [name.strip().lower() for name in names]
        if not all(map(_is_host_name, stripped)) and stripped != [""]:
            raise ValueError(_HOSTS_WANTED)
        return tuple(name for name in stripped if name)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take flags before variables before the file; no .env files, no secret folders."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:
    """Return the settings in force; a flag that is None was not given.

    Raises SettingsError naming the key, the value and what is wrong with it.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise SettingsError(f"{TOML_FILE}: unknown setting {key!r}. {_known()}") from error
        message = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"The setting {key} = {first['input']!r}: {message}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
        raise SettingsError(f"{TOML_FILE} cannot be read: {reason}.") from error


def _refuse_unknown_variables() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable.upper() not in known:
            raise SettingsError(f"Unknown setting in the environment: {variable}. {_known()}")


def _is_host_name(name: str) -> bool:
    if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", name):
        return True
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _known() -> str:
    return f"Known are: {', '.join(Settings.model_fields)}."
