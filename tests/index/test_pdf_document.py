"""What is read of PDF files: order, tables, headings, pages, and what is refused."""

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.encoding.model import Model
from index.parsers.blocks import own_title
from index.records import Document, Span
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.pdf_writing import Bookmark, Box, Words, justified, lines, write_pdf
from tests.reading_checks import damaged, headings_of, page_texts, read_bytes, reason_for

REPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pdf"
FULL_WIDTH = (
    "The first page has a paragraph that is long enough to be wrapped over lines and that",
    "goes on in the next line, as paragraphs do, until it comes to its end after a while.",
)


@pytest.fixture
def read(tmp_path: Path):
    def read(*pages: list[Words | Box], **options) -> Document:
        return read_bytes(tmp_path, "file.pdf", write_pdf(pages, **options))

    return read


def titled(*roots: str) -> list[Bookmark]:
    """Return an outline with one entry below each of its roots."""
    return [entry for root in roots for entry in (Bookmark(root), Bookmark("Below it", 2))]


def report(name: str) -> bytes:
    if not REPORTS.is_dir():
        pytest.skip(f"the development data is not there ({REPORTS.name}/ beside the checkout)")
    return (REPORTS / name).read_bytes()


def test_lines_of_a_paragraph_are_joined_and_paragraphs_stay_apart(read):
    document = read([*lines(72, 700, *FULL_WIDTH), *lines(72, 660, "A second one.")])
    assert document.text.split("\n\n") == [" ".join(FULL_WIDTH), "A second one."]
    assert document.media_type == "application/pdf"
    assert document.reader.startswith("pdf_document/4 (pypdfium2 ")


def test_two_columns_are_read_one_after_the_other_below_what_stands_over_both(read):
    left = ["The left column begins here and it", "is read to its very end before the"]
    left += ["reader's eye goes over to the other", "one, which has its own lines."]
    right = ["The right column comes second, and", "its lines stand at heights of their"]
    right += ["own, so that no row of the page", "has words of both columns in it."]
    page = [
        Words(72, 740, "A study of columns in print and their order", 18, bold=True),
        *lines(72, 700, *left),
        *lines(320, 697, *right),
        *lines(72, 600, *FULL_WIDTH),
    ]
    for order in (page, page[::-1]):
        assert read(order).text.split("\n\n") == [
            "A study of columns in print and their order",
            " ".join(left),
            " ".join(right),
            " ".join(FULL_WIDTH),
        ]


def test_a_table_has_a_line_for_each_row_with_label_and_figures(read):
    rows = [
        ("", "2023", "2022"),
        ("Sales", "1,200", "1,100"),
        ("Costs", "", "(700)"),
        ("Profit", "400", "400"),
    ]
    page = [
        Words(x, 600 - 14 * number, cell)
        for number, row in enumerate(rows)
        for x, cell in zip((72, 300, 400), row, strict=True)
        if cell
    ]
    assert read([*lines(72, 640, "All figures:"), *page]).text.split("\n\n")[1].split("\n") == [
        "| 2023 | 2022",
        "Sales | 1,200 | 1,100",
        "Costs | | (700)",
        "Profit | 400 | 400",
    ]


def grid(xs: list[float], ys: list[float], *, shade: bool = False) -> list[Box]:
    """Return a rectangle for each cell between these places, from the left and from the top."""
    return [
        Box(x0, y1, x1 - x0, y0 - y1, shade) for x0, x1 in pairwise(xs) for y0, y1 in pairwise(ys)
    ]


def test_a_row_of_a_ruled_table_is_whole_although_its_cells_wrap(read):
    rule = (
        "Only with the guard in place,",
        "and with goggles always; sand-",
        "ing is not here",
    )
    reason = ("Splinters fly farther than one", "thinks")
    page = [
        *lines(72, 740, "Rules for the use of the workshop follow."),
        *grid([72, 172, 322, 472], [700, 680, 640, 612]),
        *(Words(x, 686, cell) for x, cell in ((76, "Tool"), (176, "Rule"), (326, "Reason"))),
        Words(76, 666, "Circular saw"),
        *lines(176, 666, *rule),
        *lines(326, 666, *reason),
        *lines(76, 626, "Lathe and other", "machines"),
        Words(326, 626, "See there"),
        *lines(72, 580, "It is open on all days, and sanding is done outside."),
    ]
    before, table, after = read(page).text.split("\n\n")
    assert table.split("\n") == [
        "Tool | Rule | Reason",
        " | ".join(
            ("Circular saw", " ".join(rule).replace("sand- ing", "sanding"), " ".join(reason))
        ),
        "Lathe and other machines | | See there",
    ]
    assert before == "Rules for the use of the workshop follow."
    assert after == "It is open on all days, and sanding is done outside."


