"""What front matter says of a file becomes the document's metadata, and never does harm."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.document_json import document_from_json, document_to_json
from index.parsers import read_file
from index.parsers.metadata import MAX_FRONT_MATTER_CHARS, MAX_KEYS, FrontMatter, read_front_matter
from index.records import Document
from index.sources.listing import SourceFile

INVALID = FrontMatter(remarks=("front matter is not valid YAML",))


def said(yaml: str) -> FrontMatter:
    return read_front_matter(f"---\n{yaml}\n---\n\nThe dough rests.\n")


def document_of(folder: Path, text: str) -> Document:
    path = folder / "a.md"
    path.write_text(text, encoding="utf-8")
    (document,) = read_file(SourceFile(path, "x/a.md"))
    return document


@pytest.mark.parametrize(
    ("yaml", "metadata"),
    [
        ("Author: Ann", {"author": "Ann"}),
        ("pages: 12", {"pages": 12}),
        ("price: 1.5", {"price": 1.5}),
        ("draft: false", {"draft": False}),
        ("tags: [bread, 3, true, 2026-01-02]", {"tags": ("bread", "3", "true", "2026-01-02")}),
        ("tags:\n- bread\n- salt", {"tags": ("bread", "salt")}),
        ("date: 2026-01-02", {"date": "2026-01-02"}),
        ("date: 2026-01-02 10:30:00", {"date": "2026-01-02T10:30:00"}),
        ("date: 2026-01-02T10:30:00+01:00", {"date": "2026-01-02T10:30:00+01:00"}),
        ("date: 2026-02-30", {"date": "2026-02-30"}),
        ("country: NO\nat: 12:30\nzip: 00501", {"country": "NO", "at": "12:30", "zip": "00501"}),
        ("isbn: 12345678901234567890", {"isbn": "12345678901234567890"}),
        ("none: ~\nempty:\nblank: ''", {}),
        ("author: {name: Ann}\nlist: [a, [b]]\nyear: 2026", {"year": 2026}),
        ("note: |\n  One\n  two", {"note": "One\ntwo"}),
        ("# a comment\n2026: year", {"2026": "year"}),
        (f"long: {'x' * 3000}", {"long": "x" * 1000}),
        (f"long: [{'x' * 900}, {'y' * 900}, z]", {"long": ("x" * 900, "z")}),
        ('odd: "half \\ud83d, whole \\ud83d\\ude00"', {"odd": "half \ufffd, whole 😀"}),
    ],
)
def test_values_keep_their_types_as_far_as_metadata_has_them(
    yaml: str, metadata: dict[str, object]
) -> None:
    told = said(yaml)
    assert told == FrontMatter(metadata=told.metadata)
    assert told.metadata == metadata
    assert [type(value) for value in told.metadata.values()] == [type(v) for v in metadata.values()]


@pytest.mark.parametrize(
    "yaml",
    [
        "a: [1",
        "a: b: c",
        "a: &x [b]\nc: *x",
        "a: &x [b]\n" + "\n".join(f"a{i}: [*x, *x, *x]" for i in range(9)),
        "a: !!python/object/apply:os.getcwd []",
        "a: !!bool maybe",
        "a: !!int ''",
        "a: " + "[" * 20_000,
        "a: \x07",
    ],
)
def test_what_is_no_yaml_of_ours_is_told_and_does_no_harm(yaml: str) -> None:
    assert said(yaml) == INVALID


@pytest.mark.parametrize(
    "text", ["", "---", "---\n---\n", "---\n\nIt expires.\n\n---\n", "# A\n\n---\ntitle: b\n---\n"]
)
def test_what_is_no_front_matter_says_nothing(text: str) -> None:
    assert read_front_matter(text) == FrontMatter()


def test_its_size_is_bounded() -> None:
    many = said("\n".join(f"key{i}: {i}" for i in range(60)))
    assert len(many.metadata) == MAX_KEYS
    assert many.remarks == ("front matter: only 50 of its 60 keys are kept",)
    large = said("\n".join(f"key{i}: {'x' * 1000}" for i in range(70)))
    assert large == FrontMatter(remarks=("front matter is longer than 64 KiB",))
    assert MAX_FRONT_MATTER_CHARS == 64 * 1024


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: The Bread Book\n---\n\n# Chapter one\n\nIt rests.\n", "The Bread Book"),
        ("---\nTitle: '  The\tBread  Book '\n---\nIt rests.\n", "The Bread Book"),
        ("---\ntitle: 1984\n---\nIt rests.\n", "1984"),
        ("---\ntitle: [a, b]\n---\n# Bread\n\nIt rests.\n", "Bread"),
        ("---\ntitle:\nby: Ann\n---\n# Bread\n\nIt rests.\n", "Bread"),
        ("---\ntitle: [\n---\n# Bread\n\nIt rests.\n", "Bread"),
    ],
)
def test_its_title_is_the_documents(tmp_path: Path, text: str, title: str) -> None:
    document = document_of(tmp_path, text)
    assert (document.title, document.text) == (title, text)


def test_plain_text_has_none(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("---\ntitle: b\n---\nIt rests.\n", encoding="utf-8")
    (document,) = read_file(SourceFile(path, "x/a.txt"))
    assert (document.title, document.metadata) == ("", {})


def test_the_document_has_the_remark(tmp_path: Path) -> None:
    document = document_of(tmp_path, "---\ntitle: [\n---\nIt rests.\n")
    assert document.remarks == INVALID.remarks


lines = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        st.builds("{}: {}".format, st.text("abcü.-", min_size=1, max_size=5), st.text(max_size=20)),
        st.sampled_from(["- a", "  b: c", "a: [", "a: 1", "b: &x y", "c: *x", "? a", "!!int x"]),
    ),
    max_size=8,
)


@given(lines=lines)
def test_any_front_matter_is_survived(lines: list[str]) -> None:
    told = said("\n".join(lines))
    document = Document("i", "s", told.title, "t", "text/plain", "r/1", "", "", told.metadata)
    assert document_from_json(document_to_json(document)) == document
    assert all(len(value) <= 1000 for value in told.metadata.values() if isinstance(value, str))
