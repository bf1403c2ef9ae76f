"""`pincite ask` and `pincite why`: what they print where, and what they end with."""

import json
import re
import shutil
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from qa.read.reader import reader_used
from tests.cli.conftest import FAR_OFF, ON_SUBJECT, Command, Outcome, asked, assert_one_line
from tests.pdf_writing import lines, write_pdf

ANSWER_KEYS = {
    "question", "answered", "confidence", "answer", "citations", "passages",
    "snapshot", "model", "reader", "calibration", "corrections", "unknown_words", "missing_names",
    "searched", "carried_over", "all", "more", "written", "took_ms", "explain",
}  # fmt: skip
CITATION_KEYS = {
    "number", "document_id", "document_title", "source", "heading_path", "cited_text",
    "start_char_index", "end_char_index", "start_page_number", "end_page_number",
    "document_sha256", "text_sha256", "also_in", "also_in_count",
    "agreeing_documents", "row_number", "label", "url", "table",
}  # fmt: skip
PASSAGE_KEYS = {
    "rank", "passage_id", "document_id", "document_title", "source", "heading_path", "text",
    "start_char_index", "end_char_index", "start_page_number", "end_page_number", "score",
    "highlights", "also_in", "also_in_count", "row_number", "label", "table",
}  # fmt: skip
PLACE_KEYS = {
    "document_id", "document_title", "source", "start_char_index", "end_char_index", "cited_text",
    "start_page_number", "end_page_number", "row_number",
}  # fmt: skip


def ranks(outcome: Outcome) -> list[int]:
    """The ranks of the passages that are shown."""
    return [int(rank) for rank in re.findall(r"(?m)^ ?(\d+)  [01]\.\d\d  ", outcome.out)]


def test_an_answer_goes_to_stdout_and_ends_with_0(pincite: Command, seeds_store: Path) -> None:
    outcome = pincite("ask", ON_SUBJECT, "--store", seeds_store)
    assert (outcome.code, outcome.err) == (0, "")
    assert "tiny needles" in outcome.out
    assert "[1] seeds/" in outcome.out
    assert "\x1b" not in outcome.out
    assert ranks(outcome) == [1, 2, 3, 4, 5]


def test_no_answer_ends_with_3_and_shows_the_nearest_passages(
    pincite: Command, seeds_store: Path
) -> None:
    outcome = pincite("ask", FAR_OFF, "--store", seeds_store, "--top-k", "2")
    assert (outcome.code, outcome.err) == (3, "")
    assert "Your documents do not seem to answer this." in outcome.out
    assert ranks(outcome) == [1, 2]


def test_the_threshold_is_a_flag(pincite: Command, seeds_store: Path) -> None:
    unlikely = "how do I bake bread"
    assert pincite("ask", unlikely, "--store", seeds_store).code == 3
    assert pincite("ask", unlikely, "--store", seeds_store, "--threshold", "0").code == 0
    assert pincite("ask", ON_SUBJECT, "--store", seeds_store, "--threshold", "1").code == 3


def test_the_reader_is_a_flag(pincite: Command, seeds_store: Path) -> None:
    arguments = ("ask", ON_SUBJECT, "--store", seeds_store, "--top-k", "1")
    used = reader_used(None)
    assert used
    expected = {"name": "bundled", "digest": used.digest}
    for choice in ((), ("--reader", "bundled")):
        assert asked(pincite(*arguments, "--json", *choice))["reader"] == expected
    without = ("--reader", "none", "--threshold", "0")
    assert asked(pincite(*arguments, "--json", *without))["reader"] is None
    assert pincite(*arguments, *without).out.endswith("all-MiniLM-L6-v2 · no reader\n")
    assert_one_line(pincite(*arguments, "--reader", "no/such-reader"), 1, "no/such-reader")
    assert_one_line(pincite(*arguments, "--reader", ""), 2, "--reader")


