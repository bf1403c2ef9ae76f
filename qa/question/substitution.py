"""Another time or thing in the place of a phrase: "and gaming?", "what about Intel in 2021?".

All else of the question before stays. Where several places are possible, the encoder puts those
most like the other thing first.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from index.records import Span
from qa.question.antecedents import POSSESSIVE
from qa.question.phrases import LINKS, Phrase, Word, phrases_of, time_in, words_of

Likeness = Callable[[str, Sequence[str]], Sequence[float]]
"""From a text and others to the cosine of each with it."""

_DETERMINER = re.compile(rf"^(?:the|a|an|{'|'.join(sorted(POSSESSIVE))})\s+", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d")


def with_another(text: str, own: Sequence[Word], before: str, likeness: Likeness) -> list[str]:
    """Return the question before about what a text says, the likeliest place for it first.

    `own` are the words of the text.
    """
    time = time_in(own)
    if time is None:
        return _with_another_thing(text, own, before, likeness)
    of_time = [word for word in own if time.overlaps(word.span)]
    others = [word for word in own if word not in of_time]
    before = _with_another_time(time.of(text), of_time, before)
    if not any(word.says_something for word in others):
        return [before]
    thing = Span(others[0].span.start, others[-1].span.end)
    if thing.overlaps(time):
        return [before]
    return _with_another_thing(thing.of(text), others, before, likeness)


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
