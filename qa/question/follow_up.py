"""Follow-up questions: what a question leaves out is taken from the question before it.

There is no language model: `follow_up` goes by words. It makes a whole question in one of four
ways.

- **A new beginning.** "And by whom?" asks nothing by itself. It takes the place of what asked
  before: "When was the tower built?" gives "By whom was the tower built?".
- **Another one.** "What about Microsoft?" puts a name, a time or words in the place of those that
  are most like them.
- **A pronoun** is replaced by what was asked about.
- **A facet.** "What are the side effects?" becomes "… of microneedling", if a document has both.

A question with a subject of its own is left alone.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Self

from index.records import Span
from index.search.bm25 import Term
from index.search.terms import stem
from index.store.protocols import Words
from qa.question.pronouns import MANY, POINTING, POSSESSIVE, pronoun_in
from qa.question.subject import (
    ASKS_WHAT,
    BEGINNING,
    LINKS,
    Subject,
    Word,
    named_in,
    names,
    subject_of,
    time_in,
    words_of,
)

MOST_EARLIER = 20
"""Earlier questions that are read."""

Likeness = Callable[[str, Sequence[str]], Sequence[float]]
"""From a text and others to the cosine of each with it."""

_ALIKE = 0.3
"""From this cosine on, other words take the place of some."""
_MOST_WORDS_OF_A_FACET = 3
_MOST_WORDS_OF_ANOTHER = 6
_MOST_WORDS_OF_A_PLACE = 3
_SEARCHED_TOGETHER = 20
"""Passages, the best by words, whose documents may hold a facet and what it is of."""

_ASKS = re.compile(
    rf"(?:{ASKS_WHAT}|is|are|was|were|do|does|did|can|could|should|would|will|may|might|must|has|"
    r"have|had|am|isn't|aren't|doesn't|don't|didn't|explain|tell|show|give|list|describe|define)\b",
    re.I,
)
_CONJUNCTION = re.compile(r"(?:(?:and|but|so|ok|okay|then|also|or)\b[\s,:]*)+", re.I)
_ABOUT = re.compile(
    r"(?:(?:what|how)\s+about|what\s+of|(?:(?:is|was)\s+)?(?:it\s+)?(?:the\s+)?same\s+(?:question\s+)?"
    r"(?:for|with))\b\s*",
    re.I,
)
_CLOSING = re.compile(r"(?:[\s,]+(?:then|instead|too|as well|please|though))?[\s?!.…]*$", re.I)
_WHY_IS_THAT = re.compile(
    rf"(?P<what>{ASKS_WHAT})(?:\s+(?:is|was|are|were|does|did|do)\s+(?:that|this|so)"
    r"(?:\s+(?:so|happen|happened|the case))?)?",
    re.I,
)
_FACET = re.compile(r"\b(?:the|any|other|another|further|additional|more)\s+[^,;:]+$", re.I)
_THERE_IS = re.compile(r"\s+(?:are|is|were|was)\s+there$", re.I)
_NAMED_AFTER = re.compile(r"\s+(?!(?:is|are|was|were|be|\w+ed|works?|means?|lasts?)\b)[\w-]+")
_IN_PHRASES = frozenset("and or my our your any some all as".split()) | POSSESSIVE
_OF = frozenset("of for with".split())
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question that leans on an earlier one: as it was asked, and as it is searched for.

    `carried_over` are the words that `searched` has from earlier questions.
    """

    asked: str
    searched: str
    carried_over: tuple[str, ...]


