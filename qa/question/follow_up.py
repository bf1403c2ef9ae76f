"""Follow-up questions: what a question leaves out is taken from the questions before it.

There is no language model. `readings` makes whole questions by words, a few where several are
possible, and the caller lets the documents choose: the reading that they answer best.

- **A new beginning.** "And by whom?" asks nothing by itself. It takes the place of what asked
  before: "When was the tower built?" gives "By whom was the tower built?".
- **Another one.** "What about Microsoft?" takes the place of a phrase of the question before, or of
  a part of one; all else stays.
- **A pronoun** stands for a phrase of the question before.
- **A facet.** "What are the side effects?" may be those of what was asked about before.

A question with a subject of its own is left alone.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import log

from index.chunking.tokens import Tokenizer
from index.records import Span
from index.search.terms import fold, stem, words
from qa.errors import QuestionError
from qa.question.antecedents import (
    MANY,
    OF,
    OF_PERSONS,
    OWNERS_FIRST,
    PARTS,
    POINTING,
    POSSESSIVE,
    THINGS_FIRST,
    persons,
    pronouns_in,
    things,
)
from qa.question.phrases import (
    ASKS_WHAT,
    BEGINNING,
    LINKS,
    Phrase,
    Word,
    phrases_of,
    time_in,
    words_of,
)
from qa.question.query import checked

MOST_EARLIER = 20
"""Earlier questions that are read."""
MOST_READINGS = 3
EARLIER_READ = 3
_CLEARLY = 0.2
"""By so much in log-odds a reading must be likelier to be answered than one that comes first."""

Likeness = Callable[[str, Sequence[str]], Sequence[float]]
"""From a text and others to the cosine of each with it."""

_MOST_WORDS_OF_A_FACET = 3
_MOST_WORDS_OF_ANOTHER = 6
_EARLIER_WITH_PERSONS = 3
"""Earlier questions that may name whom "he" stands for."""

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
_WHICH_OF_THEM = re.compile(
    rf"(?:(?:{'|'.join(sorted(LINKS))})\s+(?:what|which|how\s+many)(?:\s+[\w-]+){{1,2}}"
    r"|(?:which|how\s+many)\s+[\w-]+)",
    re.I,
)
_FACET = re.compile(
    rf"(?:{ASKS_WHAT}\s+(?:is|are|was|were)|(?:is|are|was|were)\s+there)\s+(?:(?:the|any|other|"
    r"another|further|additional|more)\s+)+[\w\s-]+|(?:are|were)\s+there\s+[\w\s-]+",
    re.I,
)
_INVOLVED = re.compile(
    r"(?:what|which|how\s+many)\s+(?:other\s+)?(?:[\w-]+\s+){1,3}(?:is|are|was|were)\s+"
    r"(?:there|\w+ed)",
    re.I,
)
_DETERMINER = re.compile(rf"^(?:the|a|an|{'|'.join(sorted(POSSESSIVE))})\s+", re.I)
_IN_PHRASES = frozenset("and or my our your any some all as".split()) | POSSESSIVE
_ACTS = re.compile(r"\b(?:do|does|did|can|could|will|would)\s+(?:it|they|he|she)\b", re.I)
_POINTS = re.compile(r"\b(?:this|that|these|those|such)\s+\w", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question that leans on an earlier one: as it was asked, and as it is searched for.

    `carried_over` are the words that `searched` has from earlier questions.
    """

    asked: str
    searched: str
    carried_over: tuple[str, ...]

    @classmethod
    def of(cls, asked: str, searched: str) -> "FollowUp | None":
        """Return how a question leans on earlier ones; None if it is searched as it was asked."""
        return None if _same(searched, asked) else cls(asked, searched, _new_words(searched, asked))


