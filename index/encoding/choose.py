"""The choice of a backend: the fastest on this machine that gives the model's own numbers."""

import ctypes.util
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Literal, TypeVar

from index.encoding import Backend
from index.encoding.encoder import Encoder, TorchEncoder
from index.encoding.model import Model
from index.errors import ModelError, NotConvertibleError

_log = logging.getLogger(__name__)

Opened = TypeVar("Opened")
Device = Literal["cpu", "cuda"]


def open_encoder(model: Model, backend: Backend = "auto", *, indexing: bool = False) -> Encoder:
    """Return an encoder, for indexing on a GPU if there is one. Raises ModelError."""

    def on_openvino(precision: str) -> Encoder:
        from index.encoding.openvino_encoder import open_on_openvino

        return open_on_openvino(model, precision)

    return open_on(backend, partial(TorchEncoder, model), on_openvino, prefer_gpu=indexing)


def open_on(
    backend: Backend,
    on_torch: Callable[[Device], Opened],
    on_openvino: Callable[[str], Opened],
    *,
    prefer_gpu: bool = False,
) -> Opened:
    """Open a model on a backend; "auto" tries OpenVINO, and falls back on torch with a warning.

    `on_openvino` takes a precision and may raise NotConvertibleError. Raises ModelError.
    """
    if backend == "torch-float32":
        return on_torch("cpu")
    if backend == "cuda-float32" or (backend == "auto" and prefer_gpu):
        if _has_gpu():
            return on_torch("cuda")
        if backend != "auto":
            raise ModelError("There is no GPU that torch can use; leave out --backend.")
    try:
        return _in_best_precision(backend, on_openvino)
    except ImportError as error:
        reason = f"OpenVINO cannot be imported ({error.name or error})"
    except NotConvertibleError as error:
        reason = f"OpenVINO cannot be used: {error}"
    if backend != "auto":
        raise ModelError(f"{reason}; leave out --backend {backend}.")
    _log.warning("%s. Computing with torch, which is slower.", reason)
    return on_torch("cpu")


def _in_best_precision(backend: Backend, on_openvino: Callable[[str], Opened]) -> Opened:
    from index.encoding.openvino_model import precisions

    offered = precisions()
    if backend != "auto":
        precision = backend.removeprefix("openvino-")
        if precision not in offered:
            raise NotConvertibleError(f"this processor does not compute in {precision}")
        return on_openvino(precision)
    for precision in offered[:-1]:
        with suppress(NotConvertibleError):
            return on_openvino(precision)
    return on_openvino(offered[-1])


def _has_gpu() -> bool:
    """Ask torch, whose import takes seconds, only where there is a driver."""
    if not (ctypes.util.find_library("cuda") or ctypes.util.find_library("nvcuda")):
        return False
    import torch

    return torch.cuda.is_available()
