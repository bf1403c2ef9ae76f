"""The claims that the check of written sentences is measured on, and what is made of its scores."""

import gzip
import json
from random import Random

import numpy as np
import pytest

from benchmarks.claims.__main__ import report
from benchmarks.claims.by_hand import BY_HAND, hand_written_claims
from benchmarks.claims.changing import WRONG, joined, reworded
from benchmarks.claims.checks import CHECKS, RULES, SHIPPED, TOGETHER, scores
from benchmarks.claims.evidence import Claim, Cutter, nearest, packed, window_of
from benchmarks.claims.figures import Halves, fairest, outcome, shown_by_fitted, strictest
from benchmarks.claims.published import wice_claims
from eval.corruptions import Sentence
from eval.sets.layouts import markdown_document
from index.search.features import words_in
from qa.read.pairs import text_of
from qa.read.reading import Reading
from training.rows import share


class Words:
    """Reads that a window says a claim as far as it has its words."""

    name = digest = backend = "words"

    def read(self, question, windows):
        words = set(words_in(question))
        shares = [len(words.intersection(words_in(text_of(w)))) / len(words) for w in windows]
        return Reading(np.array([20 * (share - 0.8) for share in shares], np.float32), None)


@pytest.fixture(scope="module")
def cutter():
    return Cutter()


@pytest.fixture(scope="module")
def by_hand(cutter, seeds_dir, tmp_path_factory):
    """The claims on the seeds; the filings are not at hand."""
    data = tmp_path_factory.mktemp("data")
    (data / "pdf").mkdir()
    return list(hand_written_claims(data, seeds_dir, cutter))


def test_each_claim_by_hand_cites_its_anchor(by_hand):
    assert len(by_hand) == 60
    assert sum(claim.supported for claim in by_hand) == 30
    assert {claim.origin for claim in by_hand} == {BY_HAND}
    for claim in by_hand:
        (window,), ((document, passage),) = claim.windows, claim.passages
        assert passage.span.contains(window.span)
        assert window.span.of(document.text)


def test_no_claim_by_hand_is_there_twice(by_hand):
    assert len({claim.text for claim in by_hand}) == 60


def test_wice_gives_the_kept_half_with_what_supports_each_claim(tmp_path):
    claims = [f"claim {number}" for number in range(20)]
    labels = ["supported", "partially_supported", "not_supported"]
    rows = [
        {
            "claim": claim,
            "label": labels[number % 3],
            "evidence": ["One.", "Two.", "Three.", f"{claim} it is."],
            "supporting_sentences": [] if number % 3 == 2 else [[2, 0], [1]],
        }
        for number, claim in enumerate(claims)
    ]
    (tmp_path / "wice").mkdir()
    with gzip.open(tmp_path / "wice" / "claim-dev.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(map(json.dumps, rows)))
    found = list(wice_claims(tmp_path))
    assert [claim.text for claim in found] == [text for text in claims if share(text) >= 0.5]
    for claim in found:
        texts = [window.text for window in claim.windows]
        assert claim.supported == (claim.kind == "supported")
        if claim.kind == "not supported":
            assert texts == [f"One. Two. Three. {claim.text} it is."]
        else:
            assert texts == ["Two.", "One. Three."]


def test_windows_hold_whole_sentences_and_the_nearest_come_first():
    long = packed(["a b c d " * 15 + "end."] * 2)
    assert [len(window.text.split()) for window in long] == [61, 61]
    windows = [window_of("a rare bird"), window_of("a rare red bird"), window_of("stones")]
    assert nearest("red bird", windows)[0].text == "a rare red bird"


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("unit", "It cost 3 million.", "It cost 3 billion."),
        ("stronger", "Some bruises may show.", None),
        ("negation", "It is safe.", "It is not safe."),
    ],
)
def test_rules_make_a_sentence_wrong(kind, text, wrong):
    changed = WRONG[kind](Sentence(text, text, [], Random(0)))
    assert changed != text
    assert changed == (wrong or changed)


