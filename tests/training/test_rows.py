"""Rows to train on: what they are made of, and that what is made of them is so."""

import gzip
import json
import re
from random import Random

import pytest

from index.encoding.model import find_model
from qa.read.pairs import PairTokenizer
from training.augmentation import Material, Recipe
from training.batches import batches, examples
from training.corruptions import corrupted, names_in
from training.rows import KEPT_OUT_ARTICLE, Row, is_kept_out, read_rows, write_rows

TEXT = "The treaty was signed in Vienna. In 1815 the Congress ended after nine months."


def row(question="When did the Congress end?", **fields):
    given = {
        "source": "squad2",
        "made": "",
        "document": "Congress_of_Vienna",
        "question": question,
        "above": "",
        "text": TEXT,
        "span": (TEXT.index("In 1815"), TEXT.index("In 1815") + 7),
    }
    return Row(**given | fields)


def test_rows_are_read_as_they_are_published(tmp_path):
    published = [
        {"src": "shift-new_wiki-cut", "doc": "A", "q": "q?", "title": "", "text": "t", "y": 0},
        {"src": "scifact", "doc": "B", "q": "q?", "title": "T", "text": "t u", "y": 1},
    ]
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        lines.writelines(json.dumps(each | {"span": None}) + "\n" for each in published)
    cut, answered = read_rows(path)
    assert (cut.source, cut.made, cut.answered) == ("shift-new_wiki", "cut", False)
    assert (answered.source, answered.span) == ("scifact", (0, 3))  # the whole text answers


def test_written_rows_are_read_again(tmp_path):
    rows = [row(), row(made="mined", span=None), row(source="shift-reddit", made="hard", span=None)]
    write_rows(tmp_path / "rows.gz", rows)
    assert list(read_rows(tmp_path / "rows.gz")) == rows


def test_whole_documents_are_kept_out():
    assert is_kept_out(row(source="sleepqa"))
    assert is_kept_out(row(document=KEPT_OUT_ARTICLE))
    names = [f"article {number}" for number in range(200)]
    out = sum(is_kept_out(row(source="shift-new_wiki", document=name)) for name in names)
    assert 20 < out < 60  # a fifth of them


@pytest.mark.parametrize("seed", range(30))
def test_a_corruption_changes_the_question(seed):
    question = "Which city was the first to welcome Metternich in 1815?"
    changed = corrupted(question, TEXT, ["Lord Castlereagh"], Random(seed))
    assert changed is not None
    assert changed != question


@pytest.mark.parametrize("question", ["Can you swim here?", "Why can't it fly?", "Will it rain?"])
def test_a_negated_question_is_english(question):
    found = [corrupted(question, "", [], Random(seed)) for seed in range(40)]
    changed = [each for each in found if each]
    assert changed
    for each in changed:
        assert not re.search("(?i)cann't|willn't|\\bca\\b|\\bwo\\b", each)


def test_names_do_not_open_a_sentence():
    assert names_in("Soon it went to Vienna. Later Prince Klemens von Metternich left.") == [
        "Vienna",
        "Prince Klemens",
        "Metternich",
    ]


def test_labels_are_the_tokens_of_the_answer():
    tokenizer = PairTokenizer(find_model().tokenizer())
    (example,) = examples([row(above="Congress of Vienna")], tokenizer)
    marked = [
        TEXT[start:end]
        for (start, end), label in zip(
            example.pair.spans.tolist(),
            example.labels[example.pair.first :][: len(example.pair.spans)].tolist(),
            strict=True,
        )
        if label == 1
    ]
    assert marked == ["In", "1815"]
    (unanswered,) = examples([row(span=None)], tokenizer)
    assert (unanswered.labels == -1).all()


def test_batches_hold_every_row_once():
    tokenizer = PairTokenizer(find_model().tokenizer())
    rows = [row(f"What is {number}?", text=TEXT[: 20 + number], span=None) for number in range(50)]
    made = list(batches(examples(rows, tokenizer), 8, Random(1)))
    assert sum(map(len, made)) == 50
    assert all(batch.ids.shape[1] % 16 == 0 for batch in made)
    assert all(batch.ids.shape == batch.mask.shape == batch.labels.shape for batch in made)


def test_a_pass_is_the_same_for_the_same_seed_and_another_for_the_next():
    published = [row(f"Why did the {number}. Congress end in 1815?") for number in range(40)]
    material = Material(published, [row(made="mined", span=None)] * 8, [])
    first, again, second = (material.rows_of_pass(Recipe(), number, seed=3) for number in (0, 0, 1))
    assert first == again
    assert first != second
    assert sum(each.made == "mined" for each in first) == 2  # a quarter of them
    corrupted_rows = [each for each in first if each.made == "corrupted"]
    assert corrupted_rows
    assert not any(each.answered for each in corrupted_rows)
