"""Example questions stand in the documents, are answered by them, and take bounded work."""

from collections.abc import Callable
from pathlib import Path

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.engine import Engine
from qa.examples import ENOUGH, MOST, MOST_ASKED, examples
from tests.encoders import HashingEncoder

Opener = Callable[[dict[str, str]], Engine]


@pytest.fixture
def engine_over(tmp_path: Path, model: Model) -> Opener:
    """Index texts by their names, with the fast encoder."""

    def opener(files: dict[str, str]) -> Engine:
        folder, encoder = tmp_path / "files", HashingEncoder()
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        store = open_store(tmp_path / "store")
        sync(store, [folder], model, encoder)
        return Engine(store.open(), model, encoder, model.tokenizer())

    return opener


def test_the_seeds_have_questions_that_are_answered(seeds_store: Path, encoder: Encoder) -> None:
    engine = Engine.open(seeds_store)
    found = examples(engine)
    assert found[0] == "Why Might Pimples Occur After Microneedling?"
    assert ENOUGH <= len(found) <= MOST
    assert all(engine.ask(question).answered for question in found)
    assert examples(engine) == found


FAQ = """# Help

## How do I reset the lamp?

Reset the lamp by holding its green button.

## How can I reset the lamp?

Reset the lamp by holding its green button, as said.

## Which bulb fits the lamp?

A bulb with the thin thread fits the lamp. What does this mean? Is it? Are you ready to glow?
When does the lamp\u202e dim? so it reads.
"""


def test_near_duplicates_and_what_does_not_stand_by_itself_are_left_out(engine_over) -> None:
    found = examples(engine_over({"faq.md": FAQ}))
    assert set(found) == {"How do I reset the lamp?", "Which bulb fits the lamp?"}


def test_they_are_spread_over_the_files(engine_over) -> None:
    files = {
        f"{name}.md": f"# {name}\n\n## How is {name} made?\n\n{name} is made of {name} dough.\n\n"
        f"## Where is {name} kept?\n\n{name} is kept in a {name} box.\n"
        for name in ("bread", "cheese", "honey", "pasta", "wine", "soap")
    }
    found = examples(engine_over(files))
    assert sorted(found) == sorted(f"How is {name.removesuffix('.md')} made?" for name in files), (
        "one of each file before a second one of any"
    )


def test_questions_without_an_answer_are_no_examples(engine_over) -> None:
    text = "Owls sleep under red lanterns. Who painted the ceiling of the chapel?\n"
    assert examples(engine_over({"owls.txt": text})) == ()


def test_the_rows_of_a_table_give_questions(engine_over) -> None:
    rows = 'question,answer\n"How long is the warranty?","The warranty is two years long."\n'
    assert examples(engine_over({"faq.csv": rows})) == ("How long is the warranty?",)


def test_however_many_questions_there_are_few_are_tried(engine_over) -> None:
    rows = "".join(
        f'"What is the {n}th thing of Zorg{n}?","Nothing known here."\n' for n in range(300)
    )
    engine = engine_over({"faq.csv": "question,answer\n" + rows, "b.md": f"# B\n\n{FAQ * 30}"})
    asked = engine.encoder.count
    examples(engine)
    assert engine.encoder.count - asked <= MOST_ASKED
