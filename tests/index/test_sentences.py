"""Where a sentence ends, and how one that is too long is cut."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking.sentences import MAX_SENTENCE_CHARS, split_long, split_sentences
from index.chunking.tokens import BLANKS, Tokenizer
from index.encoding.model import Model
from index.records import Span


def sentences(text: str) -> list[str]:
    return [span.of(text) for span in split_sentences(text, Span(0, len(text)))]


@pytest.mark.parametrize(
    "expected",
    [
        ["Dr. Smith uses 0.5 mm needles.", "Mrs. Jones vs. Mr. Li was in 2020."],
        ["See e.g. Fig. 3 and Jones et al. 2020.", "It is shown there."],
        ["It is sold in the U.S. and in the U.K. for $3.50.", "It is cheap."],
        ["At 5 p.m. it closes.", "It opens at 8 a.m. again."],
        ["E. coli is a bacterium.", "J. Smith found it."],
        ["Version 2.0.1 is at https://example.org/a.html now.", "Get it."],
        ["The cream (e.g. retinol) helps.", "Use it."],
        ["It costs 3.", "2024 was a good year."],
        ['He said: "It works."', "Then he left."],
        ["“It works.”", "She agreed."],
        ["Really?!", "Yes!!", "No."],
        ["It may fade… or not.", "Wait ... then go on.", "End..."],
        ["It hurts 👍🏽.", "Really 🇨🇭!", "Yes."],
    ],
)
@pytest.mark.parametrize("blank", [" ", "  ", "\n", "\r\n", "\t"])
def test_sentences_end_where_a_reader_would_say(expected: list[str], blank: str) -> None:
    assert sentences(blank.join(expected)) == expected


@pytest.mark.parametrize(
    "expected",
    [
        ["It fades!", "However, some redness stays?", "Early treatment helps."],
        ["It was seen before [3].", "Figure 1 shows it."],
        ["She said “it fades.”", "He agreed."],
        ["这是第一句。", "这是第二句。"],
    ],
)
def test_glued_sentences_come_apart(expected: list[str]) -> None:
    assert sentences("".join(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Read it with csv.DictReader or json.loads, and send it with smtplib.SMTP.",
        "AMAZON.COM, INC. and its Node.JS and ASP.NET services are at www.Example.COM now.",
        "System.Collections.Generic is a part of the .NET libraries, as is H2A.Z of chromatin.",
        "Signs of infection fade.However, some redness stays.",
    ],
)
def test_no_sentence_ends_at_a_stop_before_a_letter(text: str) -> None:
    assert sentences(text) == [text]
    assert sentences(f"{text} {text}") == [text, text]


def test_glued_words_stay_together() -> None:
    text = "Similarly,bruising can occur;it fades at example.org within 1.5 days."
    assert sentences(text) == [text]


def test_what_has_no_words_belongs_to_the_sentence_before() -> None:
    assert sentences("It helps. ⭐⭐⭐ … !") == ["It helps. ⭐⭐⭐ … !"]


def test_only_the_given_stretch_is_read() -> None:
    text = "One. Two. Three."
    assert split_sentences(text, Span(4, 10)) == [Span(5, 9)]


@pytest.mark.parametrize("text", ["", " ", "\r\n\t\u2028"])
def test_blank_text_has_no_sentences(text: str) -> None:
    assert sentences(text) == []


class WordTokenizer(Tokenizer):
    """Every word of up to four characters is a token, a longer one is several."""

    def __init__(self) -> None: ...

    def tokens(self, text: str) -> list[Span]:
        return [Span(*match.span()) for match in re.finditer(r"\S{1,4}", text)]


def pieces(text: str, limit: int) -> list[str]:
    return [span.of(text) for span in split_long(text, Span(0, len(text)), limit, WordTokenizer())]


def test_what_fits_is_not_cut() -> None:
    assert pieces("one two, six ten", 4) == ["one two, six ten"]


def test_a_long_sentence_is_cut_at_the_last_clause_that_fits() -> None:
    # Four tokens fit: up to "ten"; the last clause before that ends with "six;".
    assert pieces("one, two six; ten net, tin pin", 4) == ["one, two six;", "ten net, tin pin"]


def test_without_a_clause_it_is_cut_at_the_last_word_that_fits() -> None:
    assert pieces("one two six ten net tin pin", 3) == ["one two six", "ten net tin", "pin"]


def test_a_clause_in_the_first_third_is_no_place_to_cut() -> None:
    # A cut after "one," would leave a piece of one word where six fit.
    assert pieces("one, two six ten net tin pin bin", 6)[0] == "one, two six ten net tin"


def test_without_blanks_it_is_cut_between_code_points() -> None:
    assert pieces("abcdefghij", 2) == ["abcdefgh", "ij"]
    assert pieces("👍👍👍👍👍", 1) == ["👍👍👍👍", "👍"]


def test_a_huge_word_is_cut_although_it_is_one_token(model: Model) -> None:
    text = "x" * (2 * MAX_SENTENCE_CHARS + 1)
    tokenizer = model.tokenizer()
    assert len(tokenizer.tokens(text)) == 1
    cut = split_long(text, Span(0, len(text)), 200, tokenizer)
    assert [span.end - span.start for span in cut] == [MAX_SENTENCE_CHARS, MAX_SENTENCE_CHARS, 1]


def test_a_cut_that_makes_more_tokens_of_a_text_is_not_taken(model: Model) -> None:
    tokenizer = model.tokenizer()
    assert len(tokenizer.tokens("0A\x1f\u0488")) == 1, "one word unknown to the model"
    assert len(tokenizer.tokens("0A")) == 2
    text = "0A\x1f\u0488:"
    cut = split_long(text, Span(0, len(text)), 1, tokenizer)
    assert [span.of(text) for span in cut] == ["0A\x1f\u0488", ":"]


anything = st.text(
    st.one_of(
        st.sampled_from(" \n\r\t.!?…,;:()\"'”“-–—aAbB1。️👍🏽\u0301\u2028\x85\x0b\x0c\x1c\ufeff"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


@given(parts=st.lists(anything, min_size=2, max_size=4), blank=st.sampled_from(sorted(BLANKS)))
def test_tokens_between_blanks_add_up(model: Model, parts: list[str], blank: str) -> None:
    tokenizer = model.tokenizer()
    assert tokenizer.splits_at_blanks
    assert tokenizer.count(blank.join(parts)) == sum(map(tokenizer.count, parts))


def assert_nothing_lost(text: str, whole: Span, parts: list[Span]) -> None:
    edges = [whole.start, *(edge for part in parts for edge in part), whole.end]
    assert edges == sorted(edges)
    gaps = zip(edges[::2], edges[1::2], strict=True)
    assert all(not text[start:end].strip() for start, end in gaps)
    assert all(part.of(text) and part.of(text) == part.of(text).strip() for part in parts)


@given(before=anything, inner=anything, after=anything)
def test_no_sentence_loses_a_character(before: str, inner: str, after: str) -> None:
    text = before + inner + after
    whole = Span(len(before), len(before) + len(inner))
    assert_nothing_lost(text, whole, split_sentences(text, whole))


@given(text=st.one_of(anything, st.text(" .aB1_é", max_size=60)))
def test_a_full_stop_between_two_characters_of_words_ends_nothing(text: str) -> None:
    starts = {span.start for span in split_sentences(text, Span(0, len(text)))}
    assert not [stop for stop in re.finditer(r"(?<=\w)\.(?=\w)", text) if stop.end() in starts]


@given(text=anything, limit=st.integers(1, 40))
def test_no_piece_is_too_long_or_loses_a_character(
    tokenizer: Tokenizer, text: str, limit: int
) -> None:
    for sentence in split_sentences(text, Span(0, len(text))):
        cut = split_long(text, sentence, limit, tokenizer)
        assert_nothing_lost(text, sentence, cut)
        for piece in cut:
            one_code_point = piece.end - piece.start == 1
            assert len(tokenizer.tokens(piece.of(text))) <= limit or one_code_point


@pytest.fixture(scope="module")
def tokenizer(model: Model) -> Tokenizer:
    return model.tokenizer()
