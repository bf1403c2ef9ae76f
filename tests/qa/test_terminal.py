"""An answer as it is printed: compared with what a person agreed to, and safe to print.

`TEST_UPDATE_GOLDEN=1 pytest` writes the golden files anew; read the difference.
"""

import dataclasses
import io
import os
import re
from pathlib import Path

import pytest
from rich.console import Console

from index.records import Document, Layout, Passage, Span
from index.terminal import console, printable
from qa.formats.terminal import print_answer
from qa.records import (
    Answer,
    AnswerSpan,
    AppliedCalibration,
    Citation,
    Correction,
    Hit,
    Place,
    ReaderUsed,
)
from tests.documents import document

GOLDEN = Path(__file__).resolve().parents[1] / "golden"

FADING = document(
    "Aftercare\n\nDoes redness fade? Redness fades within two days. Wash the face with lukewarm "
    "water only, and keep out of the sun for a week so that nothing darkens.\n",
    "care.txt",
    title="Aftercare",
)
SAME = document("As a rule redness is gone after two days.\n", "rule.txt")
ELSEWHERE = document("🌵 The sun darkens healing skin.\n\nIt can be avoided.\n", "sun/light.txt")


def place(of: Document, words: str) -> Place:
    start = of.text.index(words)
    return Place(of, Span(start, start + len(words)))


def hit(of: Document, start: str, end: str, score: float, marked: str, *also_in: Place) -> Hit:
    span = Span(place(of, start).span.start, place(of, end).span.end)
    passage = Passage("p", of.id, *span, ("Aftercare",) if of is FADING else (), ())
    return Hit(of, passage, score, (place(of, marked).span,), also_in)


def citation(number: int, of: Document, words: str, *also_in: Place) -> Citation:
    start, end = place(of, words).span
    return Citation(
        number, of, ("Aftercare", "Days after") if number == 1 else (), start, end, also_in
    )


HITS = (
    hit(
        FADING,
        "Does",
        "darkens.",
        0.83,
        "Redness fades within two days.",
        place(SAME, "As a rule redness is gone after two days."),
    ),
    hit(ELSEWHERE, "🌵", "avoided.", 0.4567, "🌵 The sun darkens healing skin."),
)
ANSWERED = Answer(
    question="How long does redness last?",
    answered=True,
    confidence=0.8765,
    text="Redness fades within two days. 🌵 The sun darkens healing skin.",
    spans=(AnswerSpan(0, 30, (1,)), AnswerSpan(31, 62, (2,))),
    citations=(
        citation(
            1,
            FADING,
            "Redness fades within two days.",
            place(SAME, "As a rule redness is gone after two days."),
        ),
        citation(2, ELSEWHERE, "🌵 The sun darkens healing skin."),
    ),
    hits=HITS,
    snapshot="0123456789abcdef",
    model="all-MiniLM-L6-v2",
    took_ms=12.4,
    reader=ReaderUsed("bundled", "ab" * 32),
)
ABSTAINED = Answer(
    question="What is the capital of France?",
    answered=False,
    confidence=0.07,
    text=None,
    spans=(),
    citations=(),
    hits=(dataclasses.replace(HITS[1], highlights=()),),
    snapshot="0123456789abcdef",
    model="all-MiniLM-L6-v2",
    took_ms=3.6,
)
PASSAGE = {"passage_id": "care-txt:11-161", "place": "notes/care.txt:11-161"}
RULE = {"passage_id": "rule-txt:0-41", "place": "notes/rule.txt:0-41"}
EXPLAINED = {
    "dense": [
        {"rank": 1, **PASSAGE, "score": 0.81},
        {"rank": 2, **RULE, "score": 0.6},
    ],
    "lexical": [{"rank": 1, **PASSAGE, "score": 7.25}],
    "fused": [{"rank": 1, **PASSAGE, "score": 1.0}],
    "read": [{"rank": 1, **PASSAGE, "score": 2.125, "share": 0.5}],
    "question": {"corrections": [], "terms": [{"text": "fade", "times": 1, "weight": 2.5}]},
    "stages": ["lexical", "spelling"],
    "quotes": [
        {
            "rank": 1,
            "passage_id": "care-txt:11-161",
            "place": "notes/care.txt:30-60",
            "start_char_index": 30,
            "end_char_index": 60,
            "score": 0.77,
            "chosen": True,
        }
    ],
    "collapsed": [{"passage_id": "care-txt:11-161", "stands_for": ["rule-txt:0-41"]}],
    "decision": {
        "evidence": {"window": 2.125, "in_quote": 0.75},
        "missing_names": [],
        "score": 0.8765,
        "confidence": 0.8765,
        "threshold": 0.5,
        "calibration": None,
        "stale": False,
        "by_hand": False,
    },
}


