"""JSON files: rows where they hold rows, else a line for each value, named by its path."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.parsers import UnreadableFileError, read_file
from index.records import Document
from index.sources.listing import SourceFile
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401

Read = Callable[[Any], list[Document]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return what reads a .json file of a value, or of a text."""

    def read_value(value: Any) -> list[Document]:
        path = tmp_path / "data.json"
        content = value if isinstance(value, str) else json.dumps(value)
        path.write_text(content, encoding="utf-8")
        return read_file(SourceFile(path, "x/data.json"))

    return read_value


LAMPS = [{"id": 1, "lamp": "Eddystone", "oil": "whale"}, {"id": 2, "lamp": "Fastnet"}]


def test_an_array_of_objects_is_rows(read: Read) -> None:
    first, second = read(LAMPS)
    assert first.text == "id: 1\nlamp: Eddystone\noil: whale"
    assert second.metadata == {"id": 2, "lamp": "Fastnet", "row": 2}
    assert (first.row_number, second.row_number) == (1, 2)


def test_an_object_around_an_array_is_kept_too(read: Read) -> None:
    first, second, rest = read({"count": 2, "next": None, "lamps": LAMPS})
    assert [first.row_number, second.row_number, rest.row_number] == [1, 2, None]
    assert rest.text == "count: 2"
    assert len({first.id, second.id, rest.id}) == 3
    assert len(read({"next": None, "lamps": LAMPS})) == 2


def test_a_short_array_in_a_description_is_no_table(read: Read) -> None:
    description = {
        "name": "lamp",
        "scripts": {"light": "burn --oil", "test": "look"},
        "tags": ["a"],
    }
    (document,) = read({**description, "authors": [{"name": "Ann"}]})
    assert document.text == (
        "name: lamp\nscripts.light: burn --oil\nscripts.test: look\ntags: a\nauthors.name: Ann"
    )
    assert document.metadata == {"name": "lamp", "tags": ("a",)}
    assert document.row_number is None
    assert document.id == SourceFile(Path("data.json"), "x/data.json").document_id


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"b": [{"c": 1}, {"c": 2}]}, "d": {"e": 5}}, "a.b.c: 1\na.b.c: 2\nd.e: 5"),
        (["It burns.", "It shines.", 0], "It burns.\nIt shines.\n0"),
        ([["a", 1], ["b", 2]], "a, 1\nb, 2"),
        ({"title": "Oil", "text": "It burns."}, "Oil\nIt burns."),
        ("words", "words"),
        (17, "17"),
    ],
)
def test_other_values_are_lines(read: Read, value: Any, text: str) -> None:
    (document,) = read(json.dumps(value))
    assert document.text == text


def test_what_is_no_valid_json_is_read_as_it_is(read: Read) -> None:
    settings = '{\n  // The limit of the proxy\n  "limit": 45,\n}\n'
    (document,) = read(settings)
    assert document.text == settings
    (remark,) = document.remarks
    assert remark.startswith("no valid JSON (Expecting property name")
    first, _ = read("".join(json.dumps(lamp) + "\n" for lamp in LAMPS))
    assert first.text == "id: 1\nlamp: Eddystone\noil: whale"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 100_000, "nested more than 100 deep"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested more than 100 deep"),
        ("[" * 101 + "1" + "]" * 101, "nested more than 100 deep"),
        ("{}", "no text in it"),
        ("null", "no text in it"),
        ("\0", "binary"),
        (" ", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused(read: Read, content: str, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        read(content)


def test_offsets_hold(
    read: Read,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
) -> None:
    value = {
        "lamp": {"light": [f"It shines {n} miles. It burns." for n in range(300)]},
        "a": {"b": "👍🏽"},
    }
    for document in (*read(value), *read(LAMPS)):
        assert_holds(chunker.chunk(document), tokenizer)