def test_a_question_with_a_name_that_no_document_has_is_not_answered(
    pincite: Command, seeds_store: Path
) -> None:
    question = f"{ON_SUBJECT} according to AMD's chips"
    arguments = ("ask", question, "--store", seeds_store, "--threshold", "0")
    told = pincite(*arguments)
    assert told.code == 3
    assert "No document found has the name “AMD”." in told.out
    assert "\nClosest passages:\n" in told.out
    answer = asked(pincite(*arguments, "--json"))
    assert (answer["answered"], answer["missing_names"]) == (False, ["AMD"])
    assert not any(passage["highlights"] for passage in answer["passages"])
    assert (
        asked(pincite("ask", ON_SUBJECT, "--store", seeds_store, "--json"))["missing_names"] == []
    )


def test_what_comes_near_is_highlighted_and_nothing_where_nothing_does(
    pincite: Command, seeds_store: Path
) -> None:
    def highlights(question: str, *options: str) -> list[Any]:
        answer = asked(pincite("ask", question, "--store", seeds_store, "--json", *options))
        return [mark for passage in answer["passages"] for mark in passage["highlights"]]

    assert highlights(ON_SUBJECT)
    assert highlights(ON_SUBJECT, "--threshold", "1"), "not answered, but it comes near"
    assert not highlights("Who won the football world cup in 1998?")
    assert "**" not in pincite("ask", ON_SUBJECT, "--store", seeds_store).out


def test_short_is_the_answer_and_its_sources_only(pincite: Command, seeds_store: Path) -> None:
    arguments = ("ask", ON_SUBJECT, "--store", seeds_store)
    answer, short = asked(pincite(*arguments, "--json")), pincite(*arguments, "--short")
    assert (short.code, short.err) == (0, "")
    *text, sources = short.out.strip().split("\n\n")
    assert answer["citations"][0]["cited_text"].split()[0] in "".join(text)
    for each in answer["citations"]:
        assert f"[{each['number']}]" in sources
        assert each["label"] in sources
        assert each["source"] in sources
        assert f"{each['start_char_index']}-{each['end_char_index']}" in sources
    abstained = pincite("ask", FAR_OFF, "--store", seeds_store, "--short")
    assert abstained.code == 3
    assert abstained.out.endswith("Your documents do not seem to answer this.\n")


TABLE = """# Annual report

Consolidated statements of income (in millions)

| | 2023 | 2022 |
|---|---|---|
| Net sales | 394,328 | 365,817 |
| Cost of sales | 223,546 | 212,981 |
| Research and development | 26,251 | 21,914 |
"""


def test_a_row_is_quoted_with_its_header_and_unit_each_with_its_number(
    pincite: Command, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "report.md").write_text(TABLE, encoding="utf-8")
    pincite("index", "notes")
    question = "what was research and development in 2022"
    outcome = pincite("ask", question, "--json", "--threshold", "0")
    answer = asked(outcome)
    spans, text = answer["answer"]["spans"], answer["answer"]["text"]
    assert [span["citations"] for span in spans] == [[n] for n in range(1, len(spans) + 1)]
    cited = [citation["cited_text"] for citation in answer["citations"]]
    row = cited.index("| Research and development | 26,251 | 21,914 |")
    header = next(n for n, words in enumerate(cited) if words.endswith("| | 2023 | 2022 |"))
    assert header < row
    assert cited[0].startswith("(in millions)")
    assert text[spans[row - 1]["end"] : spans[row]["start"]] == "\n"
    shown = pincite("ask", question, "--threshold", "0").out
    assert f"\n  | | 2023 | 2022 | [{header + 1}]\n" in shown
    assert f"\n  {cited[row]} [{row + 1}]" in shown
    (tmp_path / "answer.json").write_text(outcome.out, encoding="utf-8")
    verified = pincite("verify", "answer.json")
    assert (verified.code, verified.out.count("valid")) == (0, len(cited))


def test_explain_shows_the_stages(pincite: Command, seeds_store: Path) -> None:
    outcome = pincite("ask", ON_SUBJECT, "--store", seeds_store, "--explain")
    for part in ("dense", "\nread\n", "stands for", "decision", "  in_window ", "threshold 0."):
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