def printed(answer: Answer, *, terminal: bool = False, width: int = 80, short: bool = False) -> str:
    out = io.StringIO()
    print_answer(
        answer,
        Console(
            file=out,
            width=width,
            force_terminal=terminal,
            color_system="standard" if terminal else None,
            highlight=False,
            emoji=False,
            markup=False,
        ),
        short=short,
    )
    return out.getvalue()


def with_text(text: str, name: str = "bad.txt", heading: str = "", title: str = "") -> Answer:
    """An answer that quotes and shows the whole of `text`."""
    bad = document(text, name, title)
    whole = Span(0, len(text))
    path = (heading,) if heading else ()
    passage = Passage("p", bad.id, *whole, path, (whole,))
    also_in = (Place(bad, whole),)
    return Answer(
        question="?",
        answered=True,
        confidence=1.0,
        text=text,
        spans=(AnswerSpan(0, len(text), (1,)),),
        citations=(Citation(1, bad, path, *whole, also_in),),
        hits=(Hit(bad, passage, 1.0, (whole,), also_in),),
        snapshot="s",
        model="m",
        took_ms=0,
    )


@pytest.mark.parametrize(
    ("name", "answer"),
    [("ask_answered", ANSWERED), ("ask_abstained", ABSTAINED)],
)
def test_an_answer_is_printed_as_agreed(name: str, answer: Answer) -> None:
    golden = GOLDEN / f"{name}.txt"
    found = printed(answer)
    if os.environ.get("TEST_UPDATE_GOLDEN") == "1":
        golden.write_text(found, encoding="utf-8", newline="\n")
    assert found == golden.read_text(encoding="utf-8")


def test_the_answer_stands_above_its_citations_and_these_above_the_passages() -> None:
    text = printed(ANSWERED)
    parts = [
        "two days. [1] 🌵 The sun darkens healing skin. [2]",
        "[1] Aftercare, Days after",
        "notes/care.txt:30-60",
        "also said once in notes/rule.txt",
        "[2] notes/sun/light.txt:0-31",
        "Passages",
        " 1  0.83  Aftercare",
        "notes/care.txt:11-",
        "Does redness fade? Redness fades within two days.",
        " 2  0.46  notes/sun/light.txt:0-",
        "confidence 0.88 · 12 ms · all-MiniLM-L6-v2 · reader bundled",
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (1, "also said once in notes/rule.txt"),
        (20, "also said 20 times in notes/rule.txt"),
        (21, "also said 20 times in notes/rule.txt, and in 1 more place"),
        (599, "also said 20 times in notes/rule.txt, and in 579 more places"),
    ],
)
def test_places_that_are_not_listed_are_counted(places: int, said: str) -> None:
    also_in = HITS[0].also_in * places
    hits = (dataclasses.replace(HITS[0], also_in=also_in), *HITS[1:])
    citations = (dataclasses.replace(ANSWERED.citations[0], also_in=also_in),)
    answer = dataclasses.replace(ANSWERED, spans=ANSWERED.spans[:1], citations=citations)
    text = printed(dataclasses.replace(answer, hits=hits))
    assert [line.strip() for line in text.splitlines() if "also said" in line] == [said, said]


def test_a_name_with_a_line_end_keeps_to_its_line() -> None:
    text = printed(with_text("Words.", "na\n 2  0.99  notes/me.txt", "A\nheading", "A\ntitle"))
    assert not [line for line in text.splitlines() if line.startswith((" 2", "heading", "title"))]


def test_abstaining_is_said_and_the_nearest_passages_are_shown() -> None:
    text = printed(ABSTAINED)
    told = "Your documents do not seem to answer this."
    assert 0 < text.index(told) < text.index("\nClosest passages:\n") < text.index("light.txt")
    assert "\nPassages\n" not in text
    assert "[1]" not in text
    assert "**" not in text


