"""What is read of web pages: their content and nothing else, in order, with its structure."""

from pathlib import Path

import pytest

from index.chunking.chunker import Chunker
from index.chunking.tokens import Tokenizer
from index.records import Document
from tests.index.test_offsets import assert_holds, chunker, tokenizer  # noqa: F401
from tests.reading_checks import damaged, headings_of, read_bytes, reason_for

ARTICLE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>Growing tomatoes – Green Thumb</title><meta name="author" content="Ada Green">
<meta property="article:published_time" content="2024-03-05T10:00:00Z">
<meta name="description" content="How to grow."><meta name="keywords" content="tomato, pot">
<meta property="og:site_name" content="Green Thumb"></head><body>
<div role="dialog"><p>We use cookies to improve your experience.</p><button>OK</button></div>
<header><a href="/">Green Thumb</a><nav><ul><li><a href="/a">About us</a></li></ul></nav></header>
<article><h1>Growing tomatoes</h1>
<p>Tomatoes need at least six hours of direct sun each day, and a pot of twenty litres.</p>
<h2>Watering</h2><p>Water in the morning, at the <em>roots</em>, never on the leaves.</p>
<h2>Feeding</h2><ul><li>Nitrogen until the first flowers<ul><li>nettle tea</li></ul></li>
<li>Potassium after that</li></ul><ol start="3"><li>Mix.</li><li><p>Pour.</p></li></ol>
<div role="toolbar"><a href="#">Share on X</a></div></article>
<aside><h3>Popular posts</h3><ul><li><a href="/1">Ten herbs for shade</a></li></ul></aside>
<section id="comments"><h2>Comments</h2><p>Great post, thank you so much for writing this!</p>
</section><footer><p>© 2024 Green Thumb. All rights reserved.</p></footer></body></html>"""

ARTICLE_TEXT = """Growing tomatoes

Tomatoes need at least six hours of direct sun each day, and a pot of twenty litres.

Watering

Water in the morning, at the roots, never on the leaves.

Feeding

- Nitrogen until the first flowers
  - nettle tea
- Potassium after that

3. Mix.
4. Pour."""

MANUAL = """<html><head><title>Options</title></head><body>
<div class="sidebar"><a href="a">Install</a></div><div role="main">
<h1>Options<a class="headerlink" href="#c">¶</a></h1><p>The file <code>tool.toml</code> is read.</p>
<pre><span>[server]</span>
port = 8080

  nested = true
</pre><table><caption>All of them</caption><tr><th>Name</th><th>Default</th><th>Meaning</th></tr>
<tr><td>port</td><td>8080</td><td><p>Where it</p><p>listens.</p></td></tr>
<tr><td>host</td><td></td><td>An address</td></tr><tr><td></td><td></td><td></td></tr>
<tr><td colspan=2>both</td><td rowspan=2>shared</td></tr><tr><td>last</td><td>1</td></tr></table>
<dl><dt>--quiet</dt><dd>Say nothing.</dd></dl></div></body></html>"""

MANUAL_TEXT = """Options

The file tool.toml is read.

[server]
port = 8080

  nested = true

All of them
Name | Default | Meaning
port | 8080 | Where it listens.
host |  | An address
both |  | shared
last | 1 |

--quiet
Say nothing."""

DIVS = """<div class="x1"><div><a href=1>Home</a></div><div><a href=2>Shop</a></div></div>
<div class="q7"><div>The quick brown fox jumps over the lazy dog until the evening comes.</div>
<div>The next morning the fox rose early and had his breakfast by the river.</div></div>
<div class="z"><div><a href=3>Imprint</a></div></div>"""

DIVS_TEXT = """The quick brown fox jumps over the lazy dog until the evening comes.