def test_where_a_filter_matches_nothing_it_is_told_what_would(
    pincite: Command, notes: Path
) -> None:
    pincite("index", notes)
    changed = pincite("ask", "sun and frost", "--filter", "path=notes/")  # path^=notes/ before
    assert changed.code == 3
    assert "there are notes/" in changed.err
    assert "--filter 'path^=notes/'" in changed.err
    assert "--filter" not in pincite("ask", "sun and frost", "--filter", "path^=x").err


def test_help_shows_filters_with_quotation_marks(pincite: Command) -> None:
    told = " ".join(pincite("ask", "--help").out.split())
    assert "'year>=2020'" in told
    assert "'path^=notes/'" in told


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("author=Jane", "No document has a field 'author'"),
        ("authr", "FIELD=VALUE"),
        ("year", "--filter 'year>=2020'"),  # what a shell leaves of year>=2020
        ("{author: Jane}", "--filter 'year>=2020'"),
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
    assert 0 < answer["explain"]["decision"]["threshold"] < 1


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


def test_why_tells_what_became_of_a_quote(pincite: Command, seeds_store: Path) -> None:
    citation = asked(pincite("ask", ON_SUBJECT, "--json", "--store", seeds_store))["citations"][0]
    cited = pincite("why", ON_SUBJECT, "--expect", citation["cited_text"], "--store", seeds_store)
    assert (cited.code, cited.err) == (0, "")
    first, blank, *stages = cited.out.splitlines()
    assert (first, blank) == (f"Cited as [{citation['number']}].", "")
    names = ["ingested", "chunked", "dense", "lexical", "fused", "collapsed", "read", "shown"]
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


def test_all_lists_each_row_that_answers(pincite: Command, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "lamps.csv").write_text("lamp,stock\nArc,0\nMira,3\nLund,0\n")
    pincite("index", "shop")
    listed = pincite("ask", "which lamps are out of stock", "--all")
    assert (listed.code, listed.err) == (0, "")
    assert "  2 quotes in 1 file\n" in listed.out
    assert re.findall(r"\[(\d)\] row (\d)", listed.out) == [("1", "1"), ("2", "3")]
    found = asked(pincite("ask", "which lamps are out of stock", "--all", "--json"))["all"]
    assert (found["count"], found["complete"]) == (2, True)
    quotes = [quote for document in found["documents"] for quote in document["quotes"]]
    assert {*quotes[0]} == CITATION_KEYS | {"confidence"}
    as_csv = pincite("ask", "which lamps are out of stock", "--all", "--csv")
    assert as_csv.out.splitlines()[0].endswith(",row,start,end,confidence,text")
    none = pincite("ask", "which lamps cost too much and flicker", "--all", "--threshold", "1")
    assert none.code == 3
    assert 'Nothing is listed: the columns of shop/lamps.csv do not explain "cost"' in none.err
    assert_one_line(pincite("ask", "which lamps?", "--csv"), 2, "--csv goes with --all")


def test_open_shows_each_quote_marked_in_its_document(
    pincite: Command, seeds_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    answered = pincite("ask", ON_SUBJECT, "--json", "--open", "--store", seeds_store)
    quotes = [citation["cited_text"] for citation in json.loads(answered.out)["citations"]]
    path = Path(unquote(urlsplit(opened[0]).path))
    assert str(path) in answered.err
    page = path.read_text(encoding="utf-8")
    assert all(f"<mark>{escape(quote)}</mark>" in page for quote in quotes)
    shutil.rmtree(path.parent)


def test_open_marks_a_quote_on_the_page_of_a_pdf(
    pincite: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    report = tmp_path / "notes" / "report.pdf"
    report.parent.mkdir()
    report.write_bytes(write_pdf([lines(72, 700, "The clinic opens at eight on weekdays.")]))
    assert pincite("index", report.parent).code == 0
    assert pincite("ask", "When does the clinic open?", "--open").code == 0
    path = Path(unquote(urlsplit(opened[0]).path))
    page = path.read_text(encoding="utf-8")
    assert "data:image/webp;base64," in page
    assert '<i style="left:11.' in page  # 72 of 612 points
    shutil.rmtree(path.parent)
