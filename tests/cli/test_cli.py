"""The command line as its users meet it: what it prints where, and what it ends with."""

import errno
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import pincite as package
from index.encoder import Role
from index.snapshot import open_snapshot
from index.store import Store
from tests.cli.conftest import REPOSITORY, Command, Outcome
from tests.encoders import HashingEncoder

ON_SUBJECT, FAR_OFF = "what is microneedling", "What is the capital of France?"
COMMANDS = (
    *("index", "ask", "why", "serve", "status", "verify", "calibrate", "gate", "rollback", "purge"),
    *("eval", "key"),
)

ANSWER_KEYS = {
    "question", "answered", "confidence", "answer", "citations", "passages",
    "snapshot", "model", "calibration", "corrections", "unknown_words", "took_ms", "explain",
}  # fmt: skip
CITATION_KEYS = {
    "number", "document_id", "document_title", "source", "heading_path", "cited_text",
    "start_char_index", "end_char_index", "start_page_number", "end_page_number",
    "document_sha256", "text_sha256", "also_in", "also_in_count",
    "agreeing_documents",
}  # fmt: skip
PASSAGE_KEYS = {
    "rank", "passage_id", "document_id", "document_title", "source", "heading_path", "text",
    "start_char_index", "end_char_index", "start_page_number", "end_page_number", "score",
    "highlights", "also_in", "also_in_count",
}  # fmt: skip
PLACE_KEYS = {"document_id", "source", "start_char_index", "end_char_index", "cited_text"}


def assert_one_line(outcome: Outcome, code: int, *parts: str) -> None:
    """A mistake ends with its code and one line on stderr that holds `parts`."""
    assert outcome.code == code, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("pincite: ")
    assert outcome.err.splitlines(keepends=True) == [outcome.err], outcome.err
    for part in parts:
        assert part in outcome.err


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "care.txt").write_text("Wash the face with water.\nStay out of the sun.\n")
    (folder / "frost.md").write_text("# Frost\n\nFrost bursts the pipes.\n")
    return folder


# index


def test_index_tells_what_it_did_on_stderr(pincite: Command, notes: Path) -> None:
    (notes / "picture.png").write_bytes(b"\x89PNG")
    first = pincite("index", notes)
    assert (first.code, first.out) == (0, "")
    assert first.err.splitlines() == [
        "+ notes/care.txt",
        "+ notes/frost.md",
        "! notes/picture.png: skipped, unsupported type .png",
        "2 added, 1 skipped: 2 passages, 6 texts newly embedded.",
    ]
    (notes / "picture.png").unlink()
    (notes / "frost.md").unlink()
    (notes / "care.txt").write_text("Stay in the shade.\n")
    (notes / "new.txt").write_text("Bread needs salt.\n")
    second = pincite("index")  # the sources it remembers
    assert (second.code, second.out) == (0, "")
    assert second.err.splitlines()[:-1] == [
        "+ notes/new.txt",
        "~ notes/care.txt",
        "- notes/frost.md",
    ]
    assert second.err.splitlines()[-1].startswith("1 added, 1 changed, 1 removed: 2 passages, ")
    third = pincite("index")
    assert third.err == "2 unchanged: 2 passages, 0 texts newly embedded.\n"


