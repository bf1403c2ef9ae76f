"""A question and its answer as a statement: "Who founded it?", "Ann" gives "Ann founded it"."""

import re

from training.inflection import inflected

_VERBS = """
have make begin start end die win lose play live move work open close become happen occur come go
take give get leave join return release publish write sing record found establish build design
create form develop introduce announce sign sell buy pay cost earn receive use need want like think
believe say call name mean refer consist include contain cover reach hold serve lead rule attack
defeat conquer invade support oppose help cause produce grow fall rise increase decrease change stay
remain run travel sail fly cross arrive marry meet study attend graduate teach learn discover invent
find see watch read hear feel know show suggest argue claim state describe report recommend require
allow cover employ own operate run perform appear star direct premiere air cast draw paint add
remove replace offer provide send bring carry keep put set turn try stop finish complete expand
spread affect treat prevent infect test measure compare prove observe enter exit host kill destroy
survive fight vote elect appoint adopt choose select pass approve reject decide agree refuse ask
answer last take eat drink cook store clean wash break fix look seem sound fit differ depend belong
""".split()
_PAST = {inflected(verb, "past") for verb in _VERBS} | {"was", "were", "is", "are", "has", "had"}
_BE = r"(?:is|are|was|were)"
_MADE = re.compile(r"\w{3,}ed|born|known|built|made|held|written|sold|won|found|used|given|taken")
_SUBJECT = re.compile(r"(?:who|what|which(?: of the \w+)?) (?!did\b|do\b|does\b)(\S+)(.*)", re.I)
_NOUN = re.compile(r"(?:what|which) ((?:\w+ ){0,2}?\w+) (\w+)(.*)", re.I)
_IDENTITY = re.compile(rf"(?:what|who) ({_BE}) ((?:the|a|an|one|his|her|its|\w+'s?) .+)", re.I)
_PASSIVE = re.compile(
    rf"(when|where|why|how|in what year|in which year|what year) ({_BE}) (.+)", re.I
)
_ACTIVE = re.compile(
    r"(when|where|why|in what year|in which year|what year|how many \w+|how much|what) "
    r"(did|does|do) (.+)",
    re.I,
)
_LEADS = {"where": "in", "when": "in"}
_PREPOSITIONS = frozenset(
    "in on at by from to near during since until because after before for".split()
)


def declared(question: str, answer: str) -> str | None:
    """Return the statement that answers the question so; None if no rule fits."""
    question = " ".join(question.split()).rstrip(" ?.")
    answer = " ".join(answer.split()).strip(" .,;:")
    if not question or not answer or len(answer) > 160:
        return None
    for rule in (_identified, _made, _done, _subject):
        if (statement := rule(question, answer)) is not None:
            return f"{statement[:1].upper()}{statement[1:]}."
    return None


def _identified(question: str, answer: str) -> str | None:
    found = _IDENTITY.fullmatch(question)
    if found is None or _MADE.fullmatch(found[2].split()[-1]):
        return None
    return f"{found[2]} {found[1].lower()} {answer}"


def _made(question: str, answer: str) -> str | None:
    found = _PASSIVE.fullmatch(question)
    if found is None:
        return None
    words = found[3].split()
    at = next((n for n, word in enumerate(words) if n and _MADE.fullmatch(word)), None)
    if at is None:
        return None
    return (
        f"{' '.join(words[:at])} {found[2].lower()} {' '.join(words[at:])} {_led(found[1], answer)}"
    )


def _done(question: str, answer: str) -> str | None:
    found = _ACTIVE.fullmatch(question)
    if found is None:
        return None
    words = found[3].split()
    at = next((n for n, word in enumerate(words) if n and word in _VERBS), None)
    if at is None:
        return None
    form = {"did": "past", "does": "s"}.get(found[2].lower(), "base")
    verb = inflected(words[at], form)  # type: ignore[arg-type]
    rest = " ".join(words[at + 1 :])
    asked = found[1].lower()
    is_object = asked.startswith(("how", "what")) and "year" not in asked
    behind = answer if is_object else _led(asked, answer)
    if asked.startswith("how many") and answer.rsplit(maxsplit=1)[-1].lower() != asked.split()[-1]:
        behind = f"{behind} {asked.split()[-1]}"
    parts = [behind, rest] if is_object else [rest, behind]
    return " ".join(filter(None, (*words[:at], verb, *parts)))


def _subject(question: str, answer: str) -> str | None:
    found = _SUBJECT.fullmatch(question)
    if found is not None and found[1].lower() in _PAST | {"can", "will", "could", "would", "may"}:
        if found[1].lower() in {"is", "are", "was", "were"} and not _MADE.search(found[2]):
            return None
        return f"{answer} {found[1]}{found[2]}"
    named = _NOUN.fullmatch(question)
    if named is None or named[2].lower() not in _PAST or "year" in named[1]:
        return None
    return f"{answer} {named[2]}{named[3]}"


def _led(asked: str, answer: str) -> str:
    """Put a preposition before a place or a time that has none, "because" before a reason."""
    if answer.split(maxsplit=1)[0].lower() in _PREPOSITIONS:
        return answer
    asked = asked.lower()
    if asked == "why":
        return answer if answer.lower().startswith("to ") else f"because {answer}"
    if asked == "how":
        return answer
    return f"{_LEADS.get(asked, 'in')} {answer}"
