"""The text that comes nearest to a quote: its offsets hold, and it reads well."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Span
from qa.verify.nearest import FLOOR, Nearest, fold, fold_quote, nearest

CARE = (
    "Aftercare\r\n\r\nRedness fades within two days 🌵.  Wash the face with\r\n   lukewarm "
    "water only, and “keep out” of the sun. Don’t use soap.\r\n"
)
FROST = "Frost bursts the pipes when nobody heats the cellar. Bread needs salt."

texts = st.text(st.sampled_from("ab İßΣ\u00a0\t\n\r“”\"'’.,🌵—-AB文字"), max_size=60)


def found(quote: str, *others: str) -> tuple[str, float]:
    """Return the words that come nearest to a quote, and how near."""
    named = {str(number): text for number, text in enumerate((CARE, FROST, *others))}
    place = nearest(quote, named)
    assert place is not None
    return place.span.of(named[place.name]), place.similarity


@given(st.lists(texts, max_size=4), texts)
def test_offsets_are_valid_whatever_the_texts(all_texts: list[str], quote: str) -> None:
    named = {str(number): text for number, text in enumerate(all_texts)}
    place = nearest(quote, named)
    if place is not None:
        assert 0 <= place.span.start < place.span.end <= len(named[place.name])
        assert FLOOR <= place.similarity <= 1
    assert place == nearest(quote, named)


@given(st.lists(texts.filter(str.strip), min_size=1, max_size=4), st.data())
def test_a_part_of_a_text_is_found_where_it_stands_first(
    all_texts: list[str], data: st.DataObject
) -> None:
    named = {str(number): text for number, text in enumerate(all_texts)}
    whole = data.draw(st.sampled_from(all_texts))
    start = data.draw(st.integers(0, len(whole) - 1))
    quote = whole[start : data.draw(st.integers(start + 1, len(whole)))]
    place = nearest(quote, named)
    if not quote.strip():
        assert place is None
        return
    name = next(name for name, text in named.items() if quote in text)
    first = named[name].index(quote)
    assert place == Nearest(name, Span(first, first + len(quote)), 1.0)


@given(texts)
def test_folding_keeps_the_place_of_every_character(text: str) -> None:
    folded = fold(text)
    for at, character in enumerate(folded.text):
        span = folded.original(Span(at, at + 1))
        assert fold(span.of(text)).text == character or span.of(text) in "Σς"
    assert fold(folded.text).text.replace("ς", "σ") == folded.text.replace("ς", "σ")


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("wash the face with lukewarm water", "Wash the face with\r\n   lukewarm water"),
        ('and "keep  out" of the sun.', "and “keep out” of the sun."),
        ("Don't use soap", "Don’t use soap"),
        ("TWO DAYS 🌵. WASH", "two days 🌵.  Wash"),
    ],
)
def test_blanks_case_and_quotation_marks_do_not_count(quote: str, stands: str) -> None:
    assert found(quote) == (stands, 1.0)


def test_the_very_words_come_before_words_that_differ_in_case() -> None:
    assert nearest("frost", {"a": "Frost.", "b": "A frost."}) == Nearest("b", Span(2, 7), 1.0)


def test_a_misremembered_sentence_is_found_in_whole_words() -> None:
    words, similarity = found("Rednes fade within two or three days")
    assert words == "Redness fades within two days"
    # Of 36 and 29 characters, the 27 of "rednes fade within two days" are common to both, so
    # the similarity is 2 * 27 / (36 + 29).
    assert similarity == pytest.approx(54 / 65)


def test_words_left_out_of_the_middle_do_not_shift_the_end() -> None:
    assert found("Frost bursts the pipes when heats the cellar.")[0] == FROST[:52]


def test_what_stands_before_and_after_is_left_out() -> None:
    assert found("The frost bursts some pipes when nobody heats")[0] == (
        "Frost bursts the pipes when nobody heats"
    )


def test_a_quote_longer_than_the_text_is_compared_with_the_whole() -> None:
    salt = "Salt is dear, and pepper dearer."
    words, similarity = found("Salt is dear, and pepper is dearer; so be it.", salt)
    assert words == salt
    # 45 and 32 characters, all 32 of which are common: 2 * 32 / (45 + 32)
    assert similarity == pytest.approx(64 / 77)


def test_a_short_text_does_not_win_by_being_part_of_the_quote() -> None:
    """An alignment that lets the shorter of both slide would find "a" in any quote."""
    assert found("Frost burst a pipe when nobody heated the cellar", "a")[0].startswith("Frost")


@pytest.mark.parametrize("quote", ["", " \n", "Xylophones jingle quaintly by moonlight; ok?"])
def test_nothing_alike_is_nothing_found(quote: str) -> None:
    assert nearest(quote, {"care": CARE, "frost": FROST, "empty": ""}) is None
    assert nearest(quote, {}) is None


@pytest.mark.parametrize("length", [700, 3000, 12000])
def test_a_long_quote_with_slips_is_found(length: int) -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnoprstuw", k=7)) for _ in range(4000)]
    text = " ".join(words)
    start = text.index(" ", 9000) + 1
    quote = "".join(
        "#" if chance.random() < 0.03 else each for each in text[start : start + length]
    )
    place = nearest(quote, {"other": CARE, "long": text})
    assert place is not None
    assert place.name == "long"
    assert abs(place.span.start - start) <= 16
    assert abs(place.span.end - start - length) <= 16
    assert place.similarity > 0.9


def test_a_quote_is_folded_without_the_blanks_around_it() -> None:
    assert fold_quote(" “Keep\r\n out”— ") == '"keep out"-'


@pytest.mark.parametrize(
    ("quote", "text", "stretch"),
    [
        ("It fades in two days.", "It fades in three weeks. Frost.", "It fades in three weeks."),
        ("Redness fades within two days", "Redness fades\nwithin six months", None),
        ("Peter opens the clinic", "Now Maria opens the clinic", "Maria opens the clinic"),
        (
            "The clinic opens at eight",
            "The clinic opens at nine!  Call.",
            "The clinic opens at nine!",
        ),
        (
            "Frost bursts the pipes zzz qqq",
            "Frost bursts the pipes. Next.",
            "Frost bursts the pipes",
        ),
    ],
)
def test_words_at_the_ends_that_changed_altogether_are_shown(
    quote: str, text: str, stretch: str | None
) -> None:
    found = nearest(quote, {"a": text})
    assert found is not None
    assert found.span.of(text) == (stretch or text)
