"""What a question names: its words by kind, its phrases without the verbs, the time it asks for.

There is no tagger of parts of speech. Small lists, capitals, digits and where a word stands in a
question tell words apart.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Literal

from index.records import Span
from index.search.terms import fold, word_spans
from index.structure.wording import is_asking_word
from qa.answer.names import name_spans

Kind = Literal["name", "figure", "content", "link", "article", "other"]
Verb = Literal["", "do", "be", "next", "said"]
"""Which verb there was so far; "next": the verb itself is the next word."""

LINKS = frozenset(
    "about of in on for from with at after before during between by to under against off per "
    "without within since until till through into over than".split()
)
_WHICH = (
    r"what|when|where|who|whom|whose|which|why|how(?:\s+(?:long|often|many|much|far|old|tall|big"
    r"|large|high|deep|soon|fast|come|wide|heavy|common|likely|exactly|serious|early|late))?"
)
ASKS_WHAT = (
    r"(?:(?:by|for|to|since|until|in|on|at|from|with|of|under|during|after|before|till)\s+)?"
    rf"(?:{_WHICH})"
)
BEGINNING = re.compile(rf"\s*(?P<what>{ASKS_WHAT})\b", re.I)
"""What a question asks for: "by whom", "how often"."""
_ARTICLES = frozenset("the a an".split())
_LIGHT = frozenset(
    "afterwards again also already another best better bigger come day days deep detail details "
    "early else elaborate even exactly example examples explain explained far fast first heavy "
    "here high hour hours instead kind kinds large last late later latest least less likely long "
    "many mean meaning means meant minute minutes month months more most much often okay old one "
    "ones only other others please reason reasons same serious soon sort still tall thanks there "
    "thing things today too true usually week weeks wide work worked works wrong year years "
    "yes".split()
)
"""Words that are no subject by themselves: they ask about what was named before."""
_MONTHS = frozenset(
    "january february march april june july august september october november december jan feb mar "
    "apr jun jul aug sep sept oct nov dec".split()
)
_PART_OF_A_YEAR = re.compile(r"q[1-4]|h[12]|(?:19|20)\d\d|fy\d\d+|quarter")
_UNIT_OF_TIME = re.compile(r"quarter|half|months|weeks")
_WHICH_PERIOD = frozenset("first second third fourth last three six nine twelve".split())
_IN_TIMES = frozenset(
    "first second third fourth last three six nine twelve fiscal calendar quarter quarters half "
    "year years month months may week weeks ended ending end beginning as of the".split()
)
_BEGIN_TIMES = frozenset("in on at for as during since by".split())
_DOING = frozenset("do does did can could should would will might must".split())
_BEING = frozenset("is are was were be been being".split())
_ACTORS = frozenset("i we you it he she they this that".split())
_ASKING_VERBS = frozenset(
    "get gets getting go goes going got had happen happens has have know make makes making need "
    "tell want".split()
)
_VERBS = frozenset(
    "affect become begin bring buy cause change close contain cost cover cure damage decrease "
    "develop die eat end exist feel get give grow happen have help hurt improve increase keep last "
    "lead leave live look lose make mean need occur open own pay prevent produce protect raise "
    "reduce replace report reproduce sell spread start stop survive take treat use work".split()
)
"""Verbs that often stand in the middle of what "does" and "did" ask: "Do statins reduce …"."""
_PARTICIPLES = frozenset(
    "begun born bought broken built cut done drawn driven found given held kept known lost made "
    "paid put sent set sold spent spread taken told torn won worn written".split()
)
_PLURAL = re.compile(r"[^'sui]s$")
_SINGULARS = frozenset(
    "always caries diabetes gas herpes lens measles mumps news rabies rickets scabies series "
    "shingles species".split()
)
_PLURALS = frozenset("children feet lice men mice people teeth women".split())
_NUMBERS = {"is": "are", "was": "were", "does": "do", "has": "have"}
_BETWEEN_WORDS = re.compile(r"(?:['’]s)?[\s'’&/®™-]*")


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

    @property
    def helps(self) -> bool:
        """Whether it is a helping verb: "did", "mustn't"."""
        return _without_not(self.folded) in _DOING | _BEING

    @property
    def is_participle(self) -> bool:
        """Whether it looks like "built", "called"."""
        ends = self.folded in _PARTICIPLES or self.folded.endswith("ed")
        return ends and self.kind == "content"

    @property
    def owns(self) -> bool:
        """Whether it has "'s" at its end."""
        return self.folded.endswith("'s")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Neighbouring words that name something: "Apple's net income", without its article.

    `article` and `link` stand before it. `joined` tells that the link joins it to the phrase
    before: "the deposit of the flat".
    """

    words: Sequence[Word]
    article: str
    link: str
    joined: bool

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.words[0].span.start, self.words[-1].span.end)

    def text(self, question: str, end: int | None = None) -> str:
        """Return its text up to `end`, if given, with "the" if an article stands before it."""
        text = question[self.span.start : end or self.span.end]
        return f"the {text}" if self.article else text

    @property
    def owner(self) -> Span | None:
        """Where its owner stands, without "'s"; None if it has none."""
        for word in self.words:
            if word.owns:
                return Span(self.words[0].span.start, word.span.end - 2)
        return None

    @property
    def owned(self) -> Sequence[Word]:
        """Its words after the owner's."""
        owners = [number for number, word in enumerate(self.words, 1) if word.owns]
        return self.words[owners[-1] :] if owners else self.words

    @property
    def is_many(self) -> bool:
        """Whether it looks like more than one thing."""
        head = self.words[-1].folded
        return head in _PLURALS or (bool(_PLURAL.search(head)) and head not in _SINGULARS)

    @property
    def has_name(self) -> bool:
        """Whether one of its words is a name."""
        return any(word.kind == "name" for word in self.words)