def checked_all(
    question: str, history: Sequence[str], tokenizer: Tokenizer, max_tokens: int
) -> list[str]:
    """Return a question, then those before it, without blanks around. Raises QuestionError."""
    if len(history) > MOST_EARLIER:
        raise QuestionError(
            f"There are {len(history)} earlier questions: give the last {MOST_EARLIER} at most."
        )
    texts = [checked(question, tokenizer, max_tokens)]
    for number, earlier in enumerate(history, 1):
        try:
            texts.append(checked(earlier, tokenizer, max_tokens))
        except QuestionError as error:
            raise QuestionError(f"Item {number} of the history: {error}") from error
    return texts


def readings(question: str, earlier: Sequence[str], likeness: Likeness) -> list[str]:
    """Return the whole questions that a question may stand for, the likeliest first, 3 at most.

    `earlier` are whole questions, oldest first. The question itself is among the readings if it may
    stand by itself, and the only one if it does.
    """
    core = _core(question)
    if not (earlier and core.words):
        return [question]
    before = f"{_core(earlier[-1]).text}?"
    made = dict.fromkeys(_readings(core, before, earlier, likeness))
    unlike = (each for each in made if not _same(each, core.text))
    if _is_facet(core) or _is_bare(core) or _POINTS.search(core.text):
        return [*islice(unlike, MOST_READINGS - 1), question]
    return list(islice(unlike, MOST_READINGS)) or [question]


def best_reading(scores: Sequence[float]) -> int:
    """Return the number of the reading to search for, given how likely each has an answer, in 0..1.

    A later one must be clearly likelier to have one than those before it.
    """
    best = 0
    for number, score in enumerate(scores):
        if _log_odds(score) > _log_odds(scores[best]) + _CLEARLY:
            best = number
    return best


def _log_odds(score: float) -> float:
    bounded = min(max(score, 1e-6), 1 - 1e-6)
    return log(bounded / (1 - bounded))


@dataclass(frozen=True, slots=True)
class _Core:
    """What of a question asks: without "and", "what about" and the question mark.

    `words` are told by their places in `text`. `about` and `joined` say how it began, `asks` that
    it ended in a question mark.
    """

    text: str
    words: Sequence[Word]
    about: bool
    joined: bool
    asks: bool

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
    is_about = bool(about) and not _ASKS.match(text)
    return _Core(text, words, is_about, bool(joined), question.rstrip().endswith("?"))


def _readings(
    core: _Core, before: str, earlier: Sequence[str], likeness: Likeness
) -> Iterable[str]:
    if _is_another(core):
        return _with_another(core, before, likeness)
    if not (core.says_something or _ASKS.match(core.text) or core.joined):
        return ()
    why = _WHY_IS_THAT.fullmatch(core.text)
    if why and not core.says_something:
        return [_begun_anew(why["what"], before)]
    if pronouns := pronouns_in(core.text, core.words):
        return _without_pronouns(core, pronouns, before, earlier)
    if not core.says_something or _WHICH_OF_THEM.fullmatch(core.text):
        return [_begun_anew(core.text, before)]
    return _of_what_was_asked(core, before, earlier) if _is_facet(core) else ()


def _begun_anew(beginning: str, before: str) -> str:
    old = BEGINNING.match(before)
    rest = before[old.end() :].strip() if old else before
    if old and not _ASKS.match(rest) and not old["what"].lower().startswith("how"):
        return (
            f"{before.rstrip('?')}, and {beginning.lower()}?"  # "Who discovered oxygen, and when?"
        )
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
    return core.joined or only_a_time or core.words[0].folded in LINKS or _is_bare(core)


def _is_bare(core: _Core) -> bool:
    """Tell whether this is nothing but a few words with a question mark: it may be a search."""
    named = [word for word in core.words if word.kind in {"name", "content", "article"}]
    few = len(named) == len(core.words) <= _MOST_WORDS_OF_A_FACET
    return core.asks and few and not (core.about or core.joined)


def _with_another(core: _Core, before: str, likeness: Likeness) -> list[str]:
    """Return the question before about another time, another thing, or both."""
    time = time_in(core.words)
    if time is None:
        return _with_another_thing(core.text, core.words, before, likeness)
    of_time = [word for word in core.words if time.overlaps(word.span)]
    others = [word for word in core.words if word not in of_time]
    before = _with_another_time(time.of(core.text), of_time, before)
    if not any(word.says_something for word in others):
        return [before]
    thing = Span(others[0].span.start, others[-1].span.end)
    if thing.overlaps(time):
        return [before]
    return _with_another_thing(thing.of(core.text), others, before, likeness)


