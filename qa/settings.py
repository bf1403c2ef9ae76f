"""Settings: a flag, else a PINCITE_… variable, else pincite.toml, else the default."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from index.backends import Backend
from index.errors import SettingsError
from qa.abstention import DEFAULT_THRESHOLD

PREFIX = "PINCITE_"
TOML_FILE = Path("pincite.toml")


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
    allowed_hosts: tuple[str, ...] = ()

    @field_validator("store")
    @classmethod
    def _at_home(cls, store: Path) -> Path:
        return store.expanduser()

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
        raise SettingsError(f"The setting {key} = {first['input']!r}: {first['msg']}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0]
        raise SettingsError(f"{TOML_FILE} cannot be read: {reason}.") from error
    except ValueError as error:
        # A variable that should be JSON and is not.
        reason = str(error).splitlines()[0]
        raise SettingsError(f"The settings cannot be read: {reason}.") from error


def _refuse_unknown_variables() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    for variable in sorted(os.environ):
        if variable.startswith(PREFIX) and variable.upper() not in known:
            raise SettingsError(f"Unknown setting in the environment: {variable}. {_known()}")


def _known() -> str:
    return f"Known are: {', '.join(Settings.model_fields)}."
