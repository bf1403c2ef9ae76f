"""The service with the fast encoder and no reader, as a process that can be killed."""

import sys
from pathlib import Path
from unittest.mock import patch

from qa.service.run import serve
from qa.settings import Settings
from tests.encoders import HashingEncoder

if __name__ == "__main__":
    with patch("qa.engine.open_encoder", lambda *_: HashingEncoder()):
        serve(Settings(store=Path(sys.argv[1]), port=0, watch=False, reader="none"))
