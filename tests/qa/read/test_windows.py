"""Windows are exact, lose nothing but headers, and carry what they stand under."""

import hashlib
import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.parsers import read_file
from index.records import Document, Layout, Passage, Span
from index.sources.listing import SourceFile
from index.structure.columns import with_one_heading_each
from index.structure.layout import OUTLINERS
from index.structure.tables import headers
from index.structure.units import MOST_LEAD_WORDS, size, units_of
from index.structure.wording import word_count
from qa.read.windows import MOST_WORDS, Window, windows


@pytest.fixture(scope="module")
def chunker(model: Model) -> Chunker:
    return Chunker(model.tokenizer(), model.budget())


def document_of(text: str, media_type: str = "text/plain") -> Document:
    extracted = media_type == "application/pdf"
    return Document(
        id="folder-file-0123456789",
        source="folder/file",
        title="" if extracted else OUTLINERS[media_type](text).title,
        text=text,
        media_type=media_type,
        reader="text/1",
        document_sha256="",
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        layout=Layout() if extracted else None,
    )


def cut(chunker: Chunker, text: str, media_type: str = "text/plain") -> list[Window]:
    document = document_of(text, media_type)
    passages = chunker.chunk(document).passages
    made = windows([(document, passage) for passage in passages])
    assert_holds(document, passages, made)
    return made


def assert_holds(document: Document, passages: tuple[Passage, ...], made: list[Window]) -> None:
    """Everything that must be true of windows, whatever the text."""
    assert sorted(window.passage for window in made) == [window.passage for window in made]
    for number, passage in enumerate(passages):
        own = [window for window in made if window.passage == number]
        units = list(units_of(document.text, passage))
        heads = [unit.span for unit in units if unit.kind == "header"]
        for before, after in pairwise(own):
            assert before.span.end <= after.span.start
        for sentence in passage.sentences:
            inside = [window for window in own if window.span.contains(sentence)]
            is_header = any(span.contains(sentence) for span in heads)
            assert len(inside) == 1 or (is_header and not inside)
        assert [unit for window in own for unit in window.units] == [
            unit for unit in units if unit.kind != "header"
        ]
        for window in own:
            assert_is_exact(document, passage, window)
            assert_is_short(document, passage, window)


def assert_is_exact(document: Document, passage: Passage, window: Window) -> None:
    heading, *others = (document.text[start:end] for start, end in window.parts)
    if window.units[0].kind == "row" and window.units[0].lead:
        heading = with_one_heading_each(heading, window.span.of(document.text))
    assert window.text == "\n".join((heading, *others))
    assert window.parts[-1] == window.span
    assert all(part.start < part.end <= passage.end for part in window.parts)
    assert passage.span.contains(window.span)
    assert all(before.end <= after.start for before, after in pairwise(window.parts))


def assert_is_short(document: Document, passage: Passage, window: Window) -> None:
    assert all(word_count(part.of(document.text)) <= MOST_LEAD_WORDS for part in window.parts[:-1])
    kinds = [unit.kind for unit in window.units]
    assert "row" not in kinds or kinds == ["row"]
    if size(window.text) > MOST_WORDS:
        inside = [each for each in passage.sentences if window.span.contains(each)]
        gaps = [document.text[one.end : two.start] for one, two in pairwise(inside)]
        assert len(inside) == 1 or (
            size(window.span.of(document.text)) <= MOST_WORDS and "\n" not in "".join(gaps)
        )


# Any text.

cells = st.lists(
    st.sampled_from(["a", "Name", "2022", "$1.20", "", "👍🏽", "(3)", "x" * 90]), min_size=2
)
words = st.sampled_from(
    "the needle heals 48 hours: Dr. e.g. 0.5 mm 👩‍👩‍👧‍👦 漢字 e\u0301 | a|b".split()
)
prose = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(words, min_size=1, max_size=120),
    st.sampled_from([".", "!", "?", ":", "", " |"]),
)
lines = st.one_of(
    prose,
    st.builds(
        lambda mark, text: mark + text, st.sampled_from(["- ", "1. ", "Label: ", "> "]), prose
    ),
    st.builds(lambda row: "| " + " | ".join(row) + " |", cells),
    st.builds(" | ".join, cells),
    st.sampled_from(["|---|---|", "Net sales:", "# Heading", "", "The causes are:"]),
)
texts = st.builds(
    lambda lines, end: end.join(lines),
    st.lists(lines, max_size=14),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
)


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown", "application/pdf"])
@given(text=texts)
@example(text="")
@example(text="| a | b |\n|---|---|\n| 1 | 2 |")
@example(text="The causes are:\n- heat\n- cold")
def test_windows_of_any_text_hold(chunker: Chunker, media_type: str, text: str) -> None:
    cut(chunker, text, media_type)


def test_windows_of_real_texts_hold(chunker: Chunker, seeds_dir: Path) -> None:
    longest = 0
    for path in sorted(seeds_dir.glob("*.txt")):
        (document,) = read_file(SourceFile(path, f"seeds/{path.name}"))
        passages = chunker.chunk(document).passages
        made = windows([(document, passage) for passage in passages])
        assert_holds(document, passages, made)
        longest = max(longest, *(size(window.text) for window in made))
    assert 70 < longest <= MOST_WORDS


