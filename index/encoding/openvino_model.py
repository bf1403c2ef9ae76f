"""A model on OpenVINO: converted from torch once, checked, stored, and compiled for this processor.

A folder with the converted model and a record of the comparison gets its name when it is whole.
"""

import ctypes
import logging
import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import orjson
from filelock import FileLock
from platformdirs import user_cache_path

from index.errors import NotConvertibleError

if TYPE_CHECKING:
    import torch

_FORMAT = 2
_RECORD_FILE = "conversion.json"
_MODEL_FILE = "model.xml"
_CACHE_FOLDER = "compiled"
_MADV_PAGEOUT = 21
"""Linux writes back what was changed and takes the pages: nothing can be lost."""
_CONVERTER = "openvino.tools.ovc"
_PRECISION_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_importing = threading.Lock()

Opened = TypeVar("Opened")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a converted model's numbers differ from those of torch."""

    figures: Mapping[str, float]
    refused: str  # why they are not near enough, "" if they are


class Conversion(Protocol[Opened]):
    """A model that OpenVINO may run in place of torch, and how to tell whether it may."""

    @property
    def digest(self) -> str:
        """The name of the model's folder; models with other numbers have other digests."""

    def write(self, folder: Path) -> None:
        """Convert the torch module, and write all that `open` needs."""

    def open(self, folder: Path, precision: str) -> Opened:
        """Open the model that was written."""

    def compare(self, opened: Opened) -> Comparison:
        """Compare it with torch, on inputs of many kinds."""

    def probe(self) -> list[float]:
        """Return what torch gives for one input. Raises ModelError if it cannot load the model."""

    def gives(self, opened: Opened, probe: list[float]) -> bool:
        """Tell whether the converted model gives the same for that input."""


def converted(conversion: Conversion[Opened], precision: str) -> Opened:
    """Return the model on OpenVINO, converted now if it was not before.

    Raises NotConvertibleError, and ImportError where OpenVINO is not installed.
    """
    runtime = import_openvino().__version__.split("-")[0]
    folder = user_cache_path("pincite") / f"openvino-{runtime}-{precision}" / conversion.digest
    if (opened := _reopened(conversion, folder)) is not None:
        return opened
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            # Another process may have been faster.
            if (opened := _reopened(conversion, folder)) is None:
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
    """Write a torch module as OpenVINO's two files; its `inputs` have the shape (batch, tokens)."""
    import torch

    openvino = import_openvino()
    from openvino.tools.ovc import convert_model

    example = torch.ones((2, 8), dtype=torch.long)
    with torch.no_grad():
        model = convert_model(module.eval(), example_input=dict.fromkeys(inputs, example))
    openvino.save_model(model, str(folder / _MODEL_FILE), compress_to_fp16=False)


def compile_model(folder: Path, precision: str, hint: str, *, keep: bool = False) -> Any:
    """Compile the model in a folder for this processor; `hint` is "LATENCY" or "THROUGHPUT".

    With `keep`, the result is stored beside the model and opens three times as fast next time.
    """
    configuration = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_PRECISION_HINT": _PRECISION_HINTS[precision],
        # With two models in a process, pinned threads of one can end up on the same core.
        "ENABLE_CPU_PINNING": False,
    }
    if keep and os.access(folder, os.W_OK):
        configuration["CACHE_DIR"] = str(folder / _CACHE_FOLDER)
    compiled = _core().compile_model(str(folder / _MODEL_FILE), "CPU", configuration)
    _give_back_pages(folder)
    return compiled


def _give_back_pages(folder: Path) -> None:
    """Take the files of a compiled model out of memory; what is needed comes back by itself.

    OpenVINO maps them and reads all of them once, but later only the vectors of the words asked.
    """
    with suppress(OSError, AttributeError):  # where there is no /proc, or no madvise
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
        madvise = ctypes.CDLL(None).madvise
        for line in maps.splitlines():
            addresses, access, *_ = line.split()
            if access.startswith("r-") and str(folder) in line:
                start, end = (int(address, 16) for address in addresses.split("-"))
                madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_PAGEOUT)


def precisions() -> list[str]:
    """Return the precisions that the processor computes in, the fastest first."""
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry, and without its converter, which takes time.

    `openvino.convert_model` is missing afterwards; `openvino.tools.ovc` has it.
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
            # The first look at a tensor sets NumPy up. Two threads that do so at once wait for each
            # other for ever.
            _ = openvino.Tensor(np.zeros(1, np.float32)).data
        import openvino

        return openvino


@lru_cache(maxsize=1)
def _core() -> Any:
    return import_openvino().Core()


@dataclass(frozen=True, slots=True)
class _Record:
    """The result of a conversion."""

    format: int
    made_with: str
    precision: str
    compared: Mapping[str, float]
    sizes: Mapping[str, int]  # of the files, to notice damage
    probe: list[float]  # what torch gives, and the converted model must give
    refused: str  # why the model must not be used, "" if it may be


def _reopened(conversion: Conversion[Opened], folder: Path) -> Opened | None:
    """Return the model converted earlier; None if there is none, or it is damaged.

    Raises NotConvertibleError where it was refused and the libraries are still the same.
    """
    try:
        record = _Record(**orjson.loads((folder / _RECORD_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    if record.format != _FORMAT or (record.refused and record.made_with != _libraries()):
        return None
    if record.refused:
        raise NotConvertibleError(record.refused)
    try:
        if any((folder / name).stat().st_size != size for name, size in record.sizes.items()):
            return None
        opened = conversion.open(folder, record.precision)
        return opened if conversion.gives(opened, record.probe) else None
    except Exception:  # noqa: BLE001 - OpenVINO and tokenizers raise nothing narrower
        return None


def _convert(conversion: Conversion[Opened], precision: str, folder: Path) -> None:
    """Convert in a temporary folder, compare, and move the result, or its refusal, to `folder`."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="new-") as aside:
        made = Path(aside) / "model"
        made.mkdir()
        probe = conversion.probe()
        try:
            with _quiet():
                conversion.write(made)
            comparison = conversion.compare(conversion.open(made, precision))
        except (OSError, MemoryError):
            raise  # it may go better the next time
        except Exception as error:  # noqa: BLE001 - a foreign model's code may raise anything
            comparison = Comparison({}, f"it cannot be converted ({type(error).__name__})")
        shutil.rmtree(made / _CACHE_FOLDER, ignore_errors=True)  # good for that place only
        if comparison.refused:
            shutil.rmtree(made)
            made.mkdir()
        record = _Record(
            format=_FORMAT,
            made_with=_libraries(),
            precision=precision,
            compared=comparison.figures,
            sizes={file.name: file.stat().st_size for file in sorted(made.iterdir())},
            probe=probe,
            refused=comparison.refused,
        )
        (made / _RECORD_FILE).write_bytes(orjson.dumps(asdict(record)))
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)


def _libraries() -> str:
    names = ("openvino", "sentence-transformers", "torch", "transformers")
    return ", ".join(f"{name} {version(name)}" for name in names)


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the warnings of tracing: the comparison shows whether it did harm."""
    from transformers.utils.logging import get_verbosity, set_verbosity

    verbosity = get_verbosity()
    set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        set_verbosity(verbosity)
