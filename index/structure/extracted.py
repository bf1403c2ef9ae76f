"""Layout of text that a reader extracted: a line is a block, and the headings are known."""

from collections.abc import Sequence

from index.records import Heading, Skipped
from index.structure.outline import Block, Outline, line_spans, marker_end, trim


def outline_extracted(text: str, headings: Sequence[Heading]) -> Outline:
    """Read the layout of `text`: each line that is no heading is a paragraph, an item or a row.

    A heading with nothing below it but another as high or higher is text.
    """
    by_start = {heading.start: heading for heading in headings}
    path: list[Heading] = []
    bare: Heading | None = None
    blocks: list[Block] = []
    skipped: list[Skipped] = []
    section = 0

    def titles() -> tuple[str, ...]:
        return tuple(text[above.start : above.end] for above in path)

    def settle(level: int) -> None:
        nonlocal bare
        if bare is None:
            return
        if level > bare.level:
            skipped.append(Skipped(bare.start, bare.end, "heading"))
        else:
            path.pop()
            blocks.append(Block(bare.start, bare.end, titles(), section))
        bare = None

    for line in line_spans(text):
        span = trim(text, line)
        if span.start == span.end:
            continue
        heading = by_start.get(span.start)
        if heading:
            settle(heading.level)
            path = [above for above in path if above.level < heading.level] + [heading]
            section += 1
            bare = heading
            continue
        settle(7)
        start = marker_end(text, span)
        if start > span.start:
            skipped.append(Skipped(span.start, start, "list marker"))
        blocks.append(Block(start, span.end, titles(), section))
    settle(0)
    return Outline("", tuple(blocks), tuple(sorted(skipped, key=lambda part: part.start)))
