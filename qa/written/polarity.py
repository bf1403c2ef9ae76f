"""Whether a sentence says the opposite of what it cites: a negation more or less, an antonym."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.chunking.sentences import split_sentences
from index.records import Span
from index.search.terms import fold, stem
from index.structure.wording import STOPWORDS

_ALIKE = 0.5
"""Share of a sentence's content words that one which says the same holds at least."""
_NEARLY_AS_ALIKE = 0.75
"""Against the sentence that is most alike."""
_SCOPE = 6
"""Content words after a negation that it reaches."""

_NO_NEGATION = re.compile(
    r"\bnot (?:only|just|merely|least|to mention)\b|\bno (?:doubt|matter|sooner)\b|"
    r"\bno (?:more|less|fewer|later|earlier|higher|lower|greater|longer|larger) than\b|"
    r"\bnot (?:more|less|fewer|later|earlier|higher|lower|greater) than\b|"
    r"\b(?:whether )?or not\b|\bif not (?:all|most|more|impossible)\b|\bno\.? (?=\d)|"
    r"\bnever(?: |-)?ending\b|\bcannot (?:help|but)\b|\bnothing but\b|\bnonetheless\b|"
    r"\bnevertheless\b|\bwithout (?:doubt|question)\b|\bat (?:most|least)\b",
    re.I,
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|neither|nor|without|cannot|nothing|nobody|nowhere|no one|hardly|"
    r"rarely|seldom|rather than|instead of|except(?: for)?|unable to|unlikely to|"
    r"fail(?:s|ed|ing)? to|lack(?:s|ed|ing)?|refus(?:e|es|ed) to|avoid(?:s|ed|ing)?|"
    r"(?:refrain|abstain)(?:s|ed|ing)? from)\b|n't\b",
    re.I,
)
_SOFT = re.compile(
    r"\b(?:only|unless|poorly|wrongly|incorrectly|prevent\w*|prohibit\w*|forbid\w*|forbade|"
    r"ban(?:s|ned)?|den(?:y|ies|ied)|exclud\w+|absen\w+|free|instead|ignor\w+|neglect\w*|omit\w*|"
    r"miss(?:es|ed|ing)?|skip\w*|stop\w*|reject\w*|oppos\w+|contrary|cease\w*|zero|nil|barr?ed|"
    r"fail\w*|barely|scarcely|minimal\w*|other than|[a-z]{3,}less(?<!unless)(?<!regardless))\b",
    re.I,
)
"""Words that may negate in another way: a sentence with one is not judged by its negations."""
_CLAUSE_END = re.compile(
    r"[;:.!?()\n]|,(?! (?:or|nor|and)\b)|\s-\s|"
    r"\b(?:but|although|though|while|whereas|because|since|if|when|unless|which|who|so that|"
    r"however|then|as|"
    r"and (?:is|are|was|were|can|may|will|has|have|the|it|they|this|that|we|he|she))\b",
    re.I,
)
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_NOT_CONTENT = STOPWORDS | frozenset(
    "not no never none nor neither without cannot any also very just even still yet about there "
    "n't don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't "
    "mustn't haven't hasn't hadn't must would".split()
)
_LISTS = frozenset(("and", "or", "nor", "versus", "vs"))
_MOST_EXCHANGED = 4
"""Words of a stretch that changes places with another."""
_NEGATING_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "ab")