def _with_another_time(time: str, of_time: Sequence[Word], before: str) -> str:
    words = words_of(before)
    old = time_in(words)
    begins = of_time[0].folded in LINKS | {"as"}
    if old is None:
        return _with_more(before, time if begins else f"in {time}")
    years = [word.span for word in words if old.overlaps(word.span) and _YEAR.match(word.folded)]
    if years and len(of_time) <= 2 and _YEAR.fullmatch(of_time[-1].folded):
        return _exchanged(before, years[-1], of_time[-1].folded)  # the same day of another year
    first, *_ = old.of(before).split()
    if first.lower() in LINKS and not begins:
        time = f"{first} {time}"
    return _exchanged(before, old, time)


def _with_another_thing(
    text: str, own: Sequence[Word], before: str, likeness: Likeness
) -> list[str]:
    """Return the question before with a thing in each place where it fits, the best fit first."""
    first, *others = own
    link = first.folded if first.folded in LINKS and others else ""
    if link:
        text = text[others[0].span.start - first.span.start :]
    thing = _DETERMINER.sub("", text).removesuffix("'s").removesuffix("’s")
    is_name = any(word.kind == "name" for word in own) or thing[:1].isupper()
    phrases = phrases_of(before)
    linked = [phrase for phrase in phrases if link and phrase.link == link]
    if link and not linked and link not in {"of", "for", "with"}:
        return [_with_more(before, f"{link} {text}")]
    if first.folded in POSSESSIVE:
        linked = [replace(phrase, words=phrase.owned) for phrase in phrases if phrase.owner]
    has_the = text.lower().startswith("the ")
    alike = [each for each in phrases if is_name or (each.article == "the") == has_the]
    for group in (linked, alike, phrases):
        places = list(_places(group, is_name=is_name)) or list(_places(group, is_name=not is_name))
        if places:
            break
    else:
        return [_with_more(before, f"{link or 'for'} {text}")]
    same_end = [place for place, _ in places if _ends_alike(place.of(before), thing)]
    cosines = likeness(thing, [place.of(before) for place, _ in places])
    order = sorted(range(len(places)), key=lambda number: (places[number][1], -cosines[number]))
    best = same_end or [places[number][0] for number in order]
    the_thing = text if has_the else thing
    return [_exchanged(before, place, thing, the_thing) for place in best]


def _ends_alike(text: str, other: str) -> bool:
    """Tell whether two texts end in the same word: "the AWS segment", "the other segment"."""
    return text.split()[-1:] == other.split()[-1:]


def _places(phrases: Sequence[Phrase], *, is_name: bool) -> Iterator[tuple[Span, bool]]:
    """Yield where in a question another thing may stand; and whether rather elsewhere.

    A phrase, its owner, what it owns and what stands before the last word of that are places. A
    name takes the place of names, if there are any, and other words that of other words.
    """
    all_alike = not any(phrase.has_name for phrase in phrases)
    for phrase in phrases:
        owned = phrase.owned
        if phrase.owner and (is_name or all_alike):
            yield phrase.owner, not all_alike
        named = [word for word in owned if word.kind == "name"]
        if owned and (all_alike or is_name == bool(named)):
            yield _span(owned), False
            first = named if is_name and named else owned[:-1]
            if first and owned[-1].kind == "content" and first[-1].kind != "other":
                yield _span(first), False


def _span(words: Sequence[Word]) -> Span:
    return Span(words[0].span.start, words[-1].span.end)


def _exchanged(text: str, place: Span, other: str, with_article: str = "") -> str:
    """Return a text with another one in a place; `with_article` where no word determines it."""
    begins = text[: place.start]
    determined = re.search(r"(?:\b(?:the|what|which)|['’]s?)\s+$", begins, re.I)
    return f"{begins}{other if determined or not with_article else with_article}{text[place.end :]}"


