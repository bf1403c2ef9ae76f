"""Gold files: what is refused, where quotes stand, and the packaged set's promises."""

import json
from collections import Counter
from pathlib import Path

import pytest

from eval.gold import PACKAGED_GOLD, GoldError, GoldSpan, locate, locate_what_stands, read_gold
from index.parsers import read_file
from index.records import Document, Span
from index.sources.listing import list_files

ROW = {
    "id": "a-1",
    "question": "How long?",
    "kind": "answerable",
    "split": "tune",
    "quotes": [{"source": "notes/a.txt", "quote": "two days"}],
}


def gold_file(folder: Path, *rows: object) -> Path:
    path = folder / "gold.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def document(source: str, text: str) -> Document:
    return Document(source.replace("/", "-"), source, "", text, "text/plain", "text/1", "", "")


B_HAS_IT = document("notes/b.txt", "two days")


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("{not json", "is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        (ROW | {"id": "a-2", "question": "Why?", "note": "x"}, "note is no field of it"),
        (ROW | {"question": "Why?"}, "the id “a-1” is that of line 1"),
        (
            ROW | {"id": "a-2", "question": "how  LONG?"},
            "the question “how long” is that of line 1",
        ),
        (ROW | {"id": "a-2", "question": " "}, "question: must not be blank"),
        (ROW | {"id": "a-2", "question": "Why?", "kind": "maybe"}, "kind: Input should be"),
        (ROW | {"id": "a-2", "question": "Why?", "split": "test"}, "split: Input should be"),
        (ROW | {"id": "a-2", "question": "Why?", "quotes": []}, "needs at least one quote"),
        (ROW | {"id": "a-2", "question": "Why?", "kind": "far-off"}, "has no quotes"),
        (
            ROW
            | {"id": "a-2", "question": "Why?", "quotes": [{"source": "notes/a.txt", "quote": ""}]},
            "quotes.0.quote: must not be blank",
        ),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path, second, says):
    path = gold_file(tmp_path, ROW, second)
    with pytest.raises(GoldError) as caught:
        read_gold(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line 2: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path, content):
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(GoldError, match="is empty"):
        read_gold(path)


def test_a_file_that_is_not_there_or_not_utf8_is_refused(tmp_path):
    with pytest.raises(GoldError, match="check the path"):
        read_gold(tmp_path / "none.jsonl")
    path = tmp_path / "gold.jsonl"
    path.write_bytes(json.dumps(ROW).encode() + b"\n{\xff}\n")
    with pytest.raises(GoldError, match="line 2: is not UTF-8"):
        read_gold(path)


def test_line_numbers_count_blank_lines_and_nothing_but_line_feeds(tmp_path):
    separated = json.dumps(ROW | {"question": "one\u2028two"}, ensure_ascii=False)
    gold = read_gold(gold_file(tmp_path, separated, "", ROW | {"id": "a-2"}))
    assert list(gold.by_line) == [1, 3]


def test_every_occurrence_of_a_quote_is_gold(tmp_path):
    gold = read_gold(gold_file(tmp_path, ROW))
    documents = [
        document("notes/a.txt", "👍🏽 two days, then two days"),  # the emoji is 2 code points
        document("notes/b.txt", "two days"),
    ]
    expected = (GoldSpan("notes-a.txt", Span(3, 11)), GoldSpan("notes-a.txt", Span(18, 26)))
    assert [q.spans for q in locate(gold, documents).questions] == [expected]


def test_a_quote_that_does_not_stand_in_its_source_is_refused(tmp_path):
    gold = read_gold(gold_file(tmp_path, ROW))
    with pytest.raises(
        GoldError, match=r"line 1: the quote does not stand in notes/a\.txt; it stands in notes/b"
    ):
        locate(gold, [document("notes/a.txt", "three days"), document("notes/b.txt", "two days")])


def test_what_stands_is_located_and_what_does_not_is_kept_apart(tmp_path):
    both = [{"source": f"notes/{name}.txt", "quote": "two days"} for name in "ab"]
    rows = (
        ROW,
        ROW | {"id": "a-2", "question": "And b?", "quotes": both},
        {"id": "a-3", "question": "Who won?", "kind": "far-off"},
    )
    gold = read_gold(gold_file(tmp_path, *rows))
    whole = locate_what_stands(gold, [document("notes/a.txt", "two days"), B_HAS_IT])
    assert (whole.missing, whole.gone) == ({}, {})
    found = locate_what_stands(gold, [document("notes/a.txt", "three days"), B_HAS_IT])
    here = GoldSpan("notes-b.txt", Span(0, 8))
    assert [question.spans for question in found.questions.questions] == [(), (here,), ()]
    assert [question.kind for question in found.questions.questions] == [
        "answerable",
        "answerable",
        "far-off",
    ]
    assert found.missing == {1: gold.by_line[1].quotes, 2: gold.by_line[2].quotes[:1]}
    assert found.gone == {"a-1": 1}
    moved = "its quote is no longer in notes/a.txt: it stands in notes/b.txt"
    assert [found.missing_since(whole, line) for line in (1, 2, 3)] == [moved, moved, ""]
    assert found.missing_since(found, 1) == "", "it was lost before"


