"""What repeats is shown once; what only looks alike is kept apart."""

from itertools import islice, permutations

import numpy as np
import pytest

from qa.duplicates import Group, Repetitions, collapse
from tests.qa.candidates import HandMadeCandidate, candidate, pooled


def one(
    words: str, score: float, name: str, vector: tuple[float, float] = (1, 0)
) -> HandMadeCandidate:
    return candidate(words, [(words, score)], name=name, vectors=[vector])


def collapsed(*candidates: HandMadeCandidate, most: int = 50) -> list[Group]:
    found = pooled(*candidates)
    return list(islice(collapse(found, Repetitions(found)), most))


def names(groups: list[Group]) -> list[list[str]]:
    return [[c.document.id for c in (group.best, *group.duplicates)] for group in groups]


def test_what_says_the_same_in_other_words_is_folded_into_the_better_one() -> None:
    groups = collapsed(
        one("Redness fades within days after the treatment.", 0.9, "a"),
        one("Frost damages the pipes.", 0.8, "b", (0, 1)),
        one("After the treatment, redness fades within a few days.", 0.7, "c"),
    )
    assert names(groups) == [["a", "c"], ["b"]]
    (place,) = groups[0].also_in
    assert place.text == "After the treatment, redness fades within a few days."
    assert groups[1].also_in == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("You may wash the treated face.", "You may not wash the treated face."),
        ("Redness fades within 2 days.", "Redness fades within 10 days."),
        ("Descale it every two months.", "Descale it every three months."),
        ("Use the cream with alcohol.", "Use the cream without alcohol."),
    ],
)
def test_opposites_that_look_alike_are_both_shown(first: str, second: str) -> None:
    groups = collapsed(one(first, 0.9, "a"), one(second, 0.8, "b"))
    assert names(groups) == [["a"], ["b"]]


def test_the_same_words_with_another_meaning_are_both_shown() -> None:
    groups = collapsed(
        one("The bank raised the rates.", 0.9, "a"),
        one("The bank raised the rates!", 0.8, "b", (0, 1)),
    )
    assert names(groups) == [["a"], ["b"]]


def test_the_same_meaning_in_altogether_other_words_is_shown() -> None:
    groups = collapsed(
        one("Redness fades soon.", 0.9, "a"), one("Any flush passes quickly.", 0.8, "b")
    )
    assert names(groups) == [["a"], ["b"]]


FADES = "Redness fades within days."
FROST = "In a hard winter the frost bursts the old pipes in the cellar of the house."
APPLES = "The harvest of the late apples begins in the first week of October."


def pair(
    first: str, second: str, score: float, name: str, axes: tuple[int, int]
) -> HandMadeCandidate:
    vectors = [[float(axis == own) for axis in range(3)] for own in axes]
    sentences = [(first, score), (second, score / 4)]
    return candidate(f"{first} {second}", sentences, name=name, vectors=vectors)


def test_a_passage_that_only_answers_the_same_points_to_that_sentence() -> None:
    (group,) = collapsed(
        pair(FADES, FROST, 0.9, "a", (0, 1)), pair(FADES, APPLES, 0.8, "b", (0, 2))
    )
    (place,) = group.also_in
    assert (place.document.id, place.text) == ("b", FADES)


def test_a_passage_that_is_mostly_the_same_is_pointed_to_as_a_whole() -> None:
    (group,) = collapsed(
        pair(FADES, FROST, 0.9, "a", (0, 1)), pair(FROST, APPLES, 0.8, "b", (1, 2))
    )
    (place,) = group.also_in
    assert (place.document.id, place.text) == ("b", f"{FROST} {APPLES}")


def test_a_passage_that_differs_in_just_what_it_answers_with_is_shown() -> None:
    groups = collapsed(
        pair("Wait 24 minutes.", FROST, 0.9, "new", (0, 1)),
        pair("Wait 20 minutes.", FROST, 0.8, "old", (0, 1)),
    )
    assert names(groups) == [["new"], ["old"]]


def test_a_passage_that_shares_a_side_remark_only_is_shown() -> None:
    groups = collapsed(
        pair(APPLES, "Ask your doctor.", 0.9, "a", (0, 1)),
        pair(FROST, "Ask your doctor.", 0.8, "b", (2, 1)),
    )
    assert names(groups) == [["a"], ["b"]]


DATES = "| June 25, 2022 | September 25, 2021"


def table(rows: list[str], score: float, name: str, asked: float = 0.1) -> HandMadeCandidate:
    """A table below a row of dates, which is what a question with a date comes nearest to."""
    sentences = [(DATES, score), *((row, asked) for row in rows)]
    vectors = [[1.0, 0, 0], *([0, np.cos(at), np.sin(at)] for at in range(len(rows)))]
    return candidate("\n".join([DATES, *rows]), sentences, name=name, vectors=vectors)


def test_tables_that_share_a_row_of_dates_are_both_shown() -> None:
    groups = collapsed(
        table(["Hedged assets | 1,022 | 812", "Hedged debt | 18,502 | 17,857"], 0.9, "hedging"),
        table(["Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041"], 0.8, "balance"),
    )
    assert names(groups) == [["hedging"], ["balance"]]


