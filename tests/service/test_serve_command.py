"""`pincite serve` as a user runs it: a process, a port, signals."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.errors import PinciteError
from qa.service import run
from qa.settings import Settings
from tests.waiting import PATIENCE_S


def serve(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pincite", "serve", *map(str, arguments)]
    repository = str(Path(__file__).resolve().parents[2])
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PINCITE_")}
    environment = clean | {"PYTHONPATH": repository}
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


@contextlib.contextmanager
def serving(
    store: Path | str, cwd: Path, *flags: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve on a free port; give the process and, once it answers, the port."""
    process = serve("--store", store, "--port", "0", *flags, cwd=cwd)
    try:
        assert process.stderr
        said = ""
        while not said.endswith("\n") and (byte := os.read(process.stderr.fileno(), 1)):
            said += byte.decode()  # `readline` would read on, and `communicate` not find it
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
        assert found, said + process.stderr.read()
        yield process, int(found[1])
    finally:
        process.kill()
        process.communicate()


def fails(*arguments: str | Path, cwd: Path) -> tuple[int, str]:
    """Return the exit code and the one line that a failing `serve` prints."""
    process = serve(*arguments, cwd=cwd)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert stdout == ""
    assert len(stderr.splitlines()) == 1, stderr
    return process.returncode, stderr


def request(
    port: int, method: str, path: str, body: object = None, *, chunked: bool = False
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
    pieces = iter([content]) if chunked else content
    connection.request(method, path, pieces, headers, encode_chunked=chunked)
    response = connection.getresponse()
    answered = response.status, response.read()
    connection.close()
    return answered


def test_it_answers_over_http_and_ends_on_ctrl_c(seeds_store: Path, tmp_path: Path) -> None:
    with serving(seeds_store, tmp_path) as (process, port):
        status, body = request(port, "POST", "/v1/ask", {"question": "Is redness normal?"})
        assert status == 200
        assert json.loads(body)["answered"] is True
        assert request(port, "GET", "/readyz")[0] == 200
        assert b"<title>Pincite</title>" in request(port, "GET", "/")[1]
        # Hardly over the limit: of more, the rest might be sent when the connection is closed.
        large = {"question": "x" * 1024 * 1024}
        assert request(port, "POST", "/v1/ask", large, chunked=True)[0] == 413
        assert request(port, "GET", "/healthz")[0] == 200

        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert "Traceback" not in stderr
        lines = [json.loads(line) for line in stderr.splitlines()]
        assert {line["level"] for line in lines} == {"info"}


def refused(store: Path, **settings: Any) -> tuple[int, str]:
    """Return the exit code and the message of a service that cannot be served so."""
    with pytest.raises(PinciteError) as error:
        run.serve(Settings(store=store, port=settings.pop("port", 0), **settings))
    assert len(str(error.value).splitlines()) == 1
    return error.value.exit_code, str(error.value)


def test_a_port_in_use_is_told(seeds_store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refused(seeds_store, port=port)
    assert code == 1
    assert str(port) in said
    assert "--port" in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_others_can_reach_is_refused(seeds_store: Path, host: str) -> None:
    if host == "::" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    code, said = refused(seeds_store, host=host)
    assert code in (1, 2)  # 1 where the machine has no IPv6 after all
    assert host in said
    if host == "0.0.0.0":
        assert "pincite key add" in said
        assert "--keys off" in said


def test_a_host_that_does_not_exist_is_told(seeds_store: Path) -> None:
    host = "nosuchhost.invalid"
    code, said = refused(seeds_store, host=host)
    assert code == 2
    assert f"'{host}' cannot be resolved" in said
    assert "others" not in said


def test_its_settings_have_flags_and_it_ends_on_sigterm_with_a_connection_open(
    seeds_store: Path, tmp_path: Path
) -> None:
    flags = ("--allowed-hosts", "Pincite.example, 10.0.0.5", "--threshold", "1", "--keys", "off")
    with serving(seeds_store, tmp_path, *flags) as (process, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        for host, status in [("pincite.example", 200), ("10.0.0.5:80", 200), ("a.example", 400)]:
            connection.request("GET", "/healthz", headers={"Host": host})
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.close()
        _, body = request(port, "POST", "/v1/ask", {"question": "Is redness normal?"})
        assert json.loads(body)["answered"] is False
        with socket.create_connection(("127.0.0.1", port)):
            process.terminate()
            _, stderr = process.communicate(timeout=PATIENCE_S)
        assert process.returncode in (0, -signal.SIGTERM)
        warnings = [
            line for line in map(json.loads, stderr.splitlines()) if line["level"] != "info"
        ]
        assert [line["level"] for line in warnings] == ["warning"]
        assert "everybody who can reach" in warnings[0]["event"]


def test_no_store_is_told_with_what_to_do(tmp_path: Path) -> None:
    code, said = fails("--store", tmp_path / "none", "--port", "0", cwd=tmp_path)
    assert code == 1
    assert "pincite index" in said
