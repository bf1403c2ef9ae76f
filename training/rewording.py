"""Questions in other words: synonyms, everyday speech, a few words only.

Answered and unanswered rows alike are reworded, so that odd wording itself tells nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from random import Random

STOP_WORDS = frozenset(
    "a an the is are was were do does did of in on to for by with and or be been can could how "
    "what which who whom where when why that this it its there from as at has have had will would "
    "should their his her they he she you your i my me we our about into than then so".split()
)
_KEPT = STOP_WORDS | frozenset(
    "not no never none without only all every any each other same many much more most less few "
    "some long far first last before after under over free".split()
)
_WORD = re.compile(r"[A-Za-z]+(?!['’\w])")
_TOKEN = re.compile(r"\S+")
_MOST_EXCHANGED = 3

_EVERYDAY = """
physician=doctor,doc|physicians=doctors|children=kids|child=kid|purchase=buy,get|purchased=bought,got
purchasing=buying|receive=get|received=got|obtain=get|obtained=got|require=need|requires=needs
required=needed|assist=help|assistance=help|commence=start|commenced=started|begin=start,kick off
began=started|begins=starts|established=set up,started|founded=set up,started|create=make
created=made|construct=build|constructed=built,put up|reside=live|resided=lived|located=found
symptoms=signs,problems|treatments=therapies,remedies|treatment=therapy,remedy|treated=helped
medication=medicine,drug,pills|medications=medicines,drugs|disease=illness|disorder=condition
illness=sickness|infection=bug|infected=sick|physicians=doctors|pain=ache,hurting|fever=temperature
diagnosed=found,spotted|diagnose=find,spot|prevent=stop,avoid|reduce=cut,lower,bring down
reduces=cuts,lowers|reduced=cut,lowered|increase=raise,push up|increases=raises,pushes up
increased=went up,raised|decrease=drop,go down|decreased=dropped,went down|approximately=around
father=dad|mother=mum,mom|grandmother=grandma|husband=partner|wife=partner|man=guy|men=guys
people=folks|person=someone|author=writer,person writing|individuals=people|employed=hired
employees=staff,workers|employee=worker|salary=pay|wages=pay|money=cash|cost=price|costs=prices
expensive=pricey|inexpensive=cheap|vehicle=car|vehicles=cars|automobile=car|television=tv
telephone=phone|photograph=photo|movie=film|film=movie|large=big|largest=biggest|huge=massive
small=little|smallest=littlest|significant=big|important=key,big|difficult=hard|intelligent=smart
angry=mad|begin=start|complete=finish|completed=finished,done|ended=finished,stopped|occur=happen
occurred=happened,took place|occurs=happens|died=passed away|die=pass away
sufficient=enough|numerous=lots of|rapidly=fast|quickly=fast
immediately=right away|frequently=often|primarily=mainly|currently=now,at the moment
previously=before|permitted=allowed|permit=allow|prohibited=banned|prohibit=ban|defeated=beat
attempt=try|attempted=tried|discovered=found,found out|discover=find|examine=look at,check
examined=looked at,checked|demonstrate=show|demonstrated=showed|considered=seen as,thought to be
known=called|named=called|term=word,name|type=kind,sort|types=kinds,sorts|method=way|methods=ways
purpose=point,goal|reason=cause|benefits=upsides,good sides|effects=results|effect=result
inherited=passed down,in the family|used=made use of|allowed=let|responsible=behind it
inhabitants=people living|population=number of people|country=nation,land|city=town|war=fighting
"""
_PHRASES = """
what are the symptoms of=how do i know if i have,what does it feel like to have,signs of
what are the treatments for=how do you get rid of,what helps with,what can be done about,cure for
what causes=why do people get,how do you end up with
what is (are)=what is,tell me about,what's,explain
how many people are affected by=how common is,how rare is
how to diagnose=how do doctors find,how do they test for
how to prevent=how do i avoid,how not to get
what are the genetic changes related to=which genes are behind,what is wrong in the genes with
what is the outlook for=how does it go on with,will i recover from
what is the name of=what do they call,what's
in what year=when,what year|in which year=when|how many=what number of,how much
how long=how much time|how much=what amount of|why=how come,what's the reason
where=in what place,what place|when=at what time,what time,since when
what type of=what kind of,what sort of|what kind of=what sort of|what is=what's|who is=who's
what are=what're|is not=isn't|do not=don't|does not=doesn't|did not=didn't|are not=aren't
"""
_OPENINGS = (
    *("hey, ", "so ", "ok so ", "hi, ", "quick question: ", "anyone know ", "do you know "),
    *("can you tell me ", "i want to know ", "just wondering, ", "could you check ", "um, "),
)
_ENDINGS = (" please", " thanks", "??", " again", " exactly", " then", ", any idea?", "")


def _pairs(lines: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in lines.replace("\n", "|").split("|"):
        formal, equals, everyday = each.partition("=")
        if equals:
            found.setdefault(formal, []).extend(everyday.split(","))
    return found


_EVERYDAY_WORDS = _pairs(_EVERYDAY)
_EVERYDAY_PHRASES = _pairs(_PHRASES)
_PHRASE = re.compile(
    "|".join(rf"\b{re.escape(each)}(?!\w)" for each in sorted(_EVERYDAY_PHRASES, key=len)[::-1]),
    re.IGNORECASE,
)


def words_in(questions: Iterable[str]) -> set[str]:
    """Return the words in lower case that could be exchanged."""
    return {
        word
        for question in questions
        for word in _WORD.findall(question)
        if word.islower() and word not in _KEPT
    }


def reworded(
    question: str, synonyms: Mapping[str, Sequence[str]], random: Random, *, whole: bool
) -> str:
    """Return the question in other words; as it is where no rule fits.

    Names and figures stay. `whole` keeps what is asked whole: no content word is left out.
    """
    chance = random.random()
    if chance < 0.6:
        question = exchanged(question, synonyms, random)
    if 0.4 < chance < 0.75:
        question = _chatted(question, random)
    if chance >= 0.75:
        if random.random() < 0.5:
            question = exchanged(question, synonyms, random)
        question = _shortened(question, random, whole=whole)
    return question.rstrip(" ?.").lower() if random.random() < 0.35 else question


def exchanged(question: str, synonyms: Mapping[str, Sequence[str]], random: Random) -> str:
    """Exchange one to three words for synonyms."""
    own = [
        (match, [*synonyms.get(match.group(), ()), *_EVERYDAY_WORDS.get(match.group(), ())])
        for match in _WORD.finditer(question)
        if match.group().islower() and match.group() not in _KEPT
    ]
    own = [(match, others) for match, others in own if others]
    chosen = random.sample(own, min(len(own), random.randint(1, _MOST_EXCHANGED)))
    for match, others in sorted(chosen, key=lambda each: -each[0].start()):
        question = question[: match.start()] + random.choice(others) + question[match.end() :]
    return question


def _chatted(question: str, random: Random) -> str:
    """Turn it into everyday speech: set phrases, everyday words, an opening, an ending."""

    def everyday(match: re.Match[str]) -> str:
        other = random.choice(_EVERYDAY_PHRASES[match.group().lower()])
        return other[0].upper() + other[1:] if match.group()[0].isupper() else other

    question = _PHRASE.sub(everyday, question, count=1)
    if random.random() < 0.5:
        question = exchanged(question, {}, random)
    if random.random() < 0.4:
        question = random.choice(_OPENINGS) + question[:1].lower() + question[1:]
    if random.random() < 0.3:
        question = question.rstrip(" ?.") + random.choice(_ENDINGS)
    return question


def _shortened(question: str, random: Random, *, whole: bool) -> str:
    """Leave the content words, or but some of them; names and figures always."""
    words = [match.group().strip("?,;:") for match in _TOKEN.finditer(question.rstrip(" ?."))]
    content = [at for at, word in enumerate(words) if word and word.lower() not in STOP_WORDS]
    if len(content) < 2:
        return question
    if whole:
        kept = set(content)
    else:
        kept = {at for at in content if at and not words[at].islower()}
        count = max(2, round(len(content) * random.uniform(0.4, 0.8)))
        others = [at for at in content if at not in kept]
        kept |= set(random.sample(others, max(0, min(len(others), count - len(kept)))))
    shown = sorted(kept)
    if random.random() < 0.2:
        random.shuffle(shown)
    return " ".join(words[at] for at in shown)