def test_a_ruled_table_is_whole_on_a_page_that_is_read_from_right_to_left(read):
    page = [
        *grid([72, 172, 272], [700, 670, 640]),
        *lines(177, 688, "הפוך דבר", "הרבה דבר", drawn=True),
        *lines(77, 688, "אחד דבר שלישי ורביע", "ועוד", drawn=True),
        *lines(177, 658, "שניים", drawn=True),
        *lines(77, 658, "שלושה", drawn=True),
    ]
    rows = read(page).text.split("\n")
    assert [row.count(" | ") for row in rows] == [1, 1]
    assert rows[1] == "םיינש | השולש"


def test_shading_and_frames_around_many_rows_leave_rows_as_they_are(read):
    rows = [("Sales", "1,200", "1,100"), ("Costs of goods", "800", "700"), ("Profit", "400", "400")]
    words = [
        Words(x, 600 - 14 * number, cell)
        for number, row in enumerate(rows)
        for x, cell in zip((74, 300, 400), row, strict=True)
    ]
    expected = "\n".join(" | ".join(row) for row in rows)
    shades = grid([72, 298, 398, 498], [612, 598, 584, 570], shade=True)
    frames = grid([72, 298, 398, 498], [612, 570])
    for boxes in ([], shades, frames, [*shades, *frames]):
        assert read([*boxes, *words]).text == expected


def test_rules_without_end_do_no_harm(read):
    hatched = grid([x / 2 for x in range(600)], [700, 400]) + grid([0, 300], [*range(700, 400, -1)])
    assert read([*hatched, *lines(72, 720, *FULL_WIDTH)]).text == " ".join(FULL_WIDTH)


def test_a_sign_of_currency_in_a_place_of_its_own_goes_to_its_figure(read):
    page = [
        Words(x, y, cell)
        for y, figure in ((600, "82,959"), (586, "81,434"))
        for x, cell in ((72, "Net sales"), (300, "$"), (330, figure), (400, "$"), (430, "7"))
    ]
    assert read(page).text.split("\n") == ["Net sales | $82,959 | $7", "Net sales | $81,434 | $7"]


def test_running_heads_and_page_numbers_are_dropped_but_no_row_that_recurs(read):
    def page(number: int, *body: Words) -> list[Words]:
        head = [
            Words(72, 760, "Annual report 2023", 9),
            Words(72, 748, "of the Example Company", 9),
        ]
        return [*head, *body, Words(300, 30, f"Page {number} of 4", 9)]

    def total(amount: str) -> list[Words]:
        return [Words(72, 60, "Total"), Words(300, 60, amount), Words(400, 60, "7")]

    document = read(
        *(
            page(n, *lines(72, 700 - n, f"Body {word}."), *total(f"1,{n * 37 % 11}00"))
            for n, word in enumerate(("one", "two", "three", "four"), 1)
        )
    )
    texts = page_texts(document)
    assert [text.split() for text in texts] == [
        ["Body", "one.", "Total", "|", "1,400", "|", "7"],
        ["Body", "two.", "Total", "|", "1,800", "|", "7"],
        ["Body", "three.", "Total", "|", "1,100", "|", "7"],
        ["Body", "four.", "Total", "|", "1,500", "|", "7"],
    ]  # 37·1 mod 11 = 4, 37·2 mod 11 = 8, 37·3 mod 11 = 1, 37·4 mod 11 = 5


