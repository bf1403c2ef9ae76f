"""What a question is about: its words by kind, its subject, the time it asks for.

There is no tagger of parts of speech. Small lists, capitals and digits tell words apart.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from index.records import Span
from index.search.terms import fold, word_spans
from index.structure.wording import is_asking_word
from qa.answer.names import name_spans

Kind = Literal["name", "figure", "content", "link", "article", "other"]

LINKS = frozenset(
    "of in on for from with at after before during between by to under against per without within "
    "since until till into over than".split()
)
ASKS_WHAT = (
    r"(?:(?:by|for|to|since|until|in|on|at|from|with|of|under|during|after|before|till)\s+)?"
    r"(?:what|when|where|who|whom|whose|which|why|how(?:\s+(?:long|often|many|much|far|old|tall|big"
    r"|large|high|deep|soon|fast|come|wide|heavy|common|likely|exactly|serious|early|late))?)"
)
BEGINNING = re.compile(rf"\s*(?P<what>{ASKS_WHAT})\b", re.I)
"""What a question asks for: "by whom", "how often"."""
_ARTICLES = frozenset("the a an".split())
_LIGHT = frozenset(
    "again also already another best better bigger come day days deep detail details early else "
    "elaborate even exactly example examples explain explained far fast first heavy here high "
    "hour hours instead kind kinds large last late later latest least less likely long many mean "
    "meaning means meant minute minutes month months more most much often okay old one ones only "
    "other others please reason reasons same serious soon sort still tall thanks there thing "
    "things today too true usually week weeks wide work worked works wrong year years yes".split()
)
"""Words that are no subject by themselves: they ask about what was named before."""
_MONTHS = frozenset(
    "january february march april june july august september october november december jan feb mar "
    "apr jun jul aug sep sept oct nov dec".split()
)
_PART_OF_A_YEAR = re.compile(r"q[1-4]|h[12]|(?:19|20)\d\d|fy\d\d+|quarter")
_IN_TIMES = frozenset(
    "first second third fourth last three six nine twelve fiscal calendar quarter quarters half "
    "year years month months may week weeks ended ending end beginning as of the".split()
)
_BEGIN_TIMES = frozenset("in on at for as during since by".split())
_DOING = frozenset("do does did can could should would will might must".split())
_BEING = frozenset("is are was were".split())
_PERSONS = frozenset("i we you".split())
_VERBS = frozenset(
    "affect begin cause change close cost decrease develop die eat end exist feel grow happen "
    "help hurt increase last lead live look mean occur open prevent reduce report reproduce "
    "spread start stop take treat use work".split()
)
"""Verbs that often end what "does" and "did" ask about: "When did the crisis begin?"."""
_PARTICIPLES = frozenset(
    "begun born built found given held known lost made paid sent sold spent spread taken won "
    "written".split()
)
_BETWEEN_WORDS = re.compile(r"(?:['’]s)?[\s'’&/®™-]*")
_SAID_OF = re.compile(r"the (?:[\w-]+ ){1,3}?of (?=\w)")
_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question, where it stands, and what it is good for."""

    span: Span
    folded: str
    kind: Kind

    @property
    def says_something(self) -> bool:
        """Whether a question with this word has something of its own."""
        return self.kind in {"name", "figure"} or (
            self.kind == "content" and self.folded not in _LIGHT
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about, in its own words; "" for what it does not have.

    `entity` is one thing: the first name, or else what stands after the verb. `whole` has more of
    what the question says of it. `time` is the time it asks for.
    """

    entity: str
    whole: str
    time: str


def words_of(question: str) -> list[Word]:
    """Return the words of a question with their kinds."""
    names = name_spans(question)
    return [
        Word(span, folded := fold(span.of(question)), _kind(span, folded, names))
        for span in word_spans(question)
    ]


def subject_of(question: str) -> Subject:
    """Return what a question is about."""
    words = words_of(question)
    time = time_in(words)
    time_text = time.of(question) if time else ""
    phrases = _phrases(
        question, [word for word in words if not (time and time.overlaps(word.span))]
    )
    whole = " ".join(_text(question, phrase.words, words) for phrase in _first(phrases))
    entity = whole
    if named := _named(phrases, words):
        whole = _text(question, named.words, words)
        entity = _name_in(question, named.words, words)
    elif acting := next((phrase for phrase in phrases if phrase.follows_verb), None):
        entity = _text(question, acting.words, words)
        if said_of := _SAID_OF.match(entity):
            entity = entity[said_of.end() :]  # of "the signs of melanoma", melanoma
        entity = re.split(r"['’]s ", entity)[0]
    return Subject(entity, whole, time_text)


def named_in(question: str) -> list[Word]:
    """Return the words of a question that name something: no verbs, as far as these are told."""
    phrases = _phrases(question, words_of(question))
    return [word for phrase in phrases for word in phrase.words]


def names(words: Sequence[Word]) -> Iterator[Span]:
    """Yield the names that neighbouring words make, without "'s": "Apple's iPhone" is two."""
    first: int | None = None
    for word in words:
        first = word.span.start if first is None else first
        if word.folded.endswith("'s"):
            yield Span(first, word.span.end - 2)
            first = None
    if first is not None:
        yield Span(first, words[-1].span.end)


def time_in(words: Sequence[Word]) -> Span | None:
    """Return where a question says which time it asks for: "in the third quarter of 2022".

    It is the last such place. A year that a word follows ("the 1973 crisis") is none.
    """
    time: Span | None = None
    following = dict(zip([word.span for word in words], words[1:], strict=False))
    for run in _runs(words, _may_be_in_time):
        while run and (run[-1].folded in LINKS | _ARTICLES | {"as"}):
            run.pop()
        telling = [number for number, word in enumerate(run) if _tells_time(word)]
        if not telling:
            continue
        after = following.get(run[-1].span)
        if after and after.kind in {"content", "name"} and after.span.start == run[-1].span.end + 1:
            continue
        begins = [n for n in range(telling[0]) if run[n].folded in _BEGIN_TIMES]
        first = begins[0] if begins else 0
        while not begins and run[first].folded in LINKS:
            first += 1
        time = Span(run[first].span.start, run[-1].span.end)
    return time


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words that name something, with what links them: "pimples after microneedling"."""

    words: Sequence[Word]
    follows_verb: bool


def _kind(span: Span, folded: str, names: Sequence[Span]) -> Kind:
    if any(name.overlaps(span) for name in names):
        return "name"
    if any(map(str.isdigit, folded)):
        return "figure"
    if folded in LINKS:
        return "link"
    if folded in _ARTICLES:
        return "article"
    return "other" if is_asking_word(folded) else "content"


def _may_be_in_time(word: Word) -> bool:
    listed = word.folded in _IN_TIMES | _BEGIN_TIMES | _MONTHS
    return word.kind == "figure" or listed


def _tells_time(word: Word) -> bool:
    return word.folded in _MONTHS - {"march"} or bool(_PART_OF_A_YEAR.fullmatch(word.folded))


def _runs(words: Sequence[Word], belongs: Callable[[Word], bool]) -> Iterator[list[Word]]:
    for together, run in groupby(words, belongs):
        if together:
            yield list(run)


def _phrases(question: str, words: Sequence[Word]) -> list[_Phrase]:
    """Return what a question names, in its order, without its verbs as far as they are told."""
    beginning = BEGINNING.match(question)
    start = beginning.end() if beginning else 0
    verb: Literal["", "do", "be"] = ""
    person_acts = False
    phrases: list[_Phrase] = []
    run: list[Word] = []
    end = start
    for word in words:
        if word.span.start < start:
            continue
        between = question[end : word.span.start]
        end = word.span.end
        if run and (word.kind == "other" or not _BETWEEN_WORDS.fullmatch(between)):
            phrases += _split(run, verb)
            run = []
        if word.kind == "other":
            person_acts = verb == "do" and word.folded in _PERSONS
            verb = "do" if word.folded in _DOING else "be" if word.folded in _BEING else verb
        elif person_acts and word.kind == "content":  # "How do I treat acne": a verb
            person_acts = False
        elif run or word.kind in {"name", "figure", "content"}:
            run.append(word)
    phrases += _split(run, verb)
    if phrases and not verb and beginning and beginning["what"].lower() in {"who", "what"}:
        first = phrases[0].words  # "Who discovered oxygen": a verb
        if len(first) > 1 and first[0].kind == "content" and first[0].folded[-1] in "sdte":
            phrases[0] = _Phrase(_trimmed(first[1:]), follows_verb=True)
    return [phrase for phrase in phrases if phrase.words]


def _split(run: Sequence[Word], verb: Literal["", "do", "be"]) -> list[_Phrase]:
    """Return the phrases before and after the verb in a run, if one is told."""
    for number in range(1, len(run)):
        before, word = run[number - 1], run[number]
        if word.kind != "content" or before.kind in {"link", "article"}:
            continue
        is_participle = word.folded in _PARTICIPLES or (
            word.folded.endswith("ed") and word.folded != "ended"
        )
        follows_name = before.kind == "name" and not before.folded.endswith("'s")
        if (verb == "be" and is_participle) or (
            verb == "do" and (follows_name or word.folded in _VERBS)
        ):
            rest = _trimmed(run[number + 1 :])
            return [_Phrase(run[:number], bool(verb)), _Phrase(rest, follows_verb=False)]
    return [_Phrase(_trimmed(run), bool(verb))]


def _trimmed(run: Sequence[Word]) -> Sequence[Word]:
    """Return a run without links and articles at its ends."""
    said = [n for n, word in enumerate(run) if word.kind not in {"link", "article"}]
    return run[said[0] : said[-1] + 1] if said else ()


def _named(phrases: Sequence[_Phrase], words: Sequence[Word]) -> _Phrase | None:
    """Return the first phrase with a name; rather one that acts than one that says where."""

    def rank(phrase: _Phrase) -> tuple[bool, bool]:
        return bool(_before(phrase.words, words, "link")), not phrase.follows_verb

    named = [phrase for phrase in phrases if any(word.kind == "name" for word in phrase.words)]
    return min(named, key=rank, default=None)


def _name_in(question: str, phrase: Sequence[Word], words: Sequence[Word]) -> str:
    """Return the first name of a phrase: "the University of Chicago", "Apple"."""
    name: list[Word] = []
    between: list[Word] = []
    for word in phrase:
        if word.kind == "name":
            name += [*between, word] if name else [word]
            between = []
            if word.folded.endswith("'s"):
                break
        elif name:
            if word.folded not in {"of", "the"}:
                break
            between.append(word)
    return _text(question, name, words).removesuffix("'s").removesuffix("’s")


def _before(run: Sequence[Word], words: Sequence[Word], kind: Kind) -> str:
    """Return the word of a kind that stands before a run, articles left out; "" for none."""
    before = [word for word in words if word.span.end <= run[0].span.start]
    while before and before[-1].kind == "article" != kind:
        before.pop()
    return before[-1].folded if before and before[-1].kind == kind else ""


def _first(phrases: Sequence[_Phrase]) -> Iterator[_Phrase]:
    """Yield the first phrases, of so many words together that they can be put into a question."""
    count = 0
    for phrase in phrases:
        count += len(phrase.words)
        if count > _MOST_WORDS:
            if count == len(phrase.words):
                yield _Phrase(phrase.words[:_MOST_WORDS], phrase.follows_verb)
            return
        yield phrase


def _text(question: str, run: Sequence[Word], words: Sequence[Word]) -> str:
    """Return the text of a run, with "the" if that stands before it."""
    text = question[run[0].span.start : run[-1].span.end]
    return f"the {text}" if _before(run, words, "article") == "the" else text
