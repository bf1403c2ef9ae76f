"""Which reader reads: the bundled one, or a CrossEncoder that was named."""

from index.encoding import Backend
from index.encoding.choose import Device, open_on
from index.errors import ModelError
from qa.read.bundled import NAME, TrainedReader, find_reader
from qa.read.reader import Reader
from qa.records import ReaderUsed

NO_READER = "none"


def open_reader(name: str | None = None, backend: Backend = "auto") -> Reader:
    """Return the bundled reader (None or "bundled"), or a CrossEncoder by its name or folder.

    By default the bundled one runs on OpenVINO in the best precision of the processor, and on
    torch, with a warning, where OpenVINO is missing or cannot stand in for torch. A CrossEncoder
    runs on torch only. Raises ModelError, also where the backend that was asked for cannot be had.
    """
    if name is None or name == NAME:
        return open_trained(find_reader(), backend)

    from qa.read.cross_encoder import CrossEncoderReader

    def on_torch(device: Device) -> Reader:
        return CrossEncoderReader(name, device)

    def on_openvino(_: str) -> Reader:
        raise ModelError(f"The reader {name} runs on torch only; leave out --backend {backend}.")

    return open_on("torch-float32" if backend == "auto" else backend, on_torch, on_openvino)


def open_reader_if_any(name: str | None = None, backend: Backend = "auto") -> Reader | None:
    """Return what `open_reader` does; None for "none"."""
    return None if name == NO_READER else open_reader(name, backend)


def reader_used(name: str | None) -> ReaderUsed | None:
    """Return by which name and digest answers know the reader of this name; None for "none".

    It is not loaded for it. Raises ModelError if it is not on this machine.
    """
    if name == NO_READER:
        return None
    if name is None or name == NAME:
        found = find_reader()
        return ReaderUsed(found.name, found.digest)

    from qa.read.cross_encoder import CrossEncoderReader

    named = CrossEncoderReader(name)
    return ReaderUsed(named.name, named.digest)


def open_trained(trained: TrainedReader, backend: Backend = "auto") -> Reader:
    """Return a reader with these weights, on a backend as `open_reader` chooses it."""

    def on_torch(device: Device) -> Reader:
        from qa.read.torch_reader import TorchReader

        return TorchReader(trained, device)

    def on_openvino(precision: str) -> Reader:
        from qa.read.openvino_reader import openvino_reader

        return openvino_reader(trained, precision)

    return open_on(backend, on_torch, on_openvino)
