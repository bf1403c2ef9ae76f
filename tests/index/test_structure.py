"""What is taken for a heading, a paragraph, a list item; and the passages of the seeds."""

import os
from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.parsers import read_file
from index.sources.listing import list_files
from index.structure.layout import OUTLINERS
from index.structure.outline import Outline

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "seeds_outline.txt"


def outline(text: str, media_type: str) -> Outline:
    return OUTLINERS[media_type](text)


def blocks(text: str, media_type: str) -> list[tuple[tuple[str, ...], str]]:
    """Each block as (heading path, its text)."""
    found = outline(text, media_type).blocks
    return [(block.heading_path, text[block.start : block.end]) for block in found]


def skipped(text: str, media_type: str) -> list[tuple[str, str]]:
    """Each skipped stretch as (reason, its text)."""
    return [(s.reason, text[s.start : s.end]) for s in outline(text, media_type).skipped]


def plain(text: str) -> list[tuple[tuple[str, ...], str]]:
    return blocks(text, "text/plain")


def markdown(text: str) -> list[tuple[tuple[str, ...], str]]:
    return blocks(text, "text/markdown")


# Plain text.

SEVERAL_ARTICLES = """\
Needling makes tiny wounds in the skin, which then makes collagen to heal them.
These wounds can have several effects:
Redness: The skin is red for a day or two, as after a mild sunburn.
In conclusion, redness is a normal part of healing and soon goes away by itself.
What to Know Before a First Treatment
A first treatment takes about an hour, most of which is spent on numbing the skin.
Preparation
Stop using retinol three days before, for it makes the skin thin and sensitive.
Conclusion
With a little preparation, a first treatment holds few surprises for most people.
How to Care for the Skin Afterwards
Wash it with lukewarm water only, and keep it out of the sun for at least a week.
The First Day
Do not touch the face, and leave make-up in the drawer until the redness is gone.
Get updated with beauty resources
"""
FIRST, SECOND = "What to Know Before a First Treatment", "How to Care for the Skin Afterwards"


def test_plain_text_may_hold_several_articles_of_which_the_first_has_no_title() -> None:
    assert plain(SEVERAL_ARTICLES) == [
        ((), "Needling makes tiny wounds in the skin, which then makes collagen to heal them."),
        ((), "These wounds can have several effects:"),
        ((), "Redness: The skin is red for a day or two, as after a mild sunburn."),
        ((), "In conclusion, redness is a normal part of healing and soon goes away by itself."),
        (
            (FIRST,),
            "A first treatment takes about an hour, most of which is spent on numbing the skin.",
        ),
        (
            (FIRST, "Preparation"),
            "Stop using retinol three days before, for it makes the skin thin and sensitive.",
        ),
        (
            (FIRST, "Conclusion"),
            "With a little preparation, a first treatment holds few surprises for most people.",
        ),
        (
            (SECOND,),
            "Wash it with lukewarm water only, and keep it out of the sun for at least a week.",
        ),
        (
            (SECOND, "The First Day"),
            "Do not touch the face, and leave make-up in the drawer until the redness is gone.",
        ),
        ((SECOND, "The First Day"), "Get updated with beauty resources"),
    ]


def test_a_file_of_several_articles_has_no_title_of_its_own() -> None:
    assert outline(SEVERAL_ARTICLES, "text/plain").title == ""


def test_sections_with_the_same_headings_are_still_two_sections() -> None:
    text = (
        "Needling at a Glance Today\nA first body that is long enough to stand below a heading.\n"
        "Conclusion\nA first end that is long enough to stand below any heading.\n"
        "Needling at a Glance Today\nA second body that is long enough to stand below a heading.\n"
    )
    first, conclusion, second = outline(text, "text/plain").blocks
    assert first.heading_path == second.heading_path == ("Needling at a Glance Today",)
    assert len({first.section, conclusion.section, second.section}) == 3


