"""What a question says of the rows of a table: "which products are out of stock".

`conditions_on` takes the question apart by the columns of one table: names of columns, values, and
words that compare. It goes by words and rules alone. A question of which a word that matters is
left over is not understood: then there are no conditions, and the rows are read like any text.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from index.structure.wording import STOPWORDS
from qa.exhaustive.columns import (
    MOST_WORDS_OF_A_VALUE,
    Column,
    Columns,
    Fields,
    Operator,
    RowTest,
    number_of,
    stem_of,
    tokens_of,
)

Understood = Literal["fully", "but for its subject"]
"""How much of the question the table explains: its subject ("products") may be called otherwise."""

_FREE = (
    STOPWORDS
    - frozenset("but if more most than while when may might such should could would will".split())
) | frozenset(
    "all any anybody anyone based belong belonging belongs call called come comes currently "
    "dollars each entries entry eur euros every everybody everyone everything find get give "
    "goods item items kr list listed live lives living located many me named nok now only "
    "people person persons pieces please pounds record records row rows show still tell there "
    "thing things us usd whom whose work working works years".split()
)
"""Words that say nothing of a row."""
_SUBJECT_MAY_BE = 4
"""The subject is among so many words at the beginning."""
_MOST_WORDS_OF_VALUES = 4
_ASKS_FOR_ROWS = frozenset("all each every list show which who whose".split())
_OF = frozenset("a an any the".split())
_ABSENT = frozenset("no without zero lack lacks lacking missing".split())
_IS_ABSENT = frozenset("missing empty blank zero none".split())
_PRESENT = frozenset("in on with has have having available get gets".split())
_NOT = frozenset("not isn't aren't wasn't weren't don't doesn't except".split())
_SAY_LITTLE = _FREE | _NOT | _ABSENT | _IS_ABSENT | _PRESENT | {"yes"}
"""Words that are no value by themselves."""
_BETWEEN_NOT_AND_VALUE = frozenset("a an at by for from in of on the to yet".split())
_COMPARED_BY: Mapping[Operator, str] = {
    "gte": "at least, no less than, not less than, since, from, >=",
    "lte": "at most, no more than, not more than, up to, until, <=",
    "gt": """more than, greater than, higher than, larger than, older than, later than, over, above,
        exceeding, after, >""",
    "lt": """less than, fewer than, lower than, smaller than, younger than, cheaper than,
        earlier than, under, below, before, <""",
    "in": "exactly, equal to, equals, =",
}
_COMPARING: Mapping[tuple[str, ...], Operator] = {
    tuple(phrase.split()): operator
    for operator, phrases in _COMPARED_BY.items()
    for phrase in phrases.split(",")
}
_AFTER_A_FIGURE: tuple[tuple[Operator, tuple[str, ...]], ...] = (
    ("gte", ("or", "more")), ("gte", ("or", "later")), ("gte", ("or", "older")),
    ("lte", ("or", "less")), ("lte", ("or", "fewer")), ("lte", ("or", "earlier")),
)  # fmt: skip
_ALSO_CALLED = {
    "cost": "price", "cheaper": "price", "older": "age", "younger": "age", "old": "age",
    "inventori": "stock", "quantiti": "stock", "mail": "email",
}  # fmt: skip
"""Stems that name a column as well as its own name does."""


_DOERS = ("er", "or", "r")
_LEAST_OF_A_DOER = 3


def _also_called(stem: str, names: Collection[str]) -> str:
    """Return the stem of a column's name that a word stands for: "supply" for "supplier"."""
    doers = (stem + ending for ending in _DOERS if len(stem) >= _LEAST_OF_A_DOER)
    return _ALSO_CALLED.get(stem) or next((each for each in doers if each in names), stem)


@dataclass(frozen=True, slots=True)
class Conditions:
    """The tests that a row must pass, and how much of the question they explain.

    `names_the_table` tells that the question has a word of its name, such as "customers".
    """

    tests: tuple[RowTest, ...]
    understood: Understood
    names_the_table: bool

    @property
    def only_name_columns(self) -> bool:
        """Whether they say nothing of what stands in the columns."""
        return all(test.operator == "given" for test in self.tests)

    def hold(self, row: Fields) -> bool:
        """Tell whether a row passes all tests."""
        return all(test.passes(row) for test in self.tests)


def conditions_on(columns: Columns, question: str) -> Conditions | None:
    """Return what a question says of the rows of a table; None if it is not understood."""
    tokens = tokens_of(question)
    parse = _Parse(columns, tokens, [stem_of(token) for token in tokens])
    parse.find_values()
    parse.find_names()
    parse.find_figures()
    parse.find_presence()
    parse.find_words_of_values()
    return parse.conditions()


@dataclass(slots=True)
class _Mention:
    """Tokens `[start, end)` that name columns; `tested` if they say what is wanted in these."""

    start: int
    end: int
    columns: list[Column]
    tested: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(column.field for column in self.columns)


