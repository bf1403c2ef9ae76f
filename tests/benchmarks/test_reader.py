"""How the reader is measured: by windows read, and on rows that were kept out."""

import numpy as np
import pytest

from benchmarks.reader.__main__ import ranking_table, separation_table
from benchmarks.reader.reading import Read, read, separation, success
from benchmarks.reader.rows import kept_out_rows, table_of_rows
from benchmarks.squad2 import AskedSet
from eval.gold import PACKAGED_GOLD, locate, read_gold
from eval.judge import holds, place_of
from qa.engine import Engine
from qa.read.reader import open_reader
from training.rows import Row, write_rows


@pytest.fixture(scope="module")
def reader():
    return open_reader()


def test_success_counts_ranks_up_to_k():
    assert success([1, 2, 0, 4], 1) == 0.25
    assert success([1, 2, 0, 4], 3) == 0.5


def test_separation_is_the_share_of_pairs_in_order():
    # answerable 3 and 1, others 2: one of two pairs is in order
    found = separation(np.array([3.0, 1.0, 2.0]), np.array([True, True, False]))
    assert found.value == 0.5
    assert found.low <= found.value <= found.high


def test_what_is_read_is_what_answers_are_made_from(seeds_store, reader):
    engine = Engine.open(seeds_store, reader="none")
    documents = [each.document for each in engine.snapshot.documents()]
    gold = locate(read_gold(PACKAGED_GOLD), documents).questions
    questions = [
        *[each for each in gold if each.kind == "answerable"][:3],
        *[each for each in gold if each.kind == "near-miss"][:1],
    ]
    answering = Engine.open(seeds_store)  # reads ten windows
    found = list(read(AskedSet("seeds", engine, questions), reader))
    assert [each.kind for each in found] == [each.kind for each in questions]
    for each, question in zip(found, questions, strict=True):
        trace = answering.trace(question.text)
        highest = max(window.logit or 0.0 for window in trace.windows)
        assert each.highest[10] == pytest.approx(highest, abs=0.1)
        assert each.ranks[10] == first_on(question, trace)
        assert each.ranks[0] == first_on(question, engine.trace(question.text))
        assert list(each.highest.values()) == sorted(each.highest.values())


def first_on(question, trace):
    passages = [group.best.passage for group in trace.considered]
    return next(
        (rank for rank, p in enumerate(passages, 1) if holds([place_of(p)], question.spans)), 0
    )


def result(kind, logits, ranks):
    return Read(
        kind,
        dict(zip((3, 5, 10, 20), logits, strict=True)),
        dict(zip((0, 3, 5, 10, 20), ranks, strict=True)),
    )


def test_tables_have_a_column_for_each_number_of_windows():
    sets = {
        "one": [
            result("answerable", (1.0, 1.0, 3.0, 3.0), (2, 1, 1, 1, 4)),
            result("near-miss", (2.0, 2.0, 2.0, 4.0), (0, 0, 0, 0, 0)),
        ],
        "other": [result("answerable", (0.0, 0.0, 0.0, 0.0), (0, 0, 3, 3, 1))],
    }
    *_, separated = separation_table(sets).splitlines()  # none but near misses of "one"
    cells = [cell.strip().split(" (")[0] for cell in separated.strip("|").split("|")]
    assert cells == ["one", "near-miss", "1 + 1", "0.000", "0.000", "1.000", "0.000"]
    assert ranking_table(sets).splitlines()[2:] == [
        "| one, success@1 | 1 | 0.000 | 1.000 | 1.000 | 1.000 | 0.000 |",
        "| one, success@3 | 1 | 1.000 | 1.000 | 1.000 | 1.000 | 0.000 |",
        "| other, success@1 | 1 | 0.000 | 0.000 | 0.000 | 0.000 | 1.000 |",
        "| other, success@3 | 1 | 0.000 | 0.000 | 1.000 | 1.000 | 1.000 |",
    ]


def row(source, text, *, answered, made="", question="When was it founded?"):
    return Row(source, made, "a", question, "", text, (0, len(text)) if answered else None)


def test_rows_that_were_kept_out_are_read_one_by_one(tmp_path, reader):
    of_sleep = [
        row("sleepqa", f"It was founded in {year}." if answered else f"{year} people sleep.",
            answered=answered, made="" if answered else "hard")
        for year in (1928, 1931)
        for answered in (True, True, False, False)
    ]  # fmt: skip
    trained_on = row("medquad", "It opened in 1900.", answered=True)
    seen = row("sleepqa", trained_on.text, answered=True)
    write_rows(tmp_path / "rows.jsonl.gz", [*of_sleep, trained_on, seen])
    for name in ("covidqa.jsonl.gz", "tables.jsonl.gz", "measure-policyqa.jsonl.gz"):
        write_rows(tmp_path / name, [])
    rows = kept_out_rows(tmp_path)
    assert rows == {"sleepqa": of_sleep}
    found = table_of_rows(rows, reader).splitlines()[-1]
    assert found.startswith("| sleepqa | all | 4 + 4 | 1.000 (1.000 to 1.000) |")
