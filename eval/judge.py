"""An answer against the gold: what was found at which rank, which citations are on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from eval.characters import overlap
from eval.questions import GoldSpan, Question
from eval.records import Excerpt, Found, Ranking, Result
from index.records import ChunkedDocument, Document, Passage, Span
from qa.records import Answer, Hit
from qa.tracing import Trace

DOCUMENT_DEPTH = 50
"""How far down documents are ranked."""

Corpus = Mapping[str, ChunkedDocument]
"""The documents by their ids."""


def judge(question: Question, corpus: Corpus, trace: Trace, answer: Answer) -> Result:
    """Return what became of a question: `answer` is what was made of `trace`."""
    spans = question.spans
    quoted = [GoldSpan(quote.key.document.id, quote.span) for quote in trace.chosen]
    cited = [GoldSpan(c.document.id, Span(c.start, c.end)) for c in answer.citations]
    highlights = [GoldSpan(hit.document.id, span) for hit in answer.hits for span in hit.highlights]
    return Result(
        id=question.id,
        question=question.text,
        kind=question.kind,
        split=question.split,
        answered=answer.answered,
        score=trace.score,
        confidence=answer.confidence,
        right=any(_on_gold(each, question) for each in quoted),
        answer=answer.text,
        citations=tuple(
            Excerpt(c.document.source, c.start, c.end, c.cited_text, _on_gold(place, question))
            for c, place in zip(answer.citations, cited, strict=True)
        ),
        gold=tuple(_gold(question, corpus)),
        took_ms=answer.took_ms,
        ranking=_ranking(question, corpus, trace, answer),
        cited=overlap(spans, cited) if spans else None,
        highlighted=overlap(spans, highlights) if spans else None,
    )


def rank_passages(hits: Sequence[Hit], spans: Sequence[GoldSpan], corpus: Corpus) -> Ranking:
    """Return where passages that hold a whole span of the gold stand among `hits`.

    A near-duplicate that was collapsed into a passage is shown as one of its `also_in`, so a
    span that stands there was found with that passage, and counts with it once. One that the
    chunker cut in two is in no passage: a question with none but such can find nothing.
    """
    ranks = [rank for rank, hit in enumerate(hits, 1) if _holds(_shown(hit), spans)]
    shown = [place for hit in hits for place in _shown(hit)]
    unseen = [p for p in _holders(spans, corpus) if not _is_shown(p, shown, spans)]
    missed = max(len(unseen), 0 if ranks else 1)
    return Ranking(tuple(map(Found, ranks)), (1,) * missed, len(hits))


def rank_documents(names: Iterable[str], relevant: Mapping[str, int]) -> Ranking:
    """Return where relevant documents stand in a ranking of documents by id, 50 deep."""
    ranked = list(names)[:DOCUMENT_DEPTH]
    found = tuple(Found(rank, relevant[n]) for rank, n in enumerate(ranked, 1) if n in relevant)
    missed = (grade for name, grade in relevant.items() if name not in ranked)
    return Ranking(found, tuple(sorted(missed, reverse=True)), len(ranked))


def _ranking(question: Question, corpus: Corpus, trace: Trace, answer: Answer) -> Ranking | None:
    if question.spans:
        return rank_passages(answer.hits, question.spans, corpus)
    if question.documents:
        # By its best passage, and near-duplicates by themselves: the judgements tell them apart.
        by_best = dict.fromkeys(each.document.id for each in trace.pool.candidates)
        return rank_documents(by_best, question.documents)
    return None


def _on_gold(place: GoldSpan, question: Question) -> bool:
    if place.document_id in question.documents:
        return True
    return any(
        gold.document_id == place.document_id and gold.span.overlaps(place.span)
        for gold in question.spans
    )


def _gold(question: Question, corpus: Corpus) -> Iterator[Excerpt]:
    for gold in question.spans:
        document = corpus[gold.document_id].document
        yield Excerpt(document.source, *gold.span, gold.span.of(document.text))
    for document_id in question.documents:
        if document_id in corpus:
            document = corpus[document_id].document
            yield Excerpt(document.source, 0, len(document.text), _opening(document))


def _opening(document: Document) -> str:
    return " ".join(document.text[:300].split())


def _shown(hit: Hit) -> Iterator[GoldSpan]:
    yield GoldSpan(hit.document.id, hit.passage.span)
    yield from (GoldSpan(place.document.id, place.span) for place in hit.also_in)


def _holds(places: Iterable[GoldSpan], spans: Sequence[GoldSpan]) -> bool:
    return any(_contains(place, span) for place in places for span in spans)


def _holders(spans: Sequence[GoldSpan], corpus: Corpus) -> list[Passage]:
    """Return the passages of the corpus that hold a whole span."""
    in_documents = dict.fromkeys(span.document_id for span in spans)
    passages = chain.from_iterable(corpus[each].passages for each in in_documents)
    return [p for p in passages if _holds([GoldSpan(p.document_id, p.span)], spans)]


def _is_shown(passage: Passage, shown: Iterable[GoldSpan], spans: Sequence[GoldSpan]) -> bool:
    """Tell whether a span that the passage holds is within one of the places shown."""
    own = [span for span in spans if _contains(GoldSpan(passage.document_id, passage.span), span)]
    return any(_contains(place, span) for place in shown for span in own)


def _contains(place: GoldSpan, other: GoldSpan) -> bool:
    return (
        place.document_id == other.document_id
        and place.span.start <= other.span.start
        and other.span.end <= place.span.end
    )
