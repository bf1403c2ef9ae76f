"""OpenVINO itself: imported without what slows it down, and what it computes in here."""

import os
import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

MODEL_FILE, WEIGHTS_FILE = "model.xml", "model.bin"
COMPILED = "compiled"
"""A folder beside them: what was compiled for this processor."""

_CONVERTER = "openvino.tools.ovc"
_PRECISION_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_importing = threading.Lock()


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


def precisions() -> list[str]:
    """Return what the processor computes in, the fastest first."""
    capabilities = _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return ["bfloat16", "float32"] if "BF16" in capabilities else ["float32"]


def compile_model(folder: Path, precision: str, hint: str, *, keep: bool = False) -> Any:
    """Compile the model in a folder for this processor.

    `hint` is "LATENCY" or "THROUGHPUT". What is kept is there in a third of the time.
    """
    configuration = {
        "PERFORMANCE_HINT": hint,
        "INFERENCE_PRECISION_HINT": _PRECISION_HINTS[precision],
    }
    if keep and os.access(folder, os.W_OK):
        configuration["CACHE_DIR"] = str(folder / COMPILED)
    return _core().compile_model(str(folder / MODEL_FILE), "CPU", configuration)
