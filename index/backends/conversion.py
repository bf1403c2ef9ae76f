"""A model for OpenVINO, made from the torch module once, checked, and kept.

The folder of a converted model holds OpenVINO's two files, the tokenizer as
sentence-transformers uses it, and a record of how near the vectors came to those of
sentence-transformers. A folder appears under its name only when it is whole.
"""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from filelock import FileLock
from platformdirs import user_cache_path

from index.backends.openvino_encoder import (
    COMPILED,
    FILES,
    LEAST_COSINE,
    MODEL_FILE,
    TOKENIZER_FILE,
    OpenVinoEncoder,
    import_openvino,
)
from index.backends.torch_encoder import TorchEncoder
from index.encoder import Encoder, Role
from index.errors import NotConvertibleError
from index.model import Model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_FORMAT = 1
_RECORD_FILE = "conversion.json"
_CHECKED_ROLES: tuple[Role, ...] = ("query", "document")
_CHECKED_TEXTS = (
    "pimples",
    "why do I get pimples after microneedling",
    "Redness fades within two days; swelling, within one.",
    "Die Rötung klingt nach zwei Tagen ab. 皮肤发红两天后消退。 👍🏽",
    "Invoice 2024-117, due 31.12.2024: 1,250.00 EUR (see § 4, No. 2).",
    "def mean(xs): return sum(xs) / len(xs)  # raises ZeroDivisionError",
    " ".join(f"The depth of needle number {n} was set to {n / 10:.1f} mm." for n in range(8)),
    " ".join(f"Sentence {n} of a text longer than most models read." for n in range(60)),
)


@dataclass(frozen=True, slots=True)
class _Record:
    """What came of a conversion. `cosine` is the least to sentence-transformers' vectors.

    `sizes` are those of its files in bytes and `probe` is its vector of the first text
    compared: what is opened later must have and give them again. `refused` says why the
    converted model is not to be used; empty, it may be.
    """

    format: int
    made_with: str
    precision: str
    cosine: float
    sizes: dict[str, int]
    probe: list[float]
    refused: str


def openvino_encoder(model: Model, precision: str) -> OpenVinoEncoder:
    """Return an encoder of the model on OpenVINO, converting it if that was not done before.

    Raises NotConvertibleError, also where an earlier try was refused, and ImportError where
    OpenVINO is not installed.
    """
    runtime = import_openvino().__version__.split("-")[0]
    kept = user_cache_path("pincite") / f"openvino-{runtime}-{precision}" / model.fingerprint
    encoder = _reopened(kept, model)
    if encoder is not None:
        return encoder
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(kept.with_suffix(".lock")):
            encoder = _reopened(kept, model)  # another process may have been faster
            if encoder is None:
                _convert(model, precision, kept)
                encoder = _reopened(kept, model)
    except OSError as error:
        reason = error.strerror or error
        raise NotConvertibleError(f"{kept.parent} cannot be written ({reason})") from error
    except MemoryError as error:
        raise NotConvertibleError("there is not enough memory to convert it") from error
    if encoder is None:
        raise NotConvertibleError("what was converted cannot be opened again")
    return encoder


def _open(folder: Path, model: Model, precision: str) -> OpenVinoEncoder:
    return OpenVinoEncoder(folder, model.prompts, model.max_length, precision)


def _reopened(kept: Path, model: Model) -> OpenVinoEncoder | None:
    """Return the encoder that was made earlier; None if there is none, or not as it was made.

    Raises NotConvertibleError where it was refused, by the same libraries as are here now.
    """
    record = _read(kept)
    if record is None:
        return None
    if record.refused:
        if record.made_with != _libraries():
            return None
        raise NotConvertibleError(record.refused)
    if _sizes(kept) != record.sizes:
        return None
    try:
        encoder = _open(kept, model, record.precision)
        (vector,) = encoder.encode(_CHECKED_TEXTS[:1], "query")
    except Exception:  # noqa: BLE001 - OpenVINO and tokenizers raise nothing narrower
        return None
    return encoder if float(vector @ record.probe) >= LEAST_COSINE else None


