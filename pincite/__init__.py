"""Answers from your own documents, every word pinned to its place: `from pincite import Engine`."""

from typing import TYPE_CHECKING

from pincite.layout import make_importable

if TYPE_CHECKING:
    from qa.engine import Engine

    __version__: str

__all__ = ["Engine", "__version__"]

make_importable()


def __getattr__(name: str) -> object:
    """Load what is exported when it is first asked for: the engine brings NumPy with it."""
    if name == "Engine":
        from qa.engine import Engine

        return Engine
    if name == "__version__":
        from importlib.metadata import version

        return version("pincite")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
