"""Another time or thing in the place of one of its kind: "and gaming?", "a year earlier?".

All else of the question before stays. Where several places are possible, the encoder puts those
most like the other thing first. Where none is, the question is asked after the one before.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from index.records import Span
from qa.question.antecedents import POSSESSIVE
from qa.question.phrases import LINKS, Phrase, Word, agreeing, phrases_of, time_in, words_of

Likeness = Callable[[str, Sequence[str]], Sequence[float]]
"""From a text and others to the cosine of each with it."""

_DETERMINER = re.compile(rf"^(?:the|a|an|{'|'.join(sorted(POSSESSIVE))})\s+", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d")
_OF_YEAR = re.compile(
    r"(?:(?:of|in)\s+)?(?:(?:fiscal|calendar)\s+)?(?:year\s+)?(?:19|20)\d\d$", re.I
)
_ANOTHER_YEAR = re.compile(
    r"(?:(?:in|for|from)\s+)?(?:(?:a|one|the)\s+)?(?:(?:previous|prior|last)\s+year|"
    r"year\s+(?:earlier|before|ago|prior|later|after))",
    re.I,
)
_LATER = re.compile(r"later|after", re.I)


def with_another(text: str, own: Sequence[Word], before: str, likeness: Likeness) -> list[str]:
    """Return the question before about what a text says, the likeliest place for it first.

    `own` are the words of the text.
    """
    if _ANOTHER_YEAR.fullmatch(text):
        return [_in_another_year(text, before)]
    time = time_in(own)
    if time is None:
        return _with_another_thing(text, own, before, likeness)
    others = [word for word in own if not time.overlaps(word.span)]
    before = _with_another_time(time.of(text), before)
    if not any(word.says_something for word in others):
        return [before]
    thing = Span(others[0].span.start, others[-1].span.end)
    if thing.overlaps(time):
        return [before]
    return _with_another_thing(thing.of(text), others, before, likeness)


def _in_another_year(text: str, before: str) -> str:
    years = [word.span for word in words_of(before) if _YEAR.fullmatch(word.folded)]
    if len(years) != 1:
        return _after(before, text)
    year = int(years[0].of(before)) + (1 if _LATER.search(text) else -1)
    return _exchanged(before, years[0], str(year))


def _with_another_time(time: str, before: str) -> str:
    """Return a question at another time; a period without a year is one of the same year."""
    words, new = words_of(before), words_of(time)
    old = time_in(words)
    begins = new[0].folded in LINKS | {"as"}
    if old is None:
        return _with_more(before, time if begins else f"in {time}")
    years = [word.span for word in words if old.overlaps(word.span) and _YEAR.match(word.folded)]
    if years and len(new) <= 2 and _YEAR.fullmatch(new[-1].folded):
        return _exchanged(before, years[-1], new[-1].folded)  # the same day of another year
    if not _YEAR.search(time) and (year := _OF_YEAR.search(old.of(before))):
        time = f"{time} {year[0]}"
    first, *_ = old.of(before).split()
    if first.lower() in LINKS and not begins:
        time = f"{first} {time}"
    return _exchanged(before, old, time)


def _with_another_thing(
    text: str, own: Sequence[Word], before: str, likeness: Likeness
) -> list[str]:
    """Return the question before with a thing in each place where it fits, the best fit first."""
    if own[-1].is_participle:
        return [_after(before, text)]  # "and closed?"
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
    owned = [phrase for phrase in phrases if phrase.owner]
    if owned and own[-1].owns:
        return [_exchanged(before, each.owner, thing) for each in owned if each.owner]
    owned = owned if first.folded in POSSESSIVE else []
    has_the = text.lower().startswith("the ")
    alike = [each for each in phrases if is_name or (each.article == "the") == has_the]
    ends_as_name = thing.rpartition(" ")[2][:1].isupper()
    whole = not ends_as_name if is_name else has_the or _is_many(thing)
    for group in (linked, owned, alike, phrases):
        places = list(_places(group, is_name=is_name, whole=whole))
        if places:
            break
    else:
        return [_with_more(before, f"{link} {text}") if link else _after(before, text)]
    same_end = [place for place in places if _ends_alike(place.of(before), thing)]
    cosines = likeness(thing, [place.of(before) for place in places])
    order = sorted(range(len(places)), key=lambda number: -cosines[number])
    best = same_end or [places[number] for number in order]
    the_thing = text if has_the else thing
    return [agreeing(_exchanged(before, place, thing, the_thing)) for place in best]


def _is_many(thing: str) -> bool:
    phrases = phrases_of(thing)
    return bool(phrases) and phrases[-1].is_many


def _ends_alike(text: str, other: str) -> bool:
    """Tell whether two texts end in the same word: "the AWS segment", "the other segment"."""
    return text.split()[-1:] == other.split()[-1:]


def _places(phrases: Sequence[Phrase], *, is_name: bool, whole: bool) -> Iterator[Span]:
    """Yield where in a question another thing may stand: a name for a name, else words for words.

    Words that are not `whole`, as "gaming", also stand before the last word: "gaming revenue".
    """
    has_names = any(phrase.has_name for phrase in phrases)
    for phrase in phrases:
        owned = phrase.owned
        if phrase.owner and is_name:
            yield phrase.owner
        names = [word for word in owned if word.kind == "name"]
        if not owned or (has_names and is_name != bool(names)):
            continue
        yield _span(names if names and not whole else owned)
        if owned[:-1] and not (names or whole) and owned[-1].kind == "content":
            yield _span(owned[:-1])


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


def _after(question: str, text: str) -> str:
    return f"{question} And {text}?"
