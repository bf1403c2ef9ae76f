"""Questions changed by rule so that their text no longer answers them."""

import re
from collections.abc import Callable, Sequence
from random import Random

_ANTONYMS = """
increase decrease|rise fall|grow shrink|more less|most least|many few|higher lower|highest lowest
larger smaller|largest smallest|bigger smaller|biggest smallest|big small|large small|long short
longer shorter|longest shortest|old young|older younger|oldest youngest|old new|early late
earlier later|earliest latest|first last|first second|second third|before after|begin end
began ended|start stop|started stopped|north south|east west|northern southern|eastern western
left right|top bottom|above below|over under|inside outside|internal external|inner outer
win lose|won lost|victory defeat|allow forbid|allowed forbidden|accept reject|accepted rejected
legal illegal|possible impossible|likely unlikely|important unimportant|useful useless
common rare|popular unpopular|strong weak|stronger weaker|strongest weakest|fast slow
faster slower|fastest slowest|hot cold|warm cool|hard easy|difficult easy|best worst|better worse
good bad|positive negative|advantage disadvantage|advantages disadvantages|benefit drawback
benefits drawbacks|cause prevent|causes prevents|caused prevented|cause result|support oppose
supported opposed|agree disagree|agreed disagreed|include exclude|included excluded|add remove
added removed|build destroy|built destroyed|create destroy|created destroyed|buy sell|bought sold
give take|gave took|send receive|sent received|import export|imports exports|expensive cheap
rich poor|male female|men women|man woman|husband wife|father mother|king queen|son daughter
brother sister|public private|federal state|national local|urban rural|domestic foreign
ancient modern|past future|present absent|maximum minimum|majority minority|always never
all none|every no|open closed|opened closed|full empty|thick thin|wide narrow|deep shallow
heavy light|dark light|day night|summer winter|spring autumn|morning evening|upper lower
major minor|simple complex|direct indirect|active passive|safe dangerous|healthy unhealthy
true false|same different|similar different|known unknown|join leave|joined left|enter leave
arrive depart|arrived departed|attack defend|attacked defended|arrest release|hire fire
promote demote|encourage discourage|encouraged discouraged|improve worsen|improved worsened
love hate|like dislike|liked disliked|happy unhappy|satisfied dissatisfied|friend enemy
allies enemies|teacher student|doctor patient|employer employee|parent child|parents children
author reader|cost weight|length width|height depth|size color|price weight|where when|who when
when where|assets liabilities|revenue expenses|income loss|profit loss|current noncurrent
gross net|quarter year|monthly yearly|treatment diagnosis|symptoms causes|treat diagnose
prevent treat|oral topical|acute chronic|benign malignant|adults children|upgrade downgrade
visible invisible|complete incomplete|formal informal|religious secular|civil military
""".replace("\n", "|")
_ANTONYM_PAIRS = [tuple(pair.split()) for pair in _ANTONYMS.split("|") if pair.strip()]
_OPPOSITES: dict[str, list[str]] = {}
for _one, _other in _ANTONYM_PAIRS:
    _OPPOSITES.setdefault(_one, []).append(_other)
    _OPPOSITES.setdefault(_other, []).append(_one)

_AUXILIARY = re.compile(
    r"\b(is|are|was|were|did|does|do|can|could|will|would|has|have|had|should)\b", re.IGNORECASE
)
_NEGATION = re.compile(r"\s+not\b|\bnever\s+|n't\b|\bcannot\b", re.IGNORECASE)
_WHOLE = {"can't": "can not", "won't": "will not", "cannot": "can not", "shan't": "shall not"}
_SHORTENED = re.compile(r"\b(?:can't|won't|cannot|shan't)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w])")
_NAME = re.compile(
    r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w'’.-]*[\w](?:\s+(?:of\s+the\s+|of\s+|the\s+)?[A-Z][\w'’-]*[\w])*"
)
_WORD = re.compile(r"[A-Za-z]+")


def corrupted(question: str, text: str, others: Sequence[str], random: Random) -> str | None:
    """Return the question so changed that `text` does not answer it; None if no rule fits.

    `others` are names that stand in other texts. The rules follow the kinds of unanswerable
    questions that Rajpurkar et al. (2018, "Know What You Don't Know", table 2) count: negation,
    antonyms, exchanged names and numbers.
    """
    rules: list[Callable[[], str | None]] = [
        lambda: _negated(question, random),
        lambda: _opposite(question, random),
        lambda: _opposite(question, random),
        lambda: _other_name(question, text, others, random),
        lambda: _other_name(question, text, others, random),
        lambda: _other_name(question, text, others, random),
        lambda: _other_number(question, text, random),
    ]
    random.shuffle(rules)
    for rule in rules:
        changed = rule()
        if changed is not None and changed != question:
            return changed
    return None


def names_in(text: str) -> list[str]:
    """Return the capitalised names within a text, but those that open a sentence."""
    return [match.group() for match in _NAME.finditer(text)]


def _negated(question: str, random: Random) -> str | None:
    if _NEGATION.search(question):
        whole = _SHORTENED.sub(lambda found: _WHOLE[found.group().lower()], question)
        return " ".join(_NEGATION.sub(" ", whole, count=1).split())
    found = _AUXILIARY.search(question)
    if found is None:
        return None
    verb = found.group()
    contracted = verb.lower() not in {"can", "will"} and random.random() < 0.5
    if contracted:
        return f"{question[: found.end()]}n't{question[found.end() :]}"
    words = question[found.end() :].split(" ")
    at = min(len(words) - 1, random.choice((1, 2, 2, 3)))
    word = random.choice(("not", "never", "not"))
    return question[: found.end()] + " ".join([*words[:at], word, *words[at:]])


def _opposite(question: str, random: Random) -> str | None:
    words = [match for match in _WORD.finditer(question) if match.group().lower() in _OPPOSITES]
    if not words:
        return None
    chosen = random.choice(words)
    other = random.choice(_OPPOSITES[chosen.group().lower()])
    if chosen.group()[0].isupper():
        other = other.capitalize()
    return question[: chosen.start()] + other + question[chosen.end() :]


def _other_name(question: str, text: str, others: Sequence[str], random: Random) -> str | None:
    own = list(_NAME.finditer(question))
    if not own:
        return None
    chosen = random.choice(own)
    held = question.lower()
    in_text = [name for name in names_in(text) if name.lower() not in held]
    pool = in_text if in_text and random.random() < 0.5 else others
    candidates = [
        name
        for name in pool
        if name.lower() not in held and chosen.group().lower() not in name.lower()
    ]
    if not candidates:
        return None
    return question[: chosen.start()] + random.choice(candidates) + question[chosen.end() :]


def _other_number(question: str, text: str, random: Random) -> str | None:
    own = list(_NUMBER.finditer(question))
    if not own:
        return None
    chosen = random.choice(own)
    in_text = [found.group() for found in _NUMBER.finditer(text) if found.group() not in question]
    if in_text and random.random() < 0.5:
        other = random.choice(in_text)
    else:
        digits = [at for at, character in enumerate(chosen.group()) if character.isdigit()]
        at = random.choice(digits[-2:])
        new = random.choice([d for d in "123456789" if d != chosen.group()[at]])
        other = chosen.group()[:at] + new + chosen.group()[at + 1 :]
    return question[: chosen.start()] + other + question[chosen.end() :]