def test_the_nearest_text_is_shown_for_a_quote_that_is_not_there(tmp_path):
    quote = "Redness goes within to days, as a rule."
    gold = read_gold(gold_file(tmp_path, ROW | {"quotes": [{"source": "a.txt", "quote": quote}]}))
    text = "Before. Redness goes within two days, as a rule. And after it nothing at all."
    with pytest.raises(GoldError) as caught:
        locate(gold, [document("a.txt", text)])
    message = str(caught.value)
    assert 'where the nearest text there, at 8-48, has "Redness goes within two days,' in message
    assert 'it has "Redness goes within to days, as a rule."' in message


def test_blanks_that_differ_are_shown_as_they_are_written_in_the_file(tmp_path):
    gold = read_gold(gold_file(tmp_path, ROW))
    with pytest.raises(GoldError, match=r'has "two\\r\\ndays"'):
        locate(gold, [document("notes/a.txt", "For two\r\ndays it is red.")])


def test_a_long_quote_is_shown_from_where_it_differs(tmp_path):
    start = "The skin is red for two days after it, and then the redness goes away all by itself"
    row = ROW | {"quotes": [{"source": "a.txt", "quote": f"{start}, as a role."}]}
    gold = read_gold(gold_file(tmp_path, row))
    with pytest.raises(GoldError, match=r'it has "[^"]*, as a role\."') as caught:
        locate(gold, [document("a.txt", f"{start}, as a rule. And so on.")])
    assert '"The skin is red' not in str(caught.value).split("the whole of that is")[0]


def test_a_quote_of_another_document_is_told_from_one_of_none(tmp_path):
    gold = read_gold(gold_file(tmp_path, ROW))
    both = [document("notes/a.txt", "Apples."), document("notes/b.txt", "For two days.")]
    with pytest.raises(GoldError, match=r"not stand in notes/a\.txt; it stands in notes/b\.txt;"):
        locate(gold, both)


def test_a_source_that_is_nearly_right_is_suggested(tmp_path):
    quotes = [{"source": "a.txt", "quote": "two days"}]
    gold = read_gold(gold_file(tmp_path, ROW | {"quotes": quotes}))
    with pytest.raises(GoldError, match=r"a\.txt is not in the store; did you mean notes/a\.txt\?"):
        locate(gold, [document("notes/a.txt", "two days")])


def test_the_packaged_questions_ask_for_others_where_they_do_not_belong():
    with pytest.raises(GoldError, match="name questions about its documents with --gold"):
        locate(read_gold(PACKAGED_GOLD), [document("notes/a.txt", "two days")])


def test_kind_and_split_may_be_left_out_where_they_are_plain(tmp_path):
    row = {name: value for name, value in ROW.items() if name not in ("kind", "split")}
    (only,) = read_gold(gold_file(tmp_path, row)).by_line.values()
    assert (only.kind, only.split) == ("answerable", "report")
    with pytest.raises(GoldError, match="line 1: kind is missing"):
        read_gold(gold_file(tmp_path, row | {"quotes": []}))


def test_a_source_that_is_not_in_the_store_is_refused(tmp_path):
    gold = read_gold(gold_file(tmp_path, ROW))
    with pytest.raises(GoldError, match=r"line 1: notes/a\.txt is not in the store; index it"):
        locate(gold, [document("notes/b.txt", "two days")])


def test_the_packaged_quotes_stand_verbatim_in_the_seed_files(seeds_dir):
    texts = {f"seeds/{path.name}": path.read_bytes().decode() for path in seeds_dir.iterdir()}
    quotes = [quote for row in read_gold(PACKAGED_GOLD).by_line.values() for quote in row.quotes]
    assert len(quotes) >= 150
    assert [quote for quote in quotes if quote.quote not in texts[quote.source]] == []


def test_the_packaged_quotes_resolve_to_their_own_words(seeds_dir):
    files, skipped = list_files([seeds_dir])
    documents = {each.id: each for file in files for each in read_file(file)}
    assert not skipped
    gold = read_gold(PACKAGED_GOLD)
    asked = locate(gold, documents.values()).questions
    for row, question in zip(gold.by_line.values(), asked, strict=True):
        found = {(documents[s.document_id].source, s.span.of(documents[s.document_id].text))
                 for s in question.spans}  # fmt: skip
        assert found == {(quote.source, quote.quote) for quote in row.quotes}


def test_the_packaged_set_has_the_promised_counts():
    rows = read_gold(PACKAGED_GOLD).by_line.values()
    count = Counter((row.kind, row.split) for row in rows)
    assert len(rows) >= 70
    assert sum(row.kind != "answerable" for row in rows) >= 25
    for kind in ("answerable", "near-miss", "far-off"):
        assert count[kind, "tune"] == count[kind, "report"] > 0