@pytest.mark.parametrize(
    "line", ["Apple Inc.", "Three Months Ended | Nine Months Ended", "|Land held for use|21,000|"]
)
def test_texts_that_share_a_line_without_a_claim_are_both_shown(line: str) -> None:
    groups = collapsed(pair(line, FROST, 0.9, "a", (0, 1)), pair(line, APPLES, 0.8, "b", (0, 2)))
    assert names(groups) == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("row", "land", "other_land"),
    [
        ("Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041", "Land | 21,000 | 20,041"),
        ("|Inventories|5,433|6,580|", "|Land|22,126|20,041|", "|Land|21,000|20,041|"),
    ],
)
def test_tables_that_differ_in_one_row_beside_the_point_are_both_shown(
    row: str, land: str, other_land: str
) -> None:
    note = "Amounts are in millions of dollars of the day on which the books were closed."
    first, second = (
        candidate(
            "\n".join([note, *lines]),
            [(note, 0.9), *((row, 0.1) for row in lines)],
            name=name,
            vectors=[[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        )
        for name, lines in (("a", [row, land]), ("b", [row, other_land]))
    )
    assert names(collapsed(first, second)) == [["a"], ["b"]]


def test_the_same_table_elsewhere_is_folded() -> None:
    rows = ["Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041"]
    (group,) = collapsed(table(rows, 0.9, "a"), table(rows, 0.8, "b"))
    (place,) = group.also_in
    assert place.text == "\n".join([DATES, *rows])


def test_a_part_of_a_table_is_folded_into_the_whole_and_not_the_other_way() -> None:
    rows = ["Inventories | 5,433 | 6,580", "Land | 22,126 | 20,041"]
    whole, part = table(rows, 0.9, "whole"), table(rows[:1], 0.8, "part")
    assert names(collapsed(whole, part)) == [["whole", "part"]]
    assert names(collapsed(part, whole)) == [["part"], ["whole"]]


def test_a_passage_with_other_figures_for_the_same_things_is_shown() -> None:
    owed = "As of {}, the company had {} billion dollars of commercial paper outstanding."
    groups = collapsed(
        pair(FADES, owed.format("June 25, 2022", "11.0"), 0.9, "old", (0, 1)),
        pair(FADES, owed.format("April 1, 2023", "2.0"), 0.8, "new", (0, 1)),
    )
    assert names(groups) == [["old"], ["new"]]


def test_a_figure_that_only_numbers_the_text_keeps_nothing_apart() -> None:
    groups = collapsed(
        pair(FADES, "This is report 17.", 0.9, "a", (0, 1)),
        pair(FADES, "This is report 18.", 0.8, "b", (0, 1)),
    )
    assert names(groups) == [["a", "b"]]


def test_the_better_ranked_one_is_shown_whatever_its_length() -> None:
    groups = collapsed(
        one("Redness fades in days.", 0.5, "late"), one("Redness fades in days!", 0.4, "later")
    )
    assert names(groups) == [["late", "later"]]


def test_a_question_is_the_best_sentence_only_where_there_is_no_other() -> None:
    text = "Does redness fade? It fades within days."
    asked = candidate(text, [("Does redness fade?", 0.99), ("It fades within days.", 0.5)])
    found = pooled(asked, one("Does redness fade?", 0.9, "a"))
    answers = [found.text(sentence) for sentence in found.answers.tolist()]
    assert answers == ["It fades within days.", "Does redness fade?"]


def test_a_sentence_repeated_within_a_passage_is_known_to_be_the_same() -> None:
    twice = candidate("Rest well. Rest well.", [("Rest well.", 0.5), ("Rest well.", 0.5)])
    repetitions = Repetitions(pooled(twice))
    first, second = twice.sentences
    assert repetitions.are_same(first, second)
    assert repetitions.are_same(first, first)
    assert repetitions.of(first) == [second]


def test_texts_that_are_the_same_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def counted(first: str, second: str) -> float:
        compared.append((first, second))
        return 1.0

    monkeypatch.setattr("qa.duplicates.same_claim_words", counted)
    words = ("Redness fades soon.", "Redness fades quickly.")
    many = [one(words[i % 2], 0.9, f"{i}") for i in range(40)]
    (group,) = collapsed(*many)
    assert len(group.duplicates) == 39
    assert len(compared) == 1
    repetitions = Repetitions(pooled(*many))
    assert len(repetitions.of(many[0].sentences[0])) == 39


def test_what_says_the_same_does_so_whoever_is_asked_first_and_with_what() -> None:
    words = ("Redness fades soon.", "Redness fades quickly.", "Frost bursts pipes.")
    every = [one(text, 0.9, f"{at}") for at, text in enumerate(words)]
    sentences = [each.sentences[0] for each in every]
    for first, second in permutations(range(3), 2):
        alike = {first, second} == {0, 1}
        for asked in ([first], [second], [first, second], [0, 1, 2]):
            repetitions = Repetitions(pooled(*every))
            repetitions.compare(repetitions.texts[asked].tolist())
            assert repetitions.are_same(sentences[first], sentences[second]) == alike
            assert repetitions.are_same(sentences[second], sentences[first]) == alike


def test_the_same_words_are_the_same_even_if_they_carry_little() -> None:
    assert len(collapsed(one("It was so.", 0.9, "a"), one("It was so.", 0.8, "b"))) == 1


def test_no_more_groups_are_made_than_are_wanted_but_those_are_complete() -> None:
    groups = collapsed(
        one(FADES, 0.9, "a", (1, 0)),
        one(FROST, 0.8, "b", (0, 1)),
        one(APPLES, 0.7, "c", (-1, 0)),
        one(FADES, 0.6, "d", (1, 0)),
        most=2,
    )
    assert names(groups) == [["a", "d"], ["b"]]
