"""The stages that make the list of passages: near-duplicates collapsed, then cut at top_k."""

from qa.records import MOST_PLACES, Place
from qa.why.considered import Considered
from qa.why.expected import Expected
from qa.why.finding import NOT_REACHED, Finding, lost, named, passes


def collapsed(considered: Considered, expected: Expected) -> Finding:
    """Tell whether the passage stands for itself, or another that says the same for it."""
    if expected.passage_id not in considered.fused:
        return NOT_REACHED
    if expected.passage_id not in considered.groups:
        return passes(f"it repeats none of the {considered.kept} passages that are kept")
    rank, group = considered.groups[expected.passage_id]
    place = considered.folded(expected)
    if place is None:
        others = f", and for {len(group.duplicates)} more" if group.duplicates else ""
        return passes(f"it stands for itself{others}", rank)
    lies = "within" if place.span.contains(expected.place.span) else "partly within"
    best = named(Place(group.best.document, group.best.passage.span))
    unlisted = (
        f" (not among the {MOST_PLACES} listed)" if place in group.also_in[MOST_PLACES:] else ""
    )
    return lost(
        f"it is folded into passage {rank}, {best}, which says the same; the also_in of that "
        f"names {named(place)}{unlisted}, and the quote lies {lies}",
        rank,
    )


def shown(considered: Considered, expected: Expected) -> Finding:
    """Tell whether the quote is in a passage that is shown, or in the also_in of one."""
    if expected.passage_id not in considered.fused:
        return NOT_REACHED
    top_k = considered.top_k
    if expected.passage_id not in considered.groups:
        return lost(f"below all {considered.kept} passages that are kept", needed=top_k)
    rank, _ = considered.groups[expected.passage_id]
    place = considered.folded(expected)
    if rank > top_k:
        drawn_from = not place and expected.passage_id in considered.read
        yet = ", yet answers are drawn from it" if drawn_from else ""
        return lost(f"{rank - top_k} below the cut of {top_k}{yet}", rank, needed=top_k)
    if place is None:
        return passes(f"within the cut of {top_k}", rank, needed=top_k)
    return passes("in the also_in of that passage", rank, needed=top_k)
