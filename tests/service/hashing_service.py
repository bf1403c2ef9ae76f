"""The service with the fast encoder and no reader, as a process that can be killed.

It writes vectors anew as soon as a third of them is dead.
"""

import sys
from pathlib import Path
from unittest.mock import patch

import index.store.local.compaction
from qa.service.run import serve
from qa.settings import Settings
from tests.encoders import HashingEncoder

if __name__ == "__main__":
    index.store.local.compaction._FEWEST_DEAD = 0
    with patch("qa.engine.open_encoder", lambda *_: HashingEncoder()):
        serve(Settings(store=Path(sys.argv[1]), port=0, watch=False, reader="none"))