def follow_up(
    question: str, history: Sequence[str], words: Words, likeness: Likeness
) -> FollowUp | None:
    """Return what to search for in the place of a question; None if it stands by itself.

    `history` has the earlier questions, oldest first, and each of them may itself lean on those
    before it. `words` are those of the documents.
    """
    before = _Asked("", Subject("", "", ""))
    for earlier in history:
        made_whole = _made_whole(earlier, before, words, likeness)
        before = made_whole or _Asked(earlier, subject_of(earlier))
    asked = _made_whole(question, before, words, likeness) if before.text else None
    carried_over = _new_words(asked.text, question) if asked else ()
    return FollowUp(question, asked.text, carried_over) if asked and carried_over else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A whole question, and what it is about: "it" stays the same over many questions."""

    text: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class _Core:
    """What of a question asks: without "and", "what about" and the question mark.

    `words` are told by their places in `text`. `about` and `joined` say how it began.
    """

    text: str
    words: Sequence[Word]
    about: bool
    joined: bool

    @property
    def says_something(self) -> bool:
        return any(word.says_something for word in self.words)


def _core(question: str) -> _Core:
    start = joined = 0
    if conjunction := _CONJUNCTION.match(question):
        start = joined = conjunction.end()
    about = _ABOUT.match(question, start)
    start = about.end() if about else start
    closing = _CLOSING.search(question, start)
    text = question[start : closing.start() if closing else None]
    words = [
        replace(word, span=Span(word.span.start - start, word.span.end - start))
        for word in words_of(question)
        if start <= word.span.start < start + len(text)
    ]
    return _Core(text, words, bool(about) and not _ASKS.match(text), bool(joined))


def _made_whole(question: str, before: _Asked, words: Words, likeness: Likeness) -> _Asked | None:
    """Return a question with what it leaves out; None if it leaves nothing out."""
    core = _core(question)
    if not core.words:
        return None
    if _is_another(core):
        another = _with_another(core, before, words, likeness)
        return _Asked(another, subject_of(another))
    if not (core.says_something or _ASKS.match(core.text) or core.joined):
        return None
    why = _WHY_IS_THAT.fullmatch(core.text)
    if why and not core.says_something:
        return _Asked(_begun_anew(why["what"], before.text), before.subject)
    if pronoun := pronoun_in(core.text, core.words):
        return _replaced(core, pronoun, before.subject)
    if not core.says_something:
        return _Asked(_begun_anew(core.text, before.text), before.subject)
    return _facet(core, before.subject, words)


def _begun_anew(beginning: str, earlier: str) -> str:
    old = BEGINNING.match(earlier)
    rest = earlier[old.end() :].strip() if old else earlier
    if not old and _ASKS.match(rest):
        rest = rest[0].lower() + rest[1:]
    return f"{_capitalised(beginning)} {rest}"


# Another one


def _is_another(core: _Core) -> bool:
    """Tell whether this is no question, but a name, a time or some words to ask the same of."""
    if _ASKS.match(core.text):
        return False
    said = [word for word in core.words if word.kind in {"name", "figure", "content"}]
    if not 0 < len(said) <= _MOST_WORDS_OF_ANOTHER:
        return False
    if core.about:
        return True
    if any(word.kind == "other" and word.folded not in _IN_PHRASES for word in core.words):
        return False
    time = time_in(core.words)
    only_a_time = time is not None and time.of(core.text) == core.text
    linked = core.words[0].folded in LINKS and len(said) <= _MOST_WORDS_OF_A_PLACE
    return core.joined or only_a_time or linked


def _with_another(core: _Core, before: _Asked, words: Words, likeness: Likeness) -> str:
    """Return the earlier question about another time, another thing, or both."""
    time, earlier = time_in(core.words), before.text

    def other(text: str, own: Sequence[Word]) -> str:
        thing = _Thing.of(text, own)
        place = _place_for(thing, earlier, words, likeness)
        if place:
            return _exchanged(earlier, place, thing.text)
        if thing.link:
            return _with_more(earlier, text)
        return _at_the_time(f"{thing.text} of {before.subject.entity}", core, before.subject)

    if time is None:
        return other(core.text, core.words)
    of_time = [word for word in core.words if time.overlaps(word.span)]
    others = [word for word in core.words if word not in of_time]
    earlier = _with_another_time(time.of(core.text), of_time, earlier)
    if not any(word.says_something for word in others):
        return earlier
    thing = Span(others[0].span.start, others[-1].span.end)
    if thing.overlaps(time):
        return earlier
    return other(thing.of(core.text), others)


def _with_another_time(time: str, of_time: Sequence[Word], earlier: str) -> str:
    words = words_of(earlier)
    old = time_in(words)
    begins = of_time[0].folded in LINKS | {"as"}
    if old is None:
        return _with_more(earlier, time if begins else f"in {time}")
    years = [word.span for word in words if old.overlaps(word.span) and _YEAR.match(word.folded)]
    if years and len(of_time) <= 2 and _YEAR.fullmatch(of_time[-1].folded):
        return _exchanged(earlier, years[-1], of_time[-1].folded)  # the same day of another year
    first, *_ = old.of(earlier).split()
    if first.lower() in LINKS and not begins:
        time = f"{first} {time}"
    return _exchanged(earlier, old, time)


@dataclass(frozen=True, slots=True)
class _Thing:
    """What the earlier question is asked of now: "in Europe" is Europe, after the link "in"."""

    text: str
    link: str
    is_name: bool
    is_owned: bool

    @classmethod
    def of(cls, text: str, own: Sequence[Word]) -> Self:
        first, *others = own
        link = first.folded if first.folded in LINKS and others else ""
        is_owned = first.folded in POSSESSIVE and bool(others)
        if link or is_owned or (first.folded == "the" and others):
            text = text[others[0].span.start - first.span.start :].removeprefix("the ")
        text = text.removesuffix("'s").removesuffix("’s")
        is_name = any(word.kind == "name" for word in own) or text[:1].isupper()
        return cls(text, "" if link in _OF else link, is_name, is_owned)


def _place_for(thing: _Thing, earlier: str, documents: Words, likeness: Likeness) -> Span | None:
    """Return where in the earlier question another thing fits; None if it fits nowhere."""
    words = words_of(earlier)
    if thing.is_owned:
        return _owned(words)
    if place := _ending_alike(thing, words):
        return place
    places = list(_places_of_names(words, thing.link)) if thing.is_name else []
    owners = [place for place in places if earlier[place.end : place.end + 2] in {"'s", "’s"}]
    if len(owners) < len(places) and any(
        _held_together(words_of(thing.text), owner.of(earlier), documents) for owner in owners
    ):
        places = [place for place in places if place not in owners]  # "Gaming" is of NVIDIA, too
    places = places or list(_places_of_words(words, thing.link, named_in(earlier)))
    if not places:
        return None
    likenesses = likeness(thing.text, [place.of(earlier) for place in places])
    best = max(range(len(places)), key=likenesses.__getitem__)
    return places[best] if likenesses[best] >= _ALIKE or len(places) == 1 else None


def _owned(words: Sequence[Word]) -> Span | None:
    """Return what stands after the first word with "'s"."""
    for number, word in enumerate(words):
        if word.folded.endswith("'s"):
            owned = list(takewhile(lambda each: each.kind == "content", words[number + 1 :]))
            return Span(owned[0].span.start, owned[-1].span.end) if owned else None
    return None


def _ending_alike(thing: _Thing, words: Sequence[Word]) -> Span | None:
    """Return the words that end in the last word of a thing: "AWS segment", "other segment"."""
    *first, last = (word.folded for word in words_of(thing.text))
    for number, word in enumerate(words):
        if first and word.folded == last and word.kind in {"name", "content"}:
            start = number
            while start and _belongs(words[start - 1], words[start]):
                start -= 1
            return Span(words[start].span.start, word.span.end) if start < number else None
    return None


def _belongs(before: Word, word: Word) -> bool:
    apart = word.span.start - before.span.end > 1 or before.folded.endswith("'s")
    return before.kind in {"name", "content"} and not apart


def _places_of_names(words: Sequence[Word], after: str) -> Iterator[Span]:
    """Yield where names stand; with `after`, only those that follow this link."""
    run: list[Word] = []
    for number, word in enumerate([*words, None]):
        if word and word.kind == "name":
            run.append(word)
        elif run:
            if not after or _link_before(words, number - len(run)) == after:
                yield from names(run)
            run = []


def _places_of_words(words: Sequence[Word], after: str, named: Collection[Word]) -> Iterator[Span]:
    """Yield where one to three words stand that others may take the place of."""
    for first, word in enumerate(words):
        if (
            word.kind != "content"
            or word not in named
            or (after and _link_before(words, first) != after)
        ):
            continue
        if first and words[first - 1].folded == "and":
            continue  # "research and development" is one thing
        for number in range(first, min(first + _MOST_WORDS_OF_A_PLACE, len(words))):
            last, following = words[number], words[number + 1 : number + 2]
            if last.folded.endswith("'s"):
                yield Span(word.span.start, last.span.end - 2)
                break
            if last.kind == "content" and last not in named:
                break
            if last.kind == "content" and not (following and following[0].folded == "and"):
                yield Span(word.span.start, last.span.end)
            elif last.kind != "content" and last.folded != "and":
                break


def _link_before(words: Sequence[Word], number: int) -> str:
    while number and words[number - 1].kind == "article":
        number -= 1
    return words[number - 1].folded if number else ""


def _exchanged(text: str, place: Span, other: str) -> str:
    return f"{text[: place.start]}{other}{text[place.end :]}"


def _with_more(question: str, more: str) -> str:
    bare = question.rstrip(" ?!.")
    return f"{bare} {more}{question[len(bare) :]}"


# A pronoun, a facet


def _replaced(core: _Core, place: Span, subject: Subject) -> _Asked | None:
    """Return the question with the subject in the place of a pronoun."""
    if not subject.whole:
        return None
    pronoun = place.of(core.text).lower()
    before, after = core.text[: place.start], core.text[place.end :]
    entity = subject.entity
    if pronoun in POSSESSIVE:
        short = len(entity.split()) <= 3 and LINKS.isdisjoint(entity.lower().split())
        owner = entity + ("'" if entity.endswith("s") else "'s")
        text = f"{before}{owner}{after}" if short else f"{before}the{after} of {entity}"
    elif pronoun in POINTING and _NAMED_AFTER.match(after):
        text = f"{before}the{after} of {entity}"  # "this treatment"
    elif pronoun == "there":
        text = f"{before}in {entity}"
    else:
        text = f"{before}{subject.whole if pronoun in MANY else entity}{after}"
    return _Asked(_at_the_time(text, core, subject), subject)


def _facet(core: _Core, subject: Subject, words: Words) -> _Asked | None:
    """Return a question about a facet, "the side effects", with the subject that it is of.

    Next, "they" are the facet, and "it" is still the subject.
    """
    content = [word for word in core.words if word.says_something]
    facet = _FACET.search(_THERE_IS.sub("", core.text))
    if any(word.kind != "content" for word in content) or len(content) > _MOST_WORDS_OF_A_FACET:
        return None
    if not (facet and subject.entity and content[-1].span.end == facet.end()):
        return None
    if any(word.folded in _OF and word.span.start > facet.start() for word in core.words):
        return None
    if not _held_together(content, subject.entity, words):
        return None
    whole = f"{facet.group()} of {subject.entity}"
    text = _at_the_time(f"{core.text[: facet.start()]}{whole}", core, subject)
    return _Asked(text, replace(subject, whole=whole))


def _held_together(content: Sequence[Word], subject: str, words: Words) -> bool:
    """Tell whether a document has each word of a facet, and half of those of its subject."""
    facet = {stem(word.folded) for word in content if word.says_something}
    about = {stem(word.folded) for word in words_of(subject) if word.says_something} - facet
    if not (facet and about) or not all(map(words.frequency, facet)):
        return False
    terms = [Term(text, 1, words.weight(text)) for text in sorted(facet | about)]
    rows, _ = words.best(terms, _SEARCHED_TOGETHER)
    held = (words.held_by_document(terms, row) for row in rows.tolist())
    return any(facet <= each and 2 * len(about & each) >= len(about) for each in held)


def _at_the_time(text: str, core: _Core, subject: Subject) -> str:
    """Return a question with the time of the one before, unless it has figures of its own."""
    has_figures = any(word.kind == "figure" for word in core.words)
    if subject.time and not has_figures and subject.time not in text:
        text = f"{text} {subject.time}"
    return f"{_capitalised(text)}?"


def _new_words(searched: str, question: str) -> tuple[str, ...]:
    """Return the words that a question has and another one lacks; neighbours are one term."""
    there = {stem(word.folded) for word in words_of(question)}
    terms: list[Span] = []
    for word in words_of(searched):
        if word.kind in {"name", "figure", "content"} and stem(word.folded) not in there:
            if terms and searched[terms[-1].end : word.span.start] == " ":
                terms[-1] = Span(terms[-1].start, word.span.end)
            else:
                terms.append(word.span)
    bare = (term.of(searched).removesuffix("'s").removesuffix("’s") for term in terms)
    return tuple(dict.fromkeys(bare))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