def test_a_sentence_in_other_words_says_the_same():
    text = "However, if the skin is dry (as in winter), individuals should utilize a cream."
    said = reworded(Sentence(text, text, [], Random(0)))
    assert said == "People should use a cream, if the skin is dry."


def test_a_joined_clause_stands_behind_the_sentence():
    assert joined("It is safe.", "The sky is blue.") == "It is safe, and the sky is blue."
    assert joined("x" * 200, "The sky is blue.") is None


@pytest.fixture(scope="module")
def claims(cutter):
    """Claims on one document; the last is shown only if it is held against the whole passage."""
    text = "The red fox slept. The brown bear ate honey in May."
    document = markdown_document("a.md", "", text, "text/1")
    cut = cutter.cut(document)
    fox, bear = cut.cited(0, 0), cut.cited(text.index("The brown"), 0)
    return [
        cut.claim("set", "right", "The red fox slept.", [fox], supported=True),
        cut.claim("set", "wrong", "The blue whale sang 7 songs.", [fox], supported=False),
        cut.claim("set", "elsewhere", "The brown bear ate honey.", [fox], supported=True),
        Claim("WiCE", "right", "The brown bear ate honey.", (bear,), supported=True),
    ]


def test_a_claim_is_scored_by_each_check(claims):
    scored = scores(claims, Words(), Words())
    assert set(scored) == set(CHECKS)
    assert scored[RULES].tolist() == [1, 0, scored[RULES][2], 1]
    assert scored[TOGETHER][0] > 0.9
    assert scored[TOGETHER][1] == 0
    assert scored[SHIPPED][2] > 0.9 > scored[TOGETHER][2]  # the passage says it, the window not
    assert scored[SHIPPED][3] == scored[TOGETHER][3]


def test_the_report_is_printed_and_kept(claims, tmp_path):
    text = report(claims, scores(claims, Words(), Words()), tmp_path)
    assert "| WiCE | as shipped | 1 + 0 |" in text
    assert "(shipped)" in text
    figures = json.loads((tmp_path / "claims.json").read_text("utf-8"))["figures"]
    assert figures["outcomes"]["all"][SHIPPED]["supported"] == 3


def test_the_figures_of_an_outcome():
    """Of four supported three are shown, of four others one: (3/4 + 3/4) / 2."""
    shown = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    found = outcome(shown, np.arange(8) < 4)
    assert (found.supported, found.unsupported) == (4, 4)
    assert found.balanced_accuracy
    assert (
        found.balanced_accuracy.low < found.balanced_accuracy.value < found.balanced_accuracy.high
    )
    figures = found.balanced_accuracy, found.unsupported_shown, found.supported_kept
    assert [figure and figure.value for figure in figures] == [0.75, 0.25, 0.75]
    assert outcome(shown[:4], np.ones(4, bool)).balanced_accuracy is None


def test_a_threshold_is_the_fairest_or_shows_few():
    scores = np.array([0.9, 0.8, 0.3, 0.7, 0.2, 0.1])
    supported = np.array([1, 1, 1, 0, 0, 0], bool)
    assert fairest(scores, supported) == 0.3  # 3/3 kept, 2/3 refused; 0.8: 2/3 and 3/3
    assert strictest(scores, supported, 0.0) == 0.8
    assert strictest(scores, supported, 0.4) == 0.3
    assert strictest(np.array([0.5, 0.9]), np.array([True, False]), 0.0) == np.inf


def test_claims_by_hand_choose_no_threshold():
    texts = [f"claim {number}" for number in range(40)]
    claims = [
        Claim("set", "", text, (), supported=number % 2 == 0) for number, text in enumerate(texts)
    ]
    claims += [Claim(BY_HAND, "", "by hand", (), supported=False)] * 20
    halves = Halves.of(claims)
    assert not (halves.first & halves.second).any()
    assert (halves.first | halves.second | halves.by_hand).all()
    supported = np.array([claim.supported for claim in claims])
    own = np.where(supported, 0.6, 0.4)
    own[halves.by_hand] = 0.7  # which would forbid every threshold up to it
    shown = shown_by_fitted(own, supported, halves)
    assert shown[:40].tolist() == supported[:40].tolist()
    assert shown[40:].all()
