"""Claims that rules make of sentences and rows of real documents: see `changing`."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.claims.changing import JOINED, WRONG, joined, reworded
from benchmarks.claims.evidence import Claim, CutDocument, Cutter
from benchmarks.claims.published import Abstracts, relevant_abstracts
from eval.corruptions import Sentence, names_of
from index.structure.columns import cells_of
from qa.read.windows import Window

SEEDS, ABSTRACTS, FILINGS, ROWS = "seeds", "abstracts", "filings", "rows of filings"
SENTENCES = 140
"""Of each kind of documents; each is claimed once as it is or in other words, and once wrongly."""
_ROWS = 80
_REWORDED = 0.8
_FEWEST_WORDS, _MOST_WORDS = 7, 45
_SENTENCE = re.compile(r"[A-Z][^|\n]+[a-z)%\d]\.")
_CLAUSE = re.compile(
    r"(?:The|This|These|It|They|We|Our|An?|There|Some|Many|Most|Patients|Individuals) "
    r"[^|\n:;]{30,110}\."
)
_VALUE = re.compile(r"\$?\(?\d[\d,.]*\)?(?: ?%)?")


@dataclass(frozen=True, slots=True)
class _Standing:
    """A sentence where it stands."""

    text: str
    window: Window
    document: CutDocument


def made_claims(data: Path, seeds: Path, cutter: Cutter) -> Iterator[Claim]:
    """Yield claims on the seeds, on SciFact's abstracts for test claims alone, and on filings."""
    filings = cutter.files((data / "pdf").glob("*.pdf"))
    documents = {
        SEEDS: cutter.files(seeds.glob("*.txt")),
        ABSTRACTS: _unseen_abstracts(data, cutter),
        FILINGS: filings,
    }
    for origin, cut in documents.items():
        yield from _claims(origin, cut)
    yield from _rows_claimed(filings)


def _unseen_abstracts(data: Path, cutter: Cutter) -> list[CutDocument]:
    qrels = data / "scifact" / "qrels"
    test, *others = (
        {name for relevant in relevant_abstracts(path).values() for name in relevant}
        for path in (qrels / "test.tsv", *qrels.glob("train.tsv"))
    )
    abstracts = Abstracts(data, cutter)
    return [abstracts[name] for name in sorted(test.difference(*others), key=int)]


def _claims(origin: str, documents: Sequence[CutDocument]) -> Iterator[Claim]:
    chance = Random(0)
    sentences = [sentence for cut in documents for sentence in _sentences(cut)]
    chance.shuffle(sentences)
    names = {cut.document.id: names_of(cut.document.text) for cut in documents}
    clauses = [each.text for each in sentences if _CLAUSE.fullmatch(each.text)]
    made: Counter[str] = Counter()
    for stands in sentences:
        own, cited = stands.document, stands.window
        sentence = Sentence(stands.text, cited.text, names[own.document.id], chance)
        far = [clause for clause in clauses if clause not in own.document.text]
        changed = {kind: rule(sentence) for kind, rule in WRONG.items()}
        changed[JOINED] = joined(stands.text, chance.choice(far or clauses))
        wrong = {kind: text for kind, text in changed.items() if text and text not in cited.text}
        if not wrong:
            continue
        kind = min(wrong, key=lambda kind: made[kind])
        made[kind] += 1
        said = reworded(sentence) if chance.random() < _REWORDED else sentence.text
        how = "verbatim" if said == sentence.text else "reworded"
        yield own.claim(origin, how, said, [cited], supported=True)
        yield own.claim(origin, kind, wrong[kind], [cited], supported=False)
        if made.total() == SENTENCES:
            break


def _sentences(cut: CutDocument) -> Iterator[_Standing]:
    """Yield each sentence once: boilerplate is often repeated."""
    seen: set[str] = set()
    for window in cut.windows:
        for unit in window.units:
            text = " ".join(unit.span.of(cut.document.text).split())
            few = _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS
            if unit.kind in ("sentence", "item") and few and _SENTENCE.fullmatch(text):
                if text not in seen:
                    yield _Standing(text, window, cut)
                seen.add(text)


def _rows_claimed(filings: Sequence[CutDocument]) -> Iterator[Claim]:
    """Yield what rows say, and the same with the figure of the next column or of the next row."""
    chance = Random(0)
    rows = [
        (number, cut)
        for cut in filings
        for number, window in enumerate(cut.windows)
        if _figures(window)
    ]
    chance.shuffle(rows)
    for count, (number, cut) in enumerate(rows[:_ROWS]):
        window = cut.windows[number]
        figures = _figures(window)
        name = cells_of(window.text.rpartition("\n")[2])[0]
        heading, value = figures[count % len(figures)]
        yield cut.claim(ROWS, "row", _stated(name, heading, value), [window], supported=True)
        other = next(value for each, value in figures if each != heading)
        kind = "figure of another column"
        if count % 2:
            beside = cut.windows[number - 1], *cut.windows[number + 1 : number + 2]
            figures_beside = [pair for each in beside for pair in _figures(each)]
            in_row = {value for _, value in figures}
            below = [v for h, v in figures_beside if h == heading and v not in in_row]
            if not below:
                continue
            other, kind = below[0], "figure of another row"
        if other != value:
            yield cut.claim(ROWS, kind, _stated(name, heading, other), [window], supported=False)


def _stated(name: str, heading: str, value: str) -> str:
    return f"{name} was {value} for {heading}."


def _figures(window: Window) -> list[tuple[str, str]]:
    """Return headings and figures of a row, none if it is not a row with two of them."""
    if len(window.parts) < 2 or not window.units or window.units[0].kind != "row":
        return []
    lines = window.text.split("\n")
    heads, cells = cells_of(lines[0]), cells_of(lines[-1])
    if len(heads) != len(cells) or not cells[0] or _VALUE.fullmatch(cells[0]):
        return []
    pairs = [
        (heading, value)
        for heading, value in zip(heads[1:], cells[1:], strict=True)
        if re.search(r"\d{4}", heading) and "hange" not in heading and _VALUE.fullmatch(value)
    ]
    return pairs if len(dict(pairs)) == len(pairs) > 1 else []
