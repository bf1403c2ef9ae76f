"""Sentences cut out of a stream: where each ends, what it cites, what is taken off."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.written.sentences import MOST_CHARS, Draft, declines, drafts


def written(text: str) -> list[Draft]:
    return list(drafts([text]))


def texts_and_sources(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(draft.text, draft.sources) for draft in drafts([text])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Redness fades [1]. Swelling lasts longer. [2] Call a doctor.[3]",
            [
                ("Redness fades.", (1,)),
                ("Swelling lasts longer.", (2,)),
                ("Call a doctor.", (3,)),
            ],
        ),
        (
            "It holds vitamin B [1]. Iron is in it, too [1][2].",
            [("It holds vitamin B.", (1,)), ("Iron is in it, too.", (1, 2))],
        ),
        ("It is safe [1, 3] and cheap [2-4].", [("It is safe and cheap.", (1, 3, 2, 4))]),
        (
            "It is safe【1】. It is cheap 【2†source】.",
            [("It is safe.", (1,)), ("It is cheap.", (2,))],
        ),
        ("It is safe.[^1] It is cheap [^2].", [("It is safe.", (1,)), ("It is cheap.", (2,))]),
        (
            "It is safe [Source 1]. It is cheap [passage 2]. It is red (source 3).",
            [("It is safe.", (1,)), ("It is cheap.", (2,)), ("It is red.", (3,))],
        ),
        ("It is safe [Passages 1 and 2].", [("It is safe.", (1, 2))]),
        ("It is safe (1). It is cheap (2).", [("It is safe.", (1,)), ("It is cheap.", (2,))]),
        ("It is safe. (1)\nIt is cheap. (2)", [("It is safe.", (1,)), ("It is cheap.", (2,))]),
        ("It is safe.\n[1]\n\nIt is cheap.\n[2]", [("It is safe.", (1,)), ("It is cheap.", (2,))]),
        ("[1] It is safe. [2] It is cheap.", [("It is safe.", (1,)), ("It is cheap.", (2,))]),
        (
            "According to [1], it is safe. According to source 2, it is cheap.",
            [("It is safe.", (1,)), ("It is cheap.", (2,))],
        ),
        ("[1] states that it is safe.", [("It is safe.", (1,))]),
        (
            "It is safe ([1]). It is cheap (see [2]).",
            [("It is safe.", (1,)), ("It is cheap.", (2,))],
        ),
        (
            "He said “it is safe.” [1] Then he left.",
            [("He said “it is safe.”", (1,)), ("Then he left.", ())],
        ),
        (
            "Wash it in two steps: (1) rub, (2) rinse. [3]",
            [("Wash it in two steps: (1) rub, (2) rinse.", (3,))],
        ),
        ("The array [2022] and f(1) stay.", [("The array [2022] and f(1) stay.", ())]),
    ],
)
def test_marks_are_taken_off_and_told(text, expected):
    assert texts_and_sources(text) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "The needle is 2.5 mm long.",
        "Dr. Smith saw J. R. Doe at 5 p.m. on Monday.",
        "Use a mild soap, e.g. one without scent, i.e. a plain one.",
        "It may itch... but it heals.",
        "The U.S. Army bought 3.000 of them from Acme Inc. last year.",
        "Version 1.2.3 reads example.com and config.json files.",
    ],
)
def test_a_stop_within_a_sentence_does_not_end_it(sentence):
    assert texts_and_sources(f"{sentence[:-1]} [1]. That is all. [2]") == [
        (sentence, (1,)),
        ("That is all.", (2,)),
    ]


def test_lines_list_items_and_headings_begin_sentences_and_lose_their_signs():
    text = (
        "## Side effects\n\nThere are **three** of them [1]:\n- *Redness* [1]\n* `Swelling` [2]\n"
        "1. __Pain__ that lasts 2 days [3]\n> Quoted [4]\n---\n```text\nCode stays.\n```\n"
        "See [the manual](https://example.com/a) for 5 * 3 and snake_case_names. [5]"
    )
    assert texts_and_sources(text) == [
        ("Side effects", ()),
        ("There are three of them:", (1,)),
        ("Redness", (1,)),
        ("Swelling", (2,)),
        ("Pain that lasts 2 days", (3,)),
        ("Quoted", (4,)),
        ("Code stays.", ()),
        ("See the manual for 5 * 3 and snake_case_names.", (5,)),
    ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ('See ![the map](https://e.org/a "map") now.', "See the map now."),
        ("See [the map](https://e.org/a_(1).png) now.", "See the map now."),
        ("See ![the map](<https://e.org/a b>) now.", "See the map now."),
        ("It is 5\u200b0 mg\u202e or \x1b[31mmore.", "It is 50 mg or [31mmore."),
        ("می\u200cخواهم 👩\u200d⚕️.", "می\u200cخواهم 👩\u200d⚕️."),
    ],
)
def test_no_link_no_image_and_nothing_unseen_is_left(text, plain):
    assert texts_and_sources(text) == [(plain, ())]


@pytest.mark.parametrize(
    "name",
    ["__init__", "__my_name__", "_private", "class_", "_my_var_", "snake_case", "MAX_SIZE", "a*b"],
)
def test_a_name_in_code_stays_as_it_is(name):
    for said in (name, f"`{name}`", f"**`{name}`**", f"(`{name}`),"):
        plain = said.replace("`", "").replace("**", "")
        assert texts_and_sources(f"Call {said} once [1]. Then go.") == [
            (f"Call {plain} once.", (1,)),
            ("Then go.", ()),
        ]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It is _very_ red.", "It is very red."),
        ("It is __50__ mg.", "It is 50 mg."),
        ("__Pain__, _pain._", "Pain, pain."),
        ("_Note that it is safe._", "Note that it is safe."),
        ("**It is _safe_**.", "It is safe."),
        ("~~It~~ ***is*** *quite safe*.", "It is quite safe."),
        ("Pass `*args` or `**kwargs`.", "Pass *args or **kwargs."),
    ],
)
def test_signs_of_emphasis_are_taken_off(text, plain):
    assert texts_and_sources(text) == [(plain, ())]


def test_a_list_within_a_line_is_cut_at_its_items():
    assert texts_and_sources("Do this: rub it. 2. Rinse it well. [1] 3. Dry it. [2]") == [
        ("Do this: rub it.", ()),
        ("Rinse it well.", (1,)),
        ("Dry it.", (2,)),
    ]


def test_a_sentence_comes_as_soon_as_the_next_word_is_known():
    given_out: list[str] = []

    def stream():
        for piece in ["Redness ", "fades ", "[1", "]. ", "Swelling ", "lasts. ", "[2] "]:
            given_out.append(piece)
            yield piece

    first = next(drafts(stream()))
    assert first == Draft("Redness fades.", (1,))
    assert given_out[-1] == "Swelling "


def test_an_endless_sentence_is_ended():
    for text in ("word " * 3000, "x" * 15000, "[1] " * 4000, "[1, " * 4000, "(1" * 9000):
        assert all(len(draft.text) <= MOST_CHARS for draft in written(text))


WORDS = st.sampled_from(
    "Redness fades. It [1] [2]. [1, 3] [1 , 3]. 2.5 mm Dr. e.g. U.S. ... “So.” (1) (2). 【1】 [^2] "
    "** **bold** *it* - * 1. 2. # ## `code` ``` [Source 1] [passage 2]. "
    "said: C. no? [ ( [text](a.b)".split(" ")
) | st.text("ab.?![]()*_`#-1 2,\n\r\t\u2028。", max_size=6)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", " ", "\n", "", "\r\n", "\n\n"]))).map(
    lambda parts: "".join(word + blank for word, blank in parts)
)


@given(TEXTS, st.randoms(use_true_random=False))
def test_how_a_stream_is_cut_makes_no_difference(text: str, chance: random.Random):
    cuts = sorted(chance.sample(range(len(text) + 1), min(len(text), chance.randint(0, 30))))
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    assert list(drafts(pieces)) == written(text) == list(drafts(text))


@given(TEXTS)
def test_no_word_is_lost_and_no_text_is_untidy(text: str):
    for draft in drafts([text]):
        assert draft.text == " ".join(draft.text.split())
        assert any(map(str.isalnum, draft.text)) or "_" in draft.text
        assert len(set(draft.sources)) == len(draft.sources)


@pytest.mark.parametrize(
    "sentence",
    [
        "The passages do not say.",
        "The passages don’t say how long it lasts.",
        "The provided text does not mention the price.",
        "Unfortunately, the documents provided do not specify the dose.",
        "I don't know.",
        "I'm sorry, but I cannot answer this question.",
        "I could not find this in the passages.",
        "No information is given.",
        "No information about the price is provided in the context.",
        "There is no information about the price in the given passages.",
        "There is not enough information to answer.",
        "The price is not mentioned in the provided sources.",
        "The question cannot be answered from the given context.",
        "Based on the provided passages, I cannot determine the dose.",
        "None of the sources mention a price.",
        "Passage 2 does not explicitly state a price.",
        "Not stated.",
    ],
)
def test_a_refusal_is_told(sentence):
    assert declines(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The study did not say whether the dose matters.",
        "The report does not mention any loss.",
        "No information is collected from children.",
        "The company does not provide guidance.",
        "There is no evidence that it works.",
        "The patients do not know which dose they got.",
        "The product does not contain nuts.",
        "Customers cannot find the switch.",
        "There is no answer to cancer yet.",
        "The source of the river does not give enough water.",
        "It is not available in the United States.",
        "Text messages do not contain the code.",
        "This is stated in the passages.",
        "The context matters.",
    ],
)
def test_a_sentence_about_something_else_is_no_refusal(sentence):
    assert not declines(sentence)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("The passage states that redness fades [1].", "Redness fades."),
        ("This text also says that it is safe.", "It is safe."),
        ("The passage of time heals.", "The passage of time heals."),
        ("The passage states that.", "The passage states that."),
    ],
)
def test_what_only_names_the_passage_is_taken_off(written: str, text: str) -> None:
    assert [draft.text for draft in drafts([written])] == [text]
