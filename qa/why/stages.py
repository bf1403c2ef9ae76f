"""What became of an expected quote at each stage of a question: it passed, or was lost there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Self

from index.records import Passage
from index.structure.units import units_of
from index.structure.wording import is_question
from qa.answer.asked_rows import of_asked_rows
from qa.answer.names import lacks, proper_names
from qa.answer.quotes import ANSWER_WORDS, MAX_QUOTES, QUOTE_MARGIN, QuoteDecision, decide
from qa.answer.tracing import Trace
from qa.answer.units import ReadWindow, probability
from qa.engine import MAX_TOP_K, Engine
from qa.formats.fields import place_line
from qa.read.windows import WINDOWS
from qa.records import MOST_PLACES, Answer, Citation, Place
from qa.retrieve.near_duplicates import Group
from qa.why.expected import Expected

STAGES = tuple(
    "ingested chunked dense lexical fused collapsed read shown quoted chosen answered".split()
)
_MAX_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an expected quote at one stage.

    `passed` is None if it did not get so far. `rank` counts from 1. `needed` is what it takes to
    pass: a score, or a rank if there is only a rank.
    """

    detail: str
    rank: int | None = None
    score: float | None = None
    needed: float | None = None
    passed: bool | None = None


NOT_REACHED = Finding("")
_passed = partial(Finding, passed=True)
_lost = partial(Finding, passed=False)


@dataclass(frozen=True, slots=True)
class Considered:
    """What was considered of a question. Keys are passage ids, ranks count from 1.

    `dense` has the rank and cosine of every passage, `lexical` the rank and score of each that
    has a word of the question. `fused` ranks the candidates by both. `groups` has, for each
    passage of the first `group_count` groups of near-duplicates, its group and that one's rank
    after reading. `read` has the best logit of each passage that was read. `decisions` are on
    `trace.ranked`, in order.
    """

    trace: Trace
    answer: Answer
    top_k: int
    threshold: float
    dense: Mapping[str, tuple[int, float]]
    lexical: Mapping[str, tuple[int, float]]
    fused: Mapping[str, tuple[int, float]]
    group_count: int
    groups: Mapping[str, tuple[int, Group]]
    read: Mapping[str, float]
    decisions: tuple[QuoteDecision, ...]

    @classmethod
    def of(cls, engine: Engine, question: str, top_k: int) -> Self:
        """Ask a question, showing `top_k` passages. Raises QuestionError."""
        trace = engine.trace(question)
        snapshot = engine.snapshot
        ids = {row: passage.id for row, passage in snapshot.passages()}
        by_vectors = snapshot.nearest(trace.query.vector, len(ids))
        terms = trace.query.searched if "lexical" in engine.stages else ()
        rows, scores = snapshot.words.best(terms, len(ids))
        by_words = zip(rows.tolist(), scores.tolist(), strict=True)
        groups = trace.groups(MAX_TOP_K)
        logits: dict[str, float] = {}
        for window in trace.windows:
            passage_id = window.candidate.passage.id
            logits[passage_id] = max(logits.get(passage_id, -inf), window.logit or 0.0)
        return cls(
            trace=trace,
            answer=engine.answer(trace, top_k),
            top_k=top_k,
            threshold=engine.rule.threshold,
            dense=_ranked((ids[row], cosine) for row, cosine in by_vectors),
            lexical=_ranked((ids[row], score) for row, score in by_words),
            fused=_ranked((found.passage.id, found.score) for found in trace.candidates),
            group_count=len(groups),
            groups={
                candidate.passage.id: (rank, group)
                for rank, group in enumerate(groups, 1)
                for candidate in (group.best, *group.duplicates)
            },
            read=logits,
            decisions=tuple(decide(trace.ranked)),
        )


def _ranked(scores: Iterable[tuple[str, float]]) -> dict[str, tuple[int, float]]:
    return {passage_id: (rank, score) for rank, (passage_id, score) in enumerate(scores, 1)}