def test_page_numbers_beside_the_names_of_chapters_are_dropped(read):
    document = read(
        *(
            [Words(72, 760, f"Chapter about {word}"), Words(500, 760, str(number)),
             *lines(72, 700, f"What there is to say of {word}.")]
            for number, word in enumerate("cats dogs birds fish bees ants".split(), 3)
        )
    )  # fmt: skip
    assert "Chapter" not in document.text
    assert len(document.text.split("\n\n")) == 6


def test_a_paragraph_may_run_over_a_page_and_the_page_begins_inside_it(read):
    document = read(
        lines(72, 100, FULL_WIDTH[0]), lines(72, 700, FULL_WIDTH[1]), [], lines(72, 700, "Last.")
    )
    assert document.text == f"{FULL_WIDTH[0]} {FULL_WIDTH[1]}\n\nLast."
    assert [text.strip() for text in page_texts(document)] == [*FULL_WIDTH, "", "Last."]
    at = document.text.index("goes on in the next")
    assert document.pages_of(Span(at, at + 5)) == (2, 2)
    assert document.pages_of(Span(at - 5, at + 5)) == (1, 2)
    assert document.pages_of(Span(document.text.index("Last"), len(document.text))) == (4, 4)
    assert document.remarks == ("page 3 holds no text (scanned?)",)


@pytest.mark.parametrize(
    ("broken", "elsewhere", "expected"),
    [
        (("micro-", "needling"), "", "microneedling"),
        (("self-", "made"), "A self-made man.", "self-made"),
        (("self-", "made"), "", "selfmade"),
        (("Jean-", "Paul"), "", "Jean-Paul"),
        (("13-", "inch"), "", "13-inch"),
        (("ALT-", "associated"), "", "ALT-associated"),
        (("p53-", "deficient"), "", "p53-deficient"),
        (("TNFa-", "mediated"), "", "TNFa-mediated"),
        (("long-", "term"), "", "long-term"),
        (("inter-", "mediate"), "", "intermediate"),
    ],
)
def test_a_word_broken_at_a_lines_end_is_joined(read, broken, elsewhere, expected):
    first = (
        f"This line of text is made so long that it fills the page's whole width, up to {broken[0]}"
    )
    page = lines(72, 700, first, f"{broken[1]} and then it ends.")
    document = read([*page, *lines(72, 650, elsewhere or "Another one.")])
    assert document.text.split("\n\n")[0].endswith(f" up to {expected} and then it ends.")


UNLIKE_HEIGHTS = (
    "we saw a raven or some crows near our own oceans; once we ran across a warm sea cave and",
    "FOUND THAT ALL BATS HAD LEFT IT, BUT THE FLOOD TOLD US THAT IT HAD BEEN FULL OF THEM ALL,",
    "as some swam near our oars, and we were never so aware or so sure as we were once more.",
)


def test_lines_in_a_font_without_metrics_are_joined_and_are_no_headings(read):
    document = read(
        [
            Words(72, 740, "Large words", 14, drawn=True),
            *lines(72, 700, *UNLIKE_HEIGHTS, drawn=True),
            *lines(72, 640, "Another one is here.", drawn=True),
        ]
    )
    assert document.text.split("\n\n") == [
        "Large words",
        " ".join(UNLIKE_HEIGHTS),
        "Another one is here.",
    ]
    assert headings_of(document) == [(1, "Large words")]


JUSTIFIED = (
    "decreased cell cycle",
    "progression and increased",
    "phosphorylation of the",
    "glioblastoma cells which",
    "heterogeneous populations",
    "differentiate into many",
)


def test_justified_lines_are_no_rows_of_a_table(read):
    document = read(
        justified(72, 700, 190, *JUSTIFIED) + justified(320, 700, 190, *JUSTIFIED[::-1])
    )
    assert document.text.replace("\n\n", " ") == " ".join((*JUSTIFIED, *JUSTIFIED[::-1]))


def test_rows_of_words_in_line_with_one_another_stay_a_table(read):
    rows = [("Name", "Trade", "Town"), ("Jane", "baker", "Rome"), ("John", "smith", "Bonn")]
    page = [
        Words(x, 600 - 14 * number, cell)
        for number, row in enumerate(rows)
        for x, cell in zip((72, 172, 272), row, strict=True)
    ]
    assert read(page).text.split("\n") == [" | ".join(row) for row in rows]


