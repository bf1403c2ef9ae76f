"""Which units are quoted, how far a quote reaches, and how quotes make an answer."""

from collections.abc import Sequence

import pytest

from qa.answer.quotes import (
    HIGHLIGHT_MARGIN,
    LIST_MARGIN,
    MAX_QUOTES,
    QUOTE_MARGIN,
    Quote,
    choose,
    compose,
    decide,
    highlights,
    quotes,
)
from qa.answer.units import ReadUnit, ReadWindow, UnitEvidence
from qa.question.query import Coverage
from qa.read.windows import windows
from qa.records import AnswerSpan
from qa.retrieve.candidates import Candidate
from qa.retrieve.near_duplicates import Families
from tests.qa.candidates import candidate, pooled

NEAR = QUOTE_MARGIN / 2
FAR = QUOTE_MARGIN + 0.1


def passage(*lines: str, between: str = " ", name: str = "a.txt", title: str = "") -> Candidate:
    return candidate(between.join(lines), lines, name=name, title=title)


def read(shown: Candidate, *log_odds: float) -> list[ReadUnit]:
    """Return the units of a passage that are read, with these log-odds."""
    found: list[ReadUnit] = []
    left = list(log_odds)
    for window in windows([(shown.document, shown.passage)]):
        whole = ReadWindow(shown, window, share=0.5, score=shown.score, logit=0.0)
        for unit in window.units:
            odds = left.pop(0)
            found.append(ReadUnit(whole, unit, UnitEvidence(0.0, 0.0, 1.0, 0.0, 0.0, 0.0), odds))
    assert not left, f"there are {len(found)} units"
    return sorted(found, key=lambda each: -each.log_odds)


def texts(found: Sequence[Quote]) -> list[str]:
    return [quote.text for quote in found]


def families(*candidates: Candidate) -> Families:
    return Families(pooled(*candidates), Coverage.of(()))


# What can be quoted.


def test_the_likeliest_to_answer_comes_first() -> None:
    shown = passage("Rain fell.", "Redness fades.", "Frost came.")
    assert texts(quotes(read(shown, 0, 2, 1))) == ["Redness fades.", "Frost came.", "Rain fell."]


def test_a_sentence_that_asks_is_never_quoted() -> None:
    shown = passage("Does redness fade?", "Redness fades.")
    assert texts(quotes(read(shown, 3, 1))) == ["Redness fades."]


def test_a_lead_in_without_a_list_is_never_quoted() -> None:
    shown = passage("Redness has these causes:", "Frost came.", between="\n\n")
    assert texts(quotes(read(shown, 3, 1))) == ["Frost came."]


CAUSES = (
    "Redness has these causes:",
    "Heat: It opens the vessels.",
    "Cold: It closes them.",
    "Salt: It dries the skin.",
)


def test_a_lead_in_is_quoted_with_its_list() -> None:
    shown = passage(*CAUSES, "The harvest was good.", between="\n")
    assert quotes(read(shown, 3, 0, 0, 0, -1))[0].text == "\n".join(CAUSES)


def test_where_two_items_answer_alike_the_whole_list_is_quoted() -> None:
    shown = passage(*CAUSES, between="\n")
    best, *_ = quotes(read(shown, 0, 2, 2 - LIST_MARGIN / 2, -3))
    assert best.texts == ("\n".join(CAUSES),)


def test_an_item_that_answers_by_itself_is_quoted_alone() -> None:
    item = "Heat: It opens the vessels of the skin and makes it look red."
    shown = passage(CAUSES[0], item, *CAUSES[2:], between="\n")
    best, *_ = quotes(read(shown, 0, 2, 2 - LIST_MARGIN - 1, -3))
    assert best.text == item


def test_of_a_long_list_the_first_sentence_of_each_item_is_quoted() -> None:
    more = " ".join(["It goes on and on about what else there is to say."] * 5)
    items = [f"{label}: It matters to the skin. {more}" for label in ("Heat", "Cold", "Salt")]
    sentences = [CAUSES[0]]
    for item in items:
        first, rest = item.split(". ", 1)
        sentences += [f"{first}.", *(f"{each}." for each in rest.rstrip(".").split(". "))]
    shown = candidate("\n".join([CAUSES[0], *items]), sentences)
    best, *_ = quotes(read(shown, 3, 0, 0, 0))
    assert best.texts[0] == f"{CAUSES[0]}\nHeat: It matters to the skin."
    assert best.texts[1:] == ("Cold: It matters to the skin.", "Salt: It matters to the skin.")