def test_windows_are_filled_one_after_another(chunker: Chunker) -> None:
    sentence = "This one has exactly nine words in it, yes."
    made = cut(chunker, " ".join([sentence] * 13))
    assert [word_count(window.text) for window in made] == [72, 45]  # 8 and 5 sentences of 9 words


def test_a_longer_sentence_is_a_window_by_itself(chunker: Chunker) -> None:
    long = " ".join(["word"] * 100) + "."
    made = cut(chunker, f"One before. {long} One after.")
    assert [window.text for window in made] == ["One before.", long, "One after."]


def test_what_only_announces_goes_with_what_follows(chunker: Chunker) -> None:
    filling = " ".join(["word"] * 70) + "."
    rest = " ".join(["more"] * 40) + "."
    made = cut(chunker, f"{filling} It was said thus: {rest}")
    assert [window.text for window in made] == [filling, f"It was said thus: {rest}"]


# What stands above.


def test_title_and_headings_stand_above_each_once(chunker: Chunker) -> None:
    text = "# Care\n\nWash it.\n\n## At night\n\nSleep well.\n"
    made = cut(chunker, text, "text/markdown")
    assert [(window.above, window.text) for window in made] == [
        ("Care", "Wash it."),
        ("Care: At night", "Sleep well."),
    ]


def test_a_window_knows_its_passage_and_no_passages_are_no_windows(chunker: Chunker) -> None:
    first, second = document_of("One."), document_of("Two.")
    passages = [(each, chunker.chunk(each).passages[0]) for each in (first, second)]
    assert [(window.passage, window.text) for window in windows(passages)] == [
        (0, "One."),
        (1, "Two."),
    ]
    assert windows([]) == []


# Tables.

ROW = "| Dish number {0} with cheese from the valley | {0} Euro | {0} minutes of patience |"


def rows(count: int) -> str:
    return "\n".join(ROW.format(number) for number in range(count))


def test_each_row_of_a_markdown_table_is_a_window_below_the_header(chunker: Chunker) -> None:
    header = "| Dish | Price | Time |"
    text = f"Our dishes.\n\n{header}\n|---|---:|---|\n{rows(9)}\n\nAll of them are fresh.\n"
    first, *below, last = cut(chunker, text, "text/markdown")
    assert (first.text, last.text) == ("Our dishes.", "All of them are fresh.")
    assert [window.text for window in below] == [
        f"{header}\n{ROW.format(number)}" for number in range(9)
    ]
    assert [window.span.of(text) for window in below] == rows(9).splitlines()
    assert kinds(below) == [["row"]] * 9


def kinds(made: list[Window]) -> list[list[str]]:
    return [[unit.kind for unit in window.units] for window in made]


INCOME = """\
(In millions, except number of shares which are reflected in thousands and per share amounts)
| Three Months Ended | | Nine Months Ended
| June 25, 2022 | June 26, 2021 | June 25, 2022 | June 26, 2021
Net sales:
Products | $63,355 | $63,948 | $245,241 | $232,309
Services | 19,604 | 17,486 | 58,941 | 50,148
Total net sales | 82,959 | 81,434 | 304,182 | 282,457
Cost of sales:
Products | 41,485 | 40,899 | 155,084 | 149,476
"""


def test_a_row_stands_under_all_lines_of_the_header_and_under_its_label(chunker: Chunker) -> None:
    first, *others = cut(chunker, INCOME, "application/pdf")
    lines = INCOME.splitlines()
    header = lines[1:3]
    read = (
        "| Three Months Ended June 25, 2022 | Three Months Ended June 26, 2021 "
        "| Nine Months Ended June 25, 2022 | Nine Months Ended June 26, 2021"
    )
    assert first.text == lines[0]
    assert [window.text.splitlines() for window in others] == [
        [read, "Net sales:", lines[4]],
        [read, "Net sales:", lines[5]],
        [read, "Net sales:", lines[6]],
        [read, "Cost of sales:", lines[8]],
    ]
    (unit,) = others[-1].units
    assert unit.lead is not None
    assert unit.label is not None
    assert unit.lead.of(INCOME).splitlines() == header
    assert unit.label.of(INCOME) == "Cost of sales:"
    assert unit.parts == others[-1].parts


def test_a_table_begun_in_the_passage_before_keeps_its_header(chunker: Chunker) -> None:
    document = document_of("Word | Number\n" + rows(30), "application/pdf")
    passages = chunker.chunk(document).passages
    made = windows([(document, passage) for passage in passages])
    assert_holds(document, passages, made)
    assert len(passages) > 1
    assert len(made) == 30
    assert all(window.text.startswith("Word | Number\n") for window in made)


def test_a_table_after_a_paragraph_has_none_of_the_table_before(chunker: Chunker) -> None:
    text = "| 2022 | 2021\nSales | 1 | 2\n\nThe costs are those of the parent.\n\n" + rows(9)
    *_, last = cut(chunker, text, "application/pdf")
    assert "2022" not in last.text


