"""What is searched for by words, and how it is joined with the search by vectors."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from index.search.bm25 import Term
from qa.engine import Engine
from qa.question.query import LEAST_WEIGHT, Query, search_terms
from qa.records import STAGES, left_out, stages_without
from qa.retrieve.retriever import DENSE_WEIGHT, fuse, min_max
from tests.qa.candidates import covered
from tests.qa.conftest import Hashed, Library

TEXTS = {
    "a.md": "# Redness\n\nIt fades within two days.\n\nRedness that stays is looked at.\n",
    "b.md": "# Frost\n\nFrost bursts pipes. Frost is cold.\n\n# Pipes\n\nPipes fade in the sun.\n",
    "c.txt": "Bread needs salt, flour, water and the patience of a baker.\n",
    "d.txt": "The days of the baker begin at two in the morning.\n",
}


def sources(engine: Engine, question: str, top_k: int = 5) -> list[str]:
    return [hit.document.source for hit in engine.ask(question, top_k).hits]


# What is searched for.


def test_words_that_only_ask_are_left_out(hashed: Hashed) -> None:
    snapshot = hashed(TEXTS).snapshot
    found = search_terms("How do I get the pipes' frost, whats frost?", snapshot)
    assert [(term.text, term.times) for term in found] == [("pipe", 1), ("frost", 2)]
    assert search_terms("why is it so", snapshot) == ()
    assert search_terms("?!", snapshot) == ()


def test_a_question_without_words_is_answered_by_its_vector_alone(library: Library) -> None:
    engine = library({"a.txt": "Redness fades within two days.", "b.txt": "Bread needs salt."})
    assert len(engine.ask("?!").hits) == 2


# Fusion.


def test_the_least_is_zero_the_greatest_one_and_what_is_equal_is_one() -> None:
    assert min_max(np.array([2.0, 4.0, 3.0])).tolist() == [0.0, 1.0, 0.5]
    assert min_max(np.array([3.0, 3.0])).tolist() == [1.0, 1.0]
    fused = fuse(np.array([0.2, 0.4]), np.array([9.0, 0.0]))
    assert fused.tolist() == pytest.approx([1 - DENSE_WEIGHT, DENSE_WEIGHT])
    assert fuse(np.array([0.2, 0.4]), None).tolist() == [0.0, 1.0]
    assert min_max(np.array([0.0, 0.0])).tolist() == [0.0, 0.0]


def test_a_rare_word_finds_its_passage_where_the_vectors_do_not(library: Library) -> None:
    texts = {f"{n}.txt": f"The part number of pump {n} is printed on its lid." for n in range(30)}
    texts["x.txt"] = "QX7731B belongs to the spare wheel, which hangs below the boot of the car."
    engine = library(texts)
    question = "what belongs to the pump qx7731b"
    without = dataclasses.replace(engine, stages=stages_without(["lexical"]))
    explain = engine.ask(question, explain=True).explain
    assert explain is not None
    assert explain["lexical"][0]["passage_id"].startswith("notes-x-txt")
    places = [sources(each, question, 40).index("notes/x.txt") for each in (engine, without)]
    assert places[0] < places[1]


def test_what_stands_above_a_passage_helps_to_find_it(hashed: Hashed) -> None:
    engine = hashed(TEXTS)
    first = engine.ask("redness: is it gone within two days?").hits[0]
    assert first.passage.heading_path == ("Redness",)


def test_the_words_of_a_file_s_name_find_it_and_are_not_cited(hashed: Hashed) -> None:
    engine = hashed(
        {
            "2022 Q3 MSFT.txt": "Inventories came to 4,268 millions of dollars.\n",
            "2022 Q3 AAPL.txt": "Inventories came to 5,433 millions of dollars.\n",
        }
    )
    answer = engine.ask("the inventories of AAPL in millions of dollars")
    assert answer.unknown_words == ()
    assert answer.hits[0].document.source.endswith("2022 Q3 AAPL.txt")
    assert answer.hits[0].passage.heading_path == ()
    assert answer.text == "Inventories came to 5,433 millions of dollars."


# Stages.


def test_each_stage_can_be_left_out_and_changes_the_ranking(hashed: Hashed) -> None:
    engine = hashed(TEXTS)
    whole = [each.score for each in engine.trace("redness frost pipes fade").candidates]
    for stage in STAGES:
        stages = stages_without([stage])
        assert left_out(stages) == (stage,)
        fewer = dataclasses.replace(engine, stages=stages)
        scores = [each.score for each in fewer.trace("redness frost pipes fade").candidates]
        assert (scores == whole) == (stage in ("spelling", "codes"))
    nothing = dataclasses.replace(engine, stages=frozenset())
    found = nothing.trace("redness frost pipes fade").candidates
    assert all(one.dense >= two.dense for one, two in pairwise(found))
    assert all(each.lexical == 0 for each in found)


def test_what_is_left_out_is_told(hashed: Hashed) -> None:
    engine = dataclasses.replace(hashed(TEXTS), stages=stages_without(["lexical", "spelling"]))
    explain = engine.ask("redness", explain=True).explain
    assert explain is not None
    assert explain["stages"] == ["documents", "codes"]
    assert explain["lexical"] == []


# What a question's words weigh.


def test_a_question_of_nothing_but_a_common_word_is_not_covered_by_it() -> None:
    common = Query("skin", "skin", (), (Term("skin", 1, 0.1),))
    assert covered(common, "skin") == pytest.approx(0.1 / LEAST_WEIGHT)
