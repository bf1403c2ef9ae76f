"""How far work has come, where no terminal can show a bar; and what may be printed as it is."""

import os
import sys
import time

import pytest

from index.progress import progress_bar
from index.terminal import one_line, printable


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time it is: set the one item to let time pass."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_line_is_printed_every_ten_seconds(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_bar() as report:
        for second in range(26):
            clock[0] = 100.0 + second
            report("Reading", second + 1, 60)
            report("Embedding", 100 * second, 5000)
            if second == 15:
                report("Waiting", 1, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Reading 11 of 60 files",
        "Embedding 1000 of 5000 texts",
        "Waiting 1 of 2",
        "Reading 21 of 60 files",
        "Embedding 2000 of 5000 texts",
    ]


def test_pages_of_long_files_are_counted_beside_the_files(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_bar() as report:
        for page in range(1, 31):
            clock[0] = 100.0 + page
            report("notes/scan.pdf: page", page, 30)
        report("notes/next.pdf: page", 1, 2)
        report("notes/next.md: page", 0, 0)
        report("Reading", 2, 3)
    assert capsys.readouterr().err.splitlines() == [
        "notes/scan.pdf: page 10 of 30",
        "notes/scan.pdf: page 20 of 30",
        "notes/scan.pdf: page 30 of 30",
        "Reading 2 of 3 files",
    ]


def test_short_work_prints_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as report:
        report("Embedding", 1, 2)
        clock[0] += 9
        report("Embedding", 2, 2)
    assert capsys.readouterr() == ("", "")


def test_work_goes_on_when_nobody_reads_how_far_it_is(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    unread = os.fdopen(writing, "w", buffering=1)
    monkeypatch.setattr(sys, "stderr", unread)
    with progress_bar() as report:
        for _ in range(3):
            clock[0] += 11
            report("Embedding", 1, 2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, writing)  # so that closing it does not fail on what is left to write
    os.close(devnull)
    unread.close()


VERBATIM = [
    "👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈",
    "می\u200cخواهم",
    "soft\u00adhyphen, word\u2060joiner, no\u00a0break",
    "שלום\u200f (\u200eabc\u200e)",
    "private \ue000 use",
    "two\nlines\tand a tab",
]


@pytest.mark.parametrize("text", VERBATIM, ids=ascii)
def test_text_is_printed_verbatim(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "character",
    [
        *(c for c in map(chr, (*range(32), *range(127, 160))) if c not in "\n\t"),
        *map(chr, (*range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xD800, 0xDFFF)),
    ],
    ids=ascii,
)
def test_what_could_drive_a_terminal_is_a_blank(character: str) -> None:
    assert printable(f"a{character}b") == one_line(f"a{character}b") == "a b"


def test_a_name_is_on_one_line() -> None:
    assert one_line("a\nb\tc\r\nd\x85e\u2029f 👨\u200d👩") == "a b c  d e f 👨\u200d👩"
