"""What cannot be used: one line says what is wrong and what to do, and nothing is lost."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from index.encoding.encoder import Role, Vectors
from index.errors import StoreError
from index.store import open_store
from index.store.location import Location
from index.store.postgres import migration as stores_migration
from index.store.postgres.schema import MIGRATIONS
from qa.engine import Engine
from tests.cli.conftest import REPOSITORY, Command, Outcome, assert_one_line
from tests.encoders import HashingEncoder
from tests.postgres.conftest import PASSWORD, OwnDatabase, made_on, service_of
from tests.postgres_server import PostgresServer, running_server
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.soak

QUESTION = "what bursts the pipes"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "care.txt").write_text("Wash the face with water.\n")
    (folder / "frost.md").write_text("# Frost\n\nFrost bursts the pipes.\n")
    return folder


@pytest.fixture
def command(pincite: Command) -> Command:
    """The command line, which shows no password."""

    def run(*arguments: str | Path) -> Outcome:
        outcome = pincite(*arguments)
        assert PASSWORD not in outcome.out + outcome.err
        return outcome

    return run


@pytest.fixture
def indexed(command: Command, database: OwnDatabase, notes: Path) -> OwnDatabase:
    """A database with a store of the notes."""
    assert command("index", notes, "--store", database.url).code == 0
    return database


def answers(command: Command, url: str) -> bool:
    """Tell whether the store answers as it did when it was indexed."""
    outcome = command("ask", QUESTION, "--short", "--store", url)
    assert outcome.err == ""
    return outcome.code == 0 and "Frost bursts the pipes. [1]" in outcome.out


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{PASSWORD}@[::1/x",
        f"postgresql://me:{PASSWORD}@host:port/x",
        f"postgresql://me:{PASSWORD}%zz@host/x",
        f"postgresql://me:%00{PASSWORD}@host/x",
        f"postgresql://me:blank {PASSWORD}@host/x",
        f"postgresql://me:slash/{PASSWORD}@host/x",
        f"postgresql://me:at@{PASSWORD}@host/x",
        f"postgresql://me:question?{PASSWORD}@host/x",
        f"postgresql://host/x?password={PASSWORD}%zz",
        f"postgresql://me:{PASSWORD}@host/x\n",
    ],
)
def test_what_is_no_url_is_wrong_usage(command: Command, url: str) -> None:
    assert_one_line(command("ask", "why?", "--store", url), 2, "--store", "write postgresql://USER")
    assert_one_line(
        command("ask", "why?", "--store", "postgresql://host/x", "--read-from", url),
        2,
        "--read-from",
        "write postgresql://USER",
    )


def test_a_parameter_that_is_none_is_named(command: Command) -> None:
    url = f"postgresql://me:{PASSWORD}@host/x?nonsense=1"
    assert_one_line(command("status", "--store", url), 2, "postgresql://host/x: ", "nonsense")


@pytest.mark.parametrize("scheme", ["POSTGRESQL", "mysql", "postgresql+psycopg", "https"])
def test_a_url_of_something_else_names_no_folder(
    command: Command, notes: Path, scheme: str
) -> None:
    outcome = command("index", notes, "--store", f"{scheme}://me:{PASSWORD}@host/x")
    assert_one_line(outcome, 2, "begins with postgresql://", f"not with {scheme}://.")
    assert list(Path().iterdir()) == [Path("notes")]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:1/x", "nowhere.invalid/x", "/x?host=/nowhere", "127.0.0.1:1,127.0.0.1:2/x"],
)
@pytest.mark.parametrize("arguments", [["ask", "why?"], ["index", "notes"], ["serve"]], ids=str)
def test_a_server_that_is_not_there(
    command: Command, notes: Path, address: str, arguments: list[str]
) -> None:
    given = address if address.startswith("/") else f"me:{PASSWORD}@{address}"
    outcome = command(*arguments, "--store", f"postgresql://{given}")
    shown = address.partition("?")[0]
    assert_one_line(outcome, 1, f"postgresql://{shown} ", "start the server or check --store")


def test_a_database_or_role_or_password_that_is_not_so(
    command: Command, indexed: OwnDatabase
) -> None:
    role = indexed.role()
    hba = indexed.server.data / "pg_hba.conf"
    hba.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{hba.read_text()}")
    indexed.server.reload()
    right = indexed.url_of(role)
    wrong = right.replace(PASSWORD, f"not-{PASSWORD}")

    def refused(url: str) -> Outcome:
        outcome = command("ask", "why?", "--store", url)
        assert_one_line(outcome, 1, "check user, password and database of --store")
        return outcome

    assert until(lambda: "permission denied" in command("ask", "why?", "--store", right).err)
    assert "password authentication failed" in refused(wrong).err
    assert "no password" in refused(right.replace(f":{PASSWORD}@", "@")).err
    assert "does not exist" in refused(right.replace(indexed.name, "no_database")).err
    assert "does not exist" in refused(indexed.url_of("nobody_known")).err


# Databases that are not fit


def test_a_server_without_pgvector(command: Command, database: OwnDatabase, notes: Path) -> None:
    database.execute(f"ALTER DATABASE {database.name} SET extension_control_path = '/nowhere'")
    outcome = command("index", notes, "--store", database.url)
    assert_one_line(outcome, 1, "has no pgvector", "install pgvector 0.8 or newer there")
    with psycopg.connect(database.url) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname ~ 'pincite'")
        assert found.fetchall() == []
    database.execute(f"ALTER DATABASE {database.name} RESET extension_control_path")
    assert command("index", notes, "--store", database.url).code == 0


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_is_not_in_utf_8(
    command: Command, postgres: PostgresServer, notes: Path, encoding: str
) -> None:
    database = made_on(postgres, f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    outcome = command("index", notes, "--store", database.url)
    assert_one_line(outcome, 1, f"has the encoding {encoding}", "CREATE DATABASE … ENCODING 'UTF8'")


def test_a_store_of_a_newer_pincite_is_left_alone(
    command: Command, indexed: OwnDatabase, notes: Path
) -> None:
    version = len(MIGRATIONS)
    indexed.execute(f"UPDATE pincite.state SET version = {version + 1}")
    for arguments in (
        ["ask", QUESTION],
        ["index", notes],
        ["status"],
        ["purge"],
        ["rollback"],
        ["key", "add", "laptop"],
        ["serve"],
    ):
        outcome = command(*arguments, "--store", indexed.url)
        assert_one_line(outcome, 1, "written by a newer Pincite", "update Pincite")
    listed = command("collections", "--store", indexed.url)
    assert (listed.code, listed.err) == (0, "")
    assert "written by a newer Pincite" in listed.out
    indexed.execute(f"UPDATE pincite.state SET version = {version}")
    assert answers(command, indexed.url)


def test_a_store_of_an_earlier_pincite_is_brought_up_to_date_by_who_writes(
    command: Command, indexed: OwnDatabase, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration = ("ALTER TABLE state ADD COLUMN colour text NOT NULL DEFAULT 'blue'",)
    monkeypatch.setattr(stores_migration, "MIGRATIONS", (*MIGRATIONS, migration))
    for arguments in (["ask", QUESTION], ["status"]):
        outcome = command(*arguments, "--store", indexed.url)
        assert_one_line(
            outcome, 1, "written by an earlier Pincite", "bring it up to date with `pincite index`"
        )
    done = command("index", "--store", indexed.url)
    assert (done.code, done.err) == (0, "2 unchanged: 2 passages, 0 texts newly embedded.\n")
    assert answers(command, indexed.url)
    with psycopg.connect(indexed.url) as connection:
        found = connection.execute("SELECT version, colour FROM pincite.state")
        assert found.fetchall() == [(len(MIGRATIONS) + 1, "blue")]


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    command: Command, indexed: OwnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        bad = ("ALTER TABLE state ADD COLUMN colour text", "ALTER TABLE nothing ADD COLUMN a text")
        patch.setattr(stores_migration, "MIGRATIONS", (*MIGRATIONS, bad))
        outcome = command("index", "--store", indexed.url)
        assert outcome.code == 1
    assert answers(command, indexed.url)


# Rights


def test_who_may_write_and_who_may_only_ask(
    command: Command, database: OwnDatabase, notes: Path
) -> None:
    """These are the rights that docs/postgres.md names."""
    writer, reader = database.role(), database.role()

    def write(*arguments: str | Path) -> Outcome:
        return command(*arguments, "--store", database.url_of(writer))

    def read(*arguments: str | Path) -> Outcome:
        return command(*arguments, "--store", database.url_of(reader))

    assert_one_line(write("index", notes), 1, "run `CREATE EXTENSION vector` in that database")
    database.execute("CREATE EXTENSION vector")
    assert_one_line(write("index", notes), 1, "permission denied for database", "docs/postgres.md")
    database.execute(f"GRANT CREATE ON DATABASE {database.name} TO {writer}")
    assert write("index", notes).code == 0
    assert write("index", notes, "--collection", "others").code == 0

    assert_one_line(read("ask", QUESTION), 1, "permission denied", "docs/postgres.md")
    database.execute(
        f"GRANT USAGE ON SCHEMA pincite TO {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA pincite TO {reader}",
        f"ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {reader}",
        f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {reader}",
        user=writer,
    )
    assert answers(command, database.url_of(reader))
    assert read("status", "--check").code == 0
    assert read("collections").code == 0
    for arguments in (["index", notes], ["purge"], ["key", "add", "laptop"]):
        assert_one_line(read(*arguments), 1, "permission denied", "use another role")
    assert write("index", notes, "--collection", "newer").code == 0
    assert read("ask", QUESTION, "--collection", "newer").code == 0
    assert write("purge").code == 0
    assert answers(command, database.url_of(reader))


def test_a_schema_that_was_made_for_a_role_that_may_make_none(
    command: Command, database: OwnDatabase, notes: Path
) -> None:
    writer = database.role()
    database.execute("CREATE EXTENSION vector", f"CREATE SCHEMA pincite AUTHORIZATION {writer}")
    missing = command("index", notes / "none.txt", "--store", database.url_of(writer))
    assert_one_line(missing, 1, "does not exist")
    assert command("index", notes, "--store", database.url_of(writer)).code == 0
    assert answers(command, database.url_of(writer))


def test_a_service_of_a_role_that_may_only_ask_answers(
    command: Command, indexed: OwnDatabase
) -> None:
    reader = indexed.role()
    indexed.execute(
        f"GRANT USAGE ON SCHEMA pincite TO {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA pincite TO {reader}",
    )
    engine = Engine.open(indexed.url_of(reader))
    assert engine.ask(QUESTION).answered


# Names and texts


def test_names_of_collections(command: Command, database: OwnDatabase, notes: Path) -> None:
    longest = "x" * 55
    for name in ("with-hyphens-in-it", "0", longest):
        assert command("index", notes, "--store", database.url, "--collection", name).code == 0
        asked = command("ask", QUESTION, "--store", database.url, "--collection", name)
        assert asked.code == 0
    too_long = command("index", notes, "--store", database.url, "--collection", "x" * 56)
    assert_one_line(too_long, 2, "55 characters at most")
    removed = command("collections", "remove", longest, "--yes", "--store", database.url)
    assert removed.code == 0
    listed = json.loads(command("collections", "--json", "--store", database.url).out)
    assert [each["name"] for each in listed["collections"]] == ["0", "with-hyphens-in-it"]


def test_texts_that_postgresql_does_not_take_are_as_in_a_folder(
    command: Command, database: OwnDatabase, notes: Path, tmp_path: Path
) -> None:
    """Its own texts hold no NUL; UTF-8 holds no half characters."""
    rows = [
        {"id": "a\0b", "title": "A\0B", "text": "The nee\0dle is mild.", "author": "J\0"},
        {
            "id": "c\ud800",
            "title": "\udfff",
            "text": "The \ud800 cream is cold.",
            "author": "\udc00",
        },
    ]
    (notes / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (notes / "nul.txt").write_bytes(b"The water\0 is deep.\n")
    places = [Path(tmp_path / "store"), database.location]
    urls = [str(places[0]), database.url]
    said = [command("index", notes, "--store", url) for url in urls]
    assert said[0] == said[1]
    assert said[0].code == 0
    heard = [_heard(place) for place in places]
    assert heard[0] == heard[1]


def _heard(location: Location) -> list[object]:
    """Return what a service says to texts that are odd."""
    nul, half = "a\0b", "\\ud800"
    with service_of(location) as client:
        put = client.put(
            "/v1/documents/odd",
            json={"text": f"The clinic {nul} opens.", "title": nul, "metadata": {"town": nul}},
        )
        got = client.get("/v1/documents/odd")
        cursors = [
            base64.urlsafe_b64encode(json.dumps(after).encode()).decode().rstrip("=")
            for after in ([nul, nul], ["notes/care.txt", nul], ["notes/care.txt", ""], ["\0", "a"])
        ]
        responses = [
            client.get("/v1/documents/a%00b"),
            client.get("/v1/documents/%ED%A0%80"),
            client.delete("/v1/documents/a%00b"),
            client.put("/v1/documents/a%00b", json={"text": "x"}),
            client.get("/v1/jobs/a%00b"),
            *(client.get("/v1/documents", params={"cursor": cursor}) for cursor in cursors),
            client.put(
                "/v1/documents/half", content=f'{{"text": "x {half}"}}'.encode(), headers=_JSON
            ),
            client.post("/v1/ask", content=f'{{"question": "x {half}"}}'.encode(), headers=_JSON),
            client.post("/v1/verify", json={"citations": [{"document_id": nul}]}),
        ]
        asked = client.post("/v1/ask", json={"question": f"which {nul} clinic opens"}).json()
        rated = client.post(
            "/v1/feedback", json={"question": nul, "helpful": False, "comment": nul}
        )
    kept = [(entry.question, entry.comment) for entry in open_store(location).feedback.all()]
    return [
        put.status_code,
        {name: value for name, value in got.json().items() if name != "modified"},
        [(response.status_code, _without_times(response.json())) for response in responses],
        asked["answer"],
        rated.status_code,
        kept,
    ]


_JSON = {"Content-Type": "application/json"}


def _without_times(said: Any) -> Any:
    if isinstance(said, dict):
        return {k: _without_times(v) for k, v in said.items() if k not in ("modified", "instance")}
    return list(map(_without_times, said)) if isinstance(said, list) else said


# Servers that fail


def test_a_server_that_goes_away_while_it_is_written(
    command: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server() as server:
        assert command("index", notes, "--store", server.url).code == 0
        (notes / "new.txt").write_text("Bread needs salt.\n")

        class Stopping(HashingEncoder):
            def encode(self, texts, role: Role) -> Vectors:
                server.stop("immediate")
                return super().encode(texts, role)

        with monkeypatch.context() as patch:
            patch.setattr("pincite.indexing.open_encoder", lambda *_, **__: Stopping())
            outcome = command("index", notes, "--store", server.url)
        assert_one_line(outcome, 1, "What was acknowledged is kept", "and try again")
        server.start()
        assert answers(command, server.url)
        done = command("index", notes, "--store", server.url)
        assert done.err.splitlines()[0] == "+ notes/new.txt"


def test_a_server_that_goes_away_between_questions(command: Command, notes: Path) -> None:
    with running_server() as server:
        assert command("index", notes, "--store", server.url).code == 0
        engine = Engine.open(server.url)
        server.stop("immediate")
        with pytest.raises(StoreError, match=r"What was acknowledged is kept; start the server"):
            engine.ask("may I wash the face")
        server.start()
        assert until(lambda: _answers_again(engine))


def _answers_again(engine: Engine) -> bool:
    try:
        return engine.ask("may I wash the face with water").answered
    except StoreError:
        return False


def test_a_server_that_takes_no_more_connections(command: Command, indexed: OwnDatabase) -> None:
    role = indexed.role("CONNECTION LIMIT 4")
    indexed.execute(
        f"GRANT USAGE ON SCHEMA pincite TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA pincite TO {role}",
    )
    with ExitStack() as others:
        for _ in range(4):
            others.enter_context(psycopg.connect(indexed.url_of(role)))
        outcome = command("ask", QUESTION, "--store", indexed.url_of(role))
        assert_one_line(outcome, 1, "too many connections", "raise max_connections")
    assert until(lambda: command("ask", QUESTION, "--store", indexed.url_of(role)).code == 0)


@pytest.fixture
def small_disk(tmp_path: Path, postgres: PostgresServer) -> Iterator[Path]:
    """A disk of 12 MiB that belongs to the server."""
    folder = postgres.folder / "small"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        shutil.chown(folder, postgres.data.owner())
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full(
    command: Command,
    postgres: PostgresServer,
    notes: Path,
    small_disk: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for place in ("qa.engine", "pincite.indexing"):
        monkeypatch.setattr(f"{place}.open_encoder", lambda *_, **__: HashingEncoder())
    admin = OwnDatabase(postgres, "postgres")
    admin.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    database = made_on(postgres, "TABLESPACE small")
    try:
        assert command("index", notes, "--store", database.url).code == 0
        large = notes / "large.txt"
        digests = (hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(1 << 14))
        large.write_text("".join(f"It says {digest}.\n" for digest in digests))
        outcome = command("index", notes, "--store", database.url)
        said = outcome.err.splitlines()[-1]  # behind what tells of progress
        assert outcome.code == 1
        assert said.startswith("pincite: The store")
        assert "No space left on device" in said
        assert said.endswith("make room there.")
        room = ["mount", "-o", "remount,size=64m", str(small_disk)]
        subprocess.run(room, check=True)  # a full disk takes no new connection
        assert answers(command, database.url)
        large.unlink()
        assert command("index", notes, "--store", database.url).code == 0
    finally:
        admin.execute(f"DROP DATABASE {database.name} WITH (FORCE)", "DROP TABLESPACE small")


# Without the optional packages

_WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in ("psycopg", "psycopg_pool", "psycopg_binary", "pgvector")
        return None if hidden else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
sys.argv = ["pincite", *sys.argv[1:]]
from pincite.__main__ import main
main()
"""


def test_without_psycopg_folders_work_and_a_server_says_what_to_install(
    notes: Path, tmp_path: Path
) -> None:
    def run(*arguments: str) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-c", _WITHOUT, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    assert run("index", "notes").code == 0
    assert run("ask", QUESTION, "--short").code == 0
    assert run("collections").code == 0
    for arguments in (["index", "notes"], ["ask", QUESTION], ["collections"], ["serve"]):
        outcome = run(*arguments, "--store", f"postgresql://me:{PASSWORD}@127.0.0.1:1/x")
        assert PASSWORD not in outcome.err
        assert_one_line(outcome, 2, "pip install 'pincite[postgres]'")