def test_a_long_list_of_files_is_cut_short(pincite: Command, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(25):
        (folder / f"{number:02}.txt").write_text("The same text.\n")
    lines = pincite("index", folder).err.splitlines()
    assert lines[19:] == [
        "+ many/19.txt",
        "+ … and 5 more",
        "25 added: 25 passages, 1 texts newly embedded.",
    ]


def test_index_without_a_source_says_what_to_do(pincite: Command) -> None:
    assert_one_line(pincite("index"), 1, "pincite index SOURCE…")


def test_a_source_that_does_not_exist_is_named(pincite: Command, notes: Path) -> None:
    assert_one_line(pincite("index", "no/such/place"), 1, "no/such/place does not exist")


def test_nothing_to_index_says_why(pincite: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "void.txt").write_text("\n")
    outcome = pincite("index", tmp_path / "empty")
    assert outcome.code == 1
    assert outcome.err.startswith("! empty/void.txt: skipped, empty\npincite: Nothing in ")


def test_what_was_kept_and_what_is_empty_has_a_line_each(
    pincite: Command, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("empty", "more/notes"):
        (tmp_path / name).mkdir(parents=True)
    pincite("index", notes, "empty", "more/notes")
    original = Path.open

    def forbidden(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "care.txt":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return original(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", forbidden)
    outcome = pincite("index")
    assert outcome.code == 0
    assert outcome.err.splitlines() == [
        "! notes/care.txt: kept as it was, unreadable (Permission denied)",
        "! empty: nothing to index in it",
        "! more/notes: nothing to index in it",
        "2 unchanged: 2 passages, 0 texts newly embedded.",
    ]


def test_a_name_takes_one_line_whatever_is_in_it(pincite: Command, tmp_path: Path) -> None:
    folder = tmp_path / "odd\nfolder"
    folder.mkdir()
    (folder / "a\nb\tc\u2028\x1b[31m.txt").write_text("Bread needs salt.\n")
    (folder / "d\ne.png").write_bytes(b"\x89PNG")
    (folder / "👨\u200d👩\u200d👧.txt").write_text("Frost bursts the pipes.\n")
    report = pincite("index", folder).err.splitlines()
    assert report[:-1] == [
        "+ odd folder/a b c  [31m.txt",
        "+ odd folder/👨\u200d👩\u200d👧.txt",
        "! odd folder/d e.png: skipped, unsupported type .png",
    ]
    assert len(pincite("status").out.splitlines()) == 8
    (tmp_path / "odd\nfolder").rename(tmp_path / "gone")
    assert_one_line(pincite("index"), 1, "odd folder does not exist")


def test_what_to_index_at_first_is_indexed_only_then(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    """As `make ask` and `make serve` do it with seeds/."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "bread.txt").write_text("Bread needs salt.\n")
    assert "+ notes/care.txt" in pincite("index", "--at-first", notes).err
    assert "- notes/care.txt" in pincite("index", "--at-first", notes, own).err
    assert pincite("index", "--at-first", notes).err.startswith("1 unchanged")
    live = Path(".pincite/live.json")
    other_format = {**json.loads(live.read_bytes()), "format": 99}
    for unusable in (json.dumps(other_format), "{"):
        live.write_text(unusable)
        assert_one_line(pincite("index", "--at-first", notes), 1, "pincite index SOURCE…")
        assert live.read_text() == unusable


def make(target: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make with a virtual environment that is ready, and `pincite` from this checkout."""
    (folder / "venv" / "bin").mkdir(parents=True, exist_ok=True)
    command = folder / "venv" / "bin" / "pincite"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pincite "$@"\n')
    command.chmod(0o755)
    (folder / "venv" / ".ready").touch()
    return subprocess.run(
        ["make", "--no-print-directory", "-C", str(REPOSITORY), target, f"VENV={folder / 'venv'}"],
        env={**os.environ, **variables},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_puts_nothing_in_the_place_of_a_store_that_cannot_be_used(
    pincite: Command, notes: Path, tmp_path: Path
) -> None:
    pincite("index", notes)
    live = tmp_path / ".pincite" / "live.json"
    live.write_text(json.dumps({**json.loads(live.read_bytes()), "format": 99}))
    before = live.read_bytes()
    done = make("store", tmp_path, PINCITE_STORE=str(tmp_path / ".pincite"))
    assert done.returncode != 0
    assert done.stderr.startswith(f"pincite: The store at {tmp_path / '.pincite'} has format 99")
    assert live.read_bytes() == before
    assert {path.name for path in notes.iterdir()} == {"care.txt", "frost.md"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_indexes_the_seeds_where_there_is_no_store(tmp_path: Path) -> None:
    done = make("store", tmp_path, PINCITE_STORE=str(tmp_path / "new"))
    assert done.returncode == 0, done.stderr
    assert "+ seeds/000_6552478e434a9112.txt" in done.stderr


def test_an_interrupted_index_leaves_the_store_as_it_was(
    pincite: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pincite("index", notes)
    before = pincite("status", "--json").out

    class Interrupted(HashingEncoder):
        def encode(self, texts: Sequence[str], role: Role):
            raise KeyboardInterrupt

    monkeypatch.setattr("index.backends.choose.open_encoder", lambda *_, **__: Interrupted())
    (notes / "care.txt").write_text("Other words.\n")
    assert_one_line(pincite("index"), 130, "unchanged")
    assert pincite("status", "--json", "--check").out == before.replace(
        '"checked": false', '"checked": true'
    )


# ask


def test_an_answer_goes_to_stdout_and_ends_with_0(pincite: Command, seeds_store: Path) -> None:
    outcome = pincite("ask", ON_SUBJECT, "--store", seeds_store)
    assert (outcome.code, outcome.err) == (0, "")
    assert "tiny needles" in outcome.out
    assert "[1] seeds/" in outcome.out
    assert "\x1b" not in outcome.out
    assert " 5  0." in outcome.out
    assert " 6  0." not in outcome.out


def test_no_answer_ends_with_3_and_shows_the_nearest_passages(
    pincite: Command, seeds_store: Path
) -> None:
    outcome = pincite("ask", FAR_OFF, "--store", seeds_store, "--top-k", "2")
    assert (outcome.code, outcome.err) == (3, "")
    assert "No answer found in your documents." in outcome.out
    assert " 2  0." in outcome.out
    assert " 3  0." not in outcome.out


def test_the_threshold_is_a_flag(pincite: Command, seeds_store: Path) -> None:
    assert pincite("ask", FAR_OFF, "--store", seeds_store, "--threshold", "0").code == 0
    assert pincite("ask", ON_SUBJECT, "--store", seeds_store, "--threshold", "1").code == 3


def test_explain_shows_the_stages(pincite: Command, seeds_store: Path) -> None:
    outcome = pincite("ask", ON_SUBJECT, "--store", seeds_store, "--explain")
    for part in ("dense", "refined", "stands for", "threshold 0.500"):
        assert part in outcome.out


def test_a_filter_leaves_the_documents_that_match(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    everything = asked(pincite("ask", "sun and frost", "--json"))
    assert len({each["source"] for each in everything["passages"]}) == 2
    for option in ("title=Frost", "path^=notes/f", '{"source": {"in": ["notes/frost.md"]}}'):
        answer = asked(pincite("ask", "sun and frost", "--json", "--filter", option))
        assert {each["source"] for each in answer["passages"]} == {"notes/frost.md"}, option
    both = ("--filter", "path^=notes/", "--filter", "title=Frost", "--filter", "path<notes/e")
    nothing = pincite("ask", "sun and frost", "--explain", *both)
    assert (nothing.code, nothing.err) == (3, "")
    assert "no document matches the filters" in nothing.out
    assert "Passages" not in nothing.out


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("author=Jane", "No document has a field 'author'"),
        ("authr", "FIELD=VALUE"),
        ("title==Frost", "quotation marks"),
        ("title!=Frost", "no operator !=; for = there can also be ^= (starts with), >="),
        ("title=~Frost", "no operator =~"),
        ("modified>=2026", '(>="2026")'),
        ("title>true", "truth value"),
        ('{"title": {"not": 1}}', "no operator 'not'"),
        ('{"title"', "not valid JSON"),
        ("half \udcff=1", "No document has a field"),
    ],
    ids=ascii,
)
def test_a_filter_that_cannot_be_is_wrong_usage(
    pincite: Command, seeds_store: Path, option: str, named: str
) -> None:
    outcome = pincite("ask", "why?", "--store", seeds_store, "--filter", option)
    assert_one_line(outcome, 2, named)


def asked(outcome: Outcome) -> dict[str, Any]:
    answer = json.loads(outcome.out)
    assert isinstance(answer, dict)
    return answer


def test_json_is_the_contract_to_the_letter(pincite: Command, seeds_store: Path) -> None:
    outcome = pincite("ask", ON_SUBJECT, "--store", seeds_store, "--json", "--top-k", "3")
    assert (outcome.code, outcome.err) == (0, "")
    answer = asked(outcome)
    assert set(answer) == ANSWER_KEYS
    assert answer["question"] == ON_SUBJECT
    assert answer["answered"] is True
    assert answer["calibration"] is answer["explain"] is None
    assert set(answer["answer"]) == {"text", "spans"}
    assert all(set(span) == {"start", "end", "citations"} for span in answer["answer"]["spans"])
    assert all(set(citation) == CITATION_KEYS for citation in answer["citations"])
    assert all(set(passage) == PASSAGE_KEYS for passage in answer["passages"])
    assert [passage["rank"] for passage in answer["passages"]] == [1, 2, 3]
    places = [p for part in (*answer["citations"], *answer["passages"]) for p in part["also_in"]]
    assert places
    assert all(set(place) == PLACE_KEYS for place in places)


def test_every_offset_in_the_json_holds_in_the_file_itself(
    pincite: Command, seeds_store: Path, seeds_dir: Path
) -> None:
    answer = asked(pincite("ask", ON_SUBJECT, "--store", seeds_store, "--json", "--top-k", "9"))
    files = {f"seeds/{path.name}": path.read_bytes().decode() for path in seeds_dir.iterdir()}

    def words(part: dict[str, Any]) -> str:
        return files[part["source"]][part["start_char_index"] : part["end_char_index"]]

    by_number = {citation["number"]: citation for citation in answer["citations"]}
    for span in answer["answer"]["spans"]:
        (number,) = span["citations"]
        text = answer["answer"]["text"][span["start"] : span["end"]]
        assert text == by_number[number]["cited_text"] == words(by_number[number])
    for passage in answer["passages"]:
        assert words(passage) == passage["text"]
        for mark in passage["highlights"]:
            assert 0 <= mark["start"] < mark["end"] <= len(passage["text"])
    for part in (*answer["citations"], *answer["passages"]):
        for place in part["also_in"]:
            assert words(place) == place["cited_text"]


def test_json_of_no_answer_has_the_same_keys(pincite: Command, seeds_store: Path) -> None:
    outcome = pincite("ask", FAR_OFF, "--store", seeds_store, "--json", "--explain")
    answer = asked(outcome)
    assert outcome.code == 3
    assert set(answer) == ANSWER_KEYS
    assert (answer["answered"], answer["answer"], answer["citations"]) == (False, None, [])
    assert len(answer["passages"]) == 5
    assert answer["explain"]["abstention"]["threshold"] == 0.5


def test_the_same_question_gives_the_same_bytes_but_for_the_time(
    pincite: Command, seeds_store: Path
) -> None:
    one, two = (
        pincite("ask", ON_SUBJECT, "--store", seeds_store, "--json").out.splitlines()
        for _ in range(2)
    )
    assert [line for line in one if "took_ms" not in line] == [
        line for line in two if "took_ms" not in line
    ]


# Mistakes: one line, what is wrong and what to do, never a traceback.


def test_no_store_says_what_to_do(pincite: Command) -> None:
    for command in (["ask", "why?"], ["status"], ["verify", "answer.json"]):
        Path("answer.json").write_text('{"citations": []}')
        assert_one_line(pincite(*command), 1, "no store at .pincite", "pincite index SOURCE…")


@pytest.mark.parametrize("question", ["", "  ", "x" * 2001, "half \udcff"], ids=ascii)
def test_a_question_that_cannot_be_answered_is_wrong_usage(
    pincite: Command, seeds_store: Path, question: str
) -> None:
    assert_one_line(pincite("ask", question, "--store", seeds_store), 2, "The question")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("ask why? --top-k 0", "--top-k 0: "),
        ("ask why? --top-k 51", "--top-k 51: "),
        ("ask why? --top-k many", "--top-k"),
        ("ask why? --threshold 2", "--threshold 2"),
        ("ask", "QUESTION"),
        ("ask one two", "two"),
        ("ask why? --nonsense", "--nonsense"),
        ("ask why is that", '"why is that" is one argument'),
        ("nonsense", "nonsense'. See `pincite --help`."),
        ("--nonsense", "--nonsense"),
        ("serve --port 65536", "--port 65536: "),
        ("verify", "file"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_what_is_wrong(
    pincite: Command, arguments: str, named: str
) -> None:
    assert_one_line(pincite(*shlex.split(arguments)), 2, named)


@pytest.mark.parametrize(
    "command", ["ask why?", "why why? --expect a", "status", "index notes", "verify answer.json"]
)
def test_an_unknown_setting_is_an_error_of_every_command(
    pincite: Command, notes: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pincite.toml").write_text("topk = 3\n")
    assert_one_line(pincite(*command.split()), 2, "pincite.toml", "'topk'")
    Path("pincite.toml").unlink()
    monkeypatch.setenv("PINCITE_TOPK", "3")
    assert_one_line(pincite(*command.split()), 2, "PINCITE_TOPK")
    assert not Path(".pincite").exists()


def test_settings_come_from_flag_variable_and_file_in_this_order(
    pincite: Command, seeds_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passages(*arguments: str) -> int:
        return len(asked(pincite("ask", ON_SUBJECT, "--json", *arguments))["passages"])

    Path("pincite.toml").write_text(f"store = '{seeds_store}'\ntop_k = 2\n")
    assert passages() == 2
    monkeypatch.setenv("PINCITE_TOP_K", "3")
    assert passages() == 3
    assert passages("--top-k", "4") == 4


def test_a_model_that_is_not_there_is_named(pincite: Command, seeds_store: Path) -> None:
    (missing := Path("not-a-model")).mkdir()
    outcome = pincite("ask", "why?", "--store", seeds_store, "--model", missing)
    assert_one_line(outcome, 1, "not-a-model", "not a sentence-transformers model")


# why


def test_why_tells_what_became_of_a_quote(pincite: Command, seeds_store: Path) -> None:
    citation = asked(pincite("ask", ON_SUBJECT, "--json", "--store", seeds_store))["citations"][0]
    cited = pincite("why", ON_SUBJECT, "--expect", citation["cited_text"], "--store", seeds_store)
    assert (cited.code, cited.err) == (0, "")
    first, blank, *stages = cited.out.splitlines()
    assert (first, blank) == (f"Cited as [{citation['number']}].", "")
    names = ["ingested", "chunked", "dense", "lexical", "refined", "fused", "collapsed", "shown"]
    passed = [line.split()[1] for line in stages if line.startswith("✓ ")]
    assert passed == [*names, "quoted", "chosen", "answered"]
    assert "✗" not in cited.out
    assert not any(line.endswith(" ") for line in stages)
    nowhere = pincite("why", ON_SUBJECT, "--expect", "tiny neddles", "--store", seeds_store)
    assert nowhere.code == 0
    assert nowhere.out.startswith("Lost at: ingested — it stands in no document of the store")
    assert "dense" not in nowhere.out  # what was not reached is not listed
    assert "alike: seeds/" in nowhere.out
    assert "“tiny needles”" in nowhere.out


def test_why_heeds_top_k_and_threshold(pincite: Command, seeds_store: Path) -> None:
    passages = asked(pincite("ask", ON_SUBJECT, "--json", "--store", seeds_store))["passages"]
    arguments = ["why", ON_SUBJECT, "--store", seeds_store, "--expect", passages[4]["text"]]
    found = json.loads(pincite(*arguments, "--json", "--top-k", "3").out)
    assert found["top_k"] == 3
    stages = {stage["stage"]: stage for stage in found["way"]["stages"]}
    assert (stages["shown"]["passed"], stages["shown"]["rank"]) == (False, 5)
    abstained = json.loads(pincite(*arguments, "--json", "--threshold", "1").out)
    assert abstained["way"]["stages"][-1]["passed"] is False
    assert abstained["way"]["cited"] == []


def test_why_prints_nothing_that_could_drive_a_terminal(pincite: Command, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "a\x1b[31m\n.txt").write_text("Bread \x1b[2Jneeds\u202e salt.\n")
    (tmp_path / "odd" / "b.md").write_text("# Bread \x1b[2Jneeds\n\nFrost came.\n")
    pincite("index", "odd")
    for quote in ("Bread \x1b[2Jneeds", "salt", "Bread needs [2Jneeds salted"):
        outcome = pincite("why", "What does bread need?", "--expect", quote)
        assert (outcome.code, outcome.err) == (0, "")
        assert not set(outcome.out) & set("\x1b\u202e\r")
        assert "odd/a [31m .txt:" in outcome.out


def test_why_says_what_is_wrong_with_its_use(pincite: Command, seeds_store: Path) -> None:
    assert_one_line(pincite("why", "why?", "--expect", "words"), 1, "no store")
    assert_one_line(pincite("why", "why?", "--expect", " "), 2, "quote is empty", "--expect")
    with_store = ("--store", seeds_store)
    assert_one_line(pincite("why", " ", "--expect", "words", *with_store), 2, "question is empty")
    assert_one_line(pincite("why", "why?", *with_store), 2, "--expect")
    assert_one_line(
        pincite("why", "a", "--expect", "b", "--top-k", "51", *with_store), 2, "--top-k 51"
    )


# status


def test_status_tells_what_the_store_holds(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    outcome = pincite("status")
    assert (outcome.code, outcome.err) == (0, "")
    told = dict(line.split(maxsplit=1) for line in outcome.out.splitlines())
    assert told["store"].startswith(".pincite, 0.0 MiB")
    assert "checksum" not in told["store"]
    assert told["model"] == "all-MiniLM-L6-v2"
    assert (told["documents"], told["passages"]) == ("2", "2, of 3 sentences")
    assert told["source"] == str(notes)
    snapshot, published = told["snapshot"].split(", published ")
    checked = pincite("status", "--check", "--json")
    status = json.loads(checked.out)
    assert status == {
        "store": ".pincite",
        "snapshot": snapshot,
        "model": "all-MiniLM-L6-v2",
        "documents": 2,
        "passages": 2,
        "sentences": 3,
        "bytes": Store(Path(".pincite")).total_bytes(),
        "outdated": False,
        "sources": [str(notes)],
        "ignore": [],
        "uploads": 0,
        "snapshots": [snapshot],
        "published": {snapshot: published},
        "kept_aside": None,
        "checked": True,
        "calibration": None,
        "gold": None,
    }


def flip_a_bit(store: Path) -> None:
    shard = Store(store).live_manifest().shards[0]
    path = store / "objects" / shard.passage_vectors.sha256
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def test_a_flipped_bit_is_found_and_repaired_by_indexing(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    flip_a_bit(Path(".pincite"))
    assert pincite("status").code == 0, "without --check only the manifest is read"
    assert_one_line(pincite("status", "--check"), 1, "damaged", "was altered", "pincite index")
    assert_one_line(pincite("ask", "why?"), 1, "damaged", "was altered", "pincite index")
    repaired = pincite("index")
    assert repaired.code == 0
    first, *_ = repaired.err.splitlines()
    assert first.startswith("The old store could not be used and was built anew from the sources: ")
    assert first.endswith(" was altered.")
    assert "pincite index" not in first, "that is what was just done"
    assert pincite("status", "--check").code == 0


def test_a_damaged_pointer_is_an_error_of_one_line(pincite: Command, notes: Path) -> None:
    pincite("index", notes)
    Path(".pincite/live.json").write_text("{")
    for command in (["ask", "why?"], ["status"]):
        assert_one_line(pincite(*command), 1, "damaged", "pincite index SOURCE…")


# verify


@pytest.fixture
def answer_file(pincite: Command, notes: Path, tmp_path: Path) -> Path:
    pincite("index", notes)
    outcome = pincite("ask", "Should I stay out of the sun?", "--json")
    assert outcome.code == 0
    file = tmp_path / "answer.json"
    file.write_text(outcome.out)
    return file


def test_verify_ends_with_0_while_every_citation_holds(pincite: Command, answer_file: Path) -> None:
    outcome = pincite("verify", answer_file)
    assert (outcome.code, outcome.err) == (0, "")
    first, *_ = outcome.out.splitlines()
    assert first.startswith("[1] valid  notes/care.txt:")
    assert {line.split()[1] for line in outcome.out.splitlines()} == {"valid"}


def test_verify_ends_with_4_when_one_no_longer_holds(
    pincite: Command, answer_file: Path, notes: Path
) -> None:
    care = notes / "care.txt"
    care.write_text("New first line.\n" + care.read_text())
    moved = pincite("verify", answer_file)
    assert (moved.code, moved.err) == (4, "")
    assert "moved (now at " in moved.out
    care.write_text("Other words.\n")
    assert " stale  " in pincite("verify", answer_file).out
    care.write_text("Stay out of the wind.\n")
    assert "    nearest now, at 0-21, " in pincite("verify", answer_file).out
    care.unlink()
    (notes / "renamed.txt").write_text("Stay out of the sun.\n")
    missing = pincite("verify", answer_file, "--json")
    assert missing.code == 4
    results = json.loads(missing.out)["results"]
    assert {result["status"] for result in results} == {"missing"}
    place = {"source": "notes/renamed.txt", "start_char_index": 0, "end_char_index": 20}
    assert place.items() <= results[0]["found_in"][0].items()
    told = "    the same words stand in notes/renamed.txt:0-20"
    assert told in pincite("verify", answer_file).out.splitlines()


def test_verify_reads_standard_input(
    pincite: Command, answer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answer_file.open() as opened:
        monkeypatch.setattr(sys, "stdin", opened)
        assert pincite("verify", "-").code == 0


def test_what_cannot_be_verified_says_so(pincite: Command, notes: Path) -> None:
    assert_one_line(pincite("verify", "no.json"), 1, "no.json cannot be read", "No such file")
    assert_one_line(pincite("verify", notes), 1, "cannot be read")
    Path("poem.txt").write_text("Roses are red.")
    assert_one_line(pincite("verify", "poem.txt"), 2, "not an answer to verify", "--json")


# Help and version.


@pytest.mark.parametrize("command", [*COMMANDS[:-1], "key add", "key list", "key revoke"])
def test_every_command_has_help(pincite: Command, command: str) -> None:
    outcome = pincite(*command.split(), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"Usage: pincite {command}" in outcome.out
    assert "--store" in outcome.out


def test_help_lists_every_command(pincite: Command) -> None:
    outcome = pincite("--help")
    assert (outcome.code, outcome.err) == (0, "")
    listed = outcome.out.split("Commands:\n")[1].splitlines()
    assert [line.split()[0] for line in listed if not line.startswith("   ")] == [*COMMANDS]


def test_without_a_command_the_help_goes_to_stderr(pincite: Command) -> None:
    outcome = pincite()
    assert (outcome.code, outcome.out) == (2, "")
    assert "Usage: pincite" in outcome.err


def test_the_version_is_printed(pincite: Command) -> None:
    assert pincite("--version") == Outcome(0, f"{package.__version__}\n", "")


# As processes of their own: what no test within one process can tell.


def test_the_whole_way_as_a_user_goes_it(process: Command, notes: Path) -> None:
    (notes / "frost.md").write_text("# Frost\n\nFrost bursts the pipes 🧊.\n", encoding="utf-8")
    indexed = process("pincite", "index", "notes")
    assert (indexed.code, indexed.out) == (0, "")
    assert indexed.err.endswith("2 added: 2 passages, 6 texts newly embedded.\n")
    outcome = process(
        "pincite", "ask", "When do the pipes burst?", "--json", PYTHONIOENCODING="ascii"
    )
    assert outcome.code == 0, outcome
    assert outcome.err == "", "nothing but the answer, whatever the libraries have to say"
    assert "🧊" in outcome.out, "UTF-8 into a pipe, whatever the locale"
    assert asked(outcome)["citations"][0]["cited_text"] == "Frost bursts the pipes 🧊."
    alone = process("qa", "Who painted the Mona Lisa?")
    assert (alone.code, alone.err) == (3, "")
    assert "No answer found" in alone.out


def test_mistakes_are_one_line_in_a_process_of_their_own(process: Command) -> None:
    assert_one_line(process("pincite", "status"), 1, "no store")
    assert_one_line(process("pincite", "nonsense"), 2, "nonsense")
    assert_one_line(process("pincite", "status", PINCITE_NONSENSE="1"), 2, "PINCITE_NONSENSE")


def test_help_and_version_are_quick(process: Command) -> None:
    code = "import sys, pincite.cli; sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=False
    )
    assert done.returncode == 0, "help must not wait for torch"
    assert process("pincite", "--version").out == f"{package.__version__}\n"


@pytest.mark.parametrize("command", ["--help", "status", "ask", "ask --json", "ask --explain"])
def test_a_reader_that_goes_away_is_no_error(
    seeds_store: Path, tmp_path: Path, command: str
) -> None:
    """As with `pincite … | head -1`."""
    verb, *flags = command.split()
    question = [ON_SUBJECT] if verb == "ask" else []
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pincite", verb, *question, *flags],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(REPOSITORY),
                "PINCITE_STORE": str(seeds_store),
            },
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_report_that_nobody_reads_is_no_error(notes: Path) -> None:
    """As with `pincite index 2>&1 | head -1`: the work is done all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pincite", "index", "notes"],
            cwd=notes.parent,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=writing,
            stderr=writing,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert Store(notes.parent / ".pincite").live_manifest().documents == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pincite", "--version"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "pincite: Reading or writing failed: No space left on device.\n"


def test_the_store_of_the_seeds_is_left_alone(seeds_store: Path) -> None:
    """Asking writes nothing: the tests above asked a store that others share."""
    assert open_snapshot(Store(seeds_store)).manifest.documents == 5
