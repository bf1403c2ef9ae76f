"""An answer as text for chats and models: quotes with markers, and what is told without one."""

import dataclasses

from index.records import Passage
from qa.formats.marked_text import cited_text
from qa.records import (
    Answer,
    AnswerSpan,
    Check,
    Citation,
    DroppedSentence,
    Hit,
    WrittenAnswer,
    WrittenSentence,
)
from tests.documents import document

REPORT = document(
    "Income by year (in millions)\n\n| | 2023 | 2022 |\n|---|---|---|\n| Costs | 7 | 8 |\n\n"
    "It rose because\nthe snow came late.\n",
    "report.md",
    title="Report",
)
PASSAGE = Passage("p", REPORT.id, 0, len(REPORT.text), (), ())


def answer(*quotes: tuple[str, ...], **changes: object) -> Answer:
    """Return an answer of quotes: the parts of each with line ends, quotes with a blank between."""
    text = ""
    spans: list[AnswerSpan] = []
    citations: list[Citation] = []
    for quote in quotes:
        for part, words in enumerate(quote):
            text += ("\n" if part else " ") if text else ""
            start, number = REPORT.text.index(words), len(citations) + 1
            citations.append(Citation(number, REPORT, (), start, start + len(words)))
            spans.append(AnswerSpan(len(text), len(text) + len(words), (number,)))
            text += words
    given: dict[str, object] = {
        "question": "?",
        "answered": bool(quotes),
        "confidence": 0.5,
        "text": text or None,
        "spans": tuple(spans),
        "citations": tuple(citations),
        "hits": (Hit(REPORT, PASSAGE, 0.5, ()),),
        "snapshot": "s",
        "model": "m",
        "took_ms": 0,
    }
    return Answer(**{**given, **changes})  # type: ignore[arg-type]


TABLE = ("(in millions)", "| | 2023 | 2022 |", "| Costs | 7 | 8 |")


def test_the_parts_of_a_table_stand_on_lines_that_markdown_keeps() -> None:
    written = cited_text(answer(TABLE, ("It rose because\nthe snow came late.",)))
    assert written.text.startswith(
        "(in millions) [1]  \n| | 2023 | 2022 | [2]  \n| Costs | 7 | 8 | [3] "
        "It rose because\nthe snow came late. [4]\n\nSources:\n"
        "- [1] Report (notes/report.md, characters "
    )
    assert len(written.quoted) == 4
    for quoted in written.quoted:
        assert written.text[quoted.start : quoted.end] == quoted.citation.cited_text


def test_a_source_leads_to_the_words_on_its_web_page() -> None:
    given = answer(("It rose because\nthe snow came late.",))
    page = dataclasses.replace(
        REPORT, title="Snow [2023]", metadata={"url": "https://example.org/snow"}
    )
    cited = dataclasses.replace(given.citations[0], document=page)
    written = cited_text(dataclasses.replace(given, citations=(cited,)))
    assert written.text.endswith(
        "- [1] [Snow \\[2023\\]](https://example.org/snow#:~:text=It%20rose%20because,"
        f"the%20snow%20came%20late.) (notes/report.md, characters {cited.start}-{cited.end})"
    )


def test_a_source_without_a_title_is_not_named_twice() -> None:
    given = answer(("It rose because\nthe snow came late.",))
    cited = dataclasses.replace(
        given.citations[0], document=dataclasses.replace(REPORT, title=""), heading_path=("Snow",)
    )
    written = cited_text(dataclasses.replace(given, citations=(cited,)), ids=True)
    place = f"(document report-md, characters {cited.start}-{cited.end})"
    assert written.text.endswith(f"- [1] notes/report.md, Snow {place}")


def test_without_an_answer_the_closest_passages_are_named_and_nothing_is_quoted() -> None:
    written = cited_text(answer())
    assert written.text == (
        "Your documents do not seem to answer this.\n\n"
        f"Closest passages:\n- Report (notes/report.md, characters 0-{len(REPORT.text)})"
    )
    assert written.quoted == ()


def test_written_sentences_stand_in_place_of_the_quotes() -> None:
    quoted = answer(("It rose because\nthe snow came late.",))
    [source] = quoted.citations
    other = dataclasses.replace(source, number=2)
    sentences = (
        WrittenSentence("The snow came late.", (source,), 0.9),
        WrittenSentence("So it rose.", (source, other), 0.9),
    )
    dropped = (DroppedSentence("It fell.", Check("negation", "it rose")),)
    whole = WrittenAnswer("m", sentences, dropped, ended="It broke off.")
    text = cited_text(dataclasses.replace(quoted, written=whole))
    assert text.text.startswith(
        "The snow came late. [1] So it rose. [1][2]\n\nIt broke off.\n\n"
        "1 sentence was dropped: the checks did not find it in what it cites.\n\n"
        "Sources:\n- [1] Report"
    )
    assert [text.text[each.start : each.end] for each in text.quoted] == [
        "The snow came late.",
        "So it rose.",
        "So it rose.",
    ]
    nothing = WrittenAnswer("m", dropped=dropped * 2, ended="It says: ![x](https://e.org/a).")
    text = cited_text(dataclasses.replace(quoted, written=nothing))
    assert text.text.startswith(
        "It rose because\nthe snow came late. [1]\n\nIt says: !\\[x\\](https://"
    )
    assert "2 sentences were dropped" in text.text
    assert "The answer is in quotes instead." in text.text


def test_a_missing_name_is_told_and_not_twice() -> None:
    names = ("AMD", "Intel", "Pat O\x1bBrian")
    lacking = answer(missing_names=names, unknown_words=("amd", "chips"))
    paragraphs = cited_text(lacking).text.split("\n\n")
    assert paragraphs[1:3] == [
        "No document found has the name “AMD”, “Intel” or “Pat O Brian”.",
        "No document holds “chips”.",
    ]


def test_where_nothing_was_searched_that_is_told() -> None:
    assert cited_text(answer(hits=())).text.startswith("Nothing was searched: ")
