"""What of a web page is left out, and what is content whatever it is called."""

from pathlib import Path

import pytest

from index.records import Document
from tests.reading_checks import headings_of, read_bytes

PROSE = "The valve of the boiler is made of brass, and lasts for twenty years if it is oiled. "
KEPT = "What stands here must be kept, for it is said nowhere else on this page."
CONTENT = [
    '<section id="comments"><h2>Comments</h2><p>{}</p></section>',
    '<div class="cookie-banner modal navbar sidebar ad"><p>{}</p></div>',
    '<h2 id="menu">{}</h2>',
    '<h2><a class="permalink" href="/x">{}</a></h2>',
    '<pre><span class="comment">{}</span></pre>',
    "<blockquote><p>Said:</p><footer>{}</footer></blockquote>",
    "<details><summary>More</summary><p>{}</p></details>",
    "<form><fieldset><legend>{}</legend></fieldset></form>",
    "<figure><img src=x><figcaption>{}</figcaption></figure>",
]
FURNITURE = [
    "<nav><p>{}</p></nav>",
    '<div role="navigation"><p>{}</p></div>',
    '<div role="dialog"><p>{}</p></div>',
    '<div role="alertdialog" aria-label="Cookies"><p>{}</p></div>',
    "<dialog open><p>{}</p></dialog>",
    '<div role="search">{}</div>',
    '<div role="contentinfo">{}</div>',
    '<ul role="menu"><li>{}</li></ul>',
    "<footer>{}</footer>",
    "<button>{}</button>",
    "<select><option>{}</option></select>",
    '<span aria-hidden="true">{}</span>',
]
FRAMES = [
    "<html><head><title>T</title></head><body><h1>Title</h1>{}</body></html>",
    "<html><head><title>T</title></head><body><main><h1>Title</h1>{}</main></body></html>",
    '<html><body><div role="main"><article><h1>Title</h1>{}</article></div></body></html>',
]


@pytest.fixture
def read(tmp_path: Path):
    def read(markup: str) -> Document:
        return read_bytes(tmp_path, "page.html", markup.encode())

    return read


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("element", CONTENT)
def test_what_is_content_stays_whatever_it_is_called(read, frame, element):
    long = f"<p>{PROSE * 3}</p>"
    document = read(frame.replace("{}", long + element.replace("{}", KEPT) + long))
    assert KEPT in document.text
    assert not document.remarks


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("element", FURNITURE)
def test_what_the_page_itself_says_is_no_content_is_left_out(read, frame, element):
    long = f"<p>{PROSE * 3}</p>"
    document = read(frame.replace("{}", long + element.replace("{}", KEPT) + long))
    assert KEPT not in document.text
    assert document.text.count(PROSE.strip()) == 6


def comments(count: int) -> str:
    return "".join(
        f'<div class="comment"><div class="user">user{n}</div><div class="commtext">'
        f"<p>Reply {n}: replace part {n * 7} of the pump.</p></div></div>"
        for n in range(count)
    )


def test_comments_that_are_most_of_the_page_are_its_content(read):
    replies = f'<div class="thread">{comments(12)}</div>'
    text = read(f"<body><h1>E105</h1><div class=post><p>{PROSE}</p></div>{replies}</body>").text
    assert all(f"Reply {n}: replace part {n * 7} of the pump." in text for n in range(12))
    assert PROSE.strip() in text


def test_comments_in_tables_are_the_content_too(read):
    rows = "".join(
        f'<tr class="athing comtr"><td><table><tr><td class="ind"></td><td class="default"><div>'
        f'<a class="hnuser">u{n}</a></div><br><div class="comment"><div class="commtext">Reply '
        f"{n}: it rusts.<p>Second {n}.</div></div></td></tr></table></td></tr>"
        for n in range(8)
    )
    page = f'<center><table id="hnmain"><tr><td><table class="comment-tree">{rows}</table></table>'
    text = read(f"<html><body>{page}</center></body></html>").text
    assert all(f"Reply {n}: it rusts. Second {n}." in text for n in range(8))


def test_headers_of_posts_keep_their_headings(read):
    posts = "".join(
        f'<div class="{name}"><header><h2>About {n}</h2><p>Monday</p></header><p>{PROSE}</p></div>'
        for n, name in enumerate(["post", "x1", "x2"])
    )
    document = read(f'<body><div id="wrap">{posts}</div></body>')
    assert headings_of(document) == [(2, f"About {n}") for n in range(3)]
    site = "<header><h2><a href=/>The site</a></h2><p>Since 1999</p></header>"
    document = read(f"<body>{site}<div>{posts}</div></body>")
    assert headings_of(document) == [(2, f"About {n}") for n in range(3)]
    assert "1999" not in document.text


def test_headings_that_link_to_their_posts_stay_without_main(read):
    posts = "".join(f'<div class="p"><h2><a href={n}>On {n}</a></h2>{PROSE}</div>' for n in "ab")
    assert headings_of(read(f"<body>{posts}</body>")) == [(2, "On a"), (2, "On b")]


def test_a_footer_that_is_much_of_an_article_stays(read):
    page = "<article><h1>A</h1><p>Short.</p><footer><p>{}</p></footer></article>"
    assert PROSE.strip() in read(page.format(PROSE)).text
    page = "<article><h1>A</h1><p>{}</p><footer><p>Filed.</p></footer></article>"
    assert "Filed" not in read(page.format(PROSE)).text


def test_a_page_of_which_most_was_left_out_says_so(read):
    page = f"<body><main><h1>A</h1><p>Short.</p></main><footer><p>{PROSE}</p></footer></body>"
    document = read(page)
    assert document.text == "A\n\nShort."
    assert document.remarks == (
        "most of the page was taken for menus, banners or comments and left out",
    )
    links = "".join(f"<li><a href=/{n}>{PROSE}</a></li>" for n in range(9))
    document = read(f"<body><ul>{links}</ul><main><h1>A</h1><p>Short.</p></main></body>")
    assert document.remarks == ()


def test_main_is_the_content_if_it_holds_most_of_what_is_no_link(read):
    rows = "".join(f"<tr><td><a href=x{n}>Rule {n}</a><td>{n}" for n in range(60))
    page = f"<main><h1>Rules</h1><p>All of them.</p><table>{rows}</table></main>"
    text = read(f"<body><div><p>Press Esc to hide this help.</p></div>{page}</body>").text
    assert text.startswith("Rules\n\nAll of them.\n\nRule 0 | 0\n")