_OPPOSITES = """
increase increased increases increasing rise rises rose risen rising grow grows grew grown growing
growth climb climbed surge surged / decrease decreased decreases decreasing decline declined
declines declining fall falls fell fallen falling drop dropped drops shrink shrank shrunk shrinks
reduce reduced reduces reducing reduction diminish diminished diminishes | more higher larger
greater bigger / less fewer lower smaller | before prior / after following | above / below | always
/ never rarely seldom | all every / none | maximum most highest largest greatest biggest / minimum
least lowest smallest fewest | allow allows allowed permit permits permitted / forbid forbids
forbidden forbade prohibit prohibits prohibited ban banned bans disallow disallowed | cause causes
caused trigger triggers triggered induce induces induced / prevent prevents prevented | better
improve improves improved improving improvement best / worse worsen worsens worsened worsening
worst exacerbate exacerbates deteriorate deteriorated | safe safely harmless / dangerous unsafe
hazardous harmful | legal lawful / illegal unlawful | accept accepted accepts approve approved
approves / reject rejected rejects refuse refused refuses deny denied | include includes included
including / exclude excludes excluded excluding | win won wins victory / lose lost loses defeat |
profit profits income gain gains / loss losses deficit | buy bought buys purchase purchased
purchases acquire acquired / sell sold sells | import imports imported / export exports exported |
male males men man boys / female females women woman girls | north northern / south southern / east
eastern / west western | majority / minority | positive positively / negative negatively | opened
opens / closed closes | first / last | hot / cold | warm warmer / cool cooler | earlier earliest /
later latest | internal inside indoor indoors / external outside outdoor outdoors | assets /
liabilities | true / false | strengthen strengthens strengthened strong stronger strongest / weaken
weakens weakened weak weaker weakest | faster fastest quicker / slower slowest | older oldest elder
/ younger youngest newest | temporary temporarily / permanent permanently | benign / malignant |
acute / chronic | oral orally / topical topically / intravenous intravenously | enable enables
enabled / disable disables disabled | required mandatory compulsory obligatory / optional voluntary
| succeed succeeded succeeds success successful successfully / fail failed fails failure
unsuccessful unsuccessfully | public / private | agree agreed agrees / disagree disagreed disagrees
| daily / weekly / monthly / quarterly / yearly annual annually | morning / afternoon / evening /
night overnight | summer / winter / spring / autumn | upstream / downstream | clockwise /
counterclockwise anticlockwise | left / right | visible / invisible | encourage encourages
encouraged / discourage discourages discouraged | add adds added / remove removes removed | hire
hired / fire fired dismissed | support supports supported / oppose opposes opposed | upgrade
upgraded / downgrade downgraded | longer longest / shorter shortest | shorter shorten shortens
shortened / longer lengthen prolong prolongs prolonged prolongation | wide wider widen / narrow
narrower | inhibit inhibits inhibited suppress suppresses suppressed / activate activates activated
promote promotes promoted stimulate stimulates stimulated | decrease decreases decreased decreasing
reduction / enhance enhances enhanced promote promotes promoted | black / white / red / green /
blue / yellow | parents parent mother father / children child son daughter | husband / wife | lend
lends lent lender landlord lessor / borrow borrows borrowed borrower tenant lessee | employer /
employee employees | tighten tightens tightened / loosen loosens loosened | lock locks locked /
unlock unlocks unlocked | connect connects connected / disconnect disconnects disconnected | full /
empty | expensive / cheap inexpensive | rich / poor | rural / urban | domestic / foreign | ancient
/ modern | upper / lower | heavier heaviest / lighter lightest | high highly / low | big large huge
/ small tiny | long / short | fast quickly / slow slowly | old / new | good / bad | begins began
begun start starts started / ends ended finished | create creates created / destroy destroys
destroyed | similar same identical / different | easy easily / difficult hard | simple / complex
complicated | common commonly frequent frequently often / rare rarely infrequent uncommon | major /
minor | national / local | active / passive | day / night | minimize minimizes minimise minimizing
/ maximize maximizes maximise maximizing | direct directly / indirect indirectly | single /
multiple several | credit / debit | liquid / solid | wet / dry | mild / severe | joined joins join
/ left leaves leave
| open / closed | guilty convicted convicts / innocent acquitted acquits | recommended advised /
mandatory compulsory obligatory | gross / net | inflow inflows / outflow outflows | revenue revenues
/ expense expenses | basic / diluted | inner / outer | top / bottom | alive / dead | present /
present / absent | inhale inhales inhaled / exhale exhales exhaled | overweight / underweight |
hypertension / hypotension | plaintiff plaintiffs claimant / defendant defendants | buyer buyers /
seller sellers | heat heats heated heating / cool cools cooled cooling | input inputs / output
outputs | upload uploads uploaded / download downloads downloaded | arrive arrives arrived arrival /
depart departs departed departure | teacher teachers / student students pupil pupils | acidic /
alkaline | thick thicker / thin thinner | dry drier / oily oilier
"""
"""Groups of opposites between bars; a slash stands between opposites."""


