"""Which sentences are quoted, how far a quote reaches, and how quotes make an answer."""

import dataclasses
from collections.abc import Sequence

import pytest

from qa.duplicates import Group, Repetitions, collapse
from qa.evidence import Quote, choose, compose, decide, highlights, quotes
from qa.records import AnswerSpan
from tests.qa.candidates import HandMadeCandidate, candidate, pooled


def all_apart(count: int, first: int = 0) -> list[list[float]]:
    """Vectors that have nothing to do with one another, nor with those before `first`."""
    return [[float(axis == first + row) for axis in range(8)] for row in range(count)]


def passage(
    *sentences: tuple[str, float], between: str = " ", name: str = "a.txt", first_axis: int = 0
) -> HandMadeCandidate:
    text = between.join(words for words, _ in sentences)
    vectors = all_apart(len(sentences), first_axis)
    return candidate(text, sentences, name=name, vectors=vectors)


def grouped(*candidates: HandMadeCandidate) -> list[Group]:
    return [Group(each, (), ()) for each in candidates]


def ranked(*candidates: HandMadeCandidate) -> list[Quote]:
    return quotes(grouped(*candidates))


def texts(chosen: Sequence[Quote]) -> list[str]:
    return [quote.text for quote in chosen]


def chosen_from(*candidates: HandMadeCandidate) -> list[Quote]:
    return choose(ranked(*candidates), Repetitions(pooled(*candidates)))


def sentence(words: int, mark: str) -> str:
    """A sentence of so many words, all of them its own."""
    return " ".join(f"{mark}{number}x" for number in range(words)).capitalize() + "."


# What can be quoted.


def test_the_nearest_sentence_comes_first() -> None:
    found = ranked(passage(("Rain fell.", 0.2), ("Redness fades.", 0.9), ("Frost came.", 0.4)))
    assert texts(found) == ["Redness fades.", "Frost came.", "Rain fell."]


def test_a_sentence_that_asks_is_never_quoted() -> None:
    found = ranked(passage(("Does redness fade?", 0.99), ("Redness fades.", 0.5)))
    assert texts(found) == ["Redness fades."]
    assert ranked(passage(("Does redness fade?", 0.99))) == []


def test_what_a_lead_in_announces_has_a_share_of_its_score_and_it_is_not_quoted() -> None:
    (first, second, after) = ranked(
        passage(
            ("Redness has these causes:", 0.9),
            ("Heat: It opens the vessels.", 0.1),
            ("Cold: It closes them.", 0.2),
            ("The harvest was good.", 0.15),
            between="\n",
        )
    )
    assert [first.text, second.text] == ["Cold: It closes them.", "Heat: It opens the vessels."]
    assert first.score == pytest.approx((0.2 + 0.9 * 0.9) / 2)
    assert second.score == pytest.approx((0.1 + 0.9 * 0.9) / 2)
    assert (after.text, after.score) == ("The harvest was good.", 0.15)


def test_a_list_item_is_quoted_whole() -> None:
    text = "Heat: It opens the vessels. A cool cloth helps."
    item = candidate(
        f"{text}\nThe harvest was good.",
        [
            ("Heat: It opens the vessels.", 0.1),
            ("A cool cloth helps.", 0.8),
            ("The harvest was good.", 0.1),
        ],
        vectors=all_apart(3),
    )
    assert ranked(item)[0].text == text


def test_a_very_long_list_item_is_quoted_by_the_sentence() -> None:
    long = sentence(50, "w")
    item = passage((f"Heat: {long}", 0.3), ("A cool cloth helps.", 0.8))
    assert ranked(item)[0].text == "A cool cloth helps."


def test_a_sentence_that_points_back_comes_with_the_one_before() -> None:
    two = passage(("The spring dries up.", 0.1), ("This makes water scarce.", 0.9))
    assert ranked(two)[0].text == "The spring dries up. This makes water scarce."
    asked = passage(("Does the spring dry up?", 0.1), ("This makes water scarce.", 0.9))
    assert ranked(asked)[0].text == "This makes water scarce."
    alone = passage(
        ("The spring dries up.", 0.1), ("This makes water scarce.", 0.9), between="\n\n"
    )
    assert ranked(alone)[0].text == "This makes water scarce."


def test_a_fragment_counts_for_less() -> None:
    found = ranked(passage(("Redness and swelling", 0.9), ("Redness fades.", 0.8), between="\n"))
    assert texts(found) == ["Redness fades.", "Redness and swelling"]
    assert found[1].score == pytest.approx(0.9 * 0.8)


