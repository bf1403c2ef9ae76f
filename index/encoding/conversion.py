"""A model for OpenVINO, made from the torch module once, checked, and kept.

The folder of a converted model holds OpenVINO's two files and a record of how near its numbers
came to those of torch. A folder appears under its name only when it is whole.
"""

import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson
from filelock import FileLock
from platformdirs import user_cache_path

from index.encoding.openvino_runtime import COMPILED, MODEL_FILE, import_openvino
from index.errors import NotConvertibleError

if TYPE_CHECKING:
    import torch

_FORMAT = 2
_RECORD_FILE = "conversion.json"

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a converted model's numbers differ from those of torch, by what was measured.

    `refused` says why they are not near enough; empty, they are.
    """

    figures: Mapping[str, float]
    refused: str


class Conversion(Protocol[Opened]):
    """A model that OpenVINO may run in place of torch, and how to tell whether it may."""

    @property
    def digest(self) -> str:
        """What names the model's folder: it is another one for other numbers."""
        ...

    def write(self, folder: Path) -> None:
        """Convert the torch module, and write all that `open` needs."""
        ...

    def open(self, folder: Path, precision: str) -> Opened:
        """Open what was written."""
        ...

    def compare(self, opened: Opened) -> Comparison:
        """Compare what was converted with torch, on inputs of many kinds."""
        ...

    def probe(self) -> list[float]:
        """Return what torch gives for one input. Raises ModelError if it cannot load the model."""
        ...

    def gives(self, opened: Opened, probe: list[float]) -> bool:
        """Tell whether what was opened gives that, too."""
        ...


@dataclass(frozen=True, slots=True)
class _Record:
    """What came of a conversion.

    `compared` are the figures of the comparison. `sizes` are those of its files in bytes, and
    `probe` is what torch gives for one input: what is opened later must have and give them again.
    `refused` says why the converted model is not to be used; empty, it may be.
    """

    format: int
    made_with: str
    precision: str
    compared: Mapping[str, float]
    sizes: Mapping[str, int]
    probe: list[float]
    refused: str


def converted(conversion: Conversion[Opened], precision: str) -> Opened:
    """Return the model on OpenVINO, converting it if that was not done before.

    Raises NotConvertibleError, also where an earlier try was refused, and ImportError where
    OpenVINO is not installed.
    """
    runtime = import_openvino().__version__.split("-")[0]
    kept = user_cache_path("pincite") / f"openvino-{runtime}-{precision}" / conversion.digest
    opened = _reopened(conversion, kept)
    if opened is not None:
        return opened
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(kept.with_suffix(".lock")):
            opened = _reopened(conversion, kept)  # another process may have been faster
            if opened is None:
                _convert(conversion, precision, kept)
                opened = _reopened(conversion, kept)
    except OSError as error:
        reason = error.strerror or error
        raise NotConvertibleError(f"{kept.parent} cannot be written ({reason})") from error
    except MemoryError as error:
        raise NotConvertibleError("there is not enough memory to convert it") from error
    if opened is None:
        raise NotConvertibleError("what was converted cannot be opened again")
    return opened


def write_model(module: "torch.nn.Module", inputs: tuple[str, ...], folder: Path) -> None:
    """Write a torch module as OpenVINO's two files.

    `inputs` are the names of what it takes, all of the shape (batch, tokens).
    """
    import torch

    openvino = import_openvino()
    from openvino.tools.ovc import convert_model

    example = torch.ones((2, 8), dtype=torch.long)
    with torch.no_grad():
        model = convert_model(module.eval(), example_input=dict.fromkeys(inputs, example))
    openvino.save_model(model, str(folder / MODEL_FILE), compress_to_fp16=False)


def _reopened(conversion: Conversion[Opened], kept: Path) -> Opened | None:
    """Return what was made earlier; None if there is nothing, or it is not as it was made.

    Raises NotConvertibleError where it was refused, by the same libraries as are here now.
    """
    record = _read(kept)
    if record is None:
        return None
    if record.refused:
        if record.made_with != _libraries():
            return None
        raise NotConvertibleError(record.refused)
    try:
        if any((kept / name).stat().st_size != size for name, size in record.sizes.items()):
            return None
        opened = conversion.open(kept, record.precision)
        as_made = conversion.gives(opened, record.probe)
    except Exception:  # noqa: BLE001 - OpenVINO and tokenizers raise nothing narrower
        return None
    return opened if as_made else None


def _libraries() -> str:
    names = ("openvino", "sentence-transformers", "torch", "transformers")
    return ", ".join(f"{name} {version(name)}" for name in names)


def _read(folder: Path) -> _Record | None:
    try:
        content: dict[str, Any] = orjson.loads((folder / _RECORD_FILE).read_bytes())
        record = _Record(**content)
    except (OSError, ValueError, TypeError):
        return None
    return record if record.format == _FORMAT else None


def _sizes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_size for file in sorted(folder.iterdir())}


def _convert(conversion: Conversion[Opened], precision: str, kept: Path) -> None:
    """Convert in a folder aside, compare, and move it to its place, if only the refusal."""
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="new-") as aside:
        folder = Path(aside) / "model"
        folder.mkdir()
        compared: Mapping[str, float] = {}
        probe = conversion.probe()
        try:
            with _quiet():
                conversion.write(folder)
            comparison = conversion.compare(conversion.open(folder, precision))
        except (OSError, MemoryError):
            raise  # it may go better the next time
        except Exception as error:  # noqa: BLE001 - a foreign model's code may raise anything
            refused = f"it cannot be converted ({type(error).__name__})"
        else:
            compared, refused = comparison.figures, comparison.refused
        shutil.rmtree(folder / COMPILED, ignore_errors=True)  # good for that place only
        if refused:
            shutil.rmtree(folder)
            folder.mkdir()
        record = _Record(
            format=_FORMAT,
            made_with=_libraries(),
            precision=precision,
            compared=compared,
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
