"""What a language model wrote of an answer: is it on the gold, and would errors be noticed?"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from eval.corruptions import CORRUPTIONS, Sentence, names_of
from eval.gold import GoldSpan, Question
from eval.judge import overlap
from eval.records import Written
from index.structure.wording import plain_words
from qa.records import Answer, Check, Citation, WrittenAnswer, WrittenSentence
from qa.written.sources import Source, sources_of
from qa.written.support import Checker

_MOST = 0.5


def judge_written(
    question: Question, answer: Answer, checker: Checker, texts: Mapping[str, str]
) -> Written | None:
    """Return what became of a written answer, None where no language model was asked.

    `texts` has the documents' texts by id.

    It is tried whether the checker notices corruptions of each sentence, held against the passages
    that it cites.
    """
    written = answer.written
    if written is None:
        return None
    chance = Random(question.id)  # noqa: S311 - it is no secret
    caught = list(_caught(written, sources_of(answer), checker, chance))
    return Written(
        text=written.text,
        sentences=len(written.sentences),
        dropped=tuple(f"{d.text} ({d.check.name})" for d in written.dropped),
        ended=written.ended,
        declined=written.declined,
        on_gold=sum(_overlaps(s.citations, question.spans) for s in written.sentences),
        contained=any(
            _contains(written, gold, gold.span.of(texts[gold.document_id]))
            for gold in question.spans
        ),
        planted=len(caught),
        caught=sum(caught),
        first_sentence_ms=written.first_sentence_ms,
    )


def offsets_of(written: WrittenAnswer, texts: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield what each offset of a written answer is about, and whether it holds.

    `texts` has the documents' texts by id. Each sentence must cite something.
    """
    for citation in written.citations:
        text = texts.get(citation.document.id, "")
        stands = 0 <= citation.start < citation.end <= len(text)
        same = text[citation.start : citation.end] == citation.cited_text
        yield f"citation {citation.number} of what was written", stands and same
    for number, sentence in enumerate(written.sentences, 1):
        yield f"citations of written sentence {number}", bool(sentence.citations)


def _caught(
    written: WrittenAnswer, sources: Sequence[Source], checker: Checker, chance: Random
) -> Iterator[bool]:
    """Yield whether the checker refuses each corruption of each sentence."""
    for sentence in written.sentences:
        cited = _cited_sources(sentence, sources)
        text = "\n".join(source.text for source in cited)
        names = names_of("\n".join(source.document.text for source in cited))
        stated = Sentence(sentence.text, text, names, chance)
        for rule in CORRUPTIONS.values():
            changed = rule(stated)
            if changed and changed not in text:
                yield isinstance(checker.check(changed, cited), Check)


def _cited_sources(sentence: WrittenSentence, sources: Sequence[Source]) -> list[Source]:
    return [
        source
        for source in sources
        if any(
            source.document.id == citation.document.id
            and any(window.span.overlaps(citation.span) for window in source.windows)
            for citation in sentence.citations
        )
    ]


def _overlaps(citations: Sequence[Citation], spans: Sequence[GoldSpan]) -> bool:
    return any(
        gold.document_id == citation.document.id and gold.span.overlaps(citation.span)
        for gold in spans
        for citation in citations
    )


def _contains(written: WrittenAnswer, gold: GoldSpan, words: str) -> bool:
    """Tell whether the gold's words stand in what was written, or most of the gold is cited."""
    cited = [GoldSpan(c.document.id, c.span) for c in written.citations]
    shared = overlap([gold], cited)
    said = f" {' '.join(plain_words(written.text or ''))} "
    return shared.both > _MOST * shared.gold or f" {' '.join(plain_words(words))} " in said
