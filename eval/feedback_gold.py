"""Gold questions out of what people said of answers, and drafts for a person to complete."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.gold import GoldQuote, GoldRow
from index.records import ChunkedDocument, Document
from index.store.feedback import Feedback, RatedQuote
from index.store.snapshot import Snapshot
from index.terminal import one_line
from qa.question.wording import plain_words

MOVED_WORDS = 5
"""What a quote needs to be recognised where it does not stand at its offsets."""

_RATED_BOTH_WAYS = "there are thumbs up and down: keep the quotes that answer, and set kind"
_RIGHTLY_ABSTAINED = "rightly not answered: set kind to near-miss, or far-off for another subject"
_LOST = (
    "found helpful, but no document has what was cited any more, or it is too short to be told: "
    "give quotes that answer"
)
_UNCITED = "found helpful, but what was cited was not given with it: give quotes that answer"
_WRONGLY_ABSTAINED = "not answered, and that was no help: give quotes that answer, or set kind"
_NO_HELP = "answered with words that were no help: give quotes that answer, or set kind"


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that a person has to complete, and how; `quotes` are those that may stay."""

    id: str
    question: str
    note: str
    quotes: tuple[GoldQuote, ...] = ()

    def to_json(self) -> str:
        """Return a line that looks like one of a gold file and is refused by its reader."""
        quotes = [quote.model_dump() for quote in self.quotes]
        line = {"id": self.id, "question": self.question, "kind": "draft", "quotes": quotes}
        return json.dumps(line | {"note": self.note}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Harvest:
    """What became of feedback: a row or a draft for each question, and remarks, a line each."""

    rows: tuple[GoldRow, ...]
    drafts: tuple[Draft, ...]
    remarks: tuple[str, ...]

    @property
    def gold(self) -> str:
        """The content of a gold file."""
        lines = (row.model_dump(exclude={"split"}) for row in self.rows)
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)

    @property
    def to_complete(self) -> str:
        """The content of a file of drafts."""
        return "".join(f"{draft.to_json()}\n" for draft in self.drafts)


def harvest(entries: Iterable[Feedback], snapshot: Snapshot) -> Harvest:
    """Make gold questions of helpful answers; quotes are what of them stands in the snapshot.

    Entries on the same question, which is told by its words, become one.
    """
    rows: list[GoldRow] = []
    drafts: list[Draft] = []
    remarks: list[str] = []
    for same in _by_question(entries).values():
        made = _question(same, snapshot)
        if isinstance(made, Draft):
            drafts.append(made)
        else:
            rows.append(made)
        if len(same) > 1:
            ups = sum(entry.helpful for entry in same)
            thumbs = f"{ups} up, {len(same) - ups} down" if 0 < ups < len(same) else "all alike"
            remarks.append(f"“{one_line(made.question)}” was rated {len(same)} times, {thumbs}.")
    return Harvest(tuple(rows), tuple(drafts), tuple(remarks))


def _by_question(entries: Iterable[Feedback]) -> Mapping[str, list[Feedback]]:
    found: dict[str, list[Feedback]] = {}
    for entry in entries:
        found.setdefault(" ".join(plain_words(entry.question)) or entry.question, []).append(entry)
    return found


def _question(same: Sequence[Feedback], snapshot: Snapshot) -> GoldRow | Draft:
    first, *_ = same
    name, question = f"feedback-{first.id}", first.question
    helpful = [entry for entry in same if entry.helpful]
    cited = [quote for entry in helpful for quote in entry.citations]
    quotes = tuple(dict.fromkeys(_standing(cited, snapshot)))
    if len(helpful) not in (0, len(same)):
        return Draft(name, question, _RATED_BOTH_WAYS, quotes)
    if not helpful:
        abstained = all(entry.answered is False for entry in same)
        return Draft(name, question, _WRONGLY_ABSTAINED if abstained else _NO_HELP)
    if quotes:
        return GoldRow(id=name, question=question, kind="answerable", quotes=quotes)
    if cited:
        return Draft(name, question, _LOST)
    abstained = all(entry.answered is False for entry in helpful)
    return Draft(name, question, _RIGHTLY_ABSTAINED if abstained else _UNCITED)


def _standing(cited: Iterable[RatedQuote], snapshot: Snapshot) -> Iterator[GoldQuote]:
    """Yield the quotes that can be gold, with the document that each stands in now."""
    for quote in cited:
        if document := _holder(quote, snapshot):
            yield GoldQuote(source=document.source, quote=quote.cited_text)


def _holder(quote: RatedQuote, snapshot: Snapshot) -> Document | None:
    """Return the document that a quote stands in: its own or, where that has it no more, another.

    Anybody may send any words as a quote, and as gold they count wherever they stand: so where
    they are not the sentences that the offsets name, a few of them are not enough.
    """
    own = snapshot.chunked.get(quote.document_id)
    if own and _is_as_cited(quote, own):
        return own.document
    if len(plain_words(quote.cited_text)) < MOVED_WORDS:
        return None
    if own and quote.cited_text in own.document.text:
        return own.document
    documents = (each.document for each in snapshot.chunked.values())
    holders = (document for document in documents if quote.cited_text in document.text)
    return min(holders, key=lambda document: document.source, default=None)


def _is_as_cited(quote: RatedQuote, own: ChunkedDocument) -> bool:
    """Tell whether a quote is whole sentences of a passage, at its offsets."""
    return own.document.text[quote.start : quote.end] == quote.cited_text and any(
        any(sentence.start == quote.start for sentence in passage.sentences)
        and any(sentence.end == quote.end for sentence in passage.sentences)
        for passage in own.passages
    )
