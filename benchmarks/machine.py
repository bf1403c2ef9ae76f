"""What a measurement was made on and of: machine, versions, commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "faiss-cpu", "fastapi", "numpy", "openvino", "sentence-transformers", "torch", "uvicorn",
)  # fmt: skip
_TELLING = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")


def conditions() -> dict[str, Any]:
    """Return what has to be known of a figure, as JSON."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "machine": machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def machine() -> str:
    """Return processor and memory in words."""
    cpu = _fields("/proc/cpuinfo")
    flags = [flag for flag in _TELLING if flag in cpu.get("flags", "").split()]
    gib = int(_fields("/proc/meminfo")["MemTotal"].split()[0]) / 2**20
    name = cpu.get("model name", platform.machine())
    return f"{os.cpu_count()} cores of {name} ({', '.join(flags)}), {gib:.0f} GiB of memory"


def _fields(path: str) -> dict[str, str]:
    """Return the first value of each field of a file of the kernel's (Linux)."""
    found: dict[str, str] = {}
    for line in Path(path).read_text("utf-8").splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return found


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
        ).stdout.strip()

    commit = git("rev-parse", "--short", "HEAD")
    changed = git("status", "--porcelain", "--", "*.py", ":!/benchmarks")
    return f"{commit or 'unknown'}{' and changes not committed' if changed else ''}"
