"""Claims about texts, supported and not: what the checker of written sentences learns from.

Nearly all are made by rule from the reader's rows. A supported claim is a sentence of the text in
other words, several together, or the statement that a question and its answer make. An
unsupported one has a fact changed: a number, a name, a unit, a negation, a direction, a hedge, the
subject; or it is joined with what stands elsewhere; or it is about another text. Claims that people
judged come from WiCE and from SciFact's training claims.
"""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from index.chunking.sentences import split_sentences
from index.records import Span
from training.augmentation import HALVED_SOURCES
from training.corruptions import corrupted, names_in
from training.declaring import declared
from training.rewording import exchanged
from training.rows import Row, share

_DECLARED = frozenset(
    {"shift-new_wiki", "shift-reddit", "shift-amazon_reviews", "squad2", "covidqa"}
)
_TABLES = frozenset({"tatqa", "wtq"})
_LONGEST_ANSWER = 80
_FEWEST_WORDS, _MOST_WORDS = 5, 45
_JUDGED_EACH = 3
_OF_HALVED_SOURCES = 0.4
_ALONE = 0.4
"""How often the sentence that a claim is about stands alone; else with the one before and after."""
WICE_TRAINED = 0.5
"""Of WiCE's claims, by `share`; the others measure."""
_MOST_WORDS_OF_WINDOW = 80

_UNITS = """
percent percentage~points|% per~mille|million billion|millions billions|thousand million|mg g
mg ml|g kg|mm cm|cm m|m km|miles kilometers|hours days|hour day|days weeks|day week|weeks months
week month|months years|month year|minutes hours|minute hour|seconds minutes|dollars euros
pounds kilograms|daily weekly|weekly monthly|monthly yearly|January March|February May|April June
July September|August October|November December|Monday Thursday|Tuesday Friday|Saturday Sunday
first second|second third
"""
_HEDGES = """
may will|might will|can must|could did|some all|some most|many all|most all|several all
often always|usually always|sometimes always|rarely never|likely certainly|probably certainly
suggests proves|suggest prove|suggested proved|associated~with caused~by|linked~to caused~by
correlated~with caused~by|mice humans|rats humans|patients children|women men|men women
adults children|at~least exactly|about exactly|approximately exactly|up~to at~least
at~least at~most|more~than less~than|over under|before after|after before|because although
and without|with without|only also|until since|from to|increase reduce|increases reduces
increased reduced|reduce increase|reduces increases|reduced increased|cause prevent
causes prevents|caused prevented|because~of despite|due~to despite|above below|into out~of
"""


def _swaps(pairs: str) -> list[tuple[re.Pattern[str], str]]:
    words = [word.replace("~", " ") for word in pairs.replace("|", " ").split()]
    return [
        (re.compile(rf"(?<![^\W\d_]){re.escape(one)}(?!\w)"), other)
        for one, other in zip(words[::2], words[1::2], strict=True)
    ]


_UNIT_SWAPS = _swaps(_UNITS)
_HEDGE_SWAPS = _swaps(_HEDGES)
_BRACKETS = re.compile(r"\s*\([^()]*\)|\s*\[[^\[\]]*\]")
_FRONTED = re.compile(
    r"((?:In|On|At|During|After|Before|By|For|With|When|If|While|Since|Because|As)\s[^,]{4,60}), "
    r"(.+?)([.!])$"
)
_TAIL = re.compile(
    r"(.{20,}?)(?:, (?:which|who|where|but|while|although|and|including|such as|as well as)\b|; ).+"
)
_PRONOUN = re.compile(r"(?:It|This|He|She|They|The \w+) (is|was|are|were|has|had|can|will|may)\b")
_SPLIT = re.compile(
    r"\b(is|are|was|were|has|have|had|can|may|will|includes?|causes?|became|began|led|won)\b"
)
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?!\w)")


@dataclass(frozen=True, slots=True)
class _Text:
    """A row's text with its sentences, and others of its document that are not in it."""

    row: Row
    sentences: Sequence[Span]
    others: Sequence[str]
    names: Sequence[str]

    def sentence(self, number: int) -> str:
        return " ".join(self.sentences[number].of(self.row.text).split())