@dataclass(frozen=True, slots=True)
class Followed:
    """An expected quote, followed in one passage through what was considered of a question."""

    considered: Considered
    expected: Expected

    @property
    def citations(self) -> list[Citation]:
        """The citations of some of what is expected, from the passage."""
        passage, place = self.expected.passage, self.expected.place
        return [
            citation
            for citation in self.considered.answer.citations
            if passage is not None
            and citation.document.id == place.document.id
            and citation.span.overlaps(passage.span)
            and citation.span.overlaps(place.span)
        ]

    def findings(self) -> dict[str, Finding]:
        """Return what became of the quote at each of the STAGES, in order."""
        return {
            "ingested": self._ingested(),
            "chunked": self._chunked(),
            "dense": self._dense(),
            "lexical": self._lexical(),
            "fused": self._fused(),
            "collapsed": self._collapsed(),
            "read": self._read(),
            "shown": self._shown(),
            "quoted": self._quoted(),
            "chosen": self._chosen(),
            "answered": self._answered(),
        }

    def _ingested(self) -> Finding:
        alike = (
            "word for word" if self.expected.verbatim else "but for blanks, case or quotation marks"
        )
        return _passed(f"{_where(self.expected.place)}, {alike}")

    def _chunked(self) -> Finding:
        passage, span = self.expected.passage, self.expected.place.span
        reasons = " and ".join(self.expected.skipped) or "blank"
        if passage is None:
            return _lost(f"it stands in no passage: {reasons}")
        length, held = span.end - span.start, self.expected.held
        if held == length:
            return _passed(f"whole in the passage {_offsets(passage)}")
        part = f"{_offsets(passage)}, which holds {held} of its {length} characters"
        if len(self.expected.passages) == 1:
            return _passed(f"in the passage {part}; the rest is in none: {reasons}")
        across = " and ".join(map(_offsets, self.expected.passages))
        return _passed(f"no passage holds it whole, it lies across {across}; here {part}")

    def _dense(self) -> Finding:
        """Tell how near the passage is by its vector. If far, its words may still find it."""
        if not self.expected.passage:
            return NOT_REACHED
        rank, cosine = self.considered.dense[self.expected.passage_id]
        return _passed(f"of {len(self.considered.dense)} passages", rank, cosine)

    def _lexical(self) -> Finding:
        """Tell how well the passage matches by words, and whether it is a candidate."""
        if not self.expected.passage:
            return NOT_REACHED
        considered = self.considered
        rank, score = considered.lexical.get(self.expected.passage_id, (None, None))
        terms = ", ".join(term.text for term in considered.trace.query.searched)
        detail = f"of {len(considered.lexical)} passages with any of these words: {terms}"
        if self._is_candidate:
            return _passed(detail, rank, score)
        detail += f"; the {len(considered.fused)} that were looked at are nearer"
        return _lost(detail, rank, score)

    def _fused(self) -> Finding:
        if not self._is_candidate:
            return NOT_REACHED
        rank, score = self.considered.fused[self.expected.passage_id]
        return _passed(f"of {len(self.considered.fused)}", rank, score)

    def _collapsed(self) -> Finding:
        """Tell whether the passage stands for itself, or a near-duplicate for it."""
        if not self._is_candidate:
            return NOT_REACHED
        if self._group is None:
            count = self.considered.group_count
            return _passed(f"it repeats none of the {count} passages that are kept")
        rank, group = self._group
        place = self._folded
        if place is None:
            others = f", and for {len(group.duplicates)} more" if group.duplicates else ""
            return _passed(f"it stands for itself{others}", rank)
        within = "within" if place.span.contains(self.expected.place.span) else "partly within"
        best = place_line(group.best.document, group.best.passage.span)
        unlisted = place in group.also_in[MOST_PLACES:]
        names = f"names {_where(place)}" + unlisted * f" (not among the {MOST_PLACES} listed)"
        return _lost(
            f"it is folded into passage {rank}, {best}, which says the same; the also_in of that "
            f"{names}, and the quote lies {within}",
            rank,
        )

    def _read(self) -> Finding:
        """Tell whether a window with what is expected was read, and with which logit."""
        if self._group is None or self._folded:
            return NOT_REACHED
        if not self._windows:
            return _lost(f"its window is not among the {WINDOWS} that promise most")
        logits = [window.logit for window in self._windows if window.logit is not None]
        if not logits:
            return _passed("without a reader, by its words alone")
        read = self.considered.read
        rank = sum(logit > max(logits) for logit in read.values()) + 1
        return _passed(f"of {len(read)} passages that were read", rank, max(logits))

    def _shown(self) -> Finding:
        """Tell whether the quote is in a passage that is shown, or in the also_in of one."""
        if not self._is_candidate:
            return NOT_REACHED
        top_k = self.considered.top_k
        if self._group is None:
            count = self.considered.group_count
            return _lost(f"below all {count} passages that are kept", needed=top_k)
        rank, _ = self._group
        if rank > top_k:
            may_answer = not self._folded and self.expected.passage_id in self.considered.read
            yet = ", yet answers are drawn from it" if may_answer else ""
            return _lost(f"{rank - top_k} below the cut of {top_k}{yet}", rank, needed=top_k)
        where = "in the also_in of that passage" if self._folded else f"within the cut of {top_k}"
        return _passed(where, rank, needed=top_k)

    def _quoted(self) -> Finding:
        if not self._read().passed:
            return NOT_REACHED
        if not self._decisions:
            return _lost(self._why_not_quoted())
        (rank, best), *others = self._decisions
        further = "".join(f"; also rank {at}, {other.quote.score:.3f}" for at, other in others)
        quotes = f"of {len(self.considered.decisions)} quotes: {_shortened(best.quote.text)}"
        return _passed(f"{quotes}{further}", rank, best.quote.score)

    def _chosen(self) -> Finding:
        if not self._decisions:
            return NOT_REACHED
        rank, decision = min(
            self._decisions, key=lambda ranked: (ranked[1].ruling != "chosen", ranked[0])
        )
        best = self.considered.decisions[0].quote
        needed = probability(best.log_odds - QUOTE_MARGIN)
        outcome = _passed if decision.ruling == "chosen" else _lost
        return outcome(_ruling(decision, needed), rank, decision.quote.score, needed)

    def _answered(self) -> Finding:
        """Tell whether the question is answered at all, and whether with what is expected."""
        answer, place = self.considered.answer, self.expected.place
        repeated = [
            citation.number
            for citation in answer.citations
            for other in citation.also_in
            if other.document.id == place.document.id and other.span.overlaps(place.span)
        ]
        if not answer.answered:
            detail = "no answer is given, for this confidence is below the threshold"
        elif self.citations:
            numbers = " and ".join(f"[{citation.number}]" for citation in self.citations)
            detail = f"cited as {numbers}{'' if self._is_cited_whole() else ', in part'}"
        elif repeated:
            detail = f"with [{repeated[0]}], which says the same and has this place in its also_in"
        else:
            detail = "with other words"
        outcome = _passed if answer.answered else _lost
        return outcome(detail, score=answer.confidence, needed=self.considered.threshold)

    @property
    def _windows(self) -> list[ReadWindow]:
        """The windows that were read of what is expected."""
        return [
            read
            for read in self.considered.trace.windows
            if read.candidate.passage.id == self.expected.passage_id
            and read.window.span.overlaps(self.expected.place.span)
        ]

    @property
    def _is_candidate(self) -> bool:
        return self.expected.passage_id in self.considered.fused

    @property
    def _group(self) -> tuple[int, Group] | None:
        """The group that the passage stands for or is folded into, with its rank."""
        return self.considered.groups.get(self.expected.passage_id)

    @property
    def _folded(self) -> Place | None:
        """What an also_in names of the passage, if that is folded into another one."""
        if self._group is None:
            return None
        _, group = self._group
        folded = zip(group.duplicates, group.also_in, strict=True)
        passage_id = self.expected.passage_id
        return next((place for copy, place in folded if copy.passage.id == passage_id), None)

    @property
    def _decisions(self) -> list[tuple[int, QuoteDecision]]:
        """The decisions on quotes from the passage that have some of what is expected, by rank."""
        return [
            (rank, decision)
            for rank, decision in enumerate(self.considered.decisions, 1)
            if decision.quote.candidate.passage.id == self.expected.passage_id
            and any(part.overlaps(self.expected.place.span) for part in decision.quote.parts)
        ]

    def _is_cited_whole(self) -> bool:
        """Tell whether nothing of the quote but blanks is left uncited."""
        place, citations = self.expected.place, self.citations
        return not any(
            character.strip()
            for at, character in enumerate(place.text, place.span.start)
            if not any(citation.start <= at < citation.end for citation in citations)
        )

    def _why_not_quoted(self) -> str:
        trace, span = self.considered.trace, self.expected.place.span
        document, passage = self.expected.place.document, self.expected.passage
        if trace.missing_names:
            return f"no document has the name {' or '.join(trace.missing_names)}"
        all_units = units_of(document.text, passage) if passage else []
        units = [unit for unit in all_units if unit.span.overlaps(span)]
        if not units:
            return "it is in no sentence of the passage"
        if any(unit.kind == "header" for unit in units):
            return "it heads the columns of a table, and is quoted only with a row"
        if all(is_question(unit.span.of(document.text)) for unit in units):
            return "it asks, and what asks is never quoted"
        if any(unit.kind == "lead-in" for unit in units):
            return "it only announces what follows, and is quoted only with that"
        if any(lacks(document, name) for name in proper_names(trace.query.question)):
            return "its document lacks a name of the question"
        if not any(True for _ in of_asked_rows(trace.query, self._windows)):
            return "it is a row of another period, or another thing, than the question asks for"
        return (
            "it says nothing by itself, or its window is not among those whose sentences were read"
        )


def _where(place: Place) -> str:
    return place_line(place.document, place.span)


def _offsets(passage: Passage) -> str:
    return f"{passage.start}-{passage.end}"


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words[:_MAX_SHOWN].rstrip()}…”" if len(words) > _MAX_SHOWN else f"“{words}”"


def _ruling(decision: QuoteDecision, needed: float) -> str:
    match decision.ruling:
        case "chosen":
            return "for the answer"
        case "weak":
            return f"it scores less than {needed:.3f}, which is too far below the best quote"
        case "enough":
            return f"{MAX_QUOTES} better quotes are chosen, and no answer has more"
        case "long":
            return f"with the better quotes it would be more than {ANSWER_WORDS} words"
        case "repeats":
            repeated = decision.repeated
            return f"it repeats {_shortened(repeated.text) if repeated else 'a better one'}"
