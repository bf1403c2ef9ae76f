"""From a document to its passages: whole sentences of one section, as long as the encoder reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.chunking.sentences import MAX_SENTENCE_CHARS, split_long, split_sentences
from index.chunking.tokens import TokenBudget, Tokenizer
from index.records import (
    ChunkedDocument,
    Document,
    Passage,
    Span,
    embedded_text,
    lines_above,
    passage_id,
)
from index.search.terms import words_of_name
from index.structure import Block, outline_of

VERSION = 4
"""Part of a snapshot's identity: raise it when the same text would be cut differently."""

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
    """How many tokens a passage may have below its lines."""

    lines_above: tuple[str, ...]
    tokens: int


class Chunker:
    """Cuts documents into passages for one encoder."""

    def __init__(self, tokenizer: Tokenizer, budget: TokenBudget) -> None:
        self._tokenizer = tokenizer
        self._budget = budget

    def chunk(self, document: Document) -> ChunkedDocument:
        """Return the document's passages, and the parts of its text that are in none of them.

        Raises KeyError for an unknown media type.
        """
        outline = outline_of(document)
        context = self._fit_context(document)
        passages: list[Passage] = []
        for _, blocks in groupby(outline.blocks, key=lambda block: block.section):
            passages.extend(self._passages(document, context, list(blocks)))
        skipped = tuple(
            part
            for part in outline.skipped
            if not any(p.start <= part.start and part.end <= p.end for p in passages)
        )
        return ChunkedDocument(document, tuple(passages), skipped)

    def _passages(
        self, document: Document, context: tuple[str, ...], section: Sequence[Block]
    ) -> Iterator[Passage]:
        path = self._fit_headings(section[0].heading_path)
        lines = lines_above(context, path)
        left = self._budget.total - self._count(embedded_text(lines, ""))
        room = _Room(lines, max(1, min(self._budget.passage, left)))
        sentences = [s for block in section for s in self._sentences(document.text, block, room)]
        for run in self._pack(document.text, room, sentences):
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

    def _sentences(self, text: str, block: Block, room: _Room) -> Iterator[_Sentence]:
        opens_block = True
        for sentence in split_sentences(text, Span(block.start, block.end)):
            for piece, tokens in self._pieces(text, sentence, room.tokens):
                yield _Sentence(piece, tokens, opens_block)
                opens_block = False

    def _pieces(self, text: str, sentence: Span, limit: int) -> list[tuple[Span, int]]:
        """Return a sentence, or the pieces of one that is too long, each with its token count."""
        tokens = self._count(sentence.of(text))
        if tokens <= limit and sentence.end - sentence.start <= MAX_SENTENCE_CHARS:
            return [(sentence, tokens)]
        pieces = split_long(text, sentence, limit, self._tokenizer)
        return [(piece, self._count(piece.of(text))) for piece in pieces]

    def _pack(
        self, text: str, room: _Room, sentences: list[_Sentence]
    ) -> Iterator[list[_Sentence]]:
        """Divide a section into passages of about equal length, at paragraphs where possible."""
        total = sum(sentence.tokens for sentence in sentences)
        passages_needed = -(-total // room.tokens)
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
        """Tell whether the sentences, and the text between them, are within the budget.

        Sentences rarely have fewer tokens alone than together. So a sum well below the budget
        needs no exact count.
        """
        start, end = run[0].span.start, run[-1].span.end
        if end - start > MAX_PASSAGE_CHARS:
            return False
        between = end - start - sum(each.span.end - each.span.start for each in run)
        estimate = sum(each.tokens for each in run) + 2 * between
        if estimate <= room.tokens - self._budget.headings:
            return True
        cited = text[start:end]
        return (
            self._count(cited) <= room.tokens
            and self._count(embedded_text(room.lines_above, cited)) <= self._budget.total
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
        return len(self._tokenizer.tokens(text))
