"""Settings: a flag, else a PINCITE_… variable, else pincite.toml, else the default."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from index.encoding import Backend
from index.errors import SettingsError
from index.store.collection import DEFAULT_COLLECTION, HOW_TO_NAME, is_collection_name
from index.store.location import Location, collection_at, location_of
from qa.records import STAGES, Stage

PREFIX = "PINCITE_"
TOML_FILE = Path("pincite.toml")
HOW_TO_ALLOW_HOSTS = (
    f"--allowed-hosts NAME,…, {PREFIX}ALLOWED_HOSTS=NAME,… or "
    f'allowed_hosts = ["NAME"] in {TOML_FILE}'
)


def _names(advice: str, read: Callable[[str], str] = str) -> BeforeValidator:
    """Read "a, b", or a list, as names, each by `read`; "" has none. `advice` refuses all else."""

    def names(value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
            raise ValueError(advice)
        stripped = [part.strip() for part in parts]
        try:
            return tuple(map(read, stripped)) if stripped != [""] else ()
        except ValueError:
            raise ValueError(advice) from None

    return BeforeValidator(names)


def _stage(name: str) -> str:
    if name not in STAGES:
        raise ValueError
    return name


def _in_order(names: tuple[Stage, ...]) -> tuple[Stage, ...]:
    return tuple(stage for stage in STAGES if stage in names)


def _host(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", name.lower()):
        ipaddress.ip_address(name)
    return name.lower()


def _origin(name: str) -> str:
    if not re.fullmatch(r"https?://[^/\s*?#@]+", name.lower()):
        raise ValueError
    return name.lower()


def _network(name: str) -> str:
    return str(ipaddress.ip_network(name))


def _collection(name: str) -> str:
    if not is_collection_name(name):
        raise ValueError(HOW_TO_NAME)
    return name


def _llm(url: str) -> str:
    """Refuse what is no address, without showing it: somebody's password may stand in it."""
    if not url:
        return url
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or re.search(r"[\s?#]|[^\x21-\x7e]", url):
        raise SettingsError(
            "The setting llm: give the address of an OpenAI-compatible endpoint, such as "
            "http://127.0.0.1:11434/v1."
        )
    if "@" in url:
        raise SettingsError(
            "The setting llm: leave user and password out of the address; a key is given as "
            f"{PREFIX}LLM_KEY or in a file that llm_key_file names."
        )
    return url.rstrip("/")


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_STAGES = _names(f"give stages to leave out, with commas between them: {', '.join(STAGES)}", _stage)
_HOSTS = _names(
    "give host names or IP addresses, without scheme or port and with commas between them, "
    "such as pincite.example,10.0.0.5",
    _host,
)
_ORIGINS = _names(
    "give origins with scheme and without path, with commas between them, such as "
    "https://intranet.example,http://localhost:3000",
    _origin,
)
_NETWORKS = _names(
    "give addresses or networks of reverse proxies, with commas between them, such as "
    "127.0.0.1,10.0.0.0/8",
    _network,
)
_PATTERNS = _names(
    "give patterns as in .gitignore, with commas between them, such as *.log,drafts/"
)


class Flag(NamedTuple):
    """How a setting is given as an option, where its type and its default do not tell."""

    metavar: str | None = None
    default: str | None = None
    is_repeated: bool = False