_STRENGTHS = """
some several many most few part partly / all every each entirely completely everyone | sometimes
often usually generally typically commonly frequently occasionally normally rarely / always
invariably | may might could can possibly potentially perhaps / will must always certainly
definitely inevitably | suggest suggests suggested indicate indicates indicated appear appears seem
seems / prove proves proved proven confirm confirms confirmed | likely probable probably possible /
certain certainly definitely inevitably guaranteed | associated linked correlated / cause causes
caused | should recommended advised / must required mandatory
"""
"""Weak words and, behind the slash, stronger ones that claim more."""


def _groups(listed: str) -> tuple[tuple[frozenset[str], ...], ...]:
    groups = " ".join(listed.split()).split(" | ")
    return tuple(tuple(frozenset(side.split()) for side in each.split(" / ")) for each in groups)


_GROUPS = _groups(_OPPOSITES)
_WEAK_AND_STRONG = _groups(_STRENGTHS)


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence: its words, the stems of its content words, and which of these are negated.

    `soft` has its words that may negate in another way.
    """

    words: frozenset[str]
    content: frozenset[str]
    negated: frozenset[str]
    scopes: tuple[tuple[str, ...], ...]
    soft: frozenset[str]

    @property
    def affirmed(self) -> frozenset[str]:
        """The words that no negation reaches."""
        return frozenset(word for word in self.words if stem(word) not in self.negated)


def reversed_meaning(sentence: str, cited: str) -> str | None:
    """Return what is wrong if a sentence says the opposite of the cited sentences most like it.

    Both are texts as `rules.normalised` gives them. Nothing is decided where no sentence is much
    alike.
    """
    said = _said(sentence)
    if not said.content:
        return None
    sentences = _all(cited)
    shares = [(len(said.content & other.content) / len(said.content), other) for other in sentences]
    best = max((share for share, _ in shares), default=0.0)
    if best < _ALIKE:
        return None
    like = [other for share, other in shares if share >= max(_ALIKE, best * _NEARLY_AS_ALIKE)]
    return (
        _other_negation(said, like, sentences)
        or _other_direction(said, like)
        or _overstated(said, like)
    )


def _other_negation(said: _Said, like: Sequence[_Said], every: Sequence[_Said]) -> str | None:
    if all(other.soft <= said.soft for other in like):
        for scope in said.scopes:
            if _is_affirmed(frozenset(scope), like, every):
                return "It is negated, and what it cites is not."
    if said.scopes or any(not said.soft <= other.soft for other in like):
        return None
    # One sentence that says it without a negation is enough.
    if all(any(_denies(scope, said) for scope in other.scopes) for other in like):
        return "It is not negated, and what it cites is."
    return None


def _is_affirmed(scope: frozenset[str], like: Sequence[_Said], every: Sequence[_Said]) -> bool:
    """Tell whether what a sentence negates is said, and nowhere negated."""
    if not any(scope & other.content for other in like):
        return False
    if any(scope & (other.negated | _opposed_by_prefix(scope, other)) for other in like):
        return False
    return not any(len(scope & other.negated) * 2 > len(scope) for other in every)


def _denies(scope: tuple[str, ...], said: _Said) -> bool:
    """Tell whether a sentence says most of what is negated, and that of which it is: its verb."""
    shared = said.content.intersection(scope)
    verb = next((word for word in scope if not word.endswith(("li", "ly"))), scope[0])
    if _opposed_by_prefix(scope, said):
        return False
    return verb in shared and 2 * len(shared) >= len(set(scope))


def _opposed_by_prefix(scope: Iterable[str], other: _Said) -> frozenset[str]:
    """Return the stems of a scope that stand in a sentence with a negating prefix."""
    return frozenset(
        each
        for each in scope
        if any(f"{prefix}{each}" in other.content for prefix in _NEGATING_PREFIXES)
    )


def _other_direction(said: _Said, like: Sequence[_Said]) -> str | None:
    """Return what is wrong if a sentence has a word, and all those like it its opposite only."""
    for group in _GROUPS:
        for side in group:
            opposite = {word for other in group if other is not side for word in other}
            mine = side & said.affirmed
            if not mine or opposite & said.words or any(side & each.words for each in like):
                continue
            theirs = [opposite & each.affirmed for each in like]
            if all(theirs):
                return f"It says “{min(mine)}”, and what it cites says “{min(theirs[0])}”."
    for word in said.affirmed:
        if opposed := _by_prefix(word, said, like):
            return f"It says “{word}”, and what it cites says “{opposed}”."
    return None


def _overstated(said: _Said, like: Sequence[_Said]) -> str | None:
    """Return what is wrong if a sentence is stronger than all those like it."""
    for weak, strong in _WEAK_AND_STRONG:
        mine = strong & said.affirmed
        if not mine or weak & said.words or any(strong & each.words for each in like):
            continue
        theirs = [weak & each.words for each in like]
        if all(theirs):
            return f"It says “{min(mine)}”, and what it cites says “{min(theirs[0])}”."
    return None


def _by_prefix(word: str, said: _Said, like: Sequence[_Said]) -> str | None:
    """Return the word that differs in a negating prefix, if all cited sentences have that only."""
    opposites = {f"{prefix}{word}" for prefix in _NEGATING_PREFIXES if len(word) >= 4}
    opposites |= {
        word.removeprefix(prefix)
        for prefix in _NEGATING_PREFIXES
        if word.startswith(prefix) and len(word) - len(prefix) >= 4
    }
    opposites -= said.words
    if all(opposites & each.affirmed and word not in each.words for each in like):
        return min(opposites & like[0].affirmed)
    return None


def exchanged(sentence: str, cited: str) -> tuple[str, str] | None:
    """Return two stretches that have changed places in a sentence that is cited but for that.

    Both are texts as `rules.normalised` gives them. In a list the order does not matter.
    """
    said = _in_order(sentence)
    found: tuple[str, str] | None = None
    for held in map(_in_order, _sentences(cited)):
        for start in range(len(held) - len(said) + 1):
            part = held[start : start + len(said)]
            if part == said:
                return None
            found = found or _change_of_places(said, part)
    return found


def _change_of_places(said: Sequence[str], held: Sequence[str]) -> tuple[str, str] | None:
    apart = [at for at, (one, other) in enumerate(zip(said, held, strict=True)) if one != other]
    half = len(apart) // 2
    if not apart or len(apart) % 2 or half > _MOST_EXCHANGED:
        return None
    (first, end), (second, last) = (apart[0], apart[half - 1] + 1), (apart[half], apart[-1] + 1)
    changed = said[first:end] == held[second:last] and said[second:last] == held[first:end]
    if not changed or end - first != half or _LISTS & {*said[end:second]} or end == second:
        return None
    return " ".join(said[first:end]), " ".join(said[second:last])


def _in_order(sentence: str) -> list[str]:
    return [match[0] for match in _WORD.finditer(fold(sentence))]


@lru_cache(maxsize=128)
def _all(cited: str) -> tuple[_Said, ...]:
    return tuple(_said(sentence) for sentence in _sentences(cited))


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for line in text.splitlines(keepends=True):
        for sentence in split_sentences(text, Span(start, start + len(line))):
            yield sentence.of(text)
        start += len(line)


def _said(sentence: str) -> _Said:
    folded = fold(sentence)
    plain = _NO_NEGATION.sub(lambda match: " " * len(match[0]), folded)
    ends = [match.start() for match in _CLAUSE_END.finditer(plain)]
    content = [
        (match.start(), stem(match[0]))
        for match in _WORD.finditer(plain)
        if match[0] not in _NOT_CONTENT
    ]
    scopes: list[tuple[str, ...]] = []
    negations = list(_NEGATION.finditer(plain))
    ends = sorted([*ends, *(negation.start() for negation in negations)])
    for negation in negations:
        end = next((end for end in ends if end >= negation.end()), len(plain))
        reached = [word for at, word in content if negation.end() <= at < end][:_SCOPE]
        if reached:
            scopes.append(tuple(reached))
    words = {match[0].removesuffix("'s") for match in _WORD.finditer(plain)}
    words |= {part for word in words for part in word.split("-")}
    return _Said(
        words=frozenset(words),
        content=frozenset(word for _, word in content),
        negated=frozenset(word for scope in scopes for word in scope),
        scopes=tuple(scopes),
        soft=frozenset(match[0] for match in _SOFT.finditer(plain)),
    )