def words_of(question: str) -> list[Word]:
    """Return the words of a question with their kinds."""
    names = name_spans(question)
    return [
        Word(span, fold(span.of(question)), _kind(span, span.of(question), names))
        for span in word_spans(question)
    ]


@lru_cache(maxsize=64)
def phrases_of(question: str) -> Sequence[Phrase]:
    """Return what a question names, in its order, without the time and, as far as told, verbs."""
    words = words_of(question)
    time = time_in(words)
    beginning = BEGINNING.match(question)
    start = beginning.end() if beginning else 0
    verb: Verb = ""
    article = link = ""
    joined = verb_is_next = False
    phrases: list[Phrase] = []
    for run in _runs(question, [word for word in words if word.span.start >= start]):
        first = run[0]
        if time and time.overlaps(first.span):
            article, joined = "", False
        elif first.kind == "link":
            article, link = "", first.folded
        elif first.kind == "article":
            article = first.folded
        elif first.kind == "other":
            verb_is_next = verb == "do" and first.folded in _ACTORS
            verb = _verb_after(first.folded, verb)
            article, link, joined = "", "", False
        else:
            following = words[words.index(run[-1]) + 1 :][:1]
            if not (verb or phrases) and beginning and _acts(beginning["what"], following):
                verb_is_next = True  # "Who discovered oxygen"
            number = _place_of_verb(run, "next" if verb_is_next else verb, following)
            before = run if number is None else run[:number]
            after = run[number + 1 :] if number is not None else []
            if before:
                phrases.append(Phrase(before, article, link, joined and bool(link)))
            if after:
                phrases.append(Phrase(after, "" if before else article, "", joined=False))
            verb, verb_is_next = verb if number is None else "said", False
            article, link, joined = "", "", bool(after) or number is None
    return [phrase for phrase in phrases if any(word.says_something for word in phrase.words)]


def agreeing(question: str) -> str:
    """Return a question whose helping verb is as many as what follows it: "are the filters"."""
    for phrase in phrases_of(question):
        before = question[: phrase.span.start]
        verb = re.search(rf"\b({'|'.join([*_NUMBERS, *_NUMBERS.values()])})\s+(?:the\s+)?$", before)
        if verb and not any(word.kind == "name" for word in phrase.owned):
            one = next(each for each, many in _NUMBERS.items() if verb[1] in {each, many})
            right = _NUMBERS[one] if phrase.is_many else one
            return question[: verb.start(1)] + right + question[verb.end(1) :]
    return question