# What is chosen.


def test_only_what_comes_near_the_best_is_added() -> None:
    found = chosen_from(
        passage(("Redness fades.", 0.8), ("Swelling fades.", 0.69), ("Frost came.", 0.67))
    )
    assert texts(found) == ["Redness fades.", "Swelling fades."]


def test_an_answer_keeps_to_eighty_words() -> None:
    first, second, third = sentence(60, "a"), sentence(21, "b"), sentence(20, "c")
    found = chosen_from(passage((first, 0.9), (second, 0.89), (third, 0.88)))
    assert texts(found) == [first, third]


def test_a_single_longer_sentence_is_quoted_whole() -> None:
    long = sentence(90, "a")
    assert texts(chosen_from(passage((long, 0.9), ("Frost came.", 0.89)))) == [long]


def test_four_quotes_are_enough() -> None:
    many = passage(*((sentence(3, mark), 0.9) for mark in "abcdef"))
    assert len(chosen_from(many)) == 4


def test_what_was_said_is_not_said_again() -> None:
    same = [
        candidate(words, [(words, score)], name=name)
        for words, score, name in [
            ("Redness fades within days.", 0.9, "a.txt"),
            ("Redness fades within some days.", 0.85, "b.txt"),
            ("Redness fades within 9 days.", 0.8, "c.txt"),
        ]
    ]
    found = choose(ranked(*same), Repetitions(pooled(*same)))
    assert texts(found) == ["Redness fades within days.", "Redness fades within 9 days."]


def test_two_that_mean_nearly_the_same_are_not_both_chosen_unless_they_contradict() -> None:
    close = [[1.0, 0.0], [0.85, 0.5268]]
    wash = candidate(
        "Wash the face daily. Clean your skin each evening.",
        [("Wash the face daily.", 0.9), ("Clean your skin each evening.", 0.89)],
        vectors=close,
    )
    assert len(chosen_from(wash)) == 2, "they have no word in common"
    wash = candidate(
        "Wash the face daily. Wash your face each evening.",
        [("Wash the face daily.", 0.9), ("Wash your face each evening.", 0.89)],
        vectors=close,
    )
    assert len(chosen_from(wash)) == 1
    unlike = candidate(
        "Wash the face daily. Never wash your face in the evening.",
        [("Wash the face daily.", 0.9), ("Never wash your face in the evening.", 0.89)],
        vectors=close,
    )
    assert len(chosen_from(unlike)) == 2


def test_quotes_that_overlap_are_not_both_chosen() -> None:
    found = chosen_from(passage(("The spring dries up.", 0.85), ("This makes water scarce.", 0.9)))
    assert texts(found) == ["The spring dries up. This makes water scarce."]


def test_each_quote_that_is_not_chosen_has_its_reason() -> None:
    one = passage(("Redness fades.", 0.9), (sentence(79, "w"), 0.88), ("Frost came.", 0.3))
    same = candidate("Redness soon fades.", [("Redness soon fades.", 0.85)], name="b.txt")
    same = dataclasses.replace(same, sentence_vectors=one.sentence_vectors[:1, :])
    many = passage(*((sentence(3, mark), 0.78) for mark in "abcd"), name="c.txt", first_axis=3)
    found = ranked(one, same, many)
    decisions = list(decide(found, Repetitions(pooled(one, same, many))))
    assert [decision.quote for decision in decisions] == found
    rulings = [decision.ruling for decision in decisions]
    # 0.78 is more than 85 % of 0.9, which are 0.765.
    assert rulings == ["chosen", "long", "repeats", "chosen", "chosen", "chosen", "enough", "weak"]
    assert [decision.repeated for decision in decisions if decision.repeated] == [found[0]]


def test_nothing_to_quote_is_nothing_chosen() -> None:
    assert choose([], Repetitions(pooled(passage(("Why?", 0.9))))) == []


# What the answer is made of.


def test_an_answer_is_its_quotes_joined_by_single_blanks() -> None:
    first = passage(("Frost came.", 0.8), ("Redness fades.", 0.85), name="a.txt")
    second = passage(("Swelling fades.", 0.9), name="b.txt", first_axis=2)
    groups = grouped(first, second)
    chosen = chosen_from(first, second)
    text, spans, citations = compose(chosen, groups, Repetitions(pooled(first, second)))
    # The passage of the best quote first, its sentences in the order of their document.
    assert text == "Swelling fades. Frost came. Redness fades."
    assert spans == (AnswerSpan(0, 15, (1,)), AnswerSpan(16, 27, (2,)), AnswerSpan(28, 42, (3,)))
    assert [(c.number, c.document.id, c.start, c.end) for c in citations] == [
        (1, "b-txt", 0, 15),
        (2, "a-txt", 0, 11),
        (3, "a-txt", 12, 26),
    ]


