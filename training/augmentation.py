"""The rows of one pass: no two passes are the same."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from training.corruptions import corrupted, names_in
from training.rows import Row, share


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a pass is made of, as shares of the rows that could have it."""

    swaps: float = 0.3
    """Of the published rows with exchanged words."""
    corruptions: float = 0.4
    """Of the answered rows, each of which then comes with a corrupted question, too."""
    typed: float = 0.15
    """Of all questions, in lower case and without punctuation."""
    keywords: float = 0.04
    """Of all questions, without the words that only make a question."""
    subjects: float = 0.5
    """Of the rows from named documents, with that name above the text."""


HALVED_SOURCES = frozenset({"shift-reddit", "shift-amazon_reviews"})
"""Every pass takes the other half of these: they are many, and far from what people look up."""
MINED_EACH = 4
"""Mined negatives of a question, of which each pass takes another one."""

_STOP_WORDS = frozenset(
    "a an the is are was were do does did of in on to for by with and or be been can could how "
    "what which who whom where when why that this it its there from as at".split()
)
_OTHERS = 6


@dataclass(frozen=True, slots=True)
class Material:
    """What passes are made from: published rows, mined negatives, and rows made from tables."""

    published: Sequence[Row]
    mined: Sequence[Row]
    tables: Sequence[Row]

    def rows_of_pass(self, recipe: Recipe, number: int, seed: int) -> list[Row]:
        """Return the rows of pass `number`, from 0 on. The same arguments give the same rows."""
        random = Random(seed * 1000 + number)
        published = [
            row
            for row in self.published
            if row.source not in HALVED_SOURCES or (share(row.question) < 0.5) == (number % 2 == 0)
        ]
        rows = list(_augmented(published, recipe, random))
        mined = self.mined[(number + seed) % MINED_EACH :: MINED_EACH]
        rows += (_named(row, recipe, random) for row in mined)
        rows += random.sample(self.tables, len(self.tables) // 2)
        return rows


def _augmented(rows: Sequence[Row], recipe: Recipe, random: Random) -> Iterator[Row]:
    by_document: dict[str, list[Row]] = defaultdict(list)
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_document[row.document].append(row)
        by_source[row.source].append(row)
    for row in rows:
        if row.made == "swap" and random.random() >= recipe.swaps:
            continue
        shown = _named(row, recipe, random)
        yield replace(shown, question=_as_typed(row.question, recipe, random))
        if row.answered and random.random() < recipe.corruptions:
            near = by_document[row.document] if random.random() < 0.5 else by_source[row.source]
            others = [name for _ in range(_OTHERS) for name in names_in(random.choice(near).text)]
            question = corrupted(row.question, row.text, others, random)
            if question is not None:
                typed = _as_typed(question, recipe, random)
                yield replace(shown, made="corrupted", question=typed, span=None)


def _named(row: Row, recipe: Recipe, random: Random) -> Row:
    """Put the document's name above the text, now and then: a "hard" text is another's."""
    named = row.made != "hard" and row.subject and random.random() < recipe.subjects
    return replace(row, above=row.subject) if named else row


def _as_typed(question: str, recipe: Recipe, random: Random) -> str:
    chance = random.random()
    if chance < recipe.keywords:
        words = question.rstrip(" ?.").split()
        kept = [word for word in words if word.lower() not in _STOP_WORDS]
        return " ".join(kept) if len(kept) > 1 else question
    if chance < recipe.keywords + recipe.typed:
        return question.rstrip(" ?.").lower()
    return question