def test_a_sentence_that_points_back_comes_with_the_one_before() -> None:
    shown = passage("The spring dries up.", "This makes water scarce.")
    assert quotes(read(shown, 0, 2))[0].text == "The spring dries up. This makes water scarce."
    asked = passage("Does the spring dry up?", "This makes water scarce.")
    assert quotes(read(asked, 0, 2))[0].text == "This makes water scarce."
    apart = passage("The spring dries up.", "This makes water scarce.", between="\n\n")
    assert quotes(read(apart, 0, 2))[0].text == "This makes water scarce."


def test_a_fragment_counts_for_less() -> None:
    shown = passage("Redness and swelling", "Redness fades.", between="\n")
    assert texts(quotes(read(shown, 1, 0.5))) == ["Redness fades.", "Redness and swelling"]


TABLE = (
    "(In millions)",
    "| June 25, 2022 | September 25, 2021",
    "Current assets:",
    "Inventories | 5,433 | 6,580",
    "Land | 22,126 | 20,041",
)


def test_a_row_is_quoted_with_unit_header_and_label_each_verbatim() -> None:
    shown = passage("Balance sheet", *TABLE, between="\n")
    best, *_ = quotes(read(shown, -3, -3, 3, 0))
    assert best.text == "\n".join(TABLE[:4])
    assert best.span.of(shown.document.text) == TABLE[3]
    second = quotes(read(shown, -3, -3, 0, 3))[0]
    assert second.texts == ("\n".join(TABLE[:3]), TABLE[4])


def test_a_header_is_never_quoted_by_itself() -> None:
    shown = passage(*TABLE[1:], between="\n")
    assert all(quote.key.unit.kind == "row" for quote in quotes(read(shown, 1, 0)))


# What is chosen.


def test_only_what_comes_near_the_best_is_added() -> None:
    shown = passage("Redness fades.", "Swelling heals.", "Frost came.")
    assert texts(choose(quotes(read(shown, 2, 2 - NEAR, 2 - FAR)))) == [
        "Redness fades.",
        "Swelling heals.",
    ]


def sentence(words: int, mark: str) -> str:
    """A sentence of so many words, all of them its own."""
    return " ".join(f"{mark}{number}x" for number in range(words)).capitalize() + "."


def test_an_answer_keeps_to_eighty_words() -> None:
    first, second, third = sentence(60, "a"), sentence(21, "b"), sentence(20, "c")
    shown = passage(first, second, third)
    assert texts(choose(quotes(read(shown, 2, 2 - NEAR / 2, 2 - NEAR)))) == [first, third]


def test_a_single_longer_sentence_is_quoted_whole() -> None:
    long = sentence(90, "a")
    assert texts(choose(quotes(read(passage(long, "Frost came."), 2, 2 - NEAR)))) == [long]


def test_there_is_a_most_of_quotes() -> None:
    many = passage(*(sentence(3, mark) for mark in "abcdef"))
    assert len(choose(quotes(read(many, *[1.0] * 6)))) == MAX_QUOTES


@pytest.mark.parametrize(
    ("other", "both"),
    [
        ("Redness fades within some days.", False),
        ("Redness fades within 9 days.", True),
        ("Redness does not fade within days.", True),
        ("The swelling goes down, too.", True),
    ],
)
def test_what_was_said_is_not_said_again_unless_it_contradicts(other: str, both: bool) -> None:
    shown = passage("Redness fades within days."), passage(other, name="b.txt")
    units = [*read(shown[0], 2), *read(shown[1], 2 - NEAR)]
    assert len(choose(quotes(units))) == 1 + both


def test_each_quote_that_is_not_chosen_has_its_reason() -> None:
    shown = passage("Redness fades.", sentence(79, "w"), "Redness soon fades.", "Frost came.")
    ranked = quotes(read(shown, 2, 2 - NEAR / 2, 2 - NEAR / 3, 2 - FAR))
    decisions = list(decide(ranked))
    assert [decision.quote for decision in decisions] == ranked
    assert [decision.ruling for decision in decisions] == ["chosen", "repeats", "long", "weak"]
    assert decisions[1].repeated == ranked[0]


def test_nothing_to_quote_is_nothing_chosen() -> None:
    assert choose([]) == []
    assert compose([], families(passage("Why?"))) == ("", (), ())


# What the answer is made of.


def test_an_answer_is_its_quotes_joined_each_cited() -> None:
    first, second = (
        passage("Frost came.", "Redness fades."),
        passage("Swelling heals.", name="b.txt"),
    )
    units = [*read(second, 2), *read(first, 2 - FAR, 2 - NEAR)]
    text, spans, citations = compose(choose(quotes(units)), families(first, second))
    assert text == "Swelling heals. Redness fades."
    assert spans == (AnswerSpan(0, 15, (1,)), AnswerSpan(16, 30, (2,)))
    assert [(c.number, c.document.id, c.start, c.end) for c in citations] == [
        (1, "b-txt", 0, 15),
        (2, "a-txt", 12, 26),
    ]