def test_a_quote_over_a_line_end_keeps_it() -> None:
    text = "Heat: It opens\r\nthe vessels. This\thurts."
    odd = candidate(
        text,
        [("Heat: It opens\r\nthe vessels.", 0.5), ("This\thurts.", 0.9)],
        vectors=all_apart(2),
    )
    answer, _, (citation,) = compose(chosen_from(odd), grouped(odd), Repetitions(pooled(odd)))
    assert answer == text == citation.cited_text


def test_a_citation_has_the_headings_it_stands_under_and_where_else_it_is_said() -> None:
    first = candidate(
        "Redness fades within days.",
        [("Redness fades within days.", 0.9)],
        headings=("Care", "After"),
    )
    others = [
        candidate(words, [(words, 0.8)], name=name)
        for words, name in [
            ("Redness fades within days.", "c.txt"),
            ("Redness fades within some days.", "b.txt"),
            ("Redness fades within 3 days.", "d.txt"),
        ]
    ]
    found = pooled(first, *others)
    repetitions = Repetitions(found)
    groups = list(collapse(found, repetitions))
    _, _, citations = compose(choose(quotes(groups), repetitions), groups, repetitions)
    assert citations[0].heading_path == ("Care", "After")
    assert [place.document.id for place in citations[0].also_in] == ["b-txt", "c-txt"]
    assert citations[1].document.id == "d-txt"


def test_a_citation_names_all_other_places_by_source() -> None:
    words = "Redness fades within days."
    all_of_them = [candidate(words, [(words, 0.9)], name=f"{i:02}.txt") for i in range(30)]
    found = pooled(*all_of_them)
    repetitions = Repetitions(found)
    groups = list(collapse(found, repetitions))
    _, _, (citation,) = compose(choose(quotes(groups), repetitions), groups, repetitions)
    # 30 places, one of which is the citation itself
    assert [place.document.id for place in citation.also_in] == [
        f"{i:02}-txt" for i in range(1, 30)
    ]


def test_no_quotes_make_no_answer() -> None:
    assert compose([], [], Repetitions(pooled(passage(("Why?", 0.9))))) == ("", (), ())


# Highlights.


def test_highlights_are_the_sentences_near_the_best() -> None:
    shown = passage(
        ("Redness fades.", 1.0), ("Swelling fades.", 0.66), ("Frost came.", 0.65), ("Why now?", 0.9)
    )
    assert [span.of(shown.document.text) for span in highlights(shown, 1.0)] == [
        "Redness fades.",
        "Swelling fades.",
    ]


def test_a_passage_that_is_beside_the_point_has_no_highlight() -> None:
    assert highlights(passage(("Redness fades.", 0.5)), 0.9) == ()
    assert highlights(passage(("Does redness fade?", 0.9)), 0.9) == ()


def test_what_is_quoted_is_highlighted_whatever_it_scores() -> None:
    shown = passage(("Redness fades.", 0.9), ("Frost came.", 0.1), ("Rain fell.", 0.1))
    found = highlights(shown, 0.9, [shown.sentences[1]])
    assert [span.of(shown.document.text) for span in found] == ["Redness fades.", "Frost came."]


def test_a_lead_in_is_highlighted_with_its_items() -> None:
    shown = passage(
        ("Redness has these causes:", 0.9),
        ("Heat: It opens the vessels.", 0.1),
        ("Cold: It closes them.", 0.1),
        ("The harvest was good.", 0.1),
        ("These are others:", 0.1),
        ("Salt: It dries the skin.", 0.1),
        between="\n",
    )
    assert [span.of(shown.document.text) for span in highlights(shown, 0.9)] == [
        "Redness has these causes:",
        "Heat: It opens the vessels.",
        "Cold: It closes them.",
    ]


def test_what_a_sentence_points_back_to_is_highlighted_with_it() -> None:
    shown = passage(("Frost came.", 0.1), ("The spring dries up.", 0.1), ("This hurts.", 0.9))
    assert [span.of(shown.document.text) for span in highlights(shown, 0.9)] == [
        "The spring dries up.",
        "This hurts.",
    ]
