"""The text that comes nearest to a quote: its offsets hold, and it reads well."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Span
from qa.records import Place
from qa.verify.nearest import FLOOR, Nearest, fold, fold_quote, nearest
from tests.documents import document

CARE = (
    "Aftercare\r\n\r\nRedness fades within two days 🌵.  Wash the face with\r\n   lukewarm "
    "water only, and “keep out” of the sun. Don’t use soap.\r\n"
)
FROST = "Frost bursts the pipes when nobody heats the cellar. Bread needs salt."

texts = st.text(st.sampled_from("ab İßΣ\u00a0\t\n\r“”\"'’.,🌵—-AB文字"), max_size=60)


def nearest_in(quote: str, *all_texts: str) -> Nearest | None:
    """Look for a quote in texts, each of which is a document named by its number."""
    documents = [document(text, str(number)) for number, text in enumerate(all_texts)]
    return nearest(quote, [Place(each, Span(0, len(each.text))) for each in documents])


def found(quote: str, *others: str) -> tuple[str, float]:
    """Return the words that come nearest to a quote, and how near."""
    stretch = nearest_in(quote, CARE, FROST, *others)
    assert stretch is not None
    return stretch.place.text, stretch.similarity


@given(st.lists(texts, max_size=4), texts)
def test_offsets_are_valid_whatever_the_texts(all_texts: list[str], quote: str) -> None:
    stretch = nearest_in(quote, *all_texts)
    if stretch is not None:
        place = stretch.place
        assert 0 <= place.span.start < place.span.end <= len(place.document.text)
        assert FLOOR <= stretch.similarity <= 1
    assert stretch == nearest_in(quote, *all_texts)


@given(st.lists(texts.filter(str.strip), min_size=1, max_size=4), st.data())
def test_a_part_of_a_text_is_found_where_it_stands_first(
    all_texts: list[str], data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from(all_texts))
    start = data.draw(st.integers(0, len(whole) - 1))
    quote = whole[start : data.draw(st.integers(start + 1, len(whole)))]
    stretch = nearest_in(quote, *all_texts)
    if not quote.strip():
        assert stretch is None
        return
    number = next(number for number, text in enumerate(all_texts) if quote in text)
    first = all_texts[number].index(quote)
    place = Place(document(all_texts[number], str(number)), Span(first, first + len(quote)))
    assert stretch == Nearest(place, 1.0)


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
    place = Place(document("A frost.", "1"), Span(2, 7))
    assert nearest_in("frost", "Frost.", "A frost.") == Nearest(place, 1.0)


def test_only_the_stretch_that_is_given_is_looked_through() -> None:
    care = document(f"{FROST} {FROST}", "care.txt")
    found = nearest("Frost bursts a pipe", [Place(care, Span(len(FROST), len(care.text)))])
    assert found is not None
    assert found.place.text == "Frost bursts the pipes"
    assert found.place.span.start == len(FROST) + 1


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
    assert nearest_in(quote, CARE, FROST, "") is None
    assert nearest_in(quote) is None


@pytest.mark.parametrize("length", [700, 3000, 12000])
def test_a_long_quote_with_slips_is_found(length: int) -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnoprstuw", k=7)) for _ in range(4000)]
    text = " ".join(words)
    start = text.index(" ", 9000) + 1
    quote = "".join(
        "#" if chance.random() < 0.03 else each for each in text[start : start + length]
    )
    stretch = nearest_in(quote, CARE, text)
    assert stretch is not None
    assert stretch.place.document.text == text
    assert abs(stretch.place.span.start - start) <= 16
    assert abs(stretch.place.span.end - start - length) <= 16
    assert stretch.similarity > 0.9


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
    found = nearest_in(quote, text)
    assert found is not None
    assert found.place.text == (stretch or text)
