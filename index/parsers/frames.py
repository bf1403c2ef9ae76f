"""Frames on the pipe between Pincite and the process that reads its files: a length, then JSON."""

from typing import Any, BinaryIO

import orjson

MAX_FRAME_BYTES = 2**30
OUT_OF_MEMORY = 77
"""The exit status of a process that ran out of memory."""
_LENGTH_BYTES = 8


def write_frame(pipe: BinaryIO, content: dict[str, Any]) -> int:
    """Write `content` without flushing, and return how many bytes it took.

    Raises TypeError for what JSON cannot hold, such as text with surrogates.
    """
    payload = orjson.dumps(content)
    pipe.write(len(payload).to_bytes(_LENGTH_BYTES, "big"))
    pipe.write(payload)
    return _LENGTH_BYTES + len(payload)


def read_frame(pipe: BinaryIO) -> dict[str, Any]:
    """Return the next frame. Raises EOFError if the other side ended before it was complete."""
    header = pipe.read(_LENGTH_BYTES)
    length = int.from_bytes(header, "big")
    if len(header) < _LENGTH_BYTES or length > MAX_FRAME_BYTES:
        raise EOFError
    payload = pipe.read(length)
    if len(payload) < length:
        raise EOFError
    content: dict[str, Any] = orjson.loads(payload)
    return content
