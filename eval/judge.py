"""An answer against the gold: what was found at which rank, which citations are on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np

from eval.gold import GoldSpan, Question
from eval.records import Excerpt, Found, Overlap, Ranking, Result
from index.records import Passage
from index.store.protocols import Snapshot
from qa.answer.tracing import Trace
from qa.records import Answer, Hit
from qa.retrieve.candidates import Candidates
from qa.retrieve.near_duplicates import Families

DOCUMENT_DEPTH = 50
"""How far down documents are ranked."""

FEWEST_DOCUMENTS = 10
OPENING = 300
"""How many characters of a relevant document are quoted in a report."""

Family = tuple[Passage, ...]
"""Passages that say the same: near-duplicates, of which one is shown for all."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A snapshot, with the row of each passage in it by its id."""

    snapshot: Snapshot
    rows: Mapping[str, int]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Number the passages of a snapshot."""
        return cls(snapshot, {passage.id: row for row, passage in snapshot.passages()})

    def families(self, spans: Sequence[GoldSpan], trace: Trace) -> list[Family]:
        """Return the passages that hold a whole span, near-duplicates of one another together.

        Retrieval's own rule joins them, but over the whole corpus: what is relevant does not
        depend on what was found.
        """
        ids = dict.fromkeys(span.document_id for span in spans)
        documents = filter(None, map(self.snapshot.chunked, ids))
        passages = chain.from_iterable(chunked.passages for chunked in documents)
        rows = [self.rows[p.id] for p in passages if holds([place_of(p)], spans)]
        if not rows:
            return []
        vectors = self.snapshot.vectors(np.array(rows)).astype(np.float32)
        cosines = vectors @ trace.query.vector
        order = np.argsort(-cosines, kind="stable")
        cosines = cosines[order]
        candidates = Candidates(
            source=self.snapshot,
            rows=np.array(rows)[order],
            vectors=vectors[order],
            dense=cosines,
            lexical=np.zeros_like(cosines),
            score=cosines,
        )
        groups = Families(candidates, trace.query.coverage).groups(len(rows))
        return [
            tuple(candidate.passage for candidate in (group.best, *group.duplicates))
            for group in groups
        ]

    def documents(self, trace: Trace) -> list[str]:
        """Return documents by id, ranked by their best passage, ten at least if there are.

        Near-duplicates stand by themselves: judgements tell them apart. If a few long documents
        took all places, the nearest of the others come behind.
        """
        read = chain.from_iterable((group.best, *group.duplicates) for group in trace.considered)
        candidates = chain(read, trace.candidates)
        ranked = list(dict.fromkeys(candidate.document.id for candidate in candidates))
        if len(ranked) < FEWEST_DOCUMENTS:
            nearest = self.snapshot.nearest(trace.query.vector, len(self.rows))
            others = (self.snapshot.passage(row).document_id for row, _ in nearest)
            ranked = list(dict.fromkeys([*ranked, *others]))[:FEWEST_DOCUMENTS]
        return ranked


def judge(question: Question, corpus: Corpus, trace: Trace, answer: Answer, top_k: int) -> Result:
    """Return what became of a question, given its trace and the answer made of it.

    Passages are ranked as far as the answer has them. Highlights are those of the first `top_k`,
    which a person is shown.
    """
    in_spans = question.kind == "answerable" and not question.documents
    quoted = [GoldSpan(quote.document.id, quote.span) for quote in trace.chosen]
    cited = [GoldSpan(c.document.id, c.span) for c in answer.citations]
    shown = answer.hits[:top_k]
    highlights = [GoldSpan(hit.document.id, span) for hit in shown for span in hit.highlights]
    ranking = None
    if in_spans:
        families = corpus.families(question.spans, trace)
        ranking = rank_passages(answer.hits, question.spans, families)
    elif question.documents:
        ranking = rank_documents(corpus.documents(trace), question.documents)
    return Result(
        id=question.id,
        question=question.text,
        kind=question.kind,
        split=question.split,
        answered=answer.answered,
        score=trace.score,
        confidence=answer.confidence,
        right=any(_on_gold(place, question) for place in quoted),
        answer=answer.text,
        citations=tuple(
            Excerpt(c.document.source, c.start, c.end, c.cited_text, _on_gold(place, question))
            for c, place in zip(answer.citations, cited, strict=True)
        ),
        gold=tuple(_gold(question, corpus.snapshot)),
        took_ms=answer.took_ms,
        ranking=ranking,
        cited=overlap(question.spans, cited) if in_spans else None,
        highlighted=overlap(question.spans, highlights) if in_spans else None,
    )


def rank_passages(
    hits: Sequence[Hit], spans: Sequence[GoldSpan], families: Sequence[Family]
) -> Ranking:
    """Return where passages that hold a whole span of the gold stand among `hits`.

    A family counts once, at the first rank that shows one of its passages, also in a hit's
    `also_in`. A span that the chunker cut in two is in no passage and cannot be found.
    """
    ranks = [_first_rank(family, hits, spans) for family in families]
    found = sorted({rank for rank in ranks if rank})
    missed = ranks.count(None) if families else 1
    return Ranking(tuple(map(Found, found)), (1,) * missed, len(hits))


def rank_documents(names: Iterable[str], relevant: Mapping[str, int]) -> Ranking:
    """Return where relevant documents stand in a ranking of documents by id, 50 deep."""
    ranked = list(names)[:DOCUMENT_DEPTH]
    found = tuple(Found(rank, relevant[n]) for rank, n in enumerate(ranked, 1) if n in relevant)
    missed = (grade for name, grade in relevant.items() if name not in ranked)
    return Ranking(found, tuple(sorted(missed, reverse=True)), len(ranked))


def overlap(gold: Iterable[GoldSpan], shown: Iterable[GoldSpan]) -> Overlap:
    """Return how many characters are in `gold`, in `shown` and in both, each counted once."""
    of_gold, of_shown = _characters(gold), _characters(shown)
    return Overlap(len(of_gold), len(of_shown), len(of_gold & of_shown))


def place_of(passage: Passage) -> GoldSpan:
    """Return where a passage stands."""
    return GoldSpan(passage.document_id, passage.span)


def holds(places: Iterable[GoldSpan], spans: Sequence[GoldSpan]) -> bool:
    """Tell whether a whole span lies within one of the places."""
    return any(
        place.document_id == span.document_id and place.span.contains(span.span)
        for place in places
        for span in spans
    )


def _characters(spans: Iterable[GoldSpan]) -> set[tuple[str, int]]:
    return {(place.document_id, at) for place in spans for at in range(*place.span)}


def _first_rank(family: Family, hits: Sequence[Hit], spans: Sequence[GoldSpan]) -> int | None:
    own = [span for span in spans if holds(map(place_of, family), [span])]
    return next((rank for rank, hit in enumerate(hits, 1) if holds(_shown(hit), own)), None)


def _shown(hit: Hit) -> Iterator[GoldSpan]:
    yield place_of(hit.passage)
    yield from (GoldSpan(place.document.id, place.span) for place in hit.also_in)


def _on_gold(place: GoldSpan, question: Question) -> bool:
    return place.document_id in question.documents or any(
        gold.document_id == place.document_id and gold.span.overlaps(place.span)
        for gold in question.spans
    )


def _gold(question: Question, snapshot: Snapshot) -> Iterator[Excerpt]:
    for gold in question.spans:
        document = snapshot.document(gold.document_id)
        yield Excerpt(document.source, *gold.span, gold.span.of(document.text))
    for document_id in question.documents:
        if chunked := snapshot.chunked(document_id):
            document = chunked.document
            opening = " ".join(document.text[:OPENING].split())
            yield Excerpt(document.source, 0, len(document.text), opening)