def test_a_name_that_no_document_found_has_is_told_once() -> None:
    lacking = dataclasses.replace(
        ABSTAINED, missing_names=("AMD", "Pat O\x1bBrian"), unknown_words=("amd", "sold")
    )
    text = printed(lacking)
    assert "No document found has the name “AMD” or “Pat O Brian”.\n" in text
    assert "No document holds “sold”.\n" in text
    assert text.index("“AMD”") < text.index("Your documents do not seem to answer this.")
    assert "has the name" not in printed(ABSTAINED)


def test_the_parts_of_a_quote_from_a_table_stand_below_one_another() -> None:
    report = document(
        "Net income by year (in millions)\n\n | 2023 | 2022\nCosts | 7 | 8\nIncome | 3 | 2\n\n"
        "It rose because\nthe snow\ncame late.\n"
    )
    parts = ["(in millions)", "| 2023 | 2022", "Income | 3 | 2", "It rose because\nthe snow\ncame"]
    cited = tuple(citation(n, report, words) for n, words in enumerate(parts, 1))
    text = "\n".join(parts[:3]) + " " + parts[3]
    spans = tuple(
        AnswerSpan(at := text.index(words), at + len(words), (n,))
        for n, words in enumerate(parts, 1)
    )
    shown = printed(dataclasses.replace(ANSWERED, text=text, spans=spans, citations=cited))
    assert (
        "\n  (in millions) [1]\n  | 2023 | 2022 [2]\n"
        "  Income | 3 | 2 [3] It rose because the snow came [4]\n"
    ) in shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (" | 2023 | 2022\nCosts | 7 | 8", "| 2023 | 2022\n  Costs | 7 | 8"),
        (
            "To clean it:\n\n- Wipe the\n  nozzle.\n- Dry it.",
            "To clean it:\n  - Wipe the nozzle.\n  - Dry it.",
        ),
        ("It rose\nbecause   the snow\r\ncame.", "It rose because the snow came."),
    ],
)
def test_a_wrapped_sentence_is_joined_and_rows_and_items_are_not(words: str, shown: str) -> None:
    assert f"\n  {shown} [1]\n" in printed(with_text(words))


def test_explaining_shows_each_stage() -> None:
    text = printed(dataclasses.replace(ANSWERED, explain=EXPLAINED))
    for part in (
        *("dense", "0.810", "lexical", "7.250", "fused", "1.000", "\nread\n  1  2.125  notes/care"),
        *("fade 2.50", "stages: dense, lexical, spelling", "0.770  notes/care.txt:30-60  chosen"),
        *("notes/care.txt:11-161 stands for notes/rule.txt:0-41", "\n  window 2.125\n"),
        *("\n  in_quote 0.750\n", "\nscore 0.876\n", "\nconfidence 0.876, threshold 0.500\n"),
    ):
        assert part in text


def test_explaining_tells_what_there_was_no_evidence_for() -> None:
    lacking = {"evidence": None, "missing_names": ["AMD"], "by_hand": True}
    decision = {**EXPLAINED["decision"], **lacking}  # type: ignore[dict-item]
    explain = {**EXPLAINED, "read": [], "quotes": [], "decision": decision}
    text = printed(dataclasses.replace(ABSTAINED, explain=explain))
    assert "\ndecision\nmissing names: AMD\nscore 0.876\n" in text
    assert "threshold 0.500, set by hand\n" in text


def test_no_line_of_an_explanation_is_cut() -> None:
    long = f"notes/{'very-' * 30}long.txt:11-161"
    explain = {**EXPLAINED, "fused": [{"rank": 1, **PASSAGE, "place": long, "score": 1.0}]}
    assert f"  1  1.000  {long}\n" in printed(dataclasses.replace(ANSWERED, explain=explain))


def test_the_summary_of_an_answer_in_a_file_is_one_line() -> None:
    answer = dataclasses.replace(ABSTAINED, model="a/long/path/" * 20)
    assert f"confidence 0.07 · 4 ms · {answer.model} · no reader\n" in printed(answer)