class Settings(BaseModel):
    """Everything that can be set, with its default. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    store: Annotated[Location, BeforeValidator(location_of), Flag("FOLDER|URL")] = Path(".pincite")
    """The store's folder, or the URL of a PostgreSQL database."""
    read_from: Annotated[str, Flag("URL", "the store")] = ""
    """A replica of the store's database, which answers questions."""
    collection: Annotated[str, AfterValidator(_collection)] = DEFAULT_COLLECTION
    """Which of the store's collections."""
    model: str | None = None
    """A sentence-transformers model: a folder or a cached name."""
    reader: Annotated[str | None, Flag(default="bundled")] = Field(default=None, min_length=1)
    """What reads passages: bundled, none, or a CrossEncoder's name or folder."""
    backend: Annotated[Backend, Flag("NAME")] = Field(
        "auto", description=f"What computes: {', '.join(get_args(Backend))}. auto is the fastest."
    )
    top_k: int = Field(default=5, ge=1, le=50)
    """How many passages to show."""
    threshold: Annotated[
        float | None, Flag(default="the calibrated one, else the reader's own")
    ] = Field(default=None, ge=0, le=1)
    """Answer from this confidence on."""
    without: Annotated[
        tuple[Stage, ...], _STAGES, AfterValidator(_in_order), Flag("STAGE,…", "none")
    ] = Field((), description=f"Leave stages of retrieval out: {', '.join(STAGES)}.")
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on."""
    workers: int = Field(default=1, ge=1, le=64)
    """How many processes answer."""
    allowed_hosts: Annotated[tuple[str, ...], _HOSTS, Flag("NAME,…", "none")] = ()
    """Host names it may be reached by, besides those of this machine."""
    cors_origins: Annotated[tuple[str, ...], _ORIGINS, Flag("ORIGIN,…", "none")] = ()
    """Other sites whose pages may use it, such as https://intranet.example."""
    trusted_proxies: Annotated[tuple[str, ...], _NETWORKS, Flag("ADDRESS,…", "none")] = ()
    """Reverse proxies whose X-Forwarded-For is believed."""
    keys: Literal["auto", "required", "off"] = "auto"
    """Ask for API keys (`pincite key add NAME`). auto: if there is one, or where others can reach
    the service."""
    rate_limit: Annotated[
        int | None,
        Flag(default="600 where others can reach the service or keys are asked for, else 0"),
    ] = Field(default=None, ge=0, le=1_000_000)
    """Requests a minute for each key or address; 0: as many as they like."""
    max_queue: int = Field(default=100, ge=0, le=10_000)
    """Questions that may wait, for each process; more get 503."""
    log_format: Literal["auto", "json", "text"] = "auto"
    """auto: text at a terminal, JSON elsewhere."""
    log_questions: bool = False
    """Write questions into the log."""
    watch: bool = True
    """Index what changes in the sources."""
    mcp: bool = False
    """Speak the Model Context Protocol at /mcp, too."""
    keep: int = Field(default=2, ge=1, le=1000)
    """How many snapshots to keep, the live one among them."""
    ignore: Annotated[
        Annotated[tuple[str, ...], _PATTERNS] | None,
        Flag("PATTERN", "those remembered", is_repeated=True),
    ] = None
    """Skip files that match, as in .gitignore. Repeatable; remembered."""
    ocr: bool = False
    """Read scanned pages of PDFs, too: some seconds each. Needs pincite[ocr]."""
    llm: Annotated[str, AfterValidator(_llm), Flag("URL", "none")] = ""
    """OpenAI-compatible endpoint of a language model that can write answers, such as
    http://127.0.0.1:11434/v1."""
    llm_model: Annotated[str, Flag("NAME", "the first that it lists")] = ""
    """The endpoint's model."""
    llm_remote: bool = False
    """Allow an endpoint on another machine: questions and passages of your documents go there."""
    llm_key: SecretStr | None = None
    """The endpoint's key, not as an option: others could read it in the list of processes."""
    llm_key_file: Annotated[
        Path | None, BeforeValidator(lambda file: file or None), Flag("FILE", "none")
    ] = None
    """A file that holds the endpoint's key."""
    llm_timeout: float = Field(default=60, ge=1, le=3600)
    """Seconds that a written answer may take."""
    llm_tokens: int = Field(default=400, ge=16, le=4096)
    """How many tokens a written answer may have."""

    @model_validator(mode="after")
    def _check_llm(self) -> Self:
        if self.llm and not self.llm_remote and not self.llm_is_local:
            raise SettingsError(
                "The setting llm is an address on another machine. Written answers send it "
                "questions and passages of your documents: if they may leave this machine, set "
                "llm_remote = true, or give --llm-remote."
            )
        if self.llm_key and self.llm_key_file:
            raise SettingsError("Give llm_key or llm_key_file, not both.")
        return self

    @property
    def llm_is_local(self) -> bool:
        """Whether the language model answers on this machine."""
        return _is_this_machine(self.llm)

    @property
    def root(self) -> Location:
        """Where the default collection is, and the others beside it."""
        return location_of(self.store, self.read_from)

    @property
    def location(self) -> Location:
        """Where the collection's store is."""
        return collection_at(self.root, self.collection)

    @property
    def place(self) -> list[str]:
        """The options that name the collection's store, as far as it is not the default one."""
        store = self.store if isinstance(self.store, Path) else self.store.with_user
        options = {"store": str(store), "collection": self.collection}
        defaults = {name: str(self.__class__.model_fields[name].default) for name in options}
        given = [name for name in options if options[name] != defaults[name]]
        return [part for name in given for part in (f"--{name}", options[name])]

    @property
    def in_collection(self) -> str:
        """What a command needs behind it to be about the collection; "" for the default one."""
        is_default = self.collection == DEFAULT_COLLECTION
        return "" if is_default else f" --collection {self.collection}"

    @property
    def for_engine(self) -> dict[str, Any]:
        """What `Engine.open` and `LiveEngine` take by name, besides the store."""
        return self.model_dump(include={"model", "reader", "backend", "threshold", "without"})


def load_settings(**flags: Any) -> Settings:
    """Return the settings in force; a flag that is None was not given. Raises SettingsError."""
    from_flags = {key: value for key, value in flags.items() if value is not None}
    try:
        return Settings(**{**_from_file(), **_from_environment(), **from_flags})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if key == "llm_key":
            raise SettingsError(f"The setting llm_key: {message}.") from None
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
