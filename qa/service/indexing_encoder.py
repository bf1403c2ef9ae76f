"""What the service encodes documents with: as the store was made, so that its vectors serve on."""

import logging
from typing import cast

from index.encoding import Backend
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.errors import ModelError
from qa.engine import Engine

_log = logging.getLogger("pincite")


class IndexingEncoder:
    """The encoder for a store's snapshots, opened when it is needed and remembered."""

    def __init__(self) -> None:
        self._made_for: tuple[str, str] | None = None
        self._made: Encoder | None = None

    def of(self, engine: Engine) -> Encoder:
        """Return it for the engine's snapshot: its model, and its backend if that can be had.

        Where it cannot, the engine's own backend makes all vectors anew.
        """
        manifest = engine.snapshot.manifest
        made_for = manifest.model_fingerprint, manifest.backend
        if self._made is None or self._made_for != made_for:
            self._made = self._open(engine)
            self._made_for = made_for
        return self._made

    def _open(self, engine: Engine) -> Encoder:
        backend = engine.snapshot.manifest.backend
        if engine.encoder.backend == backend:
            return engine.encoder
        try:
            return open_encoder(engine.model, cast(Backend, backend))
        except ModelError as error:
            _log.warning("All text is embedded anew: %s", error)
            return engine.encoder
