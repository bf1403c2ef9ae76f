"""An answer against the gold: what was found at which rank, which citations are on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eval.characters import overlap
from eval.questions import GoldSpan, Question
from eval.records import Excerpt, Found, Ranking, Result
from eval.relevance import Corpus, Family, holds, place_of
from index.records import Document
from qa.records import Answer, Hit
from qa.tracing import Trace

DOCUMENT_DEPTH = 50
"""How far down documents are ranked."""

OPENING = 300
"""How many characters of a relevant document are quoted in a report."""


def judge(question: Question, corpus: Corpus, trace: Trace, answer: Answer, top_k: int) -> Result:
    """Return what became of a question: `answer` is what was made of `trace`.

    Passages are ranked as far as the answer has them, but highlights are those of the first
    `top_k`, which a person is shown. What stands nowhere in the corpus cannot be found.
    """
    spans = question.spans
    in_spans = _is_in_spans(question)
    quoted = [GoldSpan(quote.document.id, quote.span) for quote in trace.chosen]
    cited = [GoldSpan(c.document.id, c.span) for c in answer.citations]
    shown = answer.hits[:top_k]
    highlights = [GoldSpan(hit.document.id, span) for hit in shown for span in hit.highlights]
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
        cited=overlap(spans, cited) if in_spans else None,
        highlighted=overlap(spans, highlights) if in_spans else None,
    )


def rank_passages(
    hits: Sequence[Hit], spans: Sequence[GoldSpan], families: Sequence[Family]
) -> Ranking:
    """Return where passages that hold a whole span of the gold stand among `hits`.

    A family counts once, at the first rank that shows one of its passages, itself or as one of
    a hit's `also_in`. A span that the chunker cut in two is in no passage: a question with none
    but such can find nothing.
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


def _ranking(question: Question, corpus: Corpus, trace: Trace, answer: Answer) -> Ranking | None:
    if _is_in_spans(question):
        families = corpus.families(question.spans, trace)
        return rank_passages(answer.hits, question.spans, families)
    if question.documents:
        return rank_documents(corpus.documents(trace), question.documents)
    return None


def _is_in_spans(question: Question) -> bool:
    """Tell whether what answers are stretches of documents, be there any left."""
    return question.kind == "answerable" and not question.documents


def _first_rank(family: Family, hits: Sequence[Hit], spans: Sequence[GoldSpan]) -> int | None:
    own = [span for span in spans if holds(map(place_of, family), [span])]
    return next((rank for rank, hit in enumerate(hits, 1) if holds(_shown(hit), own)), None)


def _shown(hit: Hit) -> Iterator[GoldSpan]:
    yield place_of(hit.passage)
    yield from (GoldSpan(place.document.id, place.span) for place in hit.also_in)


def _on_gold(place: GoldSpan, question: Question) -> bool:
    if place.document_id in question.documents:
        return True
    return any(
        gold.document_id == place.document_id and gold.span.overlaps(place.span)
        for gold in question.spans
    )


def _gold(question: Question, corpus: Corpus) -> Iterator[Excerpt]:
    for gold in question.spans:
        document = corpus.snapshot.document(gold.document_id)
        yield Excerpt(document.source, *gold.span, gold.span.of(document.text))
    for document_id in question.documents:
        if document_id in corpus.snapshot.chunked:
            document = corpus.snapshot.document(document_id)
            yield Excerpt(document.source, 0, len(document.text), _opening(document))


def _opening(document: Document) -> str:
    return " ".join(document.text[:OPENING].split())