def test_quotes_of_one_passage_stand_in_its_order() -> None:
    shown = passage("Frost came.", "Rain fell.", "Redness fades.")
    chosen = choose(quotes(read(shown, 2 - NEAR, 0, 2)))
    assert compose(chosen, families(shown))[0] == "Frost came. Redness fades."


def test_two_rows_of_a_table_share_the_citation_of_its_header() -> None:
    shown = passage(*TABLE[1:2], *TABLE[3:], between="\n")
    chosen = choose(quotes(read(shown, 2, 2 - NEAR)))
    text, spans, citations = compose(chosen, families(shown))
    assert text == "\n".join([TABLE[1], TABLE[3], TABLE[4]])
    assert [c.cited_text for c in citations] == [f"{TABLE[1]}\n{TABLE[3]}", TABLE[4]]
    assert [text[span.start : span.end] for span in spans] == [c.cited_text for c in citations]


def test_a_citation_has_its_headings_and_where_else_it_is_said() -> None:
    words = "Redness fades within days."
    first = candidate(words, [words], headings=("Care", "After"))
    others = [passage(text, name=name) for text, name in [(words, "c.txt"), (words, "b.txt")]]
    _, _, (citation,) = compose(choose(quotes(read(first, 2))), families(first, *others))
    assert citation.heading_path == ("Care", "After")
    assert [place.document.id for place in citation.also_in] == ["b-txt", "c-txt"]


# Highlights.


def test_highlights_are_what_comes_near_the_best() -> None:
    shown = passage("Redness fades.", "Swelling heals.", "Frost came.", "Why now?")
    ranked = quotes(read(shown, 2, 2 - HIGHLIGHT_MARGIN + 0.1, 2 - HIGHLIGHT_MARGIN - 0.1, 3))
    found = highlights(shown, ranked, choose(ranked))
    assert [span.of(shown.document.text) for span in found] == ["Redness fades.", "Swelling heals."]


def test_a_passage_beside_the_point_has_no_highlight() -> None:
    best, other = passage("Redness fades."), passage("Frost came.", name="b.txt")
    ranked = quotes([*read(best, 3), *read(other, 3 - HIGHLIGHT_MARGIN - 1)])
    assert highlights(other, ranked, choose(ranked)) == ()
    assert highlights(best, ranked, []) == ()


# What a hostile or odd text must not bring about.


def test_an_item_that_asks_or_only_announces_is_not_quoted() -> None:
    asked = passage("How long does redness last?", "Redness fades.", between="\n- ")
    assert texts(quotes(read(asked, 3, 1))) == ["Redness fades."]


def test_a_list_that_is_too_long_keeps_the_item_that_answers() -> None:
    items = [f"{label}: {sentence(20, label[0].lower())}" for label in ("Heat", "Cold", "Salt")]
    items += [f"{label}: {sentence(20, label[0].lower())}" for label in ("Wind", "Dust", "Rain")]
    shown = passage(CAUSES[0], *items, between="\n")
    best, *_ = quotes(read(shown, 2, 0, 0, 0, 0, 0, 3))
    assert items[-1] in best.text


def test_a_sentence_is_never_dropped_for_the_list_below_it() -> None:
    shown = passage(
        "Redness can occur for two days.",
        "These include:",
        "Heat: It opens the vessels.",
        "Cold: It closes them.",
        between="\n",
    )
    best, *_ = quotes(read(shown, 3, 0, 0, 0))
    assert best.text == "Redness can occur for two days."


def test_an_amount_in_brackets_is_no_unit_of_measure() -> None:
    shown = passage("Net loss was large ($24) that year.", *TABLE[1:2], *TABLE[3:], between="\n")
    best, *_ = quotes(read(shown, -3, 3, 0))
    assert best.text == f"{TABLE[1]}\n{TABLE[3]}"


def test_a_header_is_cited_once_though_the_row_below_it_is_quoted_second() -> None:
    header, first, second = "Item | 2023 | 2022", "Sales | 10 | 8", "Costs | 5 | 4"
    shown = passage(header, first, second, between="\n")
    whole = shown.document
    upper, lower = (
        candidate(whole.text, lines, name="a.txt") for lines in ((header, first), (second,))
    )
    units = [*read(lower, 2), *read(upper, 2 - NEAR)]
    text, spans, citations = compose(choose(quotes(units)), families(upper, lower))
    assert [c.cited_text for c in citations] == [header, second, first]
    assert [text[span.start : span.end] for span in spans] == [c.cited_text for c in citations]