def test_a_row_is_named_by_its_number() -> None:
    row = dataclasses.replace(FADING, source="faq.csv", reader="rows/2", metadata={"row": 12})
    hits = (dataclasses.replace(HITS[0], document=row),)
    citations = (dataclasses.replace(ANSWERED.citations[0], document=row),)
    answer = dataclasses.replace(ANSWERED, spans=ANSWERED.spans[:1], citations=citations)
    text = printed(dataclasses.replace(answer, hits=hits))
    start, end = citations[0].span
    assert "[1] Aftercare, faq.csv, row 12  2 documents say this\n" in text
    assert f"\n      faq.csv, row 12:{start}-{end}\n" in text
    assert f"faq.csv, row 12:{hits[0].passage.start}-" in text


def test_what_was_read_otherwise_is_said() -> None:
    read = (Correction("pimpels", "pimples"), Correction("micro\x1b", "micro"))
    text = printed(dataclasses.replace(ANSWERED, corrections=read))
    assert "“pimpels” was read as “pimples”" in text
    assert "\x1b" not in text
    assert "was read as" not in printed(ANSWERED)


def test_words_that_no_document_holds_are_named() -> None:
    text = printed(dataclasses.replace(ABSTAINED, unknown_words=("E09", "q\x1bx")))
    assert "No document holds “E09” or “q" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("answer", [ANSWERED, ABSTAINED])
def test_what_goes_into_a_file_has_no_escape_codes_and_no_blanks_at_line_ends(
    answer: Answer,
) -> None:
    text = printed(answer)
    assert "\x1b" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_a_terminal_gets_the_same_with_colours_and_highlights_in_bold() -> None:
    text = printed(ANSWERED, terminal=True)
    assert "\x1b[1;33mRedness fades within two days." in text
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == printed(ANSWERED)


REPORT = dataclasses.replace(
    document(
        "Income (in millions)\n\n| Three Months Ended | | Nine Months Ended\n"
        "| June 2022 | June 2021 | June 2022 | June 2021\nNet sales:\n"
        "Phones | $40,665 | $39,570 | $162,863 | $153,105\n"
        "Computers with a keyboard | 7,382 | 8,235 | 28,669 | 26,012\n\nAll is well.\n",
        "report.pdf",
        "REPORT OF THE YEAR",
    ),
    media_type="application/pdf",
    layout=Layout(pages=(0, 5)),
)
CODE = dataclasses.replace(
    document(
        f"Run this:\n\n```\nfor name in names:\n    print(name, {'very_' * 20}long)\n```\n\n"
        "Done.\n",
        "run.md",
    ),
    media_type="text/markdown",
)


def quoting(of: Document, question: str, *words: str) -> Answer:
    """An answer that quotes parts of a document as one quote, and shows all of it."""
    spans, citations, text = [], [], ""
    for number, each in enumerate(words, 1):
        text += "\n" * bool(text)
        spans.append(AnswerSpan(len(text), len(text) + len(each), (number,)))
        text += each
        citations.append(Citation(number, of, (), *place(of, each).span))
    whole = Span(0, len(of.text.rstrip()))
    shown = Hit(of, Passage("p", of.id, *whole, (), ()), 0.5, tuple(c.span for c in citations))
    return dataclasses.replace(
        ANSWERED,
        question=question,
        text=text,
        spans=tuple(spans),
        citations=tuple(citations),
        hits=(shown,),
    )


SALES = quoting(
    REPORT,
    "sales of phones in the third quarter of 2022",
    "(in millions)",
    "| Three Months Ended | | Nine Months Ended\n"
    "| June 2022 | June 2021 | June 2022 | June 2021\nNet sales:",
    "Phones | $40,665 | $39,570 | $162,863 | $153,105",
)


def plain(text: str) -> str:
    """Return what a terminal shows, without colours and links and without blanks at line ends."""
    shown = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\\\", "", text)
    return "\n".join(line.rstrip() for line in shown.splitlines())


def test_a_terminal_shows_rows_in_columns_that_fit() -> None:
    shown = printed(SALES, terminal=True, width=80)
    assert max(map(len, plain(shown).splitlines())) <= 80
    assert plain(shown).startswith(
        "\n  (in millions) [1]\n"
        "               Three Months   Three Months     Nine Months     Nine Months\n"
        "                 Ended June     Ended June      Ended June      Ended June\n"
        "                       2022           2021            2022            2021  [2]\n"
        "  Net sales:                                                                [2]\n"
        "  Phones            $40,665        $39,570        $162,863        $153,105  [3]\n"
        "\n  [1][2][3] Report of the Year, p. 2\n"
    )
    assert re.search(r"\x1b\[[0-9;]*4[0-9;]*m *\$40,665", shown), "what is asked for is underlined"