STACKED = """\
Blog

Complications and How to Avoid Them

Common Complications

Redness is the most common complication, and it fades within two days.

Infection

An infection is rare, and nearly always due to a lack of hygiene.

Leave a Reply
"""


def test_stacked_headings_form_one_path_and_name_the_document() -> None:
    article = ("Blog", "Complications and How to Avoid Them")
    assert plain(STACKED) == [
        (
            (*article, "Common Complications"),
            "Redness is the most common complication, and it fades within two days.",
        ),
        (
            (*article, "Infection"),
            "An infection is rare, and nearly always due to a lack of hygiene.",
        ),
        ((*article, "Infection"), "Leave a Reply"),
    ]
    assert outline(STACKED, "text/plain").title == "Complications and How to Avoid Them"
    assert skipped(STACKED, "text/plain") == [
        ("heading", "Blog"),
        ("heading", "Complications and How to Avoid Them"),
        ("heading", "Common Complications"),
        ("heading", "Infection"),
    ]


def test_a_label_with_its_sentence_is_text_and_not_a_heading() -> None:
    text = (
        "Skin Reaction: The wounds can cause a mild inflammation of the skin around them.\n"
        "Clogged Pores: Rich creams clog the pores, so that pimples appear some days later.\n"
    )
    assert plain(text) == [((), line) for line in text.splitlines()]


def test_a_question_heads_its_answer_however_short_that_is() -> None:
    text = (
        "Does it hurt?\nHardly.\n"
        "Will it bleed?\nOnly a little, and it stops within minutes of the treatment.\n"
    )
    assert plain(text) == [
        (("Does it hurt?",), "Hardly."),
        (("Will it bleed?",), "Only a little, and it stops within minutes of the treatment."),
    ]


def test_questions_in_a_row_are_a_list_of_questions() -> None:
    text = "Does it hurt?\nWill it bleed?\nWhat does it cost?\n"
    assert plain(text) == [((), line) for line in text.splitlines()]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_hard_wrapped_lines_are_one_paragraph(line_end: str) -> None:
    first = "A paragraph may be wrapped so that\nits lines break off in the middle of\na sentence."
    second = "The next one comes after\nan empty line."
    text = f"{first}\n\n{second}\n".replace("\n", line_end)
    assert plain(text) == [((), part.replace("\n", line_end)) for part in (first, second)]


def test_wrapped_list_items_stay_apart() -> None:
    text = "- a first item that is\n  continued here.\n- a second item that is\n  continued, too.\n"
    assert plain(text) == [
        ((), "a first item that is\n  continued here."),
        ((), "a second item that is\n  continued, too."),
    ]
    assert skipped(text, "text/plain") == [("list marker", "-"), ("list marker", "-")]


def test_notes_without_full_stops_are_text_and_not_headings() -> None:
    text = "buy milk\ncall the dentist\nrenew the passport before June\nthe code is 4711\n"
    assert plain(text) == [((), line) for line in text.splitlines()]
    assert skipped(text, "text/plain") == []


