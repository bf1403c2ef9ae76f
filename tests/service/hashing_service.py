"""The service with the fast encoder and no reader, as a process that can be killed.

It writes vectors anew as soon as a third of them is dead. Arguments: the store, and what to read
from if that is another server.
"""

import sys
from unittest.mock import patch

import index.store.local.compaction
from qa.service.run import serve
from qa.settings import load_settings
from tests.encoders import HashingEncoder

if __name__ == "__main__":
    index.store.local.compaction._FEWEST_DEAD = 0
    with patch("qa.engine.open_encoder", lambda *_: HashingEncoder()):
        store, read_from = [*sys.argv[1:], ""][:2]
        options = {"port": 0, "watch": False, "reader": "none", "log_format": "json"}
        serve(load_settings(store=store, read_from=read_from, **options))