def test_in_the_passage_below_the_row_stands_in_columns_too() -> None:
    shown = plain(printed(SALES, terminal=True, width=80)).partition("Passages")[2]
    for name, figures in (("Phones", "$40,665"), ("Computers with a keyboard", "7,382")):
        assert re.search(rf"^ +{name} +{re.escape(figures)}  +\S", shown, re.M)
    assert shown.index("Income (in millions)") < shown.index("Phones") < shown.index("All is well.")


def test_a_narrow_terminal_lists_the_figures_of_a_row() -> None:
    shown = plain(printed(SALES, terminal=True, width=50))
    assert max(map(len, shown.splitlines())) <= 50
    assert re.search(r"Phones \[3\]\n +Three Months Ended June 2022 +\$40,665\n", shown)


def test_a_record_is_its_text_and_a_line_for_each_field() -> None:
    words = "Soap\nIt is mild.\n\nprice: 12.50\nships to: Bergen and Oslo"
    record = dataclasses.replace(
        document(f"{words}\n", "soap.csv", "Soap"),
        reader="rows/2",
        metadata={"price": 12.5, "ships to": "Bergen and Oslo", "row": 1},
    )
    shown = plain(printed(quoting(record, "the price of soap", words), terminal=True))
    fields = "  price     12.50\n  ships to  Bergen and Oslo [1]\n"
    assert shown.startswith(f"\n  Soap It is mild.\n\n{fields}")
    alone = quoting(record, "?", "price: 12.50\nships to: Bergen and Oslo")
    shown = plain(printed(alone, terminal=True))
    assert shown.startswith("\n  Soap [1]\n    price     12.50\n    ships to  Bergen and Oslo\n")


def test_what_goes_into_a_pipe_keeps_rows_as_they_stand() -> None:
    text = printed(SALES)
    assert "  Phones | $40,665 | $39,570 | $162,863 | $153,105 [3]\n" in text
    assert "      Phones | $40,665 | $39,570 | $162,863 | $153,105\n" in text
    places = ", ".join("{}-{}".format(*citation.span) for citation in SALES.citations)
    assert (
        f"  [1][2][3] Report of the Year, p. 2\n      notes/report.pdf:{places} (page 2)\n" in text
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_code_keeps_its_lines_however_long(terminal: bool) -> None:
    code = CODE.text.split("```\n")[1].rstrip()
    shown = plain(printed(quoting(CODE, "?", code), terminal=terminal, width=60))
    first, second = code.splitlines()
    assert f"    {first}\n    {second} [1]\n" in shown
    assert f"      {first}\n      {second}\n" in shown.partition("Passages")[2]


@pytest.mark.parametrize("terminal", [True, False])
def test_only_a_pipe_gets_the_fences_of_code(terminal: bool) -> None:
    whole = CODE.text[CODE.text.index("```") : CODE.text.rindex("```") + 3]
    shown = plain(printed(quoting(CODE, "?", whole), terminal=terminal, width=60))
    answer = shown.partition("\n\n  [1]")[0]
    _, first, second, _ = whole.split("\n")
    assert f"    {first}\n    {second}" in answer
    assert answer.endswith(" [1]")
    assert answer.count("```") == (0 if terminal else 2)


def test_a_terminal_gets_a_link_and_a_pipe_the_address() -> None:
    page = dataclasses.replace(REPORT, metadata={"url": "https://example.org/report"})
    answer = quoting(page, "?", "All is well.")
    address = "https://example.org/report#:~:text=All%20is%20well."
    assert re.search(
        rf"\x1b\]8;[^;]*;{re.escape(address)}\x1b\\Report of", printed(answer, terminal=True)
    )
    assert f"\n      {address}\n" in printed(answer)


def test_the_short_form_has_no_passages() -> None:
    assert printed(ANSWERED, short=True) == (
        "\n  Redness fades within two days. [1] 🌵 The sun darkens healing skin. [2]\n\n"
        "  [1] Aftercare, Days after  2 documents say this\n      notes/care.txt:30-60\n"
        "  [2] notes/sun/light.txt:0-31\n"
    )
    unknown = dataclasses.replace(ABSTAINED, unknown_words=("E09",))
    assert printed(unknown, short=True) == (
        "\n  No document holds “E09”.\n\n  Your documents do not seem to answer this.\n"
    )


@pytest.mark.parametrize("width", [20, 40, 200])
def test_lines_keep_to_the_width_of_the_terminal(width: int) -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed(ABSTAINED, terminal=True, width=width))
    widest = max(len(line) for line in plain.splitlines())
    assert widest <= width