def test_a_very_long_table_has_whole_lines_above(chunker: Chunker) -> None:
    row = "Alpha item seven | Beta value | Gamma value"
    text = "Name | Kind | Colour\n" + "\n".join([row] * 400)
    made = cut(chunker, text, "application/pdf")
    leads = {window.parts[0].of(text) for window in made if len(window.parts) > 1}
    assert leads <= {"Name | Kind | Colour", row}
    assert {window.span.of(text) for window in made} == {row}


@pytest.mark.parametrize(
    "text",
    [
        "Kind | Note\n- " + "|    " * 40 + "| x | y\nLand | 3",
        "Sales | 1\n" + "| a\n" * 3000,
        "\n".join(["- a"] * 3000),
    ],
)
def test_odd_tables_take_no_time(text: str) -> None:
    """Each of these took minutes, or some power of its length, with simpler rules."""
    lines = [Span(*match.span()) for match in re.finditer("[^\n]+", text)]
    started = time.thread_time()
    headers(text, lines)
    headers(text, lines[-50:])
    assert time.thread_time() - started < 5


def test_letters_without_blanks_between_words_count_singly() -> None:
    assert size("微针治疗") == 4
    assert size("microneedling") == 1
    assert size("$24,160") == 4


def test_a_second_header_takes_the_place_of_the_first(chunker: Chunker) -> None:
    text = "| 2022 | 2021\nSales | 1 | 2\nCosts | 3 | 4\n| 2020 | 2019\n" + "\n".join(
        f"Item number {number} of the long list of those sold | {number} | {number}"
        for number in range(9)
    )
    *_, last = cut(chunker, text, "application/pdf")
    assert last.text.splitlines()[0] == "| 2020 | 2019"


@pytest.mark.parametrize(
    "first", ["Weight of the thing | 5 kg", "Net income | $19,442 | $21,744", "Large filer | ☒"]
)
def test_a_row_of_figures_is_no_header(chunker: Chunker, first: str) -> None:
    made = cut(chunker, f"{first}\n{rows(9)}", "application/pdf")
    assert {len(window.parts) for window in made} == {1}


# Lists.

ITEMS = [
    "Heat: " + "It dries the skin and opens its pores for what should stay outside. " * 3,
    "Cold: " + "It makes the skin tight and slow to heal, whatever is put on it. " * 3,
    "Wind: " + "It does what heat and cold do, and carries dust into the bargain. " * 3,
]
AFTER = "All of this passes with time, so there is no need to worry about it at all."


@pytest.mark.parametrize("marker", ["", "- ", "1. ", "  * "])
@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
def test_items_keep_their_lead_in(chunker: Chunker, marker: str, media_type: str) -> None:
    between = "\n\n" if media_type == "text/markdown" else "\n"
    items = between.join(marker + item.strip() for item in ITEMS)
    made = cut(
        chunker, f"It is common. The causes are:{between}{items}{between}{AFTER}", media_type
    )
    assert made[0].text.startswith("It is common. The causes are:")
    assert len(made) > 2
    for window in made[1:]:
        begins_with_an_item = "Cold:" in window.text or "Wind:" in window.text
        assert window.text.startswith("The causes are:\n") == begins_with_an_item
    assert sum(window.text.count("The causes are:") for window in made) >= 2


def test_a_list_that_is_over_leads_in_to_nothing(chunker: Chunker) -> None:
    text = f"The causes are:\n- heat\n\n{AFTER} {AFTER} {AFTER} {AFTER} {AFTER}\nNote: mind it."
    made = cut(chunker, text)
    assert {len(window.parts) for window in made} == {1}


def test_a_long_lead_in_is_not_repeated(chunker: Chunker) -> None:
    lead = " ".join(["word"] * 45) + ":"
    made = cut(chunker, "\n".join([lead, *(item.strip() for item in ITEMS)]))
    assert {len(window.parts) for window in made} == {1}


def test_units_tell_what_they_are(chunker: Chunker) -> None:
    text = "It is common. The causes are:\n- heat\n- a cold wind\n\nIt passes. Is it bad?\n"
    (window,) = cut(chunker, text)
    found = [(unit.kind, unit.span.of(text), bool(unit.lead)) for unit in window.units]
    assert found == [
        ("sentence", "It is common.", False),
        ("lead-in", "The causes are:", False),
        ("item", "heat", True),
        ("item", "a cold wind", True),
        ("sentence", "It passes.", False),
        ("sentence", "Is it bad?", False),
    ]


def test_markers_of_a_list_count_as_the_words_that_they_are_to_the_reader(chunker: Chunker) -> None:
    made = cut(chunker, "\n".join(["- red blue green"] * 30), "text/markdown")
    assert len(made) > 1
    for window, following in pairwise(made):
        assert size(window.text) <= MOST_WORDS
        longer = Span(window.span.start, following.units[0].span.end)
        text = "\n".join(["- red blue green"] * 30)
        assert size(longer.of(text)) > MOST_WORDS
