"""Rows on other subjects and below other names."""

import re
from random import Random

import pytest

from index.encoding.choose import open_encoder
from index.encoding.model import find_model
from tests.training.test_rows import row
from training.augmentation import Material, Recipe
from training.subjects import far_off, misnamed

SUBJECTS = ["Tea", "Window glass", "Peat moss", "Blackboard chalk"]


@pytest.fixture(scope="module")
def published():
    return [
        row(
            f"Where is {source} {number} sold?"
            if number % 2
            else f"Where was {subject} sold by {source}?",
            source=source,
            document=subject,
            text=f"{number} shops of {source} sell it, and no other.",
            span=(0, 14),
        )
        for source in ("squad2", "selqa")
        for number, subject in enumerate(SUBJECTS * 3)
    ]


def test_a_far_text_is_another_documents(published):
    home = {each.text: (each.source, each.document) for each in published}
    asked = {(each.question, each.source, each.document) for each in published}
    found = list(far_off(published, open_encoder(find_model()), 100, Random(0)))
    assert found
    assert not any(each.answered for each in found)
    for each in found:
        assert (each.question, each.source, each.document) in asked
        assert home[each.text] != (each.source, each.document)
    sources = {(each.source, home[each.text][0]) for each in found}
    assert len(sources) == 4  # of the same source and of the other


def test_a_far_text_does_not_hold_a_short_answer():
    rows = [
        row("Who came?", document="One", text="Ann came to Ulm.", span=(0, 3)),
        row("Who left?", document="Two", text="Then Ann and Bob left.", span=(13, 16)),
    ]
    found = list(far_off(rows, open_encoder(find_model()), 10, Random(0)))
    assert {each.question for each in found} <= {"Who left?"}  # Ann stands in both


def test_names_decide(published):
    found = list(misnamed(published, 400, Random(0)))
    named = [each for each in found if each.answered]
    other = [each for each in found if not each.answered]
    assert len(named) == len(other)
    assert {each.made for each in named} == {"named"}
    assert {each.made for each in other} == {"misnamed"}
    undated = [each for each in other if not any(map(str.isdigit, each.above))]
    for each in undated:
        assert sum(name in each.question for name in SUBJECTS) == 1
        assert each.above not in each.question
    for each in named:
        if each.above in SUBJECTS:
            assert each.above in each.question


def test_years_decide(published):
    dated = [
        each for each in misnamed(published, 400, Random(0)) if any(map(str.isdigit, each.above))
    ]
    assert dated
    for each in dated:
        (year,) = re.findall(r"\d{4}", each.above)
        assert (year in each.question) == each.answered


def test_without_titles_there_is_nothing_to_misname():
    assert not list(misnamed([row(source="covidqa", document="paper-1")], 10, Random(0)))


def test_a_pass_holds_what_the_recipe_says(published):
    far = [row(made="far", text="On moss.", span=None)] * 100
    synonyms = {"sold": ["traded"]}
    recipe = Recipe(
        reworded=1.0, far=0.2, misnamed=0.2, rows=40, corruptions=0.0, typed=0.0, keywords=0.0
    )
    material = Material(published, [], [], far, synonyms)
    rows = material.rows_of_pass(recipe, 0, seed=3)
    assert rows == material.rows_of_pass(recipe, 0, seed=3)
    assert sum(each.made == "far" for each in rows) == 8
    assert 0 < sum(each.made in {"named", "misnamed"} for each in rows) <= 8
    assert len(rows) <= 40
    assert any("traded" in each.question for each in rows if each.answered)
    assert any("traded" in each.question for each in rows if not each.answered)


def test_terms_of_tables_are_not_reworded():
    rows = [row("What was sold?", source="tatqa", document=str(number)) for number in range(20)]
    recipe = Recipe(reworded=1.0, corruptions=0.0, typed=0.0, keywords=0.0)
    made = Material(rows, [], [], (), {"sold": ["traded"]}).rows_of_pass(recipe, 0, seed=0)
    assert {each.question for each in made} == {"What was sold?"}