EVIL = [
    "\x1b[2J\x1b[31mred",
    "\x9b31mred",
    "\x1b]0;title\x07",
    "\x1b]8;;https://example.org\x1b\\link",
    "over\rwritten\b\b\b",
    "bell\x07 null\x00 form\x0c",
    "\u202eright to left\u202c\u2066",
    "\x7f\x85\u2028",
]


@pytest.mark.parametrize("evil", EVIL, ids=ascii)
@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_in_a_document_can_drive_the_terminal(evil: str, terminal: bool) -> None:
    """Neither its text, nor its title, its headings or its name."""
    text = printed(
        with_text(f"Harmless {evil} words.", f"na{evil}me.txt", evil, evil), terminal=terminal
    )
    if terminal:  # leave out what the printing itself does
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert "Harmless" in text


def test_what_looks_like_markup_is_printed_as_it_stands() -> None:
    text = printed(with_text("Press [bold]Enter[/bold] :smile: [link=x]now[/link] [1]."))
    assert "[bold]Enter[/bold] :smile: [link=x]now[/link] [1]. [1]" in text


def test_printable_leaves_ordinary_text_alone() -> None:
    ordinary = "Zoë\u0308 — “naïve” 漢字 🌵 العربية हिन्दी\n\tnext"
    assert printable(ordinary) == ordinary


def test_the_console_wraps_and_colours_for_a_terminal_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = console()
    assert (out.is_terminal, out.width) == (False, 100)
    out.print("[red]:smile: 1 'a'[/red]")
    console(stderr=True).print("to the other one")
    printed_out, printed_err = capsys.readouterr()
    assert printed_out == "[red]:smile: 1 'a'[/red]\n"
    assert printed_err == "to the other one\n"


# What a calibration promises.

CALIBRATED = AppliedCalibration(
    id="fedcba9876543210",
    promise="With 95 % confidence, at most 10 % of unanswerable questions like those of mine.jsonl "
    "are answered.",
    max_false_answers=0.1,
    confidence_level=0.95,
    threshold=0.4567,
    stale=False,
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {},
            "With 95 % confidence, at most 10 % of unanswerable questions like those of mine.jsonl",
        ),
        ({"promise": None, "stale": True}, "the documents changed since the calibration"),
        ({"promise": None}, "Nothing is promised: the threshold was set by hand."),
    ],
)
def test_what_is_promised_is_told_below_the_confidence(
    change: dict[str, object], told: str
) -> None:
    applied = dataclasses.replace(CALIBRATED, **change)  # type: ignore[arg-type]
    plain = printed(ANSWERED, width=200)
    text = printed(dataclasses.replace(ANSWERED, calibration=applied), width=200)
    *before, last = text.splitlines()
    assert before == plain.splitlines()
    assert told in last


def test_explaining_names_the_calibration() -> None:
    rule = EXPLAINED["decision"] | {"calibration": CALIBRATED.id, "stale": True, "score": 0.5}  # type: ignore[operator]
    text = printed(dataclasses.replace(ANSWERED, explain={**EXPLAINED, "decision": rule}))
    assert "calibration fedcba9876543210, stale" in " ".join(text.split())
    assert "calibration" not in printed(dataclasses.replace(ANSWERED, explain=EXPLAINED))


def test_a_hostile_name_of_a_gold_file_drives_no_terminal() -> None:
    applied = dataclasses.replace(CALIBRATED, promise="like those of \x1b[31m\nx.jsonl")
    assert "\x1b" not in printed(dataclasses.replace(ANSWERED, calibration=applied))
