"""The process that reads files: nothing a parser does there harms what asked for it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import ReadingError
from index.parsers import OutOfReachError, UnreadableFileError, read_errors_explained, read_file
from index.parsers.isolation import ReadingProcess, reading_process
from index.sources.listing import SourceFile
from tests.waiting import PATIENCE_S, until

TEXT = "The dough rests for eighteen hours. 👍🏽\n"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hostile() -> Iterator[ReadingProcess]:
    process = ReadingProcess("tests.hostile_worker", seconds=PATIENCE_S)
    yield process
    process.end()


@pytest.fixture
def impatient() -> Iterator[ReadingProcess]:
    process = ReadingProcess("tests.hostile_worker", seconds=0.3)
    yield process
    process.end()


def file_of(folder: Path, kind: str) -> SourceFile:
    path = folder / f"file.{kind}"
    path.write_text(TEXT, encoding="utf-8")
    return SourceFile(path, f"folder/file.{kind}")


def text_of(process: ReadingProcess, file: SourceFile) -> str:
    with read_errors_explained():
        (document,) = process.read(file)
    return document.text


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("crash", "its parser crashed, or needs more memory than is allowed"),
        ("abort", "its parser crashed, or needs more memory than is allowed"),
        ("devour", "reading it needs more memory than is allowed"),
        ("fail", r"its parser failed \(ValueError\)"),
        ("fail_late", r"its parser failed \(LookupError\)"),
        ("leave", r"its parser failed \(SystemExit\)"),
        ("descend", r"its parser failed \(RecursionError\)"),
        ("surrogates", r"its parser failed \(TypeError\)"),
        ("shut_the_pipe", "its parser crashed, or needs more memory than is allowed"),
        ("unheard_of", r"its parser failed \(KeyError\)"),
        ("refuse", "not a format of ours"),
        ("not_from_the_system", r"its parser failed \(OSError\)"),
    ],
)
def test_what_a_parser_does_is_the_reason_and_the_next_file_is_read(
    hostile: ReadingProcess, tmp_path: Path, kind: str, reason: str
) -> None:
    with pytest.raises(UnreadableFileError, match=rf"\A{reason}\Z") as raised:
        text_of(hostile, file_of(tmp_path, kind))
    assert not isinstance(raised.value, OutOfReachError)
    assert text_of(hostile, file_of(tmp_path, "good")) == TEXT


def test_a_library_that_is_missing_is_no_fault_of_the_file(
    hostile: ReadingProcess, tmp_path: Path
) -> None:
    said = r"cannot be loaded \(No module named 'pypdfium2'\): reinstall Pincite\.\Z"
    for _ in range(2):
        with pytest.raises(ReadingError, match=said):
            text_of(hostile, file_of(tmp_path, "lack_a_library"))
    assert text_of(hostile, file_of(tmp_path, "good")) == TEXT


@pytest.mark.parametrize("kind", ["hang", "hang_without_letting_go"])
def test_what_takes_too_long_is_given_up(
    impatient: ReadingProcess, tmp_path: Path, kind: str
) -> None:
    with pytest.raises(UnreadableFileError, match=r"\Areading it took longer than 0\.3 s\Z"):
        impatient.read(file_of(tmp_path, kind))
    impatient._seconds = PATIENCE_S
    assert text_of(impatient, file_of(tmp_path, "good")) == TEXT


@pytest.mark.soak
def test_the_time_is_from_one_sign_of_progress_to_the_next(tmp_path: Path) -> None:
    process = ReadingProcess("tests.hostile_worker", seconds=0.8, at_most=4)
    try:
        assert text_of(process, file_of(tmp_path, "plod")) == "There at last."
        with pytest.raises(UnreadableFileError, match=r"took longer than 0\.8 s\Z"):
            process.read(file_of(tmp_path, "progress_and_hang"))
        with pytest.raises(UnreadableFileError, match=r"took longer than 4 s\Z"):
            process.read(file_of(tmp_path, "plod_forever"))
    finally:
        process.end()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("forbidden", r"unreadable \(Permission denied\)"),
        ("failing_disk", r"unreadable \(Input/output error\)"),
        ("put_off", "locked by another program"),
    ],
)
def test_what_is_out_of_reach_is_told_from_what_cannot_be_read(
    hostile: ReadingProcess, tmp_path: Path, kind: str, reason: str
) -> None:
    with pytest.raises(OutOfReachError, match=rf"\A{reason}\Z"):
        text_of(hostile, file_of(tmp_path, kind))


def test_a_file_that_is_gone_is_not_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"\(No such file or directory\)") as raised:
        read_file(SourceFile(tmp_path / "gone.md", "x/gone.md"))
    assert not isinstance(raised.value, OutOfReachError)


def test_what_a_parser_prints_is_seen_by_nobody(
    hostile: ReadingProcess, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = text_of(hostile, file_of(tmp_path, "chatter"))
    assert told == "Asked for input, it got ''."
    assert capfd.readouterr() == ("", "")


def test_a_file_is_not_blamed_for_what_an_earlier_one_left_behind(
    hostile: ReadingProcess, tmp_path: Path
) -> None:
    pids = [text_of(hostile, file_of(tmp_path, "leak")) for _ in range(2)]
    assert pids[0] != pids[1]


def test_one_process_reads_many_files(hostile: ReadingProcess, tmp_path: Path) -> None:
    file = file_of(tmp_path, "who")
    assert len({text_of(hostile, file) for _ in range(50)}) == 1


def test_threads_take_turns(hostile: ReadingProcess, tmp_path: Path) -> None:
    files = [SourceFile(tmp_path / f"{i}.good", f"x/{i}.good") for i in range(8)]
    for i, file in enumerate(files):
        file.path.write_text(str(i) * 50_000, encoding="utf-8")
    read: list[tuple[int, str]] = []

    def read_some(i: int) -> None:
        read.extend((i, text_of(hostile, files[i])) for _ in range(10))

    threads = [threading.Thread(target=read_some, args=(i,)) for i in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 80
    assert all(text == str(i) * 50_000 for i, text in read)


def test_a_process_that_was_killed_meanwhile_is_replaced(
    hostile: ReadingProcess, tmp_path: Path
) -> None:
    file = file_of(tmp_path, "who")
    os.kill(int(text_of(hostile, file)), signal.SIGKILL)
    assert text_of(hostile, file).isdigit()


def test_a_name_that_is_no_text_is_read(hostile: ReadingProcess, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.good")
    path.write_text(TEXT, encoding="utf-8")
    assert text_of(hostile, SourceFile(path, "x/cafe.good")) == TEXT


def test_a_relative_path_means_what_it_means_here(
    hostile: ReadingProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_of(tmp_path, "good")
    monkeypatch.chdir(tmp_path)
    assert text_of(hostile, SourceFile(Path("file.good"), "x/file.good")) == TEXT


def test_what_comes_back_is_what_the_reader_gave(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"# Bread\n\n{TEXT}", encoding="utf-8")
    (document,) = read_file(SourceFile(path, "x/a.md"))
    assert (document.title, document.text) == ("Bread", f"# Bread\n\n{TEXT}")


@pytest.mark.parametrize("module", ["index.no_such_module", "index.records"])
def test_a_process_that_does_not_start_is_an_error_of_one_line(tmp_path: Path, module: str) -> None:
    with pytest.raises(ReadingError, match="cannot be started") as raised:
        ReadingProcess(module).read(file_of(tmp_path, "good"))
    assert "\n" not in str(raised.value)


def test_a_missing_interpreter_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ReadingError, match="No such file") as raised:
        ReadingProcess().read(file_of(tmp_path, "md"))
    assert "\n" not in str(raised.value)


def test_the_search_path_is_handed_over(
    hostile: ReadingProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    process = ReadingProcess("tests.hostile_worker")
    try:
        entries = text_of(process, file_of(tmp_path, "where")).splitlines()
    finally:
        process.end()
    assert str(tmp_path / "elsewhere") in entries
    assert str(REPOSITORY) in entries


def python(code: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_unguarded_script_is_run_once_and_a_foreign_index_is_no_obstacle(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.py").write_text("raise RuntimeError", encoding="utf-8")
    code = """
        import os
        from pathlib import Path
        from index.parsers import read_file
        from index.sources.listing import SourceFile
        print("once")
        os.chdir("sub")
        print(len(read_file(SourceFile(Path("../a.md"), "x/a.md"))))
    """
    process = python(code, tmp_path)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (out.split(), err) == (["once", "1"], "")


ORPHAN = """
    import threading
    from pathlib import Path
    from index.parsers.isolation import ReadingProcess
    from index.sources.listing import SourceFile
    process = ReadingProcess("tests.hostile_worker", seconds={seconds})
    read = lambda kind: process.read(SourceFile(Path("file." + kind), "x/file." + kind))
    print(read("who")[0].text, flush=True)
    {then}
    threading.Event().wait()
"""


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return True
    return state[0] == "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize(
    ("then", "seconds"),
    [("", 600), ("threading.Thread(target=read, args=('hang',), daemon=True).start()", 2)],
)
def test_it_ends_when_its_parent_is_killed(tmp_path: Path, then: str, seconds: int) -> None:
    """At once while it waits for a file; over one that hangs, when the file's time is up."""
    process = python(ORPHAN.format(seconds=seconds, then=then), tmp_path)
    assert process.stdout
    worker = int(process.stdout.readline())
    assert not then or until((tmp_path / "file.begun").exists)
    assert not is_gone(worker)
    process.kill()
    process.communicate()
    assert until(lambda: is_gone(worker))


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    process = python(ORPHAN.format(seconds=60, then="raise SystemExit"), tmp_path)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert err == ""
    assert until(lambda: is_gone(int(out)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_has_a_process_of_its_own(tmp_path: Path) -> None:
    file = file_of(tmp_path, "md")
    assert read_file(file)
    mine = reading_process._child
    pid = os.fork()
    if pid == 0:
        apart = reading_process._child is None and bool(read_file(file))
        reading_process.end()
        os._exit(0 if apart else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert read_file(file)
    assert reading_process._child is mine
