"""Does what a language model is said to have written agree with the words that it cites?"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from index.structure.columns import with_one_heading_each
from qa.verify.answer_json import GivenCitation, GivenWritten
from qa.written.rules import broken_rule

MOST_CHARACTERS = 8_000
"""Of a sentence with what it cites, several times what one that was checked has."""
MOST_IN_ALL = 400_000
"""Such characters of a whole text."""


def broken_rules(written: GivenWritten) -> Iterator[str]:
    """Yield each sentence that breaks a rule against what it cites, and which, a line each.

    Nothing is asked of a network, so what breaks no rule may still be wrong.
    """
    by_number = {cited.number: cited for cited in written.citations}
    left = MOST_IN_ALL
    for span in written.spans:
        sentence = (written.text or "")[span.start : span.end]
        cited = [by_number[number] for number in span.citations if number in by_number]
        size = len(sentence) + sum(len(_above(each) + each.cited_text) for each in cited)
        left -= size
        if size > MOST_CHARACTERS or left < 0:
            yield f"written {span.start}-{span.end}: there is too much to compare it with"
        elif cited and (fault := _fault(sentence, cited)):
            yield f"written {span.start}-{span.end}: {fault.rstrip('.')}"


def _fault(sentence: str, cited: Sequence[GivenCitation]) -> str:
    texts = sorted({_read(cited, one_heading_each=one) for one in (False, True)})
    checks = [broken_rule(sentence, text) for text in texts]
    return "" if None in checks else next(check.fault for check in checks if check)


def _read(cited: Sequence[GivenCitation], *, one_heading_each: bool) -> str:
    """Return what the check of a sentence reads: words below what stands above them.

    Of a table's header of several lines, it reads one heading for each column.
    """
    stretches: list[str] = []
    for above, citations in groupby(cited, _above):
        words = [citation.cited_text for citation in citations]
        if one_heading_each:
            words = [*(with_one_heading_each(*pair) for pair in pairwise(words)), words[-1]]
        stretches.append(above + "\n".join(words))
    return "\n".join(stretches)


def _above(citation: GivenCitation) -> str:
    name = citation.document_title or citation.source
    lines = dict.fromkeys(line for line in (name, *citation.heading_path) if line)
    return f"{': '.join(lines)}. " if lines else ""
