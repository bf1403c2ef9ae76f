"""From a document to its passages: whole sentences of one section, as long as the encoder reads."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from index.chunking.sentences import (
    MAX_SENTENCE_CHARS,
    split_block,
    split_long,
)
from index.chunking.tokens import BLANKS, TokenBudget, Tokenizer
from index.records import (
    ChunkedDocument,
    Document,
    Passage,
    Skipped,
    Span,
    lines_above,
    passage_id,
)
from index.search.terms import words_of_name
from index.structure.layout import outline_of
from index.structure.outline import Block

VERSION = 6
"""Part of a snapshot's identity: raise it when the same text would be cut differently, or
get other `index.search.features`."""

MAX_PASSAGE_CHARS = 4000
MAX_HEADING_PATH_CHARS = 500
"""Tokens alone are no limit: an unbroken word of any length is one unknown token."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    span: Span
    tokens: int
    opens_block: bool


@dataclass(frozen=True, slots=True)
class _Room:
    """The most tokens of a section's passages, the lines above them, and what those lines leave."""

    limit: int
    lines: tuple[str, ...]
    left_by_lines: int


class Chunker:
    """Cuts documents into passages for one encoder."""

    def __init__(self, tokenizer: Tokenizer, budget: TokenBudget) -> None:
        self._tokenizer = tokenizer
        self._budget = budget

    def chunk(self, document: Document) -> ChunkedDocument:
        """Return the passages, and what is in none of them. Raises KeyError for an unknown type."""
        outline = outline_of(document)
        context = self._fit_context(document)
        passages: list[Passage] = []
        for _, blocks in groupby(outline.blocks, key=lambda block: block.section):
            passages.extend(self._passages(document, context, list(blocks)))
        starts = [passage.start for passage in passages]

        def is_in_passage(part: Skipped) -> bool:
            before = bisect_right(starts, part.start)
            return before > 0 and part.end <= passages[before - 1].end

        skipped = tuple(part for part in outline.skipped if not is_in_passage(part))
        return ChunkedDocument(document, tuple(passages), skipped)

    def _passages(
        self, document: Document, context: tuple[str, ...], section: Sequence[Block]
    ) -> Iterator[Passage]:
        path = self._fit_headings(section[0].heading_path)
        lines = lines_above(context, path)
        left = self._budget.total - self._count("\n".join((*lines, "")))
        room = _Room(max(1, min(self._budget.passage, left)), lines, left)
        text = document.text
        sentences = [s for block in section for s in self._sentences(text, block, room.limit)]
        for run in self._pack(text, room, sentences):
            start, end = run[0].span.start, run[-1].span.end
            yield Passage(
                id=passage_id(document.id, start, end),
                document_id=document.id,
                start=start,
                end=end,
                heading_path=path,
                sentences=tuple(sentence.span for sentence in run),
                context=context,
            )

    def _sentences(self, text: str, block: Block, limit: int) -> Iterator[_Sentence]:
        opens_block = True
        for span in split_block(text, block):
            tokens = self._count(span.of(text))
            pieces = [(span, tokens)]
            if tokens > limit or span.end - span.start > MAX_SENTENCE_CHARS:
                parts = split_long(text, span, limit, self._tokenizer)
                pieces = [(part, self._count(part.of(text))) for part in parts]
            for piece, tokens in pieces:
                yield _Sentence(piece, tokens, opens_block)
                opens_block = False

    def _pack(
        self, text: str, room: _Room, sentences: list[_Sentence]
    ) -> Iterator[list[_Sentence]]:
        """Divide a section into passages of about equal length, at paragraphs where possible."""
        total = sum(sentence.tokens for sentence in sentences)
        passages_needed = -(-total // room.limit)
        early = 0.8 * total / max(1, passages_needed) if passages_needed > 1 else total + 1
        run: list[_Sentence] = []
        for sentence in sentences:
            enough = sentence.opens_block and sum(each.tokens for each in run) >= early
            if run and (enough or not self._fits(text, room, [*run, sentence])):
                # "These include:" stays with what follows it.
                leads_on = len(run) > 1 and run[-1].span.of(text).endswith(":")
                lead_in = [run.pop()] if leads_on else []
                yield run
                run = lead_in
                if run and not self._fits(text, room, [*run, sentence]):
                    yield run
                    run = []
            run.append(sentence)
        if run:
            yield run

    def _fits(self, text: str, room: _Room, run: Sequence[_Sentence]) -> bool:
        """Tell whether the sentences, and the text between them, are within the budget."""
        start, end = run[0].span.start, run[-1].span.end
        if end - start > MAX_PASSAGE_CHARS:
            return False
        # Sentences rarely have fewer tokens alone than together: a low sum needs no exact count.
        between = end - start - sum(each.span.end - each.span.start for each in run)
        estimate = sum(each.tokens for each in run) + 2 * between
        if estimate <= room.limit - self._budget.headings:
            return True
        gaps = [text[one.span.end : other.span.start] for one, other in pairwise(run)]
        if self._tokenizer.splits_at_blanks and all(map(_is_between_blanks, gaps)):
            tokens = sum(each.tokens for each in run)
            tokens += sum(self._count(gap) for gap in gaps if not gap.isspace())
            return tokens <= min(room.limit, room.left_by_lines)
        cited = text[start:end]
        return (
            self._count(cited) <= room.limit
            and self._count("\n".join((*room.lines, cited))) <= self._budget.total
        )

    def _fit_context(self, document: Document) -> tuple[str, ...]:
        """Return the title, and the file's name if it adds a word, as far as they fit."""
        name = words_of_name(document)
        title_words = document.title.casefold().split()
        repeated = all(word in title_words for word in name.casefold().split())
        context: tuple[str, ...] = ()
        for line in (document.title, "" if repeated else name):
            longer = (*context, line)
            if line.strip() and self._within("\n".join(longer), self._budget.context):
                context = longer
        return context

    def _fit_headings(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Drop inner headings, then the outermost, then words of the last, until the path fits."""
        limit = self._budget.headings
        while len(path) > 1 and not self._within("\n".join(path), limit):
            path = (path[0], *path[2:]) if len(path) > 2 else path[1:]
        if path and not self._within(path[0], limit):
            heading = path[0][:MAX_HEADING_PATH_CHARS]
            tokens = self._tokenizer.tokens(heading)
            shortened = heading[: tokens[limit].start] if len(tokens) > limit else heading
            path = (shortened.rstrip(),) if shortened.strip() else ()
        return path

    def _within(self, lines: str, limit: int) -> bool:
        return len(lines) <= MAX_HEADING_PATH_CHARS and self._count(lines) <= limit

    def _count(self, text: str) -> int:
        return self._tokenizer.count(text)


def _is_between_blanks(gap: str) -> bool:
    """Tell whether what parts two sentences starts and ends with a blank."""
    return gap[:1] in BLANKS and gap[-1:] in BLANKS