def test_characters_beyond_sixteen_bits_are_whole(read):
    text = "The formula 𝐸 = 𝑚𝑐 is well known 😀 here."
    assert read(lines(72, 700, text, drawn=True)).text == text


HEBREW = ("המחיר הוא 42 שקלים וזה לא", "הרבה, אבל גם לא מעט.")
ARABIC = "السعر 1,200.50 دينار"


def leftwards(x: float, y: float, *visual: str) -> list[Words]:
    """Lines that end at `x`, given as they look from left to right."""
    return [Words(x - 5 * len(text), y - 12 * i, text, drawn=True) for i, text in enumerate(visual)]


def test_hebrew_and_arabic_are_in_the_order_of_reading(read):
    visual = (HEBREW[0][::-1].replace("24", "42"), HEBREW[1][::-1])
    page = leftwards(540, 700, *visual)
    arabic = ARABIC[::-1].replace("05.002,1", "1,200.50")
    assert read(page).text == " ".join(HEBREW)
    assert read([*page, *leftwards(540, 640, arabic)]).text.split("\n\n")[1] == ARABIC
    latin = lines(72, 740, *FULL_WIDTH)
    assert read([*latin, *leftwards(540, 640, arabic)]).text.split("\n\n")[1] == ARABIC
    assert read([*latin, *page]).text.endswith(HEBREW[1])


def test_words_of_the_other_direction_in_a_line_are_in_the_order_of_reading(read):
    hebrew = lines(72, 600, HEBREW[1][::-1], drawn=True)
    line = leftwards(540, 700, ".דומלל ןתינ machine learning 2 ךיא")
    assert read([*line, *hebrew]).text.startswith("איך machine learning 2 ניתן ללמוד.\n")
    mixed = lines(72, 700, "The word הטיב רפס means so.", drawn=True)
    assert read(mixed).text == "The word ספר ביטה means so."


def test_headings_are_told_by_size_and_weight_and_nested(read):
    document = read(
        [
            Words(72, 740, "A guide", 20, bold=True),
            Words(72, 700, "Cleaning", 14, bold=True),
            *lines(72, 680, *FULL_WIDTH),
            Words(72, 640, "With water", 10, bold=True),
            *lines(72, 625, *FULL_WIDTH),
            Words(72, 590, "This whole sentence is bold, and is no heading.", 10, bold=True),
            Words(72, 560, "Drying", 14, bold=True),
            *lines(72, 540, *FULL_WIDTH),
        ]
    )
    assert headings_of(document) == [
        (1, "A guide"),
        (2, "Cleaning"),
        (3, "With water"),
        (2, "Drying"),
    ]


def test_lines_that_the_outline_points_to_are_headings_of_its_level(read):
    first = [
        *lines(72, 700, "1 Wounds of the hand", *FULL_WIDTH),
        *lines(72, 640, "How they are", "cleaned", *FULL_WIDTH),
        *lines(72, 560, "No heading of the outline's", bold=True),
        *lines(72, 530, *FULL_WIDTH),
    ]
    second = [
        *lines(72, 700, "Aftercare", *FULL_WIDTH),
        *lines(72, 640, "Wounds of the hand"),
        *lines(72, 600, "Note 1"),
    ]
    outline = [
        Bookmark("Wounds of the hand", page=1),
        Bookmark("1.1. How they are cleaned", 2, page=1),
        Bookmark("hand.doc", 2, page=1),
        Bookmark("AFTERCARE", page=2),
        Bookmark("Notes 1", 2, page=2),
        Bookmark("Nowhere"),
    ]
    document = read(first, second, outline=outline)
    assert headings_of(document) == [
        (1, "1 Wounds of the hand"),
        (2, "How they are cleaned"),
        (3, "No heading of the outline's"),
        (1, "Aftercare"),
    ]
    assert document.text.split("\n\n")[1] == " ".join(FULL_WIDTH)


