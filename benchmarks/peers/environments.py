"""A virtual environment for each peer, of pinned packages, so that none decides another's."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent


def python_of(peer: str, folder: Path) -> Path:
    """Return the Python of a peer's environment in `folder`, made if it is not there or outdated.

    torch comes first and by itself, as in the Makefile: where pip finds a CPU build of the
    pinned version, that one is taken.
    """
    requirements = _HERE / f"requirements-{peer}.txt"
    environment = folder / peer
    python = environment / "bin" / "python"
    ready = environment / "ready"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if ready.is_file() and ready.read_text("ascii") == digest:
        return python
    print(f"Installing {peer} into {environment}", flush=True)
    torch = next(line for line in requirements.read_text("ascii").split() if "torch==" in line)
    _run(sys.executable, "-m", "venv", "--clear", str(environment))
    _run(python, "-m", "pip", "install", "--quiet", torch)
    _run(python, "-m", "pip", "install", "--quiet", "--requirement", requirements)
    ready.write_text(digest, "ascii")
    return python


def versions(python: Path) -> dict[str, str]:
    """Return the packages of an environment."""
    done = subprocess.run(
        [python, "-m", "pip", "freeze", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    )
    pairs = (line.split("==", 1) for line in done.stdout.splitlines() if "==" in line)
    return dict(pairs)


def _run(*command: str | Path) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed: {done.stderr.decode()[-1000:]}")
