"""What repeats is shown once; what only looks alike is kept apart."""

import pytest

from index.search.bm25 import Term
from qa.question.query import Coverage
from qa.retrieve.candidates import Candidate
from qa.retrieve.near_duplicates import Families, Group
from tests.qa.candidates import candidate, pooled


def asking(*words: str) -> Coverage:
    return Coverage.of([Term(word, 1, 1.0) for word in words])


def groups(
    *candidates: Candidate, asked: Coverage | None = None, most: int = 50
) -> tuple[Group, ...]:
    return Families(pooled(*candidates), asked or asking()).groups(most)


def names(found: tuple[Group, ...]) -> list[list[str]]:
    return [[c.document.id for c in (group.best, *group.duplicates)] for group in found]


def one(words: str, name: str) -> Candidate:
    return candidate(words, [words], name=name)


def several(name: str, *sentences: str, between: str = " ") -> Candidate:
    return candidate(between.join(sentences), sentences, name=name)


FADES = "Redness fades within days after the treatment."
FROST = "In a hard winter the frost bursts the old pipes in the cellar of the house."
APPLES = "The harvest of the late apples begins in the first week of October."


def test_what_says_the_same_in_nearly_the_same_words_is_folded_into_the_better_one() -> None:
    found = groups(
        one(FADES, "a"),
        one("Frost damages the pipes.", "b"),
        one("After the treatment, redness fades within a few days.", "c"),
    )
    assert names(found) == [["a", "c"], ["b"]]
    (place,) = found[0].also_in
    assert place.text == "After the treatment, redness fades within a few days."
    assert found[1].also_in == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("You may wash the treated face.", "You may not wash the treated face."),
        ("Redness fades within 2 days.", "Redness fades within 10 days."),
        ("Descale it every two months.", "Descale it every three months."),
        ("Use the cream with alcohol.", "Use the cream without alcohol."),
        ("Redness fades soon.", "Any flush passes quickly."),
        ("Redness is common after microneedling.", "Swelling is common after microneedling."),
    ],
)
def test_opposites_and_other_subjects_that_look_alike_are_both_shown(
    first: str, second: str
) -> None:
    assert names(groups(one(first, "a"), one(second, "b"))) == [["a"], ["b"]]


def test_passages_far_apart_in_meaning_are_not_compared() -> None:
    same = one(FADES, "a"), one(FADES, "b")
    found = pooled(*same, vectors=[[1, 0], [0, 1]])
    assert names(Families(found, asking()).groups(50)) == [["a"], ["b"]]


def test_a_passage_that_is_mostly_the_same_is_pointed_to_as_a_whole() -> None:
    (group,) = groups(several("a", FADES, FROST), several("b", FROST, "Apples keep well."))
    (place,) = group.also_in
    assert (place.document.id, place.text) == ("b", f"{FROST} Apples keep well.")


def test_a_passage_that_differs_in_a_figure_is_shown() -> None:
    found = groups(
        several("new", "Wait 24 minutes before the oven is opened.", FROST),
        several("old", "Wait 20 minutes before the oven is opened.", FROST),
    )
    assert names(found) == [["new"], ["old"]]


def test_a_passage_that_alone_has_a_word_of_the_question_is_shown() -> None:
    both = several("a", FROST, "Rain is good."), several("b", FROST, "Swelling is bad.")
    assert names(groups(*both, asked=asking("frost"))) == [["a", "b"]]
    assert names(groups(*both, asked=asking("swell"))) == [["a"], ["b"]]


def test_a_passage_that_shares_a_side_remark_only_is_shown() -> None:
    found = groups(
        several("a", APPLES, "Ask your doctor."), several("b", FROST, "Ask your doctor.")
    )
    assert names(found) == [["a"], ["b"]]


DATES = "| June 25, 2022 | September 25, 2021"


def table(name: str, *rows: str) -> Candidate:
    return several(name, DATES, *rows, between="\n")


def test_tables_that_share_a_row_of_dates_are_both_shown() -> None:
    found = groups(
        table("hedging", "Hedged assets | 1,022 | 812", "Hedged debt | 18,502 | 17,857"),
        table("balance", "Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041"),
    )
    assert names(found) == [["hedging"], ["balance"]]


@pytest.mark.parametrize(
    ("row", "land", "other_land"),
    [
        ("Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041", "Land | 21,000 | 20,041"),
        ("|Inventories|5,433|6,580|", "|Land|22,126|20,041|", "|Land|21,000|20,041|"),
    ],
)
def test_tables_that_differ_in_one_row_are_both_shown(row: str, land: str, other_land: str) -> None:
    note = "Amounts are in millions of dollars of the day on which the books were closed."
    first = several("a", note, row, land, between="\n")
    second = several("b", note, row, other_land, between="\n")
    assert names(groups(first, second)) == [["a"], ["b"]]


def test_the_same_table_elsewhere_is_folded() -> None:
    rows = "Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041"
    (group,) = groups(table("a", *rows), table("b", *rows))
    (place,) = group.also_in
    assert place.text == "\n".join([DATES, *rows])


def test_a_part_of_a_table_is_folded_into_the_whole_and_not_the_other_way() -> None:
    rows = "Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041"
    whole, part = table("whole", *rows), table("part", rows[0])
    assert names(groups(whole, part)) == [["whole", "part"]]
    assert names(groups(part, whole)) == [["part"], ["whole"]]


def test_a_passage_with_other_figures_for_the_same_things_is_shown() -> None:
    owed = "As of {}, the company had {} billion dollars of commercial paper outstanding."
    found = groups(
        several("old", FADES, FROST, APPLES, owed.format("June 25, 2022", "11.0")),
        several("new", FADES, FROST, APPLES, owed.format("April 1, 2023", "2.0")),
    )
    assert names(found) == [["old"], ["new"]]


def test_a_figure_that_only_numbers_the_text_keeps_nothing_apart() -> None:
    found = groups(
        several("a", FADES, FROST, "This is report 17."),
        several("b", FADES, FROST, "This is report 18."),
    )
    assert names(found) == [["a", "b"]]


def test_the_other_places_of_a_sentence_are_found_whatever_stands_around_it() -> None:
    both = several("a", FADES, FROST), several("b", APPLES, FADES)
    families = Families(pooled(*both), asking())
    sentence = both[0].sentences[0]
    (other,) = families.elsewhere(both[0], sentence)
    assert (other.document.id, other.text) == ("b", FADES)


def test_no_more_groups_are_made_than_are_wanted_but_those_are_complete() -> None:
    each = one(FADES, "a"), one(FROST, "b"), one(APPLES, "c"), one(FADES, "d")
    assert names(groups(*each, most=2)) == [["a", "d"], ["b"]]
    families = Families(pooled(*each), asking())
    assert families.groups(1) == families.groups(3)[:1]
