"""What a question says of the rows of a table: "which products are out of stock".

`conditions_on` takes the question apart by the columns of one table: their names, their values,
figures and dates that are compared, and words such as "without". Synonyms in English and German
are one word. Where a figure is compared with a column that is not named, as "3 euros" with "unit
price", it is `taken` for that, and the user is told. What is left over is `unexplained`: then the
rows are read like any text.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from index.structure.wording import STOPWORDS
from qa.exhaustive.columns import (
    MOST_WORDS_OF_A_VALUE,
    Column,
    Columns,
    Fields,
    Phrase,
    RowTest,
    are_kin,
    stem_of,
    tokens_of,
)
from qa.exhaustive.table_words import (
    AFTER_A_FIGURE,
    COMPARING,
    KINDS,
    LESS_THAN,
    MONEY,
    OF_AMOUNTS,
    Operator,
    common,
)

_FREE = (
    STOPWORDS
    - frozenset("but if more most than while when may might such should could would will".split())
) | frozenset(
    "all any anybody anyone based belong belonging belongs call called come comes currently each "
    "entries entry every everybody everyone everything find get give left "
    "list listed live lived lives living located many me named now only people person persons "
    "pieces please record records row rows show still tell there thing things us whom whose "
    "work working works years".split()
)
"""Words that say nothing of a row."""
_UNITS = frozenset(unit for kind in KINDS for unit in kind.units)
_ASKS_FOR_ROWS = frozenset(
    "all each every everybody everyone everything list people show which who whose".split()
)
_ABSENT = frozenset("no without zero lack lacks lacking missing".split())
_IS_ABSENT = frozenset("missing empty blank zero none".split())
_PRESENT = frozenset("in on with has have having available get gets".split())
_NOT = frozenset("not except nor never".split())
_SAY_LITTLE = _FREE | _NOT | _ABSENT | _IS_ABSENT | _PRESENT | {"yes"}
"""Words that are no value by themselves."""
_BETWEEN = frozenset(
    "a an any are at be been being by for from have has her his in is its of on our the their to "
    "was were with yet".split()
)
"""Words between one that says "not" or "without" and what that is said of."""
_COMPARATIVE = re.compile(r"\w{3,}er")
_YEAR = re.compile(r"(?:1[89]|2[01])\d\d")
_SUPERLATIVE = re.compile(r"\w{2,}est|best|worst|most|least|average|total|sum|why|how")
_SAID_OTHERWISE = (("sold out", "out of stock"), ("unavailable", "out of stock"))


@dataclass(frozen=True, slots=True)
class Conditions:
    """The tests that a row must pass, the words that were `taken` for a column, and those left.

    `names_the_table` tells that the question has a word of its name, such as "customers".
    `subject` is the word for what is asked for, if nothing in the table is called so.
    """

    tests: tuple[RowTest, ...]
    taken: tuple[tuple[str, str], ...]
    unexplained: tuple[str, ...]
    names_the_table: bool
    subject: str = ""

    @property
    def understood(self) -> bool:
        """Whether they explain the question; its subject may be called otherwise."""
        return not self.unexplained

    def hold(self, row: Fields) -> bool:
        """Tell whether a row passes all tests."""
        return all(test.passes(row) for test in self.tests)


def conditions_on(columns: Columns, question: str) -> Conditions:
    """Return what a question says of the rows of a table."""
    for said, meant in _SAID_OTHERWISE:
        question = re.sub(rf"\b{said}\b", meant, question, flags=re.IGNORECASE)
    known = {stem for each in columns.columns for p in (each.name, *each.phrases) for stem in p}
    words = [part for token in tokens_of(question) for part in _without_prefix(token, known)]
    parse = _Parse(columns, words, list(map(common, words)), list(map(stem_of, words)))
    parse.find_values()
    parse.find_names()
    parse.find_figures()
    parse.find_presence()
    parse.find_words_of_values()
    return parse.conditions()


def _without_prefix(token: str, known: Iterable[str]) -> Sequence[str]:
    """Return "not paid" for "unpaid", and "not" for "isn't", if the table knows no such word."""
    if token.endswith("n't"):
        return ("not",)
    is_negated = token.startswith("un") and stem_of(token) not in known and token not in OF_AMOUNTS
    return ("not", token[2:]) if is_negated and stem_of(token[2:] or "-") in known else (token,)


@dataclass(slots=True)
class _Mention:
    """Tokens `[start, end)` that name columns; `tested` if they say what is wanted in these."""

    start: int
    end: int
    columns: tuple[Column, ...]
    tested: bool = False


@dataclass(slots=True)
class _Parse:
    """The words of a question, which of them are `explained`, and what they were found to say.

    `tokens` has what stands for each word, and `stems` has their stems.
    """

    columns: Columns
    words: list[str]
    tokens: list[str]
    stems: list[str]
    explained: set[int] = field(default_factory=set)
    mentions: list[_Mention] = field(default_factory=list)
    values: dict[tuple[tuple[Column, ...], bool], set[Phrase]] = field(default_factory=dict)
    value_at: dict[int, tuple[Column, ...]] = field(default_factory=dict)
    tests: list[RowTest] = field(default_factory=list)
    taken: dict[str, str] = field(default_factory=dict)

    def find_values(self) -> None:
        """Find whole values of columns, the longest first, from left to right."""
        at = 0
        while at < len(self.tokens):
            length, columns = self._longest(at, lambda column, phrase: phrase in column.phrases)
            if length == 1 and self.tokens[at][0].isdigit() and self._comparison(at)[0] != "eq":
                length = 0  # a bound
            if length:
                self._wants(at, length, columns)
            at += length or 1

    def find_names(self) -> None:
        """Find names of columns, or words of them."""
        counting = [each for each in self.columns.columns if each.counts]
        at = 0
        while at < len(self.stems):
            length, named = self._named(at)
            if not length and self.tokens[at] == "stock" and len(counting) == 1:
                length, named = 1, (counting[0],)
                self._take([at], counting[0])
            if length:
                self.mentions.append(_Mention(at, at + length, named))
                self.explained.update(range(at, at + length))
            at += length or 1

    def find_figures(self) -> None:
        """Find figures and dates, and compare the column that is named, or else is likest."""
        for at, token in enumerate(self.tokens):
            if at in self.explained or not token[0].isdigit():
                continue
            operator, start, end = self._comparison(at)
            if column := self._compared(at, start, end, operator):
                self.tests.append(RowTest((column,), operator, bound=token))
                self.explained.update(range(start, end))

    def find_presence(self) -> None:
        """Find what columns must have something, or nothing: "out of stock", "with a warranty"."""
        valued = {column.field for columns, _ in self.values for column in columns}
        for mention in self.mentions:
            if mention.tested or any(each.field in valued for each in mention.columns):
                continue
            is_flag = all(each.is_truth_value for each in mention.columns)
            if operator := self._presence(mention.start, mention.end, is_flag=is_flag):
                self.tests.append(RowTest(mention.columns, operator))

    def find_words_of_values(self) -> None:
        """Find words that some values hold among others: "Berg" for "Anna Berg"."""
        for at in self._left_over():
            if at in self.explained:
                continue
            length, columns = self._longest(at, Column.holds)
            if length:
                self._wants(at, length, columns)

    def conditions(self) -> Conditions:
        """Return what was found."""
        left = self._left_over()
        tests = (*map(self._value_test, self.values), *self.tests)
        names_the_table = any(each in self.columns.name for each in self.stems)
        ors = (at for at, word in enumerate(self.tokens) if word == "or")
        joined = all(self._joins_values(at) for at in ors if at not in self.explained)
        is_first = len(left) == 1 and not any(at < left[0] for at in self.explained)
        is_subject = is_first and bool(tests) and not names_the_table
        subject = self.words[left[0]] if is_subject else ""
        if _SUPERLATIVE.fullmatch(subject):
            subject = ""
        unexplained = [self.words[at] for at in left if not subject]
        is_asked = names_the_table or self.mentions or self.taken or subject
        asks = is_asked or not _ASKS_FOR_ROWS.isdisjoint(self.tokens)
        if not joined or not asks or not (tests or names_the_table):
            unexplained = unexplained or self.words or ["?"]
        taken = tuple(self.taken.items())
        return Conditions(tests, taken, tuple(unexplained), names_the_table, subject)

    def _joins_values(self, at: int) -> bool:
        """Tell whether an "or" stands between two values of the same columns."""
        after = at + 1
        while after < len(self.tokens) and self.tokens[after] in _BETWEEN:
            after += 1
        before = self.value_at.get(at - 1)
        return before is not None and before == self.value_at.get(after)

    def _value_test(self, key: tuple[tuple[Column, ...], bool]) -> RowTest:
        columns, negated = key
        named = {column.field for mention in self.mentions for column in mention.columns}
        chosen = tuple(each for each in columns if each.field in named) or columns
        return RowTest(chosen, "is", frozenset(self.values[key]), negated=negated)

    def _wants(self, at: int, length: int, columns: tuple[Column, ...]) -> None:
        places = range(at, at + length)
        negated = self._is_negated(at)
        self.values.setdefault((columns, negated), set()).add(tuple(self.stems[at : at + length]))
        self.value_at |= dict.fromkeys(places, columns)
        self.explained.update(places)

    def _longest(
        self, at: int, has: Callable[[Column, Phrase], bool]
    ) -> tuple[int, tuple[Column, ...]]:
        """Return how many tokens from `at` on are a value of columns, and which these are."""
        for length in range(min(MOST_WORDS_OF_A_VALUE, len(self.tokens) - at), 0, -1):
            tokens = self.tokens[at : at + length]
            is_used = not self.explained.isdisjoint(range(at, at + length))
            if is_used or all(map(_says_little, tokens)):
                continue
            phrase = tuple(self.stems[at : at + length])
            if columns := tuple(each for each in self.columns.columns if has(each, phrase)):
                return length, columns
        return 0, ()

    def _named(self, at: int) -> tuple[int, tuple[Column, ...]]:
        """Return how many tokens from `at` on name columns, and which these are."""
        for length in range(min(4, len(self.tokens) - at), 0, -1):
            places = range(at, at + length)
            ends = {self.tokens[at], self.tokens[at + length - 1]}
            if not self.explained.isdisjoint(places) or not ends.isdisjoint(_FREE | _BETWEEN):
                continue
            said = {self.stems[each] for each in places if self.tokens[each] not in _BETWEEN}
            named = [
                column
                for column in self.columns.columns
                if all(any(are_kin(stem, part) for part in column.name) for stem in said)
            ]
            exact = [each for each in named if said == {*each.name}]
            if named:
                return length, tuple(exact or named)
        return 0, ()

    def _comparison(self, at: int) -> tuple[Operator, int, int]:
        """Return how the figure at a token is compared, and which tokens say so."""
        start, end = at, at + 1
        while start and (self.stems[start - 1] in _UNITS or self.tokens[start - 1] == "the"):
            start -= 1
        while end < len(self.tokens) and self.stems[end] in _UNITS:
            end += 1
        before = ["", "", "", *self.tokens[:start]][-3:]
        if before[2] == "between":
            return "gte", start - 1, end
        if before[2] == "and" and "between" in self.tokens[max(0, start - 4) : start]:
            return "lte", start - 1, end
        if operator := AFTER_A_FIGURE.get(tuple(self.tokens[end : end + 2])):
            return operator, start, end + 2
        for length in range(min(3, start), 0, -1):
            if operator := COMPARING.get(tuple(self.tokens[start - length : start])):
                is_within = before[2] == "from" and "-" in self.tokens[at]
                return "eq" if is_within else operator, start - length, end
        if before[2] == "than" and before[1]:
            is_said = _COMPARATIVE.fullmatch(before[1]) is not None
            is_since = before[1] == "older" and len(self.tokens[at]) >= len("1999")
            is_less = is_since or before[1] in LESS_THAN
            return ("lt" if is_less else "gt"), start - 1 - is_said, end
        return "eq", start, end

    def _compared(self, at: int, start: int, end: int, operator: Operator) -> Column | None:
        """Return the column that is compared with the figure at a token; None if none is plain."""
        units = _UNITS.intersection(self.stems[start:end])
        kinds = [each for each in KINDS if units & each.units] or [
            each for each in KINDS if not each.asks.isdisjoint(self.stems)
        ]
        is_amount = kinds or not OF_AMOUNTS.isdisjoint(self.tokens[start:end])
        is_date = "-" in self.tokens[at]
        is_year = not is_amount and _YEAR.fullmatch(self.tokens[at]) is not None
        able = [
            each
            for each in self.columns.columns
            if (each.dates and (is_date or is_year)) or (each.numbers and not is_date)
        ]
        named = [
            (abs(mention.start - at), mention, column)
            for mention in self.mentions
            for column in mention.columns
            if column in able
        ]
        column: Column | None
        if named:
            _, mention, column = min(named, key=lambda each: each[0])
            mention.tested = True
        elif is_date or is_year:
            able = [each for each in able if each.dates or each.has_years]
            column = _only(able, beside=self.stems[max(0, start - 1)])
        elif kinds:
            of_kind = [each for each in able if each.is_of(kinds[0]) and not each.differs(units)]
            column = _only(of_kind, beside=next(iter(units), ""))
        elif operator == "eq":
            return None
        else:
            able = [each for each in able if not each.numbers_rows]
            column = _only(able, beside="".join(self.stems[end : end + 1])) or _only(
                [each for each in able if each.is_of(MONEY)], beside=""
            )
        if column is None:
            return None
        asks = {stem for kind in kinds if column.is_of(kind) for stem in kind.asks}
        left = self._left_over()
        verb = start - 1 if (column.dates or is_year) and not named else -1  # "placed before 2024"
        said = [n for n in left if start <= n < end or n == verb or self.stems[n] in asks]
        self._take([] if named else said, column)
        self.explained.update(said)
        return column

    def _take(self, places: Sequence[int], column: Column) -> None:
        self.explained.update(places)
        if words := " ".join(self.words[at] for at in places):
            self.taken[words] = column.field

    def _presence(self, start: int, end: int, *, is_flag: bool) -> Operator | None:
        """Return what a named column must have, and explain the word that says so."""
        before = self._before(start)
        after = [each for each in self.tokens[end:] if each not in ("is", "are")][:1]
        if before >= 0 and self.tokens[before] in _ABSENT | _NOT | {"out"}:
            self.explained.add(before)
            return "none"
        if after and after[0] in _IS_ABSENT:
            self.explained.add(self.tokens.index(after[0], end))
            return "none"
        is_there = not _PRESENT.isdisjoint(self.tokens[before + 1 : start])
        return "some" if is_there or is_flag else None

    def _before(self, at: int) -> int:
        at -= 1
        while at >= 0 and self.tokens[at] in _BETWEEN:
            at -= 1
        return at

    def _is_negated(self, at: int) -> bool:
        """Tell whether a value is one that must not be, and explain the word that says so."""
        before = self._before(at)
        is_other = before > 0 and self.tokens[before - 1 : before + 1] == ["other", "than"]
        if is_other or (before >= 0 and self.tokens[before] in _NOT):
            self.explained.update((before - is_other, before))
            return True
        return False

    def _places(self) -> list[int]:
        """Return which tokens say something and are not explained."""
        return [
            at
            for at, token in enumerate(self.tokens)
            if at not in self.explained and token not in _FREE
        ]

    def _left_over(self) -> list[int]:
        return [at for at in self._places() if self.stems[at] not in self.columns.name]


def _says_little(token: str) -> bool:
    is_short_figure = token[0].isdigit() and len(token) < 4
    return token in _SAY_LITTLE or is_short_figure or not token[0].isalnum()


def _only(able: Sequence[Column], beside: str) -> Column | None:
    """Return the only column of these, or the only one that a stem names."""
    chosen = able if len(able) == 1 else [each for each in able if beside in each.name]
    return chosen[0] if len(chosen) == 1 else None