def _libraries() -> str:
    names = ("openvino", "sentence-transformers", "torch", "transformers")
    return ", ".join(f"{name} {version(name)}" for name in names)


def _read(folder: Path) -> _Record | None:
    try:
        content = orjson.loads((folder / _RECORD_FILE).read_bytes())
        record = _Record(**content)
    except (OSError, ValueError, TypeError):
        return None
    return record if record.format == _FORMAT else None


def _sizes(folder: Path) -> dict[str, int]:
    files = (folder / name for name in FILES)
    return {file.name: file.stat().st_size for file in files if file.is_file()}


def _convert(model: Model, precision: str, kept: Path) -> None:
    """Convert in a folder aside, compare, and move it to its place, if only the refusal."""
    reference = TorchEncoder(model)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="new-") as aside:
        folder = Path(aside) / "model"
        folder.mkdir()
        cosine, refused = 0.0, ""
        probe = reference.encode(_CHECKED_TEXTS[:1], "query")[0].tolist()
        try:
            with _quiet():
                _write(reference.loaded(), folder)
            cosine = _least_cosine(reference, _open(folder, model, precision))
        except (OSError, MemoryError):
            raise  # it may go better the next time
        except Exception as error:  # noqa: BLE001 - a foreign model's code may raise anything
            refused = f"it cannot be converted ({type(error).__name__})"
        else:
            if not cosine >= LEAST_COSINE:
                refused = f"converted, it gives other vectors (cosine {cosine:.4f})"
        shutil.rmtree(folder / COMPILED, ignore_errors=True)  # good for that place only
        if refused:
            for name in FILES:
                (folder / name).unlink(missing_ok=True)
        record = _Record(
            format=_FORMAT,
            made_with=_libraries(),
            precision=precision,
            cosine=cosine,
            sizes=_sizes(folder),
            probe=probe,
            refused=refused,
        )
        (folder / _RECORD_FILE).write_bytes(orjson.dumps(asdict(record)))
        shutil.rmtree(kept, ignore_errors=True)
        folder.replace(kept)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what tracing warns of: whether it did harm is compared afterwards."""
    import logging

    from transformers.utils.logging import get_verbosity, set_verbosity

    verbosity = get_verbosity()
    set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        set_verbosity(verbosity)


def _write(transformer: "SentenceTransformer", folder: Path) -> None:
    """Write the whole of a model, pooling and all that follows it included."""
    import torch

    openvino = import_openvino()
    from openvino.tools.ovc import convert_model

    tokenizer: Any = transformer.tokenizer
    needs_types = "token_type_ids" in tokenizer.model_input_names

    class Traceable(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            if needs_types:
                features["token_type_ids"] = torch.zeros_like(input_ids)
            return self.transformer(features)["sentence_embedding"]

    example = torch.ones((2, 8), dtype=torch.long)
    with torch.no_grad():
        converted = convert_model(
            Traceable().eval(), example_input={"input_ids": example, "attention_mask": example}
        )
    openvino.save_model(converted, str(folder / MODEL_FILE), compress_to_fp16=False)
    (folder / TOKENIZER_FILE).write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")


def _least_cosine(reference: Encoder, converted: Encoder) -> float:
    """Compare what both encode, texts of all lengths in one batch and one by one."""
    cosines: list[float] = []
    for role in _CHECKED_ROLES:
        batched = converted.encode(_CHECKED_TEXTS, role)
        for text, in_batch in zip(_CHECKED_TEXTS, batched, strict=True):
            (expected,) = reference.encode([text], role)
            (alone,) = converted.encode([text], role)
            cosines += [float(expected @ in_batch), float(expected @ alone)]
    return float(np.min(cosines))  # which is NaN if one of them is