def test_closing_lines_of_boilerplate_are_not_headings() -> None:
    text = (
        "Redness fades within two days, and the skin feels smoother after a week.\n"
        "About the Author\nLeave a Reply\nShare this post\n"
    )
    assert plain(text) == [((), line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("item", "marker"),
    [
        ("- rest", "- "),
        ("* rest", "* "),
        ("•\trest", "•\t"),
        ("– rest", "– "),
        ("1. rest", "1. "),
        ("12) rest", "12) "),
        ("(3) rest", "(3) "),
        ("a) rest", "a) "),
        ("(b) rest", "(b) "),
        ("c. rest", "c. "),
    ],
)
def test_list_markers_are_left_out(item: str, marker: str) -> None:
    assert plain(item) == [((), "rest")]
    assert skipped(item, "text/plain") == [("list marker", marker.strip())]


@pytest.mark.parametrize(
    "line",
    [
        "E. coli lives in the gut.",
        "J. Smith was the first to describe it.",
        "1.5 mm is deep enough.",
        "-5 degrees is too cold.",
        "2024. A year to remember.",
        "A short line",
        "-",
        "1.",
    ],
)
def test_what_only_resembles_a_list_marker_is_kept(line: str) -> None:
    assert plain(line) == [((), line)]


CONTACTS = """\
Plumber Jones: 555-0199
Call him only on weekdays between nine and five, because he does not answer otherwise.

Electrician Smith lives at 12 Oak Street
She prefers to be contacted by letter, since she has no phone at all.

Roofer Baker comes on Tuesdays
He brings his own ladder, and he wants to be paid in cash when the work is done.
"""


def test_lines_that_state_a_fact_can_be_cited() -> None:
    assert " ".join(cited for _, cited in plain(CONTACTS)).split() == CONTACTS.split()
    assert skipped(CONTACTS, "text/plain") == []
    assert outline(CONTACTS, "text/plain").title == ""


BODY = (
    "They were chosen for being like real texts: repetitive, nearly the same as one another, "
    "with boilerplate at the end, and with a typo here and there."
)


@pytest.mark.parametrize(
    "fact",
    [
        "Plumber Jones: 555-0199",
        "Plumber: Bob Jones",
        "Plumber – Bob Jones",
        "Dinner: Fish and Chips",
        "Wifi password: hunter2",
        "Locker Code 4711",
        "12 Oak Street",
        "Bob Jones, Oak Street",
        "bob.jones@example.org",
        "Rent = Half",
        "Bob is vegan",
        "Anna lives in Paris",
        "Anna moved to Paris",
        "Anna went to Old Oak Street",
        "I Live in Paris",
        "The boat trailer licence expires in May",
        "Spare key under the flowerpot by the shed",
        "Ask Bob. He Knows the Way",
        "The Vet said, “Come Again Tomorrow.”",
        "Where is the key? Under the Flowerpot",
        "水管工琼斯住在橡树街",
        "Flat sold 1987",
        "Boat Licence Until May 2027",
    ],
)
def test_a_line_that_may_state_a_fact_is_text_and_opens_a_section(fact: str) -> None:
    text = f"Something else comes first.\n\n{fact}\n{BODY}\n"
    first, line, body = outline(text, "text/plain").blocks
    assert text[line.start : line.end] == fact
    assert first.section < line.section == body.section
    assert line.heading_path == body.heading_path == ()


@pytest.mark.parametrize(
    "heading",
    [
        "Gameplay",
        "Early life",
        "Distribution and habitat",
        "author-avatar",
        "techniques to minimize Risks",
        "Conditions That Can Worsen Scars",
        "Rare but Serious Side Effects",
        "Microneedling and Acne Scars: A Closer Look",
        "Sun, Wind and Rain",
        "How it works",
        "What is Microneedling",
        "1. Introduction",
        "2.1 Methods",
        "Chapter 4",
        "Figure 2 Asian Elephant Range in Borneo",
        "Step 3: Cleanse the Skin",
        "Box 1. Golden Rice",
        "E\u0301tudes",
        "Which trains stop here after 22:00?",
    ],
)
def test_a_line_without_a_fact_above_a_paragraph_is_a_heading(heading: str) -> None:
    text = f"Something else comes first.\n\n{heading}\n{BODY}\n"
    assert plain(text)[1:] == [((heading,), BODY)]
    assert skipped(text, "text/plain") == [("heading", heading)]


def test_a_heading_in_small_letters_needs_a_longer_paragraph() -> None:
    text = "Allergic to penicillin\nThe doctor has to be told of it before any treatment.\n"
    assert plain(text) == [((), line) for line in text.splitlines()]


def test_a_line_that_ends_a_paragraph_is_no_heading_of_the_next() -> None:
    text = f"Bring along:\nTea\nOld Towels\n\n{BODY}\n"
    assert skipped(text, "text/plain") == []


def test_a_list_of_names_is_not_a_stack_of_headings() -> None:
    names = ["Anna Smith", "Bob Jones", "Carl Brown", "Dora Green"]
    text = "\n\n".join([*names, BODY])
    assert plain(text) == [*(((), name) for name in names[:-1]), ((names[-1],), BODY)]


def test_a_heading_may_stand_above_a_line_that_is_text() -> None:
    text = f"Contacts\n\nPlumber Jones: 555-0199\n{BODY}\n"
    assert plain(text) == [
        (("Contacts",), "Plumber Jones: 555-0199"),
        (("Contacts",), BODY),
    ]


def test_a_long_heading_further_down_is_not_the_title_of_the_file() -> None:
    text = f"Pincite\n{BODY}\nTried and Not Kept After All\n{BODY}\nSettings\n{BODY}\n"
    assert outline(text, "text/plain").title == ""
    assert [path for path, _ in plain(text)] == [
        ("Pincite",),
        ("Tried and Not Kept After All",),
        ("Settings",),
    ]


# Markdown.


def test_markdown_headings_nest_by_their_level() -> None:
    text = (
        "Before any heading.\n\n# Guide\n\nIntro.\n\n## Depth ##\n\nHow deep.\n\n"
        "#### Far *below* `it` &amp; [more](/x)\n\nDetails.\n\n## Care\n\nAfterwards.\n"
    )
    assert markdown(text) == [
        ((), "Before any heading."),
        (("Guide",), "Intro."),
        (("Guide", "Depth"), "How deep."),
        (("Guide", "Depth", "Far below it & more"), "Details."),
        (("Guide", "Care"), "Afterwards."),
    ]
    assert outline(text, "text/markdown").title == "Guide"


def test_markdown_with_two_top_headings_has_no_title() -> None:
    assert outline("# One\n\nText.\n\n# Two\n\nText.\n", "text/markdown").title == ""


def test_setext_headings() -> None:
    text = "Guide\nto Needles\n==========\n\nIntro.\n\nDepth\n---\n\nHow deep.\n"
    assert markdown(text) == [
        (("Guide to Needles",), "Intro."),
        (("Guide to Needles", "Depth"), "How deep."),
    ]


def test_a_number_sign_without_a_blank_is_no_heading() -> None:
    assert markdown("#hashtag is text\n") == [((), "#hashtag is text")]


def test_each_item_of_nested_lists_is_a_block() -> None:
    text = "- one\n  goes on\n  - *two*\n    1. three\n\n    more of three\n- four\n"
    assert markdown(text) == [
        ((), "one\n  goes on"),
        ((), "*two*"),
        ((), "three"),
        ((), "more of three"),
        ((), "four"),
    ]


def test_each_row_of_a_table_is_a_block() -> None:
    text = "## Depths\n\n| Depth | Use |\n|------:|:----|\n| 0.5 | face |\n| 1.5 | scars |\n"
    assert markdown(text) == [
        (("Depths",), "| Depth | Use |"),
        (("Depths",), "| 0.5 | face |"),
        (("Depths",), "| 1.5 | scars |"),
    ]
    assert ("markup", "|------:|:----|") in skipped(text, "text/markdown")


def test_a_fence_is_one_block_and_hides_what_looks_like_a_heading() -> None:
    text = "# Code\n\n```sh\n# not a heading\n\nmake ask\n```\n\nAfter it.\n"
    assert markdown(text) == [
        (("Code",), "```sh\n# not a heading\n\nmake ask\n```"),
        (("Code",), "After it."),
    ]


def test_a_fence_that_is_never_closed_loses_nothing() -> None:
    assert markdown("```\nmake ask\n") == [((), "```\nmake ask")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_front_matter_is_skipped(line_end: str) -> None:
    front = "---\ntitle: x\ndate: 2024-01-01\n---\n".replace("\n", line_end)
    text = front + f"{line_end}# Guide{line_end}{line_end}Intro.{line_end}"
    assert markdown(text) == [(("Guide",), "Intro.")]
    assert skipped(text, "text/markdown")[0] == ("front matter", front)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_rule_on_the_first_line_is_not_front_matter(line_end: str) -> None:
    """Were the line ends ambiguous, 200 lines without a closing rule would take for ever."""
    text = line_end.join(["---", *["A paragraph.", ""] * 200])
    assert [cited for _, cited in markdown(text)] == ["A paragraph."] * 200


FRONT_MATTER = """\
---
# a comment
title: x
"quoted key": 'y'
tags:
- one
- two
summary: >
  It goes on

  after a blank line.
empty:
---
"""


def test_front_matter_may_hold_lists_comments_and_indented_lines() -> None:
    text = FRONT_MATTER + "Intro.\n"
    assert markdown(text) == [((), "Intro.")]
    assert skipped(text, "text/markdown") == [("front matter", FRONT_MATTER)]


@pytest.mark.parametrize(
    "prose",
    [
        "\nThe boat trailer licence expires on 9 May 2027.\n\nRenewal costs 80 euros.\n\n",
        "The boat trailer licence expires on 9 May 2027.\n\n",
        "Note: the licence expires on 9 May 2027.\n\nRenewal: 80 euros.\n\n",
        "- milk\n- bread\n\n",
        "title: x\nThe licence expires in May.\n\n",
        "title: x\n- The licence expires in May.\n\n",
        "    The licence expires in May.\n\n",
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_prose_between_two_rules_is_not_front_matter(prose: str, line_end: str) -> None:
    text = f"---\n{prose}---\n\nOther text.\n".replace("\n", line_end)
    cited = " ".join(block for _, block in markdown(text))
    assert not {"front matter", "heading"} & {
        reason for reason, _ in skipped(text, "text/markdown")
    }
    words = prose.replace("- ", " ").split()
    assert [word for word in cited.split() if word != "-"] == [*words, "Other", "text."]


def test_front_matter_that_is_never_closed_is_text() -> None:
    assert markdown("---\ntitle: x\n") == [((), "title: x")]


def test_a_heading_without_any_text_below_it_is_text() -> None:
    text = (
        "# Shopping\n\n## Milk ##\n\n---\n\n## Old *bread*\n\nOat\nmeal\n---\n\n"
        "# Chores\n\nMop.\n\n> ## Iron\n"
    )
    assert markdown(text) == [
        (("Shopping",), "Milk"),
        (("Shopping",), "Old *bread*"),
        (("Shopping",), "Oat\nmeal"),
        (("Chores",), "Mop."),
        (("Chores",), "Iron"),
    ]
    assert [s for s in skipped(text, "text/markdown") if s[0] != "markup"] == [
        ("heading", "# Shopping"),
        ("heading", "# Chores"),
    ]


def test_comments_are_skipped() -> None:
    text = (
        "# Guide <!-- draft -->\n\n<!-- internal -->\n\nIt costs 80 euros. <!-- was 70 -->\n\n"
        "<!--\ntwo\n\nparagraphs\n--> after it\n\n- <!-- a --> item\n\n"
        "<div>\n`<!-- b -->\n</div>\n\n| c <!-- d --> | e |\n|---|---|\n"
    )
    comments = [hidden for reason, hidden in skipped(text, "text/markdown") if reason == "comment"]
    assert comments == [
        "<!-- internal -->",
        "<!-- was 70 -->",
        "<!--\ntwo\n\nparagraphs\n-->",
        "<!-- a -->",
        "<!-- b -->",
        "<!-- d -->",
    ]
    assert markdown(text) == [
        (("Guide",), "It costs 80 euros."),
        (("Guide",), "after it"),
        (("Guide",), "item"),
        (("Guide",), "<div>\n`"),
        (("Guide",), "</div>"),
        (("Guide",), "| c"),
        (("Guide",), "| e |"),
    ]


def test_no_section_runs_across_a_comment() -> None:
    text = "Renew it<!-- or not --> in May<!-- or June -->.\n\nThen pay.\n"
    found = outline(text, "text/markdown").blocks
    assert [text[block.start : block.end] for block in found] == ["Renew it", "in May", "Then pay."]
    assert found[0].section < found[1].section < found[2].section
    assert skipped(text, "text/markdown")[-1] == ("markup", ".")


@pytest.mark.parametrize(
    "text",
    [
        "In code: `<!-- a -->` and ``<!-- ` -->``.",
        "Escaped: \\<!-- a -->.",
        "Never closed: <!-- a.",
        "```html\n<!-- a -->\n```",
        "<!-- a",
    ],
)
def test_what_only_looks_like_a_comment_is_text(text: str) -> None:
    assert markdown(text) == [((), text)]


@pytest.mark.parametrize(
    "text", ["`<!-- a -->", "``<!-- a -->`", "<!-->", "<!--->", "\\\\<!-- a -->"]
)
def test_what_code_and_backslashes_do_not_keep_is_a_comment(text: str) -> None:
    assert [reason for reason, _ in skipped(text, "text/markdown")].count("comment") == 1


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_other_line_ends_give_the_same_layout(line_end: str) -> None:
    text = (
        "# Guide\n\nIntro that\ngoes on.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| c | d |\n\n"
        "> quoted\n> text\n\nDepth\n---\n\n```\ncode\n```\n\n[label]: /url\n\nEnd.\n"
    )
    other = text.replace("\n", line_end)
    assert [(path, cited.replace(line_end, "\n")) for path, cited in markdown(other)] == markdown(
        text
    )


def test_quotes_lose_their_first_mark_only() -> None:
    assert markdown("> quoted\n> text\n\n> > - nested\n") == [
        ((), "quoted\n> text"),
        ((), "nested"),
    ]


def test_link_definitions_are_skipped_and_footnotes_are_text() -> None:
    text = (
        'See [label].\n\n[label]: https://example.org "A title"\n\n'
        "[^1]: A footnote that says something.\n\n[Note]: this is prose, too.\n"
    )
    assert markdown(text) == [
        ((), "See [label]."),
        ((), "[^1]: A footnote that says something."),
        ((), "[Note]: this is prose, too."),
    ]
    assert skipped(text, "text/markdown") == [
        ("link definition", '[label]: https://example.org "A title"')
    ]


def test_html_is_kept_as_it_stands() -> None:
    assert markdown("<p>\nText in <b>HTML</b>.\n</p>\n\nAfter it.\n") == [
        ((), "<p>\nText in <b>HTML</b>.\n</p>"),
        ((), "After it."),
    ]


@pytest.mark.parametrize("text", ["", "\n", "[label]: /url\n", "---\na: b\n---\n", "***\n"])
def test_markdown_without_any_text_has_no_blocks(text: str) -> None:
    assert markdown(text) == []


# The seeds, all of them, against a file that a person has read.


def test_the_outline_of_the_seeds(model: Model, seeds_dir: Path) -> None:
    """Write the file anew with `TEST_UPDATE_GOLDEN=1 pytest`, and read the difference."""
    found = describe(seeds_dir, model)
    if os.environ.get("TEST_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(found, encoding="utf-8", newline="\n")
    assert found == GOLDEN.read_text(encoding="utf-8")


def describe(folder: Path, model: Model) -> str:
    tokenizer = model.tokenizer()
    chunker = Chunker(tokenizer, model.budget())
    lines: list[str] = []
    files, _ = list_files([folder])
    for file in files:
        (document,) = read_file(file)
        lines.append(f"{document.source}: {document.title or '(no title)'}")
        path: tuple[str, ...] | None = None
        for passage in chunker.chunk(document).passages:
            if passage.heading_path != path:
                path = passage.heading_path
                lines.append("  " + (" > ".join(path) or "(no heading)"))
            cited = passage.span.of(document.text)
            words = cited.split()
            lines.append(
                f"    {passage.start}-{passage.end}  {' '.join(words[:5])} … "
                f"{' '.join(words[-5:])}  ({len(passage.sentences)} sentences, "
                f"{len(tokenizer.tokens(cited))} tokens)"
            )
        lines.append("")
    return "\n".join(lines)
