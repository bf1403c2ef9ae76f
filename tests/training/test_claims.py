"""Claims made by rule: a changed one never comes with a span that supports it."""

from random import Random

import pytest

from qa.written.rules import broken_rule
from tests.training.test_rows import row
from training.claims import Claims, claims
from training.declaring import declared

TEXT = (
    "The mill was built in 1846 by John Carver (a baker) on the river Aire. In winter, the wheel "
    "stands still for 30 days. It burned down twice, which ruined the owner. Visitors may enter it "
    "on Sundays. The flour was sold in Leeds and in York."
)
QUESTION = "When was the mill built?"


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("When was the mill built?", "1846", "The mill was built in 1846."),
        ("Who built the mill?", "John Carver", "John Carver built the mill."),
        ("What did the owner sell?", "flour", "The owner sold flour."),
        ("Where did the owner live", "Leeds", "The owner lived in Leeds."),
        ("What is the capital of France?", "Paris", "The capital of France is Paris."),
        ("Why is the sky blue?", "scattering", None),
        ("built mill year", "1846", None),
    ],
)
def test_a_question_and_its_answer_are_a_statement(
    question: str, answer: str, statement: str | None
) -> None:
    assert declared(question, answer) == statement


@pytest.fixture(scope="module")
def made() -> Claims:
    start = TEXT.index("1846")
    rows = [
        row(QUESTION, document="Mill", source="squad2", text=TEXT, span=(start, start + 4)),
        row("Who ran the inn?", document="Mill", source="squad2", text=OTHER, span=(0, 9)),
    ]
    found = [claim for seed in range(60) for claim in claims(rows, {}, Random(seed))]
    return Claims(found, ())


OTHER = (
    "Ann Platt ran the inn at Skipton from 1850 on. The inn had 12 rooms and a stable for horses."
)


def test_supported_claims_break_no_rule(made: Claims) -> None:
    supported = [claim for claim in made.made if claim.answered]
    assert {claim.made for claim in supported} == {"said", "declared"}
    broken = [
        claim.question
        for claim in supported
        if broken_rule(claim.question, f"{claim.subject}. {claim.text}")
    ]
    assert not broken


def test_unsupported_claims_stand_nowhere_in_their_text(made: Claims) -> None:
    unsupported = [claim for claim in made.made if not claim.answered]
    assert {claim.made for claim in unsupported} >= {"changed", "joined", "crossed", "elsewhere"}
    assert not [claim for claim in unsupported if claim.question in claim.text]


def test_a_pass_has_as_many_supported_claims_as_others(made: Claims) -> None:
    drawn = made.rows_of_pass(40, Random(0))
    assert sum(claim.answered for claim in drawn) == 20
    assert len(drawn) == 40
