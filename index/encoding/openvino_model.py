"""A model on OpenVINO: converted from torch once, checked, stored, and compiled for this processor.

The folder of a converted model holds OpenVINO's two files and a record of how near its numbers
came to those of torch. A folder appears under its name only when it is whole.
"""

import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson
from filelock import FileLock
from platformdirs import user_cache_path

from index.errors import NotConvertibleError

if TYPE_CHECKING:
    import torch

_FORMAT = 2
_RECORD_FILE = "conversion.json"
_MODEL_FILE = "model.xml"
_COMPILED = "compiled"
"""A folder beside it: what was compiled for this processor."""

_CONVERTER = "openvino.tools.ovc"
_PRECISION_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_importing = threading.Lock()

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
        """What names the model's folder: another one for other numbers."""
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


def converted(conversion: Conversion[Opened], precision: str) -> Opened:
    """Return the model on OpenVINO, converting it if that was not done before.

    Raises NotConvertibleError, also where an earlier try was refused, and ImportError where
    OpenVINO is not installed.
    """
    runtime = import_openvino().__version__.split("-")[0]
    folder = user_cache_path("pincite") / f"openvino-{runtime}-{precision}" / conversion.digest
    opened = _reopened(conversion, folder)
    if opened is not None:
        return opened
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            opened = _reopened(conversion, folder)  # another process may have been faster
            if opened is None:
                _convert(conversion, precision, folder)
                opened = _reopened(conversion, folder)
    except OSError as error:
        reason = error.strerror or error
        raise NotConvertibleError(f"{folder.parent} cannot be written ({reason})") from error
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
    openvino.save_model(model, str(folder / _MODEL_FILE), compress_to_fp16=False)


def compile_model(folder: Path, precision: str, hint: str, *, keep: bool = False) -> Any:
    """Compile the model in a folder for this processor.

    `hint` is "LATENCY" or "THROUGHPUT". With `keep`, the result is stored beside the model and
    opens three times as fast the next time.
    """
    configuration = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_PRECISION_HINT": _PRECISION_HINTS[precision],
    }
    if keep and os.access(folder, os.W_OK):
        configuration["CACHE_DIR"] = str(folder / _COMPILED)
    return _core().compile_model(str(folder / _MODEL_FILE), "CPU", configuration)


def precisions() -> list[str]:
    """Return what the processor computes in, the fastest first."""
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]


def import_openvino() -> Any:
    """Import OpenVINO, but neither its converter nor its telemetry.

    The converter takes a quarter of the time, and telemetry would report each conversion
    to OpenVINO's maker. In this process `openvino.convert_model` is not there afterwards;
    `openvino.tools.ovc` has it. Raises ImportError where OpenVINO is not installed.
    """
    modules: dict[str, Any] = sys.modules
    with _importing:
        if modules.get("openvino") is None:
            modules["openvino_telemetry"] = None
            modules.setdefault(_CONVERTER, None)
            try:
                import openvino
            finally:
                modules.pop(_CONVERTER, None)
        import openvino

        return openvino


@lru_cache(maxsize=1)
def _core() -> Any:
    return import_openvino().Core()


@dataclass(frozen=True, slots=True)
class _Record:
    """What came of a conversion.

    A model that is opened later must have files of these `sizes` in bytes, and give the `probe`
    that torch gave. `refused` says why the converted model must not be used; empty, it may be.
    """

    format: int
    made_with: str
    precision: str
    compared: Mapping[str, float]
    sizes: Mapping[str, int]
    probe: list[float]
    refused: str


def _reopened(conversion: Conversion[Opened], folder: Path) -> Opened | None:
    """Return the model converted earlier; None if there is none, or it is damaged.

    Raises NotConvertibleError where it was refused, by the same libraries as are here now.
    """
    record = _read_record(folder)
    if record is None:
        return None
    if record.refused:
        if record.made_with != _libraries():
            return None
        raise NotConvertibleError(record.refused)
    try:
        if any((folder / name).stat().st_size != size for name, size in record.sizes.items()):
            return None
        opened = conversion.open(folder, record.precision)
        as_made = conversion.gives(opened, record.probe)
    except Exception:  # noqa: BLE001 - OpenVINO and tokenizers raise nothing narrower
        return None
    return opened if as_made else None


def _read_record(folder: Path) -> _Record | None:
    try:
        content: dict[str, Any] = orjson.loads((folder / _RECORD_FILE).read_bytes())
        record = _Record(**content)
    except (OSError, ValueError, TypeError):
        return None
    return record if record.format == _FORMAT else None


def _convert(conversion: Conversion[Opened], precision: str, folder: Path) -> None:
    """Convert in a folder aside, compare, and move it to its place, if only the refusal."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="new-") as aside:
        made = Path(aside) / "model"
        made.mkdir()
        compared: Mapping[str, float] = {}
        probe = conversion.probe()
        try:
            with _quiet():
                conversion.write(made)
            comparison = conversion.compare(conversion.open(made, precision))
        except (OSError, MemoryError):
            raise  # it may go better the next time
        except Exception as error:  # noqa: BLE001 - a foreign model's code may raise anything
            refused = f"it cannot be converted ({type(error).__name__})"
        else:
            compared, refused = comparison.figures, comparison.refused
        shutil.rmtree(made / _COMPILED, ignore_errors=True)  # good for that place only
        if refused:
            shutil.rmtree(made)
            made.mkdir()
        record = _Record(
            format=_FORMAT,
            made_with=_libraries(),
            precision=precision,
            compared=compared,
            sizes={file.name: file.stat().st_size for file in sorted(made.iterdir())},
            probe=probe,
            refused=refused,
        )
        (made / _RECORD_FILE).write_bytes(orjson.dumps(asdict(record)))
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)


def _libraries() -> str:
    names = ("openvino", "sentence-transformers", "torch", "transformers")
    return ", ".join(f"{name} {version(name)}" for name in names)


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
