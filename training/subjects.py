"""Rows whose text is on another subject, or below another subject's name."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from index.encoding.encoder import Encoder, Vectors
from training.negatives import LONG_ANSWER, MINED_SOURCES
from training.rows import Row

_CORPUS = 1500
"""Windows of a source that are looked through."""
_DRAWN = 300
_FIRST = 3
_LONGEST_NAME = 6
_NAMED_SOURCES = ("shift-new_wiki", "squad2", "selqa", "medquad")
"""Sources whose documents' titles are names. A paper's title is a sentence."""
_ASKED_OF = (
    *("{name}: {question}?", "{question} ({name})?", "{question} - {name}", "{name} {question}"),
    *("{question} in {name}?", "{question} of {name}?", "{question} for {name}?"),
    *("{question} at {name}?", "regarding {name}, {question}?", "{question} according to {name}?"),
)
_YEARS = range(1990, 2026)
_DATED = ("{name} {year}", "{name}, {year}", "{year} {name}", "{name} ({year})", "{name}: {year}")
_ASKED_IN = ("{question} in {year}?", "{question} for {year}?", "{year}: {question}?")


@dataclass(frozen=True, slots=True, eq=False)
class _Corpus:
    """Windows of one source and their vectors, as a question of another subject finds them."""

    windows: Sequence[Row]
    vectors: Vectors


def far_off(rows: Sequence[Row], encoder: Encoder, count: int, random: Random) -> Iterator[Row]:
    """Yield about `count` questions with a window of quite another document.

    Half of the windows are of another source, the others of the same one where its questions
    stand alone. Half are as they are drawn, the others among the nearest of some hundreds, as
    retrieval would find them.
    """
    by_source: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.made != "hard":  # its text is another document's
            by_source[row.source].setdefault(row.text, row)
    corpora = {
        source: _corpus(random.sample(list(own.values()), min(_CORPUS, len(own))), encoder)
        for source, own in sorted(by_source.items())
    }
    asked = list({row.question: row for row in rows if row.answered and not row.made}.values())
    asked = random.sample(asked, min(count, len(asked)))
    questions = encoder.encode([row.question for row in asked], "query")
    for row, question in zip(asked, questions, strict=True):
        source = row.source
        if source not in MINED_SOURCES or random.random() < 0.5:
            source = random.choice([name for name in corpora if name != row.source] or [source])
        corpus = corpora[source]
        drawn = random.sample(range(len(corpus.windows)), min(_DRAWN, len(corpus.windows)))
        if random.random() < 0.5:
            drawn = sorted(drawn, key=lambda at: -float(corpus.vectors[at] @ question))
        answer = row.text[slice(*row.span)].strip().lower() if row.span else ""
        found = [
            window
            for window in (corpus.windows[at] for at in drawn[:_FIRST])
            if (window.source, window.document) != (row.source, row.document)
            and not (len(answer) < LONG_ANSWER and answer in window.text.lower())
        ]
        if found:
            other = random.choice(found)
            above = other.subject if random.random() < 0.6 else other.above
            yield replace(row, made="far", above=above, text=other.text, span=None)


def misnamed(rows: Sequence[Row], count: int, random: Random) -> Iterator[Row]:
    """Yield about `count` rows in which the question's name or year decides.

    Half of them answer: the name, or the year, is the one above the text. In the others the text
    would answer, but another name or year stands above it.
    """
    titled = [
        row
        for row in rows
        if row.answered
        and not row.made
        and row.source in _NAMED_SOURCES
        and 0 < len(row.subject.split()) <= _LONGEST_NAME
    ]
    subjects: dict[str, dict[str, None]] = defaultdict(dict)
    alike: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for row in titled:
        subjects[row.source][row.subject] = None
        for word in row.subject.lower().split():
            alike[row.source, word][row.subject] = None
    for row in random.choices(titled, k=count // 2) if titled else ():
        name = row.subject
        if random.random() < 0.25 and not any(map(str.isdigit, row.question)):
            yield from _dated(row, random)
            continue
        near = alike[row.source, random.choice(name.lower().split())]
        pool = [
            other
            for other in (near if len(near) > 1 and random.random() < 0.5 else subjects[row.source])
            if other != name and other.lower() not in row.text.lower()
        ]
        if not pool:
            continue
        other = random.choice(pool)
        template = random.choice(_ASKED_OF)
        yield replace(row, made="named", above=name, question=_asking(row, name, template))
        if random.random() < 0.5 and name.lower() not in row.text.lower():
            yield replace(
                row,
                made="misnamed",
                above=other,
                question=_asking(row, name, template),
                span=None,
            )
        else:
            question = _asking(row, other, template)
            yield replace(row, made="misnamed", above=name, question=question, span=None)


def _dated(row: Row, random: Random) -> Iterator[Row]:
    """Yield a row whose year is that above the text, and one whose year is not."""
    year, other = random.sample([str(year) for year in _YEARS if str(year) not in row.text], 2)
    above = random.choice(_DATED).format(name=row.subject, year=year)
    template = random.choice(_ASKED_IN)
    asked = row.question.rstrip(" ?.")
    question = template.format(question=asked, year=year)
    yield replace(row, made="named", above=above, question=question)
    question = template.format(question=asked, year=other)
    yield replace(row, made="misnamed", above=above, question=question, span=None)


def _asking(row: Row, name: str, template: str) -> str:
    """Return the row's question about `name`: in its own subject's place, if it has that."""
    at = row.question.lower().find(row.subject.lower())
    if at >= 0:
        return row.question[:at] + name + row.question[at + len(row.subject) :]
    return template.format(name=name, question=row.question.rstrip(" ?."))


def _corpus(windows: Sequence[Row], encoder: Encoder) -> _Corpus:
    texts = [f"{row.above}\n{row.text}".strip() for row in windows]
    return _Corpus(windows, encoder.encode(texts, "document"))
