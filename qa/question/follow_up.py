"""Follow-up questions: what a question leaves out is taken from the questions before it.

There is no language model. `readings` makes whole questions by words, a few where several are
possible, and the caller lets the documents choose: the reading that they answer best.

- **A new beginning.** "And by whom?" asks nothing by itself. It takes the place of what asked
  before: "When was the tower built?" gives "By whom was the tower built?".
- **Another one.** "What about Microsoft?" takes the place of a phrase of the question before, or of
  a part of one; all else stays.
- **A pronoun** stands for a phrase of the question before.
- **A facet.** "What are the side effects?" may be those of what was asked about before.
- **A topic.** "Does smoking raise the risk?" names no one and nothing of its own. It is also asked
  with the names, or else the last thing, of a question before: "lupus: does smoking …".

A question with a name of its own is left alone.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
    Word,
    phrases_of,
    time_in,
    words_of,
)
from qa.question.query import checked
from qa.question.substitution import Likeness, with_another

MOST_EARLIER = 20
"""Earlier questions that are read."""
MOST_READINGS = 3
EARLIER_READ = 3
"""Whole questions before one that it may lean on."""
_CLEARLY = 0.2
"""By so much in log-odds a reading must be likelier to be answered than one that comes first."""
_OF_THE_SAME_DOCUMENT = 0.5

_MOST_WORDS_OF_A_FACET = 3
_FEW_WORDS = 2
"""A question of so many words, or of twice as many with "the", may lack its topic."""
_MOST_WORDS_OF_ANOTHER = 6

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
_THE = re.compile(r"\bthe\b", re.I)
_DEFINES = re.compile(r"(?:what|who)\s+(?:is|are|was|were)\s+(?!the\b)", re.I)
_TOPIC = re.compile(r"([^:?]{1,80}): ")
_IN_PHRASES = frozenset("and or my our your any some all as".split()) | POSSESSIVE
_ACTS = re.compile(r"\b(?:do|does|did|can|could|will|would)\s+(?:it|they|he|she)\b", re.I)
_POINTS = re.compile(r"\b(?:this|that|these|those|such)\s+\w", re.I)


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
    return [
        checked(question, tokenizer, max_tokens),
        *(
            checked(each, tokenizer, max_tokens, f"history[{number}]")
            for number, each in enumerate(history)
        ),
    ]


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
    unlike = [
        each for each in made if not (_same(each, core.text) or _repeats(each, question, *earlier))
    ]
    if not unlike and _may_lack_a_topic(core):
        return [question, *islice(_with_topics(core.text, earlier), MOST_READINGS - 1)]
    if _is_facet(core) or _is_bare(core) or _POINTS.search(core.text):
        return [*unlike[: MOST_READINGS - 1], question]
    return unlike[:MOST_READINGS] or [question]


def best_reading(scores: Sequence[float], again: Sequence[bool]) -> int:
    """Return the number of the reading to search for, given how likely each has an answer, in 0..1.

    A later one must be clearly likelier to have one than those before it. One counts for more where
    the document that answers it is `again` one that answered the question before.
    """
    log_odds = [
        _log_odds(score) + _OF_THE_SAME_DOCUMENT * same
        for score, same in zip(scores, again, strict=True)
    ]
    best = 0
    for number, each in enumerate(log_odds):
        if each > log_odds[best] + _CLEARLY:
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
    question = " ".join(question.split())
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
        return with_another(core.text, core.words, before, likeness)
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
    if topic := _TOPIC.match(before):
        return topic[0] + _begun_anew(beginning, before[topic.end() :])
    old = BEGINNING.match(before)
    rest = before[old.end() :].strip() if old else before
    if old and not _ASKS.match(rest) and not old["what"].lower().startswith("how"):
        return (
            f"{before.rstrip('?')}, and {beginning.lower()}?"  # "Who discovered oxygen, and when?"
        )
    if not old and _ASKS.match(rest):
        rest = rest[0].lower() + rest[1:]
    return f"{_capitalised(beginning)} {rest}"


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


def _without_pronouns(
    core: _Core, pronouns: Sequence[Span], before: str, earlier: Sequence[str]
) -> Iterator[str]:
    """Yield the question with phrases of earlier ones in the place of its pronouns."""
    written = [place.of(core.text).lower() for place in pronouns]
    recent = (each for question in reversed(earlier) for each in persons(question))
    person = next(recent, None)
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
    if not few or any(word.kind != "content" for word in said) or said[-1].is_participle:
        return False
    if core.words[-1].folded == "like":  # "What was the wind like?"
        return False
    return bool(_FACET.fullmatch(core.text))


def _of_what_was_asked(core: _Core, before: str, earlier: Sequence[str]) -> Iterator[str]:
    facet = core.text
    for phrase in phrases_of(before):
        if phrase.joined and phrase.link not in OF:  # "the rent in Elm Street"
            yield _at_the_time(f"{facet} {phrase.link} {phrase.text(before)}", core, before)
    for thing in things(earlier, PARTS) or things(earlier, OWNERS_FIRST):
        yield _at_the_time(f"{facet} of {thing}", core, before)


def _at_the_time(text: str, core: _Core, before: str) -> str:
    """Return a question with the time of the one before, unless it has or asks for one."""
    time = time_in(words_of(before))
    has_figures = any(word.kind == "figure" for word in core.words)
    asks_when = re.match(r"(?:since |until )?when\b", core.text, re.I)
    if time and not has_figures and not asks_when and time.of(before) not in text:
        text = f"{text} {time.of(before)}"
    return f"{_capitalised(text)}?"


def _repeats(text: str, *written: str) -> bool:
    """Tell whether a text has a word of content more often than each of those it was made of."""
    counts = [_content_of(each) for each in (text, *written)]
    return any(times > max(each[word] for each in counts[1:]) for word, times in counts[0].items())


def _content_of(text: str) -> Counter[str]:
    return Counter(stem(word.folded) for word in words_of(text) if word.kind == "content")


def _may_lack_a_topic(core: _Core) -> bool:
    """Tell whether a question names nobody and nothing, and says little."""
    said = [word.kind for word in core.words if word.kind in {"name", "figure", "content"}]
    most = 2 * _FEW_WORDS if _THE.search(core.text) else _FEW_WORDS
    few = len(said) <= most and set(said) == {"content"}
    asks_of_another = _ASKS.match(core.text) and not _DEFINES.match(core.text)
    return few and core.says_something and bool(asks_of_another)


def _with_topics(text: str, earlier: Sequence[str]) -> Iterator[str]:
    """Yield a question with the topic of each earlier one before it, that of the last one first."""
    topics = dict.fromkeys(filter(None, map(_topic, reversed(earlier))))
    said = _content_of(text)
    for topic in topics:
        if not said & _content_of(topic):
            yield f"{topic}: {text}?"


def _topic(question: str) -> str:
    """Return the names of a question, or else the last thing that it names."""
    if made := _TOPIC.match(question):
        return made[1]
    phrases = phrases_of(question)
    named = [phrase for phrase in phrases if phrase.has_name] or list(phrases[-1:])
    texts = (p.owner.of(question) if p.owner else p.span.of(question) for p in named)
    return ", ".join(dict.fromkeys(texts))


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