@dataclass(slots=True)
class _Parse:
    """The tokens of a question, which of them are `explained`, and what they were found to say.

    `values` are the phrases that columns must have, by their fields and whether they must not, and
    `value_at` has the fields of a token in them.
    """

    columns: Columns
    tokens: list[str]
    stems: list[str]
    explained: set[int] = field(default_factory=set)
    mentions: list[_Mention] = field(default_factory=list)
    values: dict[tuple[tuple[str, ...], bool], set[tuple[str, ...]]] = field(default_factory=dict)
    value_at: dict[int, tuple[str, ...]] = field(default_factory=dict)
    tests: list[RowTest] = field(default_factory=list)

    def find_values(self) -> None:
        """Find whole values of columns, the longest first, from left to right."""
        at = 0
        while at < len(self.tokens):
            length, columns = self._longest(at, lambda column, phrase: phrase in column.values)
            if length == 1 and self.tokens[at][0].isdigit() and self._comparison(at)[0] != "in":
                length = 0  # a bound
            if length:
                phrase = tuple(self.stems[at : at + length])
                fields = tuple(column.field for column in columns)
                negated = self._is_negated(at)
                self.values.setdefault((fields, negated), set()).add(phrase)
                self.value_at |= dict.fromkeys(range(at, at + length), fields)
                self.explained.update(range(at, at + length))
            at += length or 1

    def find_names(self) -> None:
        """Find names of columns, or words of them."""
        known = {part for column in self.columns.columns for part in column.name}
        stems = [each if each in known else _also_called(each, known) for each in self.stems]
        at = 0
        while at < len(stems):
            length, named = self._named(stems, at)
            if length:
                self.mentions.append(_Mention(at, at + length, named))
                self.explained.update(range(at, at + length))
            at += length or 1

    def find_figures(self) -> None:
        """Find figures and dates, and compare the column that is named nearest with them."""
        for at, token in enumerate(self.tokens):
            if at in self.explained or not token[0].isdigit():
                continue
            operator, start, end = self._comparison(at)
            able = [each for each in self.mentions if self._compares(each, operator)]
            mention = min(able, key=lambda each: abs(each.start - at), default=None)
            if mention is None:
                continue
            if operator == "in":
                same = {
                    phrase
                    for column in mention.columns
                    for phrase, values in column.values.items()
                    if any(number_of(value) == number_of(token) for value in values)
                }
                test = RowTest(mention.fields, "in", frozenset(same or {(token,)}))
            else:
                test = RowTest(mention.fields, operator, bound=token)
            self.tests.append(test)
            mention.tested = True
            self.explained.update(range(start, end))

    def find_presence(self) -> None:
        """Find what columns must have something, or nothing: "out of stock", "with a warranty"."""
        valued = {field for fields, _ in self.values for field in fields}
        for mention in self.mentions:
            if mention.tested or not valued.isdisjoint(mention.fields):
                continue
            before = self.tokens[: mention.start]
            while before and before[-1] in _OF:
                before = before[:-1]
            after = [each for each in self.tokens[mention.end :] if each not in ("is", "are")][:1]
            operator, used = _presence(mention, before, after)
            self.explained.update(range(mention.start - used, mention.start))
            if operator == "none" and after and after[0] in _IS_ABSENT:
                self.explained.add(self.tokens.index(after[0], mention.end))
            self.tests.append(RowTest(mention.fields, operator))

    def find_words_of_values(self) -> None:
        """Find words that some values hold among others: "Berg" for "Anna Berg"."""
        left = self._left_over()
        if left and not (self.mentions or self._names_the_table()):
            left = left[1:]  # what the rows are called
        if len(left) > _MOST_WORDS_OF_VALUES:  # all values are looked through for each
            return
        for at in left:
            if at in self.explained:
                continue
            length, columns = self._longest(at, _holds)
            if length:
                fields = tuple(column.field for column in columns)
                phrases = frozenset([tuple(self.stems[at : at + length])])
                self.tests.append(RowTest(fields, "holds", phrases, negated=self._is_negated(at)))
                self.explained.update(range(at, at + length))

    def conditions(self) -> Conditions | None:
        """Return what was found, if it explains the question."""
        left = self._left_over()
        tests = (*self._value_tests(), *self.tests)
        names_the_table = self._names_the_table()
        if not all(map(self._joins_values, self._ors())):
            return None
        asks = names_the_table or not _ASKS_FOR_ROWS.isdisjoint(self.tokens)
        only_names = all(test.operator == "given" for test in tests)
        if not left and (asks or (self.mentions and not only_names)):
            return Conditions(tests, "fully", names_the_table) if tests or names_the_table else None
        weak = only_names or any(test.operator == "holds" for test in tests)
        if len(left) == 1 and left[0] <= _SUBJECT_MAY_BE and not weak and not names_the_table:
            is_first = not any(at < left[0] for at in self.explained)
            return Conditions(tests, "but for its subject", names_the_table) if is_first else None
        return None

    def _ors(self) -> list[int]:
        return [
            at for at, word in enumerate(self.tokens) if word == "or" and at not in self.explained
        ]

    def _joins_values(self, at: int) -> bool:
        """Tell whether an "or" stands between two values of the same columns."""
        after = at + 1
        while after < len(self.tokens) and self.tokens[after] in _BETWEEN_NOT_AND_VALUE:
            after += 1
        before, following = self.value_at.get(at - 1), self.value_at.get(after)
        return before is not None and before == following

    def _value_tests(self) -> Iterator[RowTest]:
        named = {field for mention in self.mentions for field in mention.fields}
        for (fields, negated), phrases in self.values.items():
            chosen = tuple(field for field in fields if field in named) or fields
            yield RowTest(chosen, "in", frozenset(phrases), negated=negated)

    def _longest(
        self, at: int, has: Callable[[Column, tuple[str, ...]], bool]
    ) -> tuple[int, list[Column]]:
        """Return how many tokens from `at` on are a value of columns, and which these are."""
        for length in range(min(MOST_WORDS_OF_A_VALUE, len(self.tokens) - at), 0, -1):
            places = range(at, at + length)
            tokens = self.tokens[at : at + length]
            if not self.explained.isdisjoint(places) or all(map(_says_little, tokens)):
                continue
            phrase = tuple(self.stems[at : at + length])
            if columns := [each for each in self.columns.columns if has(each, phrase)]:
                return length, columns
        return 0, []

    def _named(self, stems: list[str], at: int) -> tuple[int, list[Column]]:
        for length in range(min(4, len(stems) - at), 0, -1):
            if not self.explained.isdisjoint(range(at, at + length)):
                continue
            phrase = tuple(stems[at : at + length])
            if named := [each for each in self.columns.columns if each.name == phrase]:
                return (
                    (0, []) if at == 0 and self.tokens[at] in ("list", "name") else (length, named)
                )
        if at in self.explained or self.tokens[at] in _FREE:
            return 0, []
        named = [each for each in self.columns.columns if stems[at] in each.name]
        return (1, named) if named else (0, [])

    def _comparison(self, at: int) -> tuple[Operator, int, int]:
        """Return how the figure at a token is compared, and which tokens say so."""
        before = ["", "", "", *self.tokens[:at]][-3:]
        if before[-1] == "between":
            return "gte", at - 1, at + 1
        if before[0] == "between" and before[2] == "and":
            return "lte", at - 1, at + 1
        for operator, phrase in _AFTER_A_FIGURE:
            if tuple(self.tokens[at + 1 : at + 3]) == phrase:
                return operator, at, at + 3
        for length in range(min(3, at), 0, -1):
            if found := _COMPARING.get(tuple(self.tokens[at - length : at])):
                return found, at - length, at + 1
        return "in", at, at + 1

    def _compares(self, mention: _Mention, operator: Operator) -> bool:
        """Tell whether columns are compared: of "orders over 1000" it is not their numbers."""
        own_number = any(self.columns.name.issuperset(each.name) for each in mention.columns)
        return all(each.has_order for each in mention.columns) and (
            operator == "in" or not own_number
        )

    def _is_negated(self, at: int) -> bool:
        """Tell whether a value is one that must not be, and explain the word that says so."""
        before = at - 1
        while before >= 0 and self.tokens[before] in _BETWEEN_NOT_AND_VALUE:
            before -= 1
        if before >= 1 and self.tokens[before - 1 : before + 1] == ["other", "than"]:
            self.explained.update((before - 1, before))
            return True
        if before >= 0 and self.tokens[before] in _NOT:
            self.explained.add(before)
            return True
        return False

    def _left_over(self) -> list[int]:
        return [
            at
            for at, token in enumerate(self.tokens)
            if at not in self.explained
            and token not in _FREE
            and self.stems[at] not in self.columns.name
        ]

    def _names_the_table(self) -> bool:
        return any(each in self.columns.name for each in self.stems)


def _holds(column: Column, phrase: tuple[str, ...]) -> bool:
    return any(RowTest((), "holds", frozenset([phrase])).matches(each) for each in column.values)


def _says_little(token: str) -> bool:
    is_short_figure = token[0].isdigit() and len(token) < 4
    return token in _SAY_LITTLE or is_short_figure or not token[0].isalnum()


def _presence(mention: _Mention, before: list[str], after: list[str]) -> tuple[Operator, int]:
    """Return what a named column must have, and how many of the tokens before it say so."""
    skipped = mention.start - len(before)
    is_truth_value = all(column.is_truth_value for column in mention.columns)
    if before[-2:] == ["out", "of"] or (
        before[-2:-1] and before[-2] in _NOT and before[-1] in _PRESENT
    ):
        return "none", 2 + skipped
    if before and (before[-1] in _ABSENT or (is_truth_value and before[-1] in _NOT)):
        return "none", 1 + skipped
    if after and after[0] in _IS_ABSENT:
        return "none", 0
    if before and before[-1] in _PRESENT:
        return "some", 1 + skipped
    return ("some" if is_truth_value else "given"), 0