def time_in(words: Sequence[Word]) -> Span | None:
    """Return where a question says which time it asks for: "in the third quarter of 2022".

    It is the last such place. A year that a word follows ("the 1973 crisis") is none.
    """
    time: Span | None = None
    following = dict(zip([word.span for word in words], words[1:], strict=False))
    for together, in_time in groupby(words, _may_be_in_time):
        run = list(in_time) if together else []
        while run and (run[-1].folded in LINKS | _ARTICLES | {"as"}):
            run.pop()
        telling = [number for number, word in enumerate(run) if _tells_time(word, run[:number])]
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


def _kind(span: Span, written: str, names: Sequence[Span]) -> Kind:
    folded = fold(written)
    has_hump = written[0].islower() and not written.islower()  # "iPhone"
    if has_hump or any(name.overlaps(span) for name in names):
        return "name"
    if any(map(str.isdigit, folded)):
        return "figure"
    if folded in LINKS:
        return "link"
    if folded in _ARTICLES:
        return "article"
    helps = _without_not(folded) in _DOING | _BEING
    return "other" if helps or is_asking_word(folded) else "content"


def _without_not(word: str) -> str:
    return word.removesuffix("n't")


def _may_be_in_time(word: Word) -> bool:
    listed = word.folded in _IN_TIMES | _BEGIN_TIMES | _MONTHS
    return word.kind == "figure" or listed


def _tells_time(word: Word, before: Sequence[Word]) -> bool:
    if _UNIT_OF_TIME.fullmatch(word.folded):
        return any(each.folded in _WHICH_PERIOD or each.kind == "figure" for each in before)
    if word.folded in {"march", "may"}:  # these are verbs, too
        return bool(before) and (before[-1].folded in _BEGIN_TIMES or before[-1].kind == "figure")
    return word.folded in _MONTHS or bool(_PART_OF_A_YEAR.fullmatch(word.folded))


def _runs(question: str, words: Sequence[Word]) -> Iterator[list[Word]]:
    """Yield neighbouring words that name something, and each other word by itself."""
    run: list[Word] = []
    for number, word in enumerate(words):
        names = word.kind in {"name", "figure", "content"}
        joins = word.folded == "and" and _joins(words, number)
        apart = run and not _BETWEEN_WORDS.fullmatch(question[run[-1].span.end : word.span.start])
        if run and (apart or not (names or joins)):
            yield run
            run = []
        if names or (joins and run):
            run.append(word)
        else:
            yield [word]
    if run:
        yield run


def _joins(words: Sequence[Word], number: int) -> bool:
    """Tell whether "and" stands between two words of content: "research and development"."""
    around = [*words[max(0, number - 1) : number], *words[number + 1 : number + 2]]
    return len(around) == 2 and all(word.kind in {"content", "name"} for word in around)


def _place_of_verb(run: Sequence[Word], verb: Verb, following: Sequence[Word]) -> int | None:
    """Return the number of the word of a run that is its verb; None if it has none."""
    usual = (number for number, word in enumerate(run) if word.folded in _VERBS)
    if verb == "next":
        return 0
    if verb == "be":
        goes_on = bool(following) and following[0].kind == "link" and following[0].folded != "of"
        if goes_on and run[-1].folded.endswith("ing"):
            return len(run) - 1  # "is missing from"
        return next((number for number, word in enumerate(run) if word.is_participle), None)
    if verb == "do":
        last = len(run) - 1
        ends = not following or (following[0].kind != "other" and following[0].folded != "of")
        after_name = (
            number
            for number, (before, word) in enumerate(pairwise(run), 1)
            if word.kind == "content"
            and ((before.kind == "name" and not before.owns) or (ends and number == last))
        )
        return next(usual, next(after_name, None))
    number = next(usual, 0)  # "How many people live in Warsaw"
    return None if verb or not number else number


def _verb_after(word: str, verb: Verb) -> Verb:
    """Return which verb there is after a word, given the one before it."""
    if _without_not(word) in _DOING:
        return "do"
    if _without_not(word) in _BEING:
        return "be"
    return "said" if word in _ASKING_VERBS else verb


def _acts(beginning: str, following: Sequence[Word]) -> bool:
    """Tell whether a question asks who or what does something: a verb follows."""
    asks_for_noun = bool(following) and following[0].folded in _DOING | _BEING
    return beginning.lower() in {"who", "what"} and not asks_for_noun
