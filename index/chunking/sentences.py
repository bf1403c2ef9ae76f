"""Sentences as spans, by the library sentencex, and the pieces of sentences that are too long."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import sentencex

from index.chunking.tokens import Tokenizer
from index.records import Span
from index.structure.outline import Block, line_spans, trim

MAX_SENTENCE_CHARS = 1500
"""A longer sentence is split: a huge unbroken word is one token."""

_CLAUSE_END = re.compile(r"[;,:)\]–—…、，；：](?=\s)|\s(?=[–—-]\s)")
_MARK = re.compile(r"^[ \t]*(?:#+|//+!?|--+|;+|%+|/?\*+/?|>[> \t]*)(?=\s|$)", re.M)
"""What stands before a line in a comment, or in a quotation. It would be taken for a list's."""
_BLANK = re.compile(r"\s(?=\S|\Z)")
_WORDLESS = re.compile(r"\W*\Z")
_STOP_BEFORE_WORD = re.compile(r"(?<![^\w\s])\.(?=\w)")
"""As in "json.loads", "AMAZON.COM" and ".NET"; seldom the end of a sentence."""


def split_block(text: str, block: Block) -> list[Span]:
    """Return the units of a block, in order and without the blanks around them.

    A line without a word, such as a bracket, belongs to the one before.
    """
    span = Span(block.start, block.end)
    if block.units == "lines":
        return _cut(text, span, [line.end for line in line_spans(span.of(text))])
    if block.units == "marked":
        unmarked = _MARK.sub(lambda mark: " " * len(mark[0]), span.of(text))
        return _cut(text, span, _sentence_ends(unmarked))
    return split_sentences(text, span)


def split_sentences(text: str, span: Span) -> list[Span]:
    """Return the sentences within `span` of `text`, in order and without the blanks around them.

    The library's strings may differ from `text`, so only its positions count. It also cuts
    "json.Loads" in two; that cut is not taken.
    """
    return _cut(text, span, _sentence_ends(span.of(text)))


def _sentence_ends(text: str) -> list[int]:
    ends = {part["end_index"] for part in sentencex.get_sentence_boundaries("en", text)}
    ends -= {stop.end() for stop in _STOP_BEFORE_WORD.finditer(text)}
    return sorted(ends)


def _cut(text: str, span: Span, cuts: Sequence[int]) -> list[Span]:
    """Return the parts of `span` between the cuts, which count from its start."""
    length = span.end - span.start
    edges = [0, *(cut for cut in cuts if 0 < cut < length), length]
    sentences: list[Span] = []
    for start, end in pairwise(edges):
        sentence = trim(text, Span(span.start + start, span.start + end))
        if sentence.start == sentence.end:
            continue
        if sentences and _WORDLESS.match(sentence.of(text)):
            sentences[-1] = Span(sentences[-1].start, sentence.end)
        else:
            sentences.append(sentence)
    return sentences


def split_long(text: str, sentence: Span, limit: int, tokenizer: Tokenizer) -> list[Span]:
    """Cut `sentence` into pieces of at most `limit` tokens, or of one code point.

    Each cut is after the last clause that fits, else after the last word or code point.
    """
    pieces: list[Span] = []
    rest = sentence
    while rest.start < rest.end:
        cut = _next_cut(text, rest, limit, tokenizer)
        pieces.append(trim(text, Span(rest.start, cut)))
        rest = trim(text, Span(cut, rest.end))
    return pieces


def _next_cut(text: str, rest: Span, limit: int, tokenizer: Tokenizer) -> int:
    end = min(rest.end, rest.start + MAX_SENTENCE_CHARS)
    while True:
        end = _longest_fit(text, Span(rest.start, end), limit, tokenizer)
        cuts = [rest.end] if end == rest.end else [*_good_cuts(text, rest.start, end), end]
        for cut in cuts:  # A part of what fits need not fit.
            piece = trim(text, Span(rest.start, cut)).of(text)
            if len(tokenizer.tokens(piece)) <= limit:
                return cut
        if end == rest.start + 1:
            return end
        end -= 1


def _longest_fit(text: str, within: Span, limit: int, tokenizer: Tokenizer) -> int:
    """Return an end such that `text[within.start:end]` has at most `limit` tokens."""
    start, end = within
    # A word that is cut may have more tokens: hence the loop.
    while len(tokens := tokenizer.tokens(text[start:end])) > limit and end > start + 1:
        end = max(start + 1, min(end - 1, start + tokens[limit].start))
    return end


def _good_cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Yield the last end of a clause, then that of a word, in the later two thirds."""
    earliest = start + (end - start) // 3
    for boundary in (_CLAUSE_END, _BLANK):
        cuts = [match.end() for match in boundary.finditer(text, earliest, end)]
        if cuts:
            yield cuts[-1]