The next morning the fox rose early and had his breakfast by the river."""


@pytest.fixture
def read(tmp_path: Path):
    def read(markup: str | bytes, name: str = "page.html") -> Document:
        content = markup if isinstance(markup, bytes) else markup.encode()
        return read_bytes(tmp_path, name, content)

    return read


def test_an_article_is_read_without_what_stands_around_it(read):
    document = read(ARTICLE)
    assert document.text == ARTICLE_TEXT
    assert headings_of(document) == [(1, "Growing tomatoes"), (2, "Watering"), (2, "Feeding")]
    assert document.title == "Growing tomatoes"
    assert document.media_type == "text/html"
    assert document.reader.startswith("html/3 (selectolax ")
    assert document.metadata == {
        "author": "Ada Green",
        "date": "2024-03-05",
        "description": "How to grow.",
        "site": "Green Thumb",
        "language": "en",
        "keywords": ("tomato", "pot"),
    }


def test_code_tables_and_definitions_keep_their_shape(read):
    document = read(MANUAL, "manual.htm")
    assert document.text == MANUAL_TEXT
    assert document.title == "Options"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<h1>FAQ</h1><h2>Does it hurt?</h2><p>No.</p>", "FAQ\n\nDoes it hurt?\n\nNo."),
        ("<table><tr><th>Year<th>Sales<tr><td>2020<td>1,234</table>", "Year | Sales\n2020 | 1,234"),
        ("<p>One <b>bold<p>Two <i>it</b>alic</i><li>item", "One bold\n\nTwo italic\n\n- item"),
        ("<p>A &amp B &lt;x&gt; &copy &nbsp; &#8212; &bogus;", "A & B <x> © — &bogus;"),
        ("<p>un<b>brok</b>en, mi&shy;cro, a<br>b</p>", "unbroken, micro, a b"),
        ("only words", "only words"),
        ("<p>a&#1;bc&#xFFFE;</p>", "abc"),
        ("<p>Said twice, seen twice.</p>" * 2, "\n\n".join(["Said twice, seen twice."] * 2)),
        ("<p>a</p><ul><li><ul><li>b<li>c</ul></ul>", "a\n\n  - b\n  - c"),
        (DIVS, DIVS_TEXT),
    ],
)  # fmt: skip
def test_pages_of_any_making_are_read(read, markup, expected):
    assert read(f"<html><body>{markup}</body></html>").text == expected
    assert read(markup).text == expected


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no</p>",
        '<p style="color: red; display : none">no</p>',
        '<span aria-hidden="true">no</span>',
        "<script>no</script>",
        "<style>no</style>",
        "<template><p>no</p></template>",
        "<noscript>no</noscript>",
        '<p class="note sr-only">no</p>',
        "<dialog open><p>no</p></dialog>",
        '<div role="comment">no</div>',
        "<p><a href=x>#</a></p>",
        "<!-- no -->",
        "<select><option>no</option></select>",
    ],
)
def test_what_is_not_seen_is_not_read(read, hidden):
    markup = f"<html><body><main><p>Seen{hidden} text.</p>{hidden}<p>More.</p></main></body></html>"
    assert " ".join(read(markup).text.split()) == "Seen text. More."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('<meta charset="windows-1252"><p>“café” €5</p>'.encode("cp1252"), "“café” €5"),
        ('<meta http-equiv=x content="a; charset=iso-8859-1"><p>€5</p>'.encode("cp1252"), "€5"),
        ('<meta charset="shift_jis"><p>漢字</p>'.encode("shift_jis"), "漢字"),
        ("<html><p>café</p>".encode("utf-16"), "café"),
        ("<html><p>café</p>".encode("utf-16-le"), "café"),
        ("\ufeff<p>漢字 👍🏽</p>".encode(), "漢字 👍🏽"),
        ("<p>naïve café</p>".encode("latin-1"), "naïve café"),
        (b'<meta charset="nonsense"><p>caf\xc3\xa9</p>', "café"),
    ],
)  # fmt: skip
def test_a_page_is_decoded_as_browsers_do(read, content, expected):
    assert read(content).text == expected


def test_xhtml_may_close_any_element_at_once(read):
    document = read(
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
        '<title>T</title><script src="x"/></head><body><div/><h1>Head</h1><p>Text.</p>',
        "page.xhtml",
    )
    assert (document.title, document.text) == ("T", "Head\n\nText.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary"),
        (b"<nav><a href=1>Home</a></nav><ul><li><a href=2>Shop</a></ul><footer>x</footer>",
         "no text in it besides navigation"),
        (b"<frameset cols=2><frame src=a><frame src=b></frameset>",
         "a frameset without text of its own; index the pages in its frames"),
        (b"<html><body><script>x()</script></body></html>", "no text in it besides navigation"),
        (b"<div>" * 10_000 + b"deep", "elements nested more than 2000 deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(tmp_path: Path, content, reason):
    assert reason_for(tmp_path, "page.html", content) == reason


def test_pages_nested_deeply_but_not_absurdly_are_read(read):
    assert read("<div>" * 900 + "deep words" + "</div>" * 900).text == "deep words"


@pytest.mark.parametrize(
    "markup",
    [
        "<nav><button>Menu<main>{}</main>",
        "<nav><button>Menu</nav><main>{}</main>",
        "<select><option>All<main>{}</main>",
        "<table><tr><td><a href=x><main>{}</main>",
        "<b><i><p>Menu</b><main>{}</main>",
        "<header><div><main>{}</main>",
    ],
)
def test_what_is_left_open_before_main_does_not_swallow_it(read, markup):
    words = "The boiler is made of brass, and lasts for twenty years if it is oiled."
    assert words in read(f"<body>{markup.format(f'<h1>Boilers</h1><p>{words}</p>')}").text


@pytest.mark.parametrize("main", ["main", "article", 'div role="main"'])
@pytest.mark.parametrize(
    "outer",
    ["aside", "button", "dialog", "footer", "form", "header", "nav", "object", "video", "canvas",
     'div role="menu"', 'div role="dialog"', 'div aria-hidden="true"'],
)  # fmt: skip
def test_what_holds_the_content_is_never_left_out(read, outer, main):
    page = f"<body><{outer}><p>Menu</p><{main}><p>The valve.</p></{main[:7].split()[0]}>"
    document = read(f"{page}</{outer.split()[0]}></body>")
    assert document.text.endswith("The valve.")


@pytest.mark.parametrize("hidden", ["div hidden", 'div style="display:none"', "template"])
def test_content_that_browsers_do_not_show_is_left_out(read, hidden):
    page = f"<{hidden}><main><p>Unseen.</p></main></{hidden.split()[0]}><p>Seen.</p>"
    assert read(page).text == "Seen."


def test_a_page_with_a_hidden_body_is_read(read):
    assert read('<html><body style="display: none"><p>Shown by a script.').text == (
        "Shown by a script."
    )


@pytest.mark.parametrize(
    "hostile",
    [
        " \n" * 1_000_000,
        "<p>" * 50_000,
        "<b><p>" * 900,
        "<font size=1>" * 1_500,
        "<a href=x>" * 20_000,
        "<table><tr><td>" * 400,
        "<ul><li>" * 900,
        "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>" + "&b;" * 50_000,
        "<p " + "x" * 1_000_000 + "='" + "y" * 1_000_000 + "'>",
        "<p " + " ".join(f"a{n}=1" for n in range(3_000)) + ">",
        "<td colspan=99999999999 rowspan=99999>" * 500,
        "<![CDATA[" * 50_000,
        "<?xml version='1.0'?>" + "<![CDATA[" * 50_000,
        "<!--" * 50_000 + "-->",
        "<svg><math>" * 900,
        "<frameset><frame src=x>" * 1_000 + "</frameset>",
    ],
    ids=lambda hostile: repr(hostile[:20]),
)
def test_hostile_markup_is_read_or_refused(tmp_path: Path, hostile):
    reason = reason_for(tmp_path, "page.html", f"<p>Words.</p>{hostile}".encode())
    assert reason in ("", "no text in it besides navigation")


def test_null_characters_far_into_a_page_are_dropped(read):
    text = read("<p>" + "Words. " * 20_000 + "<p>a\0b&#0;<p title='\0'>c").text
    assert text.endswith("Words.\n\nab\ufffd\n\nc")


def test_a_damaged_page_is_read_or_refused(tmp_path: Path):
    for seed in range(40):
        reason_for(tmp_path, "page.html", damaged(ARTICLE.encode(), seed))
        reason_for(tmp_path, "page.html", damaged(MANUAL.encode(), seed))


@pytest.mark.parametrize("markup", [ARTICLE, MANUAL, DIVS])
def test_what_is_cited_of_a_page_stands_in_its_text(
    read,
    chunker: Chunker,  # noqa: F811
    tokenizer: Tokenizer,  # noqa: F811
    markup,
):
    document = read(markup)
    assert document == read(markup)
    chunked = chunker.chunk(document)
    assert chunked.passages
    assert_holds(chunked, tokenizer)


def test_a_heading_that_is_a_button_is_a_heading(tmp_path: Path) -> None:
    entries = "".join(
        f"<h3><button>What does {thing} cost?</button></h3><p>A {thing} costs {price} euros.</p>"
        for thing, price in (("visit", 40), ("call", 15), ("letter", 9))
    )
    document = read_bytes(tmp_path, "faq.html", f"<main><h1>Prices</h1>{entries}</main>".encode())
    assert "What does call cost?" in document.text


def test_formatting_that_is_never_closed_does_not_nest(tmp_path: Path) -> None:
    lines = [f"Line {number} of a page by hand." for number in range(1000)]
    body = "".join(f"<p><font color=c{number}>{line}" for number, line in enumerate(lines))
    document = read_bytes(tmp_path, "old.html", f"<h1>Old</h1>{body}".encode())
    assert [line for line in document.text.splitlines() if line] == ["Old", *lines]
