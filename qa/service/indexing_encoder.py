"""What the service encodes documents with: as the store was made, so that its vectors serve on."""

import logging
from typing import cast

from index.backends import Backend
from index.backends.choose import open_encoder
from index.encoder import Encoder
from index.errors import ModelError
from index.making import Measure
from qa.engine import Engine
from qa.probing import background_measure

_log = logging.getLogger("pincite")


class IndexingEncoder:
    """Encoder and measure for a store's snapshots, opened when they are needed and remembered."""

    def __init__(self) -> None:
        self._made_for: tuple[str, str] | None = None
        self._made: tuple[Encoder, Measure] | None = None

    def of(self, engine: Engine) -> tuple[Encoder, Measure]:
        """Return them for the engine's snapshot: its model, and its backend if that can be had.

        Where it cannot, the engine's own backend makes all vectors anew.
        """
        manifest = engine.snapshot.manifest
        made_for = manifest.model_fingerprint, manifest.backend
        if self._made is None or self._made_for != made_for:
            encoder = self._open(engine)
            self._made_for = made_for
            self._made = encoder, background_measure(engine.model, encoder)
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
