"""Which backend encodes: the fastest on this machine that gives the model's own vectors."""

import ctypes.util
import logging
from contextlib import suppress

from index.backends import Backend
from index.backends.torch_encoder import TorchEncoder
from index.encoder import Encoder
from index.errors import ModelError, NotConvertibleError
from index.model import Model

_log = logging.getLogger(__name__)


def open_encoder(model: Model, backend: Backend = "auto", *, indexing: bool = False) -> Encoder:
    """Return an encoder of the model.

    By default that is OpenVINO in the best precision of the processor; for indexing, torch
    on a GPU where there is one. Where OpenVINO is missing or cannot stand in for torch, it
    is torch on the processor, and a warning says so. Raises ModelError, also where the
    backend that was asked for cannot be had.
    """
    if backend == "torch-float32":
        return TorchEncoder(model)
    if backend == "cuda-float32" or (backend == "auto" and indexing):
        if _has_gpu():
            return TorchEncoder(model, "cuda")
        if backend != "auto":
            raise ModelError("There is no GPU that torch can use; leave out --backend.")
    try:
        return _openvino_encoder(model, backend)
    except ImportError as error:
        reason = f"OpenVINO cannot be imported ({error.name or error})"
    except NotConvertibleError as error:
        reason = f"OpenVINO cannot be used: {error}"
    if backend != "auto":
        raise ModelError(f"{reason}; leave out --backend {backend}.")
    _log.warning("%s. Encoding with torch, which is slower.", reason)
    return TorchEncoder(model)


def _openvino_encoder(model: Model, backend: Backend) -> Encoder:
    """Return an encoder in the precision asked for, else in the fastest that is near enough."""
    from index.backends.conversion import openvino_encoder
    from index.backends.openvino_encoder import precisions

    offered = precisions()
    if backend != "auto":
        precision = backend.removeprefix("openvino-")
        if precision not in offered:
            raise NotConvertibleError(f"this processor does not compute in {precision}")
        return openvino_encoder(model, precision)
    for precision in offered[:-1]:
        with suppress(NotConvertibleError):
            return openvino_encoder(model, precision)
    return openvino_encoder(model, offered[-1])


def _has_gpu() -> bool:
    """Ask torch, which takes seconds to import, only where there is a driver."""
    if not (ctypes.util.find_library("cuda") or ctypes.util.find_library("nvcuda")):
        return False
    import torch

    return torch.cuda.is_available()
