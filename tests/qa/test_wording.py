"""What is told from words alone: questions, lead-ins, list items, and what keeps claims apart."""

import pytest

from index.structure.wording import (
    content_words,
    figures_differ,
    is_complete,
    is_lead_in,
    is_list_item,
    is_question,
    is_row,
    leans_back,
    plain_words,
    same_claim_words,
    word_count,
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Does it hurt?",
        "It hurts, doesn't it?!",
        'He asked: "Does it hurt?"',
        "**Does it hurt?**",
        "(Is that so?)",
        "痛いですか？",
        "What to expect",  # a heading-like question without its mark
        "Q: How long does it take",
        "how long does it take",
    ],
)
def test_what_asks_is_a_question(sentence: str) -> None:
    assert is_question(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It does not hurt.",
        "What hurts is the cold.",
        "Can openers are in the drawer.",
        "The question is whether it hurts.",
        "Whatever helps",
        "Island tours",
        "",
    ],
)
def test_what_says_is_no_question(sentence: str) -> None:
    assert not is_question(sentence)


@pytest.mark.parametrize(
    "sentence", ["It ends.", "It ends!", 'He said "it ends."', "終わり。", "So …"]
)
def test_a_sentence_that_ends_is_complete(sentence: str) -> None:
    assert is_complete(sentence)


@pytest.mark.parametrize("sentence", ["Side effects", "These include:", "one, two,", ""])
def test_a_sentence_that_does_not_end_is_a_fragment(sentence: str) -> None:
    assert not is_complete(sentence)


@pytest.mark.parametrize("sentence", ["These include:", "**These include:**", "包括：", "So: "])
def test_a_colon_at_the_end_leads_in(sentence: str) -> None:
    assert is_lead_in(sentence)


@pytest.mark.parametrize("sentence", ["Infection: Although rare.", "At 12:30.", ""])
def test_a_colon_within_does_not_lead_in(sentence: str) -> None:
    assert not is_lead_in(sentence)


@pytest.mark.parametrize(
    "line", ["Infection: Although rare, it happens.", "**Skin care:** Wash it.", "Step 2: Rinse."]
)
def test_a_label_makes_a_list_item(line: str) -> None:
    assert is_list_item(line)


@pytest.mark.parametrize(
    "line",
    [
        "Although rare, it happens.",
        "The clinic closes. Reason: snow.",
        "These include:",
        "It opens at 7:30.",
        f"{'A long beginning that is no label ' * 3}: no.",
    ],
)
def test_without_a_label_there_is_no_list_item(line: str) -> None:
    assert not is_list_item(line)


@pytest.mark.parametrize(
    "sentence",
    ["This means trouble.", "These can hurt.", "They heal.", "Its cause is known.", "It can hurt."],
)
def test_a_pronoun_at_the_start_leans_back(sentence: str) -> None:
    assert leans_back(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is important to rest.",
        "It's wise to rest.",
        "Thistles grow.",
        "Heat helps.",
        "Rest this.",
    ],
)
def test_a_sentence_that_stands_by_itself_does_not_lean_back(sentence: str) -> None:
    assert not leans_back(sentence)


def test_words_are_compared_without_case_or_kind_of_apostrophe() -> None:
    assert plain_words("Don’t PANIC, skin-care!") == ["don't", "panic", "skin", "care"]
    assert content_words("The skin of the skin, and it") == {"skin"}
    assert word_count("two  words\n") == 2


def test_claims_in_the_same_words_are_the_same() -> None:
    assert same_claim_words("The needle hurts the skin.", "The skin hurts the needle!") == 1.0
    # shared: needle, skin; of needle, hurts, skin and of needle, heals, skin: 2·2 / (3+3)
    assert same_claim_words("The needle hurts skin.", "A needle heals skin.") == pytest.approx(
        4 / 6
    )
    assert same_claim_words("The needle hurts.", "Rain fell all night.") == 0.0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Redness fades within 2 days.", "Redness fades within 3 days."),
        ("A needle of 0.5 mm suits the face.", "A needle of 1.5 mm suits the face."),
        ("You may wash your face.", "You may not wash your face."),
        ("The skin can be washed.", "The skin cannot be washed."),
        ("Wash it with soap.", "Wash it without soap."),
        ("Apply cream to the face.", "Avoid cream to the face."),
        ("Infections do happen.", "Infections don't happen."),
        ("Infections do happen.", "Infections don’t happen."),
        ("Infections never happen.", "Infections happen."),
        ("The treatment takes 4 weeks.", "The treatment takes weeks."),
    ],
)
def test_numbers_and_negations_keep_claims_apart(first: str, second: str) -> None:
    assert same_claim_words(first, second) == same_claim_words(second, first) == 0.0


def test_nothing_is_the_same_as_nothing() -> None:
    assert same_claim_words("", "") == same_claim_words("It is the", "We are of") == 0.0


@pytest.mark.parametrize(
    "row",
    [
        *("Inventories | 5,433 | 6,580", "| a | b |", "| June 25, 2022", "a |"),
        *("|Land held for use|21,000|", "|---|---|", "|Land held|"),  # as Markdown allows
    ],
)
def test_bars_make_a_row(row: str) -> None:
    assert is_row(row)


@pytest.mark.parametrize(
    "line", ["He reads a||b.", "The operator a|b joins them.", "|a|b is read.", ""]
)
def test_a_bar_within_a_word_makes_no_row(line: str) -> None:
    assert not is_row(line)


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ("The tax rate was 15.7 %.", "The tax rate was 10.8 %.", True),
        ("The tax rate was 15.7 %.", "The tax rate was 15.7 %.", False),
        ("The tax rate was 15.7 %.", "The tax rate was low.", False),
        ("The tax rate was 15.7 %.", "In 2021 the frost burst 10 old pipes.", False),
        ("This is report 17.", "This is report 18.", False),
        ("|Land|21,000|", "|Land|22,126|", True),
        ("Land | 21,000", "Land | 22,126", True),
        ("|Land|21,000|", "|Land|21,000|", False),
        ("|Land|21,000|", "|Debt|22,126|", False),
        ("|21,000|", "|22,126|", False),
        ("|Land|21,000|", "Land has 22,126.", False),
    ],
)
def test_figures_differ_where_they_are_of_the_same_things(
    first: str, second: str, differ: bool
) -> None:
    assert figures_differ(first, second) is differ
    assert figures_differ(second, first) is differ
