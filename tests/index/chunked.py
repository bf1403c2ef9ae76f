"""Documents with passages made by hand, and what searches them by words."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

import numpy as np

from index.records import ChunkedDocument, Passage, Span, passage_id
from index.search.bm25 import Lexicon
from index.search.postings import Postings, Terms, count_terms
from tests.documents import document


def chunked(
    *texts: str, name: str = "a.txt", title: str = "", path: tuple[str, ...] = ()
) -> ChunkedDocument:
    """Return a document of which each text is a passage of one sentence."""
    whole = document("\n".join(texts), name, title)
    passages: list[Passage] = []
    start = 0
    for text in texts:
        span = Span(start, start + len(text))
        identity = passage_id(whole.id, *span)
        passages.append(Passage(identity, whole.id, *span, path, (span,)))
        start = span.end + 1
    return ChunkedDocument(whole, tuple(passages), ())


def first_rows(documents: Sequence[ChunkedDocument]) -> list[int]:
    """Return the rows of the first passages of documents that follow one another, and the end."""
    return list(accumulate((len(each.passages) for each in documents), initial=0))


def postings_of(*documents: ChunkedDocument) -> Postings:
    """Return the postings of documents that follow one another from row 0 on."""
    terms, _ = count_terms(zip(documents, first_rows(documents), strict=False))
    return Postings(terms, Terms.empty())


def lexicon_of(*documents: ChunkedDocument) -> Lexicon[Postings]:
    """Return the lexicon of documents that follow one another from row 0 on."""
    rows = np.array(first_rows(documents), np.int32)
    terms, lengths = count_terms(zip(documents, rows.tolist(), strict=False))
    sizes = np.diff(rows)
    sums = [lengths[first:end].sum() for first, end in pairwise(rows)]
    return Lexicon.of(
        Postings(terms, Terms.empty()),
        firsts=np.repeat(rows[:-1], sizes),
        ends=np.repeat(rows[1:], sizes),
        lengths=lengths,
        document_lengths=np.repeat(np.array(sums, np.int32), sizes),
        alive=None,
        passages=len(lengths),
        documents=len(documents),
        total_length=int(lengths.sum()),
    )
