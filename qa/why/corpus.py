"""The stages before any question: is the quote in the corpus, and in a passage?"""

from index.records import Passage
from qa.why.considered import Considered
from qa.why.expected import Expected
from qa.why.finding import Finding, lost, named, passes


def ingested(_: Considered, expected: Expected) -> Finding:
    """Tell where in the corpus the quote stands."""
    alike = "word for word" if expected.verbatim else "but for blanks, case or quotation marks"
    return passes(f"{named(expected.place)}, {alike}")


def chunked(_: Considered, expected: Expected) -> Finding:
    """Tell which passage holds the quote."""
    passage, span = expected.passage, expected.place.span
    reasons = " and ".join(expected.skipped) or "blank"
    if passage is None:
        return lost(f"it stands in no passage: {reasons}")
    length = span.end - span.start
    if expected.held == length:
        return passes(f"whole in the passage {_offsets(passage)}")
    part = f"{_offsets(passage)}, which holds {expected.held} of its {length} characters"
    if len(expected.passages) == 1:
        return passes(f"in the passage {part}; the rest is in none: {reasons}")
    across = " and ".join(_offsets(each) for each in expected.passages)
    return passes(f"no passage holds it whole, it lies across {across}; here {part}")


def _offsets(passage: Passage) -> str:
    return f"{passage.start}-{passage.end}"
