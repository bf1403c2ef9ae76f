"""What kind of answer a question asks for, where that can be told from its words: a figure, a time
or a cause.

English only, as `qa.wording`. Most questions ask for none of these.
"""

import re
from functools import lru_cache
from typing import Literal

AnswerType = Literal["figure", "time", "cause"]

_ASKS: dict[AnswerType, re.Pattern[str]] = {
    "time": re.compile(
        r"\bhow (?:long|soon|often|frequently)\b|\bwhen\b(?! (?:i|you|we|they|it|the|a)\b.*,)"
        r"|\b(?:what|which) (?:year|date|day|month|time)\b",
        re.I,
    ),
    "figure": re.compile(
        r"\bhow (?:many|much|old|far|tall|big|large|fast|deep|high|common)\b"
        r"|\bwhat (?:percentage|percent|share|number|amount|rate|price|size)\b",
        re.I,
    ),
    "cause": re.compile(
        r"^\W*(?:so |and |but )?why\b|\bwhat (?:causes?|caused|makes|made|leads?|led)\b"
        r"|\breasons? (?:for|why|that|of)\b|\bhow come\b",
        re.I,
    ),
}
_NUMBER = (
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    r"fifty|hundred|thousand|million|billion|half|third|quarter|several|few|dozen|once|twice)\b"
)
_HOLDS: dict[AnswerType, re.Pattern[str]] = {
    "figure": re.compile(
        rf"{_NUMBER}|\b(?:rare|rarely|common|commonly|most|majority|all|none)\b", re.I
    ),
    "time": re.compile(
        rf"{_NUMBER}|\b(?:hours?|days?|weeks?|months?|years?|minutes?|daily|weekly|monthly|yearly|"
        r"immediately|always|never|until|before|after|during|if|once|century|morning|evening|night|"
        r"january|february|march|april|may|june|july|august|september|october|november|december)\b",
        re.I,
    ),
    "cause": re.compile(
        r"\b(?:because|since|due to|owing to|thanks to|caus(?:e|es|ed|ing)|reasons?|results? (?:of|"
        r"from|in)|resulting|leads? to|led to|leading to|triggers?|triggered|attributed to|stems? "
        r"from|arises? from|contribut(?:e|es|ed|ing) to|factors?|so that|therefore|thus|allowing|"
        r"exacerbat(?:e|es|ed))\b",
        re.I,
    ),
}

_STRENGTH: dict[AnswerType, float] = {"figure": 0.65, "time": 1.0, "cause": 1.5}
"""How much each kind tells, beside one another: fitted as `qa.answer.units.Weights` were."""


@lru_cache(maxsize=256)
def asked_for(question: str) -> AnswerType | None:
    """Return the kind of answer that a question asks for, None where its words do not tell."""
    return next((kind for kind, asks in _ASKS.items() if asks.search(question)), None)


def agreement(question: str, text: str) -> float:
    """Return more than 0 if a text holds what the question asks for, less if it does not.

    It is 0 where the question does not tell what it asks for.
    """
    kind = asked_for(question)
    if kind is None:
        return 0.0
    return _STRENGTH[kind] if _HOLDS[kind].search(text) else -_STRENGTH[kind]