def _with_more(question: str, more: str) -> str:
    bare = question.rstrip(" ?!.")
    return f"{bare} {more}{question[len(bare) :]}"


# A pronoun, a facet


def _without_pronouns(
    core: _Core, pronouns: Sequence[Span], before: str, earlier: Sequence[str]
) -> Iterator[str]:
    """Yield the question with phrases of earlier ones in the place of its pronouns."""
    written = [place.of(core.text).lower() for place in pronouns]
    recent = earlier[: -_EARLIER_WITH_PERSONS - 1 : -1]
    person = next((each for question in recent for each in persons(question)), None)
    many = any(pronoun in MANY for pronoun in written)
    acts = _ACTS.search(core.text) or not POSSESSIVE.isdisjoint(written)
    order = OWNERS_FIRST if acts else THINGS_FIRST
    for thing in things(earlier, order, many=many) or [""]:
        text = core.text
        for place, pronoun in reversed(list(zip(pronouns, written, strict=True))):
            if named := person if pronoun in OF_PERSONS else thing:
                text = _replaced(text, place, named)
        yield _at_the_time(text, core, before)


def _replaced(text: str, place: Span, named: str) -> str:
    """Return a text with a phrase in the place of a pronoun: "its risks", "this treatment"."""
    pronoun, before, after = place.of(text).lower(), text[: place.start], text[place.end :]
    owned = next((p.span for p in phrases_of(text) if p.span.start == place.end + 1), None)
    if owned and pronoun in POSSESSIVE and _is_short(named):
        return before + named + ("'" if named.endswith("s") else "'s") + after
    if owned and pronoun in POSSESSIVE | POINTING:
        noun, rest = owned.of(text), text[owned.end :]
        has_it = stem(fold(noun.split()[-1])) in map(stem, words(named))
        return before + (named if has_it else f"the {noun} of {named}") + rest
    return f"{before}{'in ' if pronoun == 'there' else ''}{named}{after}"


def _is_short(named: str) -> bool:
    return len(named.split()) <= 3 and LINKS.isdisjoint(named.lower().split())


def _is_facet(core: _Core) -> bool:
    """Tell whether a question asks for nothing but "the side effects", of what it does not say."""
    said = [word for word in core.words if word.kind not in {"article", "other"}]
    few = 0 < len(said) <= _MOST_WORDS_OF_A_FACET
    if not few or any(word.kind != "content" for word in said):
        return False
    if said[-1].is_participle:  # "When was the boiler installed?" stands alone
        return bool(_INVOLVED.fullmatch(core.text))
    return bool(_FACET.fullmatch(core.text) or _INVOLVED.fullmatch(core.text))


def _of_what_was_asked(core: _Core, before: str, earlier: Sequence[str]) -> Iterator[str]:
    facet = core.text
    for phrase in phrases_of(before):
        if phrase.joined and phrase.link not in OF:  # "the rent in Elm Street"
            yield _at_the_time(f"{facet} {phrase.link} {phrase.text(before)}", core, before)
    ends = facet[-2:].lower()  # "involved in", "what treatments are there for"
    link = "in" if ends == "ed" else "for" if ends == "re" else "of"
    for thing in things(earlier, PARTS) or things(earlier, OWNERS_FIRST):
        yield _at_the_time(f"{facet} {link} {thing}", core, before)


def _at_the_time(text: str, core: _Core, before: str) -> str:
    """Return a question with the time of the one before, unless it has or asks for one."""
    time = time_in(words_of(before))
    has_figures = any(word.kind == "figure" for word in core.words)
    asks_when = re.match(r"(?:since |until )?when\b", core.text, re.I)
    if time and not has_figures and not asks_when and time.of(before) not in text:
        text = f"{text} {time.of(before)}"
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


def _same(text: str, other: str) -> bool:
    return text.rstrip(" ?!.").casefold() == other.rstrip(" ?!.").casefold()


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
