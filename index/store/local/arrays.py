"""Files of arrays that are derived from a snapshot's rows: written once, named by their SHA-256.

They are in the format of safetensors, a JSON header and then the numbers, which can be mapped.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import StoreDamagedError
from index.files import sha256_of, write_whole

Arrays = dict[str, NDArray[Any]]

_DTYPES = {"U8": "<u1", "I32": "<i4", "I64": "<i8", "U64": "<u8", "F16": "<f2", "F32": "<f4"}
_SUFFIX = ".safetensors"


class ArrayFolder:
    """A folder of such files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, arrays: Arrays) -> str:
        """Write arrays unless they are there already; return the SHA-256 that names them."""
        from safetensors.numpy import save  # here and not above: an answer does not need it

        content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if path.exists() and sha256_of(path) == sha256:
            return sha256
        self._folder.mkdir(exist_ok=True)
        write_whole(path, content)
        return sha256

    def check(self, sha256: str) -> None:
        """Raise StoreDamagedError unless a file is what was written."""
        try:
            if sha256_of(self._path(sha256)) == sha256:
                return
        except FileNotFoundError:
            raise StoreDamagedError(f"{self._name(sha256)} is missing") from None
        raise StoreDamagedError(f"{self._name(sha256)} was altered")

    def map(self, sha256: str) -> Arrays:
        """Return the arrays, read from the disk where they are looked at. Raises as `check`."""
        self.check(sha256)
        try:
            with self._path(sha256).open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(length))
                content = np.memmap(file, np.uint8, "r", offset=8 + length).view(np.ndarray)
        except FileNotFoundError:  # another process removed it just now
            raise StoreDamagedError(f"{self._name(sha256)} is missing") from None
        return {
            name: content[slice(*tensor["data_offsets"])]
            .view(_DTYPES[tensor["dtype"]])
            .reshape(tensor["shape"])
            for name, tensor in header.items()
        }

    def keep_only(self, names: set[str]) -> None:
        """Remove all files but those of these SHA-256."""
        files = {f"{name}{_SUFFIX}" for name in names}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in files:
                path.unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}{_SUFFIX}"

    def _name(self, sha256: str) -> str:
        return f"{self._folder.name}/{sha256}{_SUFFIX}"
