"""Source code, settings, logs, reStructuredText and LaTeX: the file itself, cut where it may be."""

import random
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.parsers import READERS, UnreadableFileError, read_file
from index.records import Document
from index.sources.listing import SourceFile, list_files
from index.structure.layout import OUTLINERS, outline_of
from tests.index.test_offsets import assert_holds, chunker, document_of, tokenizer  # noqa: F401

REPOSITORY = Path(__file__).resolve().parents[2]
KINDS = sorted(OUTLINERS.keys() - {"text/plain", "text/markdown", "application/rtf"})

CODE = '''\
#!/usr/bin/env python3
# The proxy cuts a connection after sixty
# seconds. So the limit is lower.
import os
LIMIT = 45  # seconds

def wait(seconds: int) -> None:
    """Wait until the lamp is lit, for
    as long as the keeper allows.

    It returns nothing.
    """
    for name in os.listdir("."):
        print("The lamp. It burns.", name)
    }
'''
SETTINGS = """\
title = 1

[server.web]
# How many ports
port = 8080
hosts = [
  [1, 2]
]
[[log]]
level = 'warn'
"""
RST = """\
=======
 Lamps
=======

A lamp gives light for those
who sail.

Oil
===

- Whale oil burns
  long.
- Colza.

.. note:: Trim it.

Wick
----
It is cotton.

=====
"""
LATEX = r"""\documentclass{article}
\title{The \emph{Lamp}}
\begin{document}
\maketitle
\section[Oil]{Whale
  \textbf{oil}}\label{oil}
It burns long, and it
costs 50\% more.
% not for print
\begin{itemize}
\item Colza is cheap.
\item Whale oil is not.
\end{itemize}
\subsection{Wick}
It is cotton.
\end{document}
"""


def read(folder: Path, name: str, content: str | bytes) -> Document:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (document,) = read_file(SourceFile(path, f"{folder.name}/{name}"))
    return document


def blocks_of(document: Document) -> list[tuple[str, str]]:
    """Return the innermost heading and the text of each block."""
    return [
        ("".join(block.heading_path[-1:]), document.text[block.start : block.end])
        for block in outline_of(document).blocks
    ]


def sentences_of(chunker: Chunker, document: Document) -> list[str]:  # noqa: F811
    passages = chunker.chunk(document).passages
    return [span.of(document.text) for passage in passages for span in passage.sentences]


def test_lines_of_code_are_whole_and_comments_are_sentences(
    tmp_path: Path,
    chunker: Chunker,  # noqa: F811
) -> None:
    document = read(tmp_path, "lamp.py", CODE)
    assert document.text == CODE
    assert sentences_of(chunker, document) == [
        "#!/usr/bin/env python3",
        "# The proxy cuts a connection after sixty\n# seconds.",
        "So the limit is lower.",
        "import os",
        "LIMIT = 45  # seconds",
        "def wait(seconds: int) -> None:",
        '"""Wait until the lamp is lit, for\n    as long as the keeper allows.',
        'It returns nothing.\n    """',
        'for name in os.listdir("."):',
        'print("The lamp. It burns.", name)\n    }',
    ]


@pytest.mark.parametrize(
    "comment",
    [
        "// The lamp burns oil. It is\n// trimmed at noon each day.\n",
        "/* The lamp burns oil. It is\n * trimmed at noon each day.\n */\n",
        "/**\n * The lamp burns oil. It is\n * trimmed at noon each day.\n */\n",
        "/*\nThe lamp burns oil. It is\ntrimmed at noon each day.\n*/\n",
        "-- The lamp burns oil. It is\n-- trimmed at noon each day.\n",
        "<!-- The lamp burns oil. It is\n     trimmed at noon each day. -->\n",
    ],
)
def test_comments_of_any_language_are_sentences(
    tmp_path: Path,
    chunker: Chunker,  # noqa: F811
    comment: str,
) -> None:
    document = read(tmp_path, "lamp.c", f"{comment}int oil = 3;\nint wick = 4;\n")
    sentences = sentences_of(chunker, document)
    assert any("It is" in each and "trimmed at noon each day." in each for each in sentences)
    assert sentences[-2:] == ["int oil = 3;", "int wick = 4;"]


def test_sections_of_settings_are_headings(tmp_path: Path) -> None:
    assert blocks_of(read(tmp_path, "a.toml", SETTINGS)) == [
        ("", "title = 1"),
        ("server.web", "# How many ports"),
        ("server.web", "port = 8080\nhosts = [\n  [1, 2]\n]"),
        ("log", "level = 'warn'"),
    ]
    assert [path for path, _ in blocks_of(read(tmp_path, "a.ini", SETTINGS))][-1] == "log"
    assert [path for path, _ in blocks_of(read(tmp_path, "a.yaml", SETTINGS))][-1] == ""


def test_titles_of_restructured_text_are_headings(tmp_path: Path) -> None:
    document = read(tmp_path, "a.rst", RST)
    assert document.title == "Lamps"
    assert blocks_of(document) == [
        ("Lamps", "A lamp gives light for those\nwho sail."),
        ("Oil", "Whale oil burns\n  long."),
        ("Oil", "Colza."),
        ("Oil", ".. note:: Trim it."),
        ("Wick", "It is cotton."),
    ]
    assert outline_of(document).blocks[-1].heading_path == ("Lamps", "Oil", "Wick")