def test_an_outline_that_points_to_nothing_leaves_headings_to_size(read):
    page = [Words(72, 700, "Wounds", 16), *lines(72, 670, *FULL_WIDTH)]
    outline = [Bookmark("wounds-final.doc", page=1), Bookmark("1", page=1)]
    assert headings_of(read(page, outline=outline)) == [(1, "Wounds")]


def test_list_items_keep_their_markers_and_their_wrapped_lines(read):
    document = read(
        [
            *lines(72, 700, "Bring along:"),
            Words(80, 680, "\u2022"),
            *lines(95, 680, "a towel that is large enough for you, and that you can leave"
                   " behind when you", "go away"),
            Words(80, 650, "\u2022 water"),
            Words(80, 636, "1. the first thing"),
        ]
    )  # fmt: skip
    assert document.text.split("\n")[2:] == [
        "- a towel that is large enough for you, and that you can leave behind when you go away",
        "- water",
        "1. the first thing",
    ]


def test_title_and_properties_come_from_the_file_but_not_what_a_program_put_there(read):
    page = lines(72, 700, "Words.")
    info = {
        "Author": "A. Writer",
        "Keywords": "one; two",
        "CreationDate": "D:20240102030405+01'00'",
    }
    document = read(page, info={"Title": "Care of wounds", **info})
    assert document.title == "Care of wounds"
    assert document.metadata == {
        "author": "A. Writer",
        "keywords": ("one", "two"),
        "created": "2024-01-02T03:04:05+01:00",
    }


@pytest.mark.parametrize(
    "title",
    [
        *("Microsoft Word - wounds.doc", "wounds.pdf", "care of wounds.PDF", "  ", "Untitled"),
        *(
            "0000320193-22-000070",
            "S0140-6736(20)30183-5 1..8",
            "scan_01",
            "PowerPoint Presentation",
        ),
    ],
)
def test_what_is_recorded_by_a_program_is_no_title(read, title: str):
    page = lines(72, 700, "Words.")
    assert read(page, info={"Title": title}).title == ""
    assert (
        read(page, info={"Title": title}, outline=titled("Care of wounds")).title
        == "Care of wounds"
    )


@pytest.mark.parametrize("title", ["COVID-19", "हिन्दी", "The year 2022", "Q3 report", "C++"])
def test_a_title_with_a_word_is_one(title: str):
    assert own_title(title) == title


def test_a_title_of_any_length_is_judged_at_once():
    started = time.thread_time()
    assert own_title("a" * 20_000 + "_") == ""
    assert own_title("-" * 20_000 + "_") == ""
    assert time.thread_time() - started < 2  # 1 ms alone on a core


COVER = [
    *lines(200, 740, "UNITED STATES", "SECURITIES COMMISSION", size=12, bold=True),
    *lines(72, 600, *FULL_WIDTH, *FULL_WIDTH),
]


@pytest.mark.parametrize(
    ("largest", "title"),
    [
        (lines(200, 690, "Acme Inc.", size=20), "Acme Inc."),
        (lines(200, 690, "FORM 10-Q", "ACME CORPORATION", size=14), "FORM 10-Q ACME CORPORATION"),
        (lines(200, 690, "4", size=40), "UNITED STATES SECURITIES COMMISSION"),
        ([], "UNITED STATES SECURITIES COMMISSION"),
        (lines(72, 720, *["A poem has many lines."] * 5, size=14), ""),
    ],
)
def test_the_largest_words_of_the_first_page_are_the_title(read, largest, title):
    assert read([*COVER, *largest], lines(72, 700, "LATER PAGES", size=30)).title == title


def test_words_as_large_as_the_text_are_no_title(read):
    assert read(lines(72, 700, "All of it", "is of one size.")).title == ""
    assert read([], lines(72, 700, "A second page", size=20)).title == ""


def test_an_outline_with_one_root_tells_the_title_and_one_with_several_does_not(read):
    page = [*COVER, *lines(200, 690, "Acme Inc.", size=20)]
    assert read(page, outline=titled("Report of Acme")).title == "Report of Acme"
    assert read(page, outline=titled("Chapter one", "Chapter two")).title == "Acme Inc."
    info = {"Title": "Care of wounds"}
    assert read(page, outline=titled("Report of Acme"), info=info).title == "Care of wounds"


