"""The rows of one pass: no two passes are the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from training.corruptions import corrupted, names_in
from training.rewording import reworded
from training.rows import Row, share
from training.subjects import misnamed


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
    reworded: float = 0.0
    """Of all questions but those to financial tables, in other words."""
    far: float = 0.0
    """Of a pass, questions with a text on another subject."""
    misnamed: float = 0.0
    """Of a pass, questions whose name or year is, or is not, that above the text."""
    tables: float | None = None
    """Of a pass, rows made from tables; None: half of those that there are."""
    rows: int | None = None
    """How many rows a pass has, drawn from those it could have; None: all."""

    def with_tables(self, share: float) -> "Recipe":
        """Return the recipe with that share of rows made from tables, and less of all others."""
        rest = 1 - share
        return replace(self, far=self.far * rest, misnamed=self.misnamed * rest, tables=share)

    @property
    def others(self) -> float:
        """The share of a pass that is made of no published row or its corruption."""
        return self.far + self.misnamed + (self.tables or 0)


FURTHER = Recipe(reworded=0.35, far=0.1, misnamed=0.12)
"""What a trained reader is trained further on."""

HALVED_SOURCES = frozenset({"shift-reddit", "shift-amazon_reviews"})
"""Every pass takes the other half of these: they are many, and far from what people look up."""
MINED_EACH = 4
"""Mined negatives of a question, of which each pass takes another one."""

_OTHERS = 6
_QUESTION_WORDS = frozenset(
    "a an the is are was were do does did of in on to for by with and or be been can could how "
    "what which who whom where when why that this it its there from as at".split()
)
_WHERE_ANY_WORD_TELLS = frozenset({"swap", "corrupted", "row", "label", "cut", "other", ""})
"""How those unanswered rows came about that may be answered with a word less in the question."""


@dataclass(frozen=True, slots=True)
class Material:
    """What passes are made from: published rows, mined negatives, rows made from tables, questions
    with a text on another subject, and the synonyms of the questions' words.
    """

    published: Sequence[Row]
    mined: Sequence[Row]
    tables: Sequence[Row]
    far: Sequence[Row] = ()
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)

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
        if recipe.tables is None:
            rows += random.sample(self.tables, len(self.tables) // 2)
        if recipe.rows is not None:
            rows = random.sample(rows, min(len(rows), round(recipe.rows * (1 - recipe.others))))
        whole = len(rows) / (1 - recipe.others)
        rows += random.sample(self.far, min(len(self.far), round(whole * recipe.far)))
        if recipe.tables is not None:
            rows += random.sample(self.tables, min(len(self.tables), round(whole * recipe.tables)))
        rows += misnamed(self.published, round(whole * recipe.misnamed), random)
        return [self._reworded(row, recipe, random) for row in rows]

    def _reworded(self, row: Row, recipe: Recipe, random: Random) -> Row:
        if not recipe.reworded or _in_terms(row) or random.random() >= recipe.reworded:
            return row
        whole = row.made in {"named", "misnamed"} or (
            not row.answered and row.made in _WHERE_ANY_WORD_TELLS
        )
        return replace(row, question=reworded(row.question, self.synonyms, random, whole=whole))


def _in_terms(row: Row) -> bool:
    """Tell whether a question is in terms, which no other words mean."""
    return row.source in {"tatqa", "pdf-tables"} or row.made == "grid"


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
        kept = [word for word in words if word.lower() not in _QUESTION_WORDS]
        return " ".join(kept) if len(kept) > 1 else question
    if chance < recipe.keywords + recipe.typed:
        return question.rstrip(" ?.").lower()
    return question
