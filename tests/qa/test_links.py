"""Links that mark the very words on a web page: as the standard has them, and in a browser."""

import dataclasses
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from index.records import Document, Layout, Span
from qa.formats.links import link
from tests.documents import document
from tests.reading_checks import read_bytes

PAGE = "https://example.org/bread"


def page(text: str, url: object = PAGE) -> Document:
    return dataclasses.replace(
        document(text, "bread.html"),
        media_type="text/html",
        layout=Layout(),
        metadata={"url": url},  # type: ignore[dict-item]
    )


def link_to(text: str, words: str, url: object = PAGE) -> str | None:
    start = text.index(words)
    return link(page(text, url), Span(start, start + len(words)))


def test_the_words_of_a_quote_are_percent_encoded() -> None:
    text = "Menu\n\nBread keeps well, they say - in a box & dry.\n\nCake does not."
    assert link_to(text, "Bread keeps well, they say - in a box & dry.") == (
        f"{PAGE}#:~:text=Bread%20keeps%20well%2C%20they%20say%20%2D%20in%20a%20box%20%26%20dry."
    )


def test_what_stands_there_twice_comes_with_the_words_around_it() -> None:
    text = "White bread. It keeps.\n\nRye bread. It keeps. So we say of it.\n"
    assert link_to(text, "It keeps. So") == f"{PAGE}#:~:text=It%20keeps.%20So"
    start = text.rindex("It keeps.")
    assert link(page(text), Span(start, start + 9)) == (
        f"{PAGE}#:~:text=Rye%20bread.-,It%20keeps.,-So%20we%20say%20of"
    )


def test_a_long_quote_and_one_of_several_blocks_are_a_start_and_an_end() -> None:
    words = " ".join(f"word{number}" for number in range(60))
    assert link_to(f"{words}\n\nEnd.", words) == (
        f"{PAGE}#:~:text=word0%20word1%20word2%20word3,word56%20word57%20word58%20word59"
    )
    table = "Bread | Rye | 5\nCake | Plum | 7"
    assert link_to(table, "Cake | Plum | 7") == f"{PAGE}#:~:text=Cake,7"
    steps = "These are:\n\n- Freeze the whole loaf.\n- Thaw it slowly."
    assert link_to(steps, steps) == f"{PAGE}#:~:text=These%20are%3A,Thaw%20it%20slowly."


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("https://example.org/a(1)?q=a b", None),
        ("https://example.org/a(1)?q=b", "https://example.org/a%281%29?q=b#:~:text="),
        ("http://example.org/#top", "http://example.org/#top:~:text="),
        ("http://example.org/#:~:text=old", "http://example.org/#:~:text="),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("https://user@example.org/", None),
        ("https://", None),
        ("https://[::1", None),
        ("https://example.org/\x1b]8;;", None),
        ("//example.org/bread", None),
        (5, None),
        ("https://example.org/" + "a" * 3000, None),
    ],
)
def test_only_an_address_of_the_web_becomes_a_link(url: object, begins: str | None) -> None:
    made = link_to("Bread keeps.", "Bread keeps.", url)
    assert made == (begins and f"{begins}Bread%20keeps.")


def test_without_an_address_there_is_no_link() -> None:
    assert link(document("Bread keeps."), Span(0, 12)) is None


DIRECTIVE = re.compile(r"(?:[^,&-]+-,)?[^,&-]+(?:,[^,&-]+)?(?:,-[^,&-]+)?")


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.data())
def test_any_words_make_a_directive_of_the_standard(text: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    made = link(page(text), Span(start, end))
    assert made is not None
    _, marked, directive = made.partition("#:~:text=")
    assert made.isascii()
    assert not marked or DIRECTIVE.fullmatch(directive)
    assert not marked or unquote(directive).strip()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield tmp_path, f"http://127.0.0.1:{server.server_port}/bread.html"
    server.shutdown()
    thread.join()
    server.server_close()


BREAD = """<html><head><title>Bread</title><link rel="canonical" href="{url}"></head>
<body><style>p, ul, table {{ margin: 150vh 0 }}</style><main><h1>Bread</h1>
<p>White bread is soft. It keeps for two days, and no longer than that in any kitchen.</p>
<p>Rye bread is firm. <b id="again">It keeps</b> for two days if it is sliced - longer, if not.</p>
<ul id="list"><li>Freeze the whole loaf in a bag.</li><li>Thaw it slowly, at night.</li></ul>
<table id="table"><tr><th>Bread</th><th>Days</th></tr><tr><td>Rye</td><td>5</td></tr>
<tr><td>White</td><td>2</td></tr></table>
<p id="long">{long}</p></main></body></html>"""
LONG = " ".join(
    f"The loaf of day {day} was sold before noon, as they say, & gladly." for day in range(9)
)


def test_a_browser_goes_to_the_quoted_words(site: tuple[Path, str], browser: Browser) -> None:
    folder, url = site
    content = BREAD.format(url=url, long=LONG.replace("&", "&amp;")).encode()
    bread = read_bytes(folder, "bread.html", content)
    assert bread.metadata["url"] == url
    context = browser.new_context(viewport={"width": 800, "height": 600})
    for element, first, last in (
        ("again", "It keeps for two days if", "longer, if not."),
        ("list", "Freeze", "at night."),
        ("table", "White | 2", "White | 2"),
        ("long", LONG[:9], LONG[-9:]),
    ):
        start = bread.text.index(first)
        made = link(bread, Span(start, bread.text.index(last, start) + len(last)))
        opened = context.new_page()
        opened.goto(made or "")
        opened.wait_for_function(
            "id => { const box = document.getElementById(id).getBoundingClientRect();"
            " return box.bottom > 0 && box.top < innerHeight }",
            arg=element,
        )
        opened.close()
    context.close()