def claims(
    rows: Sequence[Row], synonyms: Mapping[str, Sequence[str]], random: Random
) -> Iterator[Row]:
    """Yield claims made by rule of the rows: `question` is the claim, `span` what supports it."""
    by_document: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_document[f"{row.source}/{row.document}"].append(row)
    texts: set[str] = set()
    for row in rows:
        near = by_document[f"{row.source}/{row.document}"]
        yield from _declared(row, near, synonyms, random)
        if row.text not in texts and row.source not in _TABLES and _is_taken(row, random):
            texts.add(row.text)
            yield from _of_text(_text(row, near, random), synonyms, random)


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims made by rule, and those that people judged: what passes are drawn from."""

    made: Sequence[Row]
    judged: Sequence[Row]

    def rows_of_pass(self, count: int, random: Random) -> list[Row]:
        """Return `count` of those made by rule, half of them supported, and the others twice."""
        supported = [row for row in self.made if row.answered]
        unsupported = [row for row in self.made if not row.answered]
        drawn = [
            row
            for rows in (supported, unsupported)
            for row in random.sample(rows, min(count // 2, len(rows)))
        ]
        return [_below_subject(row, random) for row in (*drawn, *self.judged, *self.judged)]


def _below_subject(row: Row, random: Random) -> Row:
    return replace(row, above=row.subject) if row.subject and random.random() < 0.5 else row


def _is_taken(row: Row, random: Random) -> bool:
    return row.source not in HALVED_SOURCES or random.random() < _OF_HALVED_SOURCES


def judged_claims(data: Path, random: Random) -> Iterator[Row]:
    """Yield claims that people judged, each with several windows of what it is judged by."""
    yield from _wice(data / "wice" / "claim-dev.jsonl.gz")
    yield from _scifact(data / "scifact", random)


def _text(row: Row, near: Sequence[Row], random: Random) -> _Text:
    sentences = split_sentences(row.text, Span(0, len(row.text)))
    others: list[str] = []
    for other in random.sample(near, min(6, len(near))):
        if other.text != row.text:
            spans = split_sentences(other.text, Span(0, len(other.text)))
            others += (own for span in spans if (own := span.of(other.text)) not in row.text)
    texts = [other.text for other in random.sample(near, min(6, len(near)))]
    names = [name for text in texts for name in names_in(text)]
    return _Text(row, sentences, [" ".join(each.split()) for each in others], names)


# --- From a question and its answer ---


def _declared(
    row: Row, near: Sequence[Row], synonyms: Mapping[str, Sequence[str]], random: Random
) -> Iterator[Row]:
    is_table = row.source in _TABLES
    if row.source not in _DECLARED and not is_table:
        return
    if row.span is None:
        if row.made in {"cut", "hard", "row", "label", "other"} and random.random() < 0.5:
            likely = [each for each in near if each.question == row.question and each.span]
            answer = _answer(likely[0]) if likely else _any_answer(row, near, random)
            if answer and (claim := declared(row.question, answer)):
                yield _claim(row, _tidied(claim, synonyms, random), None, "elsewhere")
        return
    claim = declared(row.question, _answer(row))
    if claim is None:
        return
    yield _claim(row, _tidied(claim, synonyms, random), row.span, "declared")
    changes: list[Callable[[], str | None]] = [
        lambda: declared(row.question, _other_answer(row, near, random) or ""),
        lambda: _changed(claim, row, (), random),
    ]
    random.shuffle(changes)
    for change in changes:
        wrong = change()
        if wrong and wrong != claim:
            yield _claim(row, _tidied(wrong, synonyms, random), None, "changed")
            break


def _answer(row: Row) -> str:
    answer = row.text[slice(*row.span)] if row.span else ""
    return answer if len(answer) <= _LONGEST_ANSWER and "\n" not in answer else ""


def _any_answer(row: Row, near: Sequence[Row], random: Random) -> str:
    """Return something in the text that a question of the document has for an answer, or ""."""
    answers = [_answer(other) for other in random.sample(near, min(12, len(near))) if other.span]
    within = [answer for answer in answers if answer and answer in row.text]
    return random.choice(within) if within else ""


def _other_answer(row: Row, near: Sequence[Row], random: Random) -> str | None:
    """Return another answer of the same kind, rather one that stands in the text."""
    own = _answer(row)
    answers = {_answer(other) for other in near if other.span and other.text == row.text}
    numbers = _NUMBER.findall(row.text) if _NUMBER.search(own) else names_in(row.text)
    within = [each for each in {*answers, *numbers} if each and each not in own and own not in each]
    if not within:
        within = [_answer(other) for other in random.sample(near, min(8, len(near))) if other.span]
        within = [each for each in within if each and each not in row.text]
    return random.choice(sorted(within)) if within else None


# --- From the sentences of a text ---


def _of_text(text: _Text, synonyms: Mapping[str, Sequence[str]], random: Random) -> Iterator[Row]:
    usable = [
        number
        for number in range(len(text.sentences))
        if _FEWEST_WORDS <= len(text.sentence(number).split()) <= _MOST_WORDS
        and not text.sentence(number).endswith("?")
    ]
    for number in random.sample(usable, min(2, len(usable))):
        claim, span = _said(text, number, usable, random)
        claim = _tidied(claim, synonyms, random, verbatim=0.15)
        row, span = _cut(text, span, random)
        yield _claim(row, claim, span, "said")
        for wrong, made in _wrong(text, number, claim, usable, random):
            yield _claim(row, wrong, None, made)
    if text.others and random.random() < 0.5:
        other = random.choice(text.others)
        if _FEWEST_WORDS <= len(other.split()) <= _MOST_WORDS and not other.endswith("?"):
            yield _claim(text.row, _tidied(other, synonyms, random), None, "elsewhere")


def _cut(text: _Text, span: tuple[int, int], random: Random) -> tuple[Row, tuple[int, int]]:
    """Leave the sentences in `span`, and perhaps one before and one after, as what is cited has."""
    start, end = span
    if random.random() >= _ALONE:
        start = max((each.start for each in text.sentences if each.end <= start), default=start)
        end = min((each.end for each in text.sentences if each.start >= end), default=end)
    return replace(text.row, text=text.row.text[start:end]), (span[0] - start, span[1] - start)


def _said(
    text: _Text, number: int, usable: Sequence[int], random: Random
) -> tuple[str, tuple[int, int]]:
    """Return a sentence, or two together, in another form, and where they stand."""
    span = text.sentences[number]
    sentence = text.sentence(number)
    if random.random() < 0.2 and number + 1 in usable:
        following = text.sentence(number + 1)
        joined = f"{sentence.rstrip('.')}, and {_lowered(following)}"
        if len(joined.split()) <= _MOST_WORDS + 15:
            return joined, (span.start, text.sentences[number + 1].end)
    subject = text.row.subject
    if subject and len(subject.split()) <= 5 and random.random() < 0.7:
        sentence = (
            _PRONOUN.sub(lambda found: f"{subject} {found[1]}", sentence, count=1)
            if sentence.startswith(("It ", "This is", "He ", "She ", "They "))
            else sentence
        )
    if random.random() < 0.7:
        sentence = _BRACKETS.sub("", sentence)
    if random.random() < 0.5 and (found := _FRONTED.fullmatch(sentence)):
        sentence = f"{found[2][:1].upper()}{found[2][1:]} {_lowered(found[1])}{found[3]}"
    elif (
        random.random() < 0.5 and (found := _TAIL.fullmatch(sentence)) and len(found[1].split()) > 4
    ):
        sentence = f"{found[1]}."
    return sentence, (span.start, span.end)


def _wrong(
    text: _Text, number: int, claim: str, usable: Sequence[int], random: Random
) -> Iterator[tuple[str, str]]:
    """Yield one or two unsupported forms of a claim, and how each was made."""
    rules: list[tuple[str, Callable[[], str | None]]] = [
        ("changed", lambda: _changed(claim, text.row, text.names, random)),
        ("changed", lambda: _changed(claim, text.row, text.names, random)),
        ("joined", lambda: _joined(claim, text, random)),
        ("crossed", lambda: _crossed(text, number, usable, random)),
        ("hedge", lambda: _swapped(claim, _HEDGE_SWAPS, random)),
    ]
    random.shuffle(rules)
    wanted = 1 if random.random() < 0.5 else 2
    for made, rule in rules:
        wrong = rule()
        if wrong and wrong != claim and wrong not in text.row.text:
            yield wrong, made
            wanted -= 1
            if not wanted:
                return


def _changed(claim: str, row: Row, names: Sequence[str], random: Random) -> str | None:
    """Change a number, a name, a unit, a direction, or the negation."""
    if random.random() < 0.15 and (swapped := _swapped(claim, _UNIT_SWAPS, random)):
        return swapped
    return corrupted(claim, row.text, list(names) or names_in(row.text), random)


def _swapped(
    claim: str, swaps: Sequence[tuple[re.Pattern[str], str]], random: Random
) -> str | None:
    fitting = [(pattern, other) for pattern, other in swaps if pattern.search(claim)]
    if not fitting:
        return None
    pattern, other = random.choice(fitting)
    return pattern.sub(other, claim, count=1)


def _joined(claim: str, text: _Text, random: Random) -> str | None:
    """Join a claim with what another passage of the document says."""
    if not text.others:
        return None
    other = random.choice(text.others)
    if len(other.split()) > 30:
        other = " ".join(other.split()[:30])
    link = random.choice((", and ", ", because ", ", so ", ", which means that ", "; "))
    return f"{claim.rstrip('.!')}{link}{_lowered(other).rstrip('.')}."


def _crossed(text: _Text, number: int, usable: Sequence[int], random: Random) -> str | None:
    """Give the subject of a sentence what another sentence of the text says of its own."""
    others = [each for each in usable if each != number]
    if not others:
        return None
    own, other = text.sentence(number), text.sentence(random.choice(others))
    first, second = _SPLIT.search(own), _SPLIT.search(other)
    if not first or not second:
        return None
    subject, said = own[: first.start()], other[: second.start()].strip().lower()
    if not said or subject.strip().lower() in {"", said, *_PRONOUNS}:
        return None
    return subject + other[second.start() :]


def _tidied(
    claim: str, synonyms: Mapping[str, Sequence[str]], random: Random, verbatim: float = 0.3
) -> str:
    """Exchange some words for synonyms, so that wording alone tells nothing."""
    if random.random() < verbatim:
        return claim
    return exchanged(claim, synonyms, random)


def _lowered(sentence: str) -> str:
    """Return a sentence that goes on from another: in lower case, if it begins with no name."""
    first = sentence.split(" ", 1)[0]
    return sentence[:1].lower() + sentence[1:] if first.lower() in _OPENERS else sentence


_PRONOUNS = frozenset("it this he she they there i we".split())
_OPENERS = _PRONOUNS - {"i"} | frozenset(
    "the a an in on at that these those its their his her for from with by to as when while if "
    "after before during since because although most some many all each one".split()
)


def _claim(row: Row, claim: str, span: tuple[int, int] | None, made: str) -> Row:
    return replace(row, made=made, question=claim, span=span)


# --- Claims that people judged ---


def _wice(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for fields in map(json.loads, lines):
            claim, evidence = fields["claim"], fields["evidence"]
            if share(claim) >= WICE_TRAINED:
                continue
            supported = fields["label"] == "supported"
            for numbers in fields["supporting_sentences"]:
                text, span = _window(evidence, numbers)
                yield _judged("wice", claim, text, span if supported else None)
                if supported and len(numbers) > 1:
                    yield _judged("wice", claim, evidence[numbers[0]], None)
            supporting = {number for each in fields["supporting_sentences"] for number in each}
            for number in _nearest(claim, evidence, _JUDGED_EACH):
                around = {n for n in (number - 1, number, number + 1) if 0 <= n < len(evidence)}
                if not supported or not supporting & around:
                    yield _judged("wice", claim, _window(evidence, sorted(around))[0], None)


def _scifact(folder: Path, random: Random) -> Iterator[Row]:
    trained, tested = (_queries_of(folder / "qrels" / name) for name in ("train.tsv", "test.tsv"))
    abstracts = {abstract["_id"]: abstract for abstract in _json_lines(folder / "corpus.jsonl")}
    for query in _json_lines(folder / "queries.jsonl"):
        if query["_id"] in trained - tested:
            for identifier, judgements in query["metadata"].items():
                yield from _of_abstract(query["text"], abstracts[identifier], judgements, random)


def _of_abstract(
    claim: str, abstract: Mapping[str, str], judgements: Sequence[Any], random: Random
) -> Iterator[Row]:
    title, text = abstract["title"], abstract["text"]
    sentences = [span.of(text) for span in split_sentences(text, Span(0, len(text)))]
    for judged in judgements:
        numbers = [number for number in judged["sentences"] if number < len(sentences)]
        if not numbers:
            continue
        supported = judged["label"] == "SUPPORT"
        window, span = _window(sentences, numbers)
        yield _judged("scifact", claim, window, span if supported else None, title)
        far = [n for n in range(len(sentences)) if min(abs(n - m) for m in numbers) > 1]
        if far:
            elsewhere, _ = _window(sentences, [random.choice(far)])
            yield _judged("scifact", claim, elsewhere, None, title)
        wrong = corrupted(claim, window, names_in(text), random) if supported else None
        if wrong:
            yield _judged("scifact", wrong, window, None, title)


def _queries_of(judgements: Path) -> set[str]:
    return {line.split("\t")[0] for line in judgements.read_text("utf-8").splitlines()}


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _window(sentences: Sequence[str], numbers: Sequence[int]) -> tuple[str, tuple[int, int]]:
    """Return the sentences in order, and one around each as far as there is room."""
    chosen = sorted(set(numbers))
    for near in (number + step for number in sorted(set(numbers)) for step in (1, -1)):
        if not 0 <= near < len(sentences) or near in chosen:
            continue
        if sum(len(sentences[n].split()) for n in (*chosen, near)) <= _MOST_WORDS_OF_WINDOW:
            chosen = sorted([*chosen, near])
    text = " ".join(sentences[number].strip() for number in chosen)
    return text, (0, len(text))


def _nearest(claim: str, sentences: Sequence[str], most: int) -> list[int]:
    words = set(re.findall(r"\w{4,}", claim.lower()))
    overlap = [len(words & set(re.findall(r"\w{4,}", each.lower()))) for each in sentences]
    return sorted(range(len(sentences)), key=lambda number: -overlap[number])[:most]


def _judged(
    source: str, claim: str, text: str, span: tuple[int, int] | None, above: str = ""
) -> Row:
    return Row(source, "judged", claim, claim, above, text, span)