def test_sections_of_latex_are_headings(tmp_path: Path) -> None:
    document = read(tmp_path, "a.tex", LATEX)
    assert document.title == "The Lamp"
    assert blocks_of(document) == [
        ("Whale oil", "It burns long, and it\ncosts 50\\% more."),
        ("Whale oil", r"\item Colza is cheap."),
        ("Whale oil", r"\item Whale oil is not."),
        ("Wick", "It is cotton."),
    ]
    assert {part.reason for part in outline_of(document).skipped} == {
        "preamble", "comment", "heading", "markup",
    }  # fmt: skip


fragments = st.sampled_from(
    [
        *CODE.splitlines(), *SETTINGS.splitlines(), *RST.splitlines(), *LATEX.splitlines(),
        "", "> quoted", ">", "Ann wrote:", "On Monday at 10:15 a@b.c wrote:", "-- ", "Subject: x",
        "}", '"""', "/*", "*/", "\t\tx = 1", "x" * 2000, "\u2028", r"\section{", "-" * 50,
        r"\section{a}\section{b} c", "=====", "[a]", "2026-01-01 10:00 ERROR a | b", "\x0c", "% x",
        "👍🏽 " * 30,
    ]
)  # fmt: skip
texts = st.builds(
    "".join,
    st.lists(st.builds("".join, st.tuples(fragments, st.sampled_from(["\n", "\r\n", "\r", " "])))),
)


@given(media_type=st.sampled_from(KINDS), text=texts)
@example(media_type="text/x-source", text="}\n" * 3000)
@example(media_type="text/x-log", text=f"{'x = 1; ' * 3000}\n")
@example(media_type="text/x-ini", text="[" * 5000)
@example(media_type="message/rfc822", text="> " * 5000)
def test_chunking_keeps_its_promises_on_any_lines(
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
    media_type: str,
    text: str,
) -> None:
    assert_holds(chunker.chunk(document_of(text, media_type)), tokenizer)


def test_real_code_is_cut_between_lines(
    tmp_path: Path,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
) -> None:
    names = ["index/sync.py", "qa/service/static/app.js", "qa/service/static/style.css", ".ci/run"]
    for name in names:
        content = (REPOSITORY / name).read_bytes()
        document = read(tmp_path, f"{Path(name).stem}{Path(name).suffix or '.sh'}", content)
        assert document.text == content.decode()
        chunked = chunker.chunk(document)
        assert_holds(chunked, tokenizer)
        for passage in chunked.passages:
            assert is_at_an_end_of_line(document.text, passage.start)
            assert is_at_an_end_of_line(document.text, passage.end)


def is_at_an_end_of_line(text: str, position: int) -> bool:
    """Tell whether a line begins or ends there, or whether it is amid a comment."""
    before, after = text[:position].rpartition("\n")[2], text[position:].partition("\n")[0]
    in_docstring = text.count('"""', 0, position) % 2 == 1
    in_comment = before.lstrip().startswith(("#", "//", "*", "/*"))
    return not before.strip() or not after.strip() or in_docstring or in_comment


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.py", b"import os\0\1\2", "binary"),
        ("a.py", b"\x7fELF\x02\x01\x01\0", "binary"),
        ("a.ts", random.Random(1).randbytes(5000), "binary"),
        ("a.js", b"x" * 30_000, "its lines are too long to quote"),
        ("a.py", b"\n", "empty"),
        ("a.yaml", b"%PDF-1.7", "a PDF; name it .pdf"),
        ("a.tex", b"{\\rtf1 a}", "RTF; name it .rtf"),
    ],
)
def test_what_is_no_such_text_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(tmp_path, name, content)


def test_a_script_may_begin_with_its_page(tmp_path: Path) -> None:
    page = "<!DOCTYPE html>\n<html><body><?php echo 1; ?></body></html>\n"
    assert read(tmp_path, "a.php", page).text == page
    deep = f"a: {'[' * 100_000}\nb: &x [1]\n" + "".join(f"c{n}: [*x, *x]\n" for n in range(50))
    assert read(tmp_path, "a.yaml", deep).text == deep


def test_every_suffix_is_known_by_its_small_letters() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in READERS)


def test_installed_packages_are_listed_as_one_folder(tmp_path: Path) -> None:
    for name in (
        "app/main.js", "app/node_modules/left-pad/index.js", "venv/pyvenv.cfg", "venv/lib/a.py",
        "target/CACHEDIR.TAG", "target/a.rs", "__pycache__/a.py", "build/a.py",
    ):  # fmt: skip
        path = tmp_path / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    files, skipped = list_files([tmp_path / "code"])
    assert [file.source for file in files] == ["code/app/main.js", "code/build/a.py"]
    why = "installed packages or a cache; to index it, give it as a SOURCE of its own"
    assert {each.path: each.reason for each in skipped} == dict.fromkeys(
        ("code/app/node_modules", "code/venv", "code/target", "code/__pycache__"), why
    )
    files, skipped = list_files([tmp_path / "code", tmp_path / "code/app/node_modules"])
    assert "node_modules/left-pad/index.js" in {file.source for file in files}
    assert "code/app/node_modules" not in {each.path for each in skipped}