def test_a_bookmark_with_none_below_it_heads_nothing(read):
    page = [*COVER, *lines(200, 690, "Acme Inc.", size=20)]
    assert read(page, outline=[Bookmark("Table of Contents")]).title == "Acme Inc."


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("2022 Q3 AAPL.pdf", "Apple Inc."),
        pytest.param("2022 Q3 AMZN.pdf", "AMAZON.COM, INC.", marks=pytest.mark.soak),
        pytest.param(
            "2022 Q3 MSFT.pdf",
            "Form 10-Q for Microsoft Corp filed 10/24/2022",
            marks=pytest.mark.soak,
        ),
        pytest.param("2022 Q3 NVDA.pdf", "FORM 10-Q NVIDIA CORPORATION", marks=pytest.mark.soak),
        ("2023 Q2 AAPL.pdf", "Apple Inc."),
    ],
)
def test_quarterly_reports_are_titled_by_their_companies(tmp_path: Path, name: str, title: str):
    assert read_bytes(tmp_path, name, report(name)).title == title


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no PDF at all", "damaged PDF"),
        (write_pdf([lines(72, 700, "Words.")])[:150], "damaged PDF"),
        (write_pdf([[], []]), "no text in it (scanned?); read it with --ocr"),
        (write_pdf([lines(72, 700, "x")], password="p"), "encrypted; save it without a password"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path: Path, content, reason):
    assert reason_for(tmp_path, "file.pdf", content) == reason


def test_a_damaged_file_is_read_or_refused(tmp_path: Path):
    page: list[Words | Box] = [
        *lines(72, 700, *FULL_WIDTH),
        *grid([72, 172, 272], [600, 570]),
        *lines(76, 588, "A cell that wraps in", "its place"),
        Words(176, 588, "Another"),
    ]
    outline = [Bookmark("Another", page=1), Bookmark("Below it", 2)]
    content = write_pdf([page] * 3, info={"Title": "A title"}, outline=outline)
    for seed in range(60):
        reason_for(tmp_path, "file.pdf", damaged(content, seed))


def test_pages_tables_and_headings_of_a_quarterly_report(
    tmp_path: Path,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
):
    document = read_bytes(tmp_path, "report.pdf", report("2022 Q3 AAPL.pdf"))
    pages = page_texts(document)
    assert len(pages) == 28
    assert "Total net sales | 82,959 | 81,434 | 304,182 | 282,457\n" in pages[3]
    assert "Net income | $19,442 | $21,744 | $79,082 | $74,129\n" in pages[3]
    assert "Total assets | $336,309 | $351,002\n" in pages[5]
    assert "Total net sales | $82,959 | $81,434 | 2 % | $304,182 | $282,457 | 8 %" in pages[17]
    assert "| June 25, 2022 | June 26, 2021 | June 25, 2022 | June 26, 2021\n" in pages[3]
    assert "Epic Games, Inc. (“Epic”) filed a lawsuit" in pages[22]
    assert not re.search(r"Form 10-Q \| \d+$", document.text, re.MULTILINE)
    assert document.title == "Apple Inc."  # its own is a number
    found = headings_of(document)
    levels = {text: level for level, text in found}
    assert levels["PART II — OTHER INFORMATION"] < levels["Item 1A. Risk Factors"]
    assert levels["Item 1A. Risk Factors"] < levels["Epic Games"]
    assert levels["Note 5 – Debt"] < levels["Term Debt"]
    assert not any("82,959" in text for _, text in found)
    chunked = chunker.chunk(document)
    assert_holds(chunked, tokenizer)
    passage = next(p for p in chunked.passages if "Epic appealed" in p.span.of(document.text))
    assert passage.heading_path[-3:] == (
        "PART II — OTHER INFORMATION",
        "Item 1. Legal Proceedings",
        "Epic Games",
    )
    assert document.pages_of(passage.span) == (23, 23)


def test_the_same_bytes_give_the_same_document(tmp_path: Path, model: Model):
    content = report("2023 Q2 AAPL.pdf")
    first, second = (read_bytes(tmp_path, "report.pdf", content) for _ in range(2))
    assert first == second
