"""The page in a real browser, over a real server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from index.build import sync
from index.encoder import Encoder
from index.model import Model
from index.store import Store
from qa.abstention import key_of
from qa.live import LiveEngine
from qa.service.app import build_app
from tests.calibrations import PROMISE
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over

pytestmark = pytest.mark.browser

QUESTION = "why do I get pimples after microneedling"
REPEATED = "what is microneedling"  # which the articles say over and over
ELSEWHERE = "who won the 1998 football world cup final"
HOSTILE_NAME = "<img src=x onerror=alert(1)> **bold**.md"
HOSTILE = """# 👩🏽‍🚀 <img src=x onerror="alert(2)"> Owls & **rules**

🚀🚀 Owls of Zanzibar sleep under <script>alert(3)</script> red lanterns 🦉 until midnight.\r
A [link](javascript:alert(4)) and <b onclick="alert(5)">bold</b> &lt;words&gt; come after.
"""


@contextmanager
def served(live: LiveEngine) -> Iterator[str]:
    """Serve on a free port in a thread; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(build_app(live), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def seeds_url(seeds_store: Path, encoder: Encoder) -> Iterator[str]:
    with served(live_over(seeds_store, encoder)) as url:
        yield url


@pytest.fixture(scope="module")
def hostile_url(
    tmp_path_factory: pytest.TempPathFactory, model: Model, encoder: Encoder
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "files").mkdir()
    (folder / "files" / HOSTILE_NAME).write_bytes(HOSTILE.encode())
    sync(Store(folder / "store"), [folder / "files"], model, encoder)
    with served(live_over(folder / "store", encoder)) as url:
        yield url


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask").click()


def answer_of(page: Page, url: str, question: str) -> Any:
    """Return what the service answers, to compare the page with."""
    return page.request.post(f"{url}v1/ask", data={"question": question}).json()


def marked_in_panel(page: Page) -> str | None:
    mark = page.locator("#document-text mark")
    expect(mark).to_have_count(1)
    expect(mark).to_be_in_viewport()
    return mark.text_content()


def test_a_question_gets_its_answer_citations_and_passages(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    ask(page, QUESTION)
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_visible()
    answer = answer_of(page, seeds_url, QUESTION)

    shown = page.locator("p.answer")
    numbers = shown.locator("sup").all_text_contents()
    assert numbers == [str(citation["number"]) for citation in answer["citations"]]
    shown.locator("sup").evaluate_all("all => all.forEach(sup => sup.remove())")
    assert shown.text_content() == answer["answer"]["text"]

    for citation in answer["citations"]:
        item = page.locator(f"#citation-{citation['number']}")
        where = f"{citation['start_char_index']}–{citation['end_char_index']}"
        expect(item).to_contain_text(citation["source"])
        expect(item).to_contain_text(where)
        for heading in citation["heading_path"]:
            expect(item).to_contain_text(heading)

    for passage in answer["passages"]:
        item = page.locator(f"#passage-{passage['rank']}")
        assert item.locator(".text").text_content() == passage["text"]
        marks = "".join(item.locator("mark.highlight").all_text_contents())
        spans = passage["highlights"]
        assert marks == "".join(passage["text"][span["start"] : span["end"]] for span in spans)
        for place in passage["also_in"]:
            expect(item.locator(".also")).to_contain_text(place["source"])


def test_a_number_leads_to_its_passage_and_the_passage_to_the_document(
    open_page, seeds_url
) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    page.locator("p.answer sup a").last.click()
    passage = page.locator(".passage:focus")
    expect(passage).to_be_in_viewport()
    citation = answer_of(page, seeds_url, QUESTION)["citations"][-1]
    assert "".join(passage.locator("mark.cited").all_text_contents()) == citation["cited_text"]

    text = passage.locator(".text").text_content()
    passage.locator("button.place").first.click()
    assert marked_in_panel(page) == text


def test_a_citation_opens_the_document_at_the_cited_words(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    for number, citation in enumerate(answer_of(page, seeds_url, QUESTION)["citations"], 1):
        page.locator(f"#citation-{number} button.place").first.click()
        assert marked_in_panel(page) == citation["cited_text"]
        page.get_by_role("button", name="Close").click()
        expect(page.locator("dialog")).to_be_hidden()


def test_a_repetition_opens_the_document_at_its_words(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={REPEATED}")
    page.locator("#passages .also button").first.wait_for()
    passages = answer_of(page, seeds_url, REPEATED)["passages"]
    place = next(place for passage in passages for place in passage["also_in"])
    page.locator("#passages .also button").first.click()
    assert marked_in_panel(page) == place["cited_text"]


def test_repetitions_that_are_not_listed_are_counted(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    answer = answer_of(page, seeds_url, REPEATED)
    repeated, *_ = [each for each in answer["passages"] if each["also_in"]]
    repeated["also_in_count"] = len(repeated["also_in"]) + 579
    page.route("**/v1/ask", lambda route: route.fulfill(json=answer))
    ask(page, REPEATED)
    last = page.locator(f"#passage-{repeated['rank']} .also li").last
    expect(last).to_have_text("and in 579 more places")
    expect(page.locator(".also li", has_text="more place")).to_have_count(1)


def test_the_keyboard_suffices(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    page.keyboard.type(QUESTION)  # the question has the focus from the start
    page.keyboard.press("Enter")
    expect(page.locator("p.answer")).to_be_visible()
    opener = page.locator("#citation-1 button.place").first
    opener.focus()
    page.keyboard.press("Enter")
    marked_in_panel(page)
    expect(page.locator("#document-text")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(opener).to_be_focused()


def test_it_says_that_the_documents_hold_no_answer(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    ask(page, ELSEWHERE)
    expect(page.get_by_role("heading", name="No answer found in your documents")).to_be_visible()
    expect(page.get_by_role("heading", name="Nearest passages")).to_be_visible()
    expect(page.locator(".passage")).to_have_count(5)
    expect(page.locator("#citations")).to_be_hidden()


def test_the_address_keeps_the_question(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    ask(page, ELSEWHERE)
    expect(page.locator("#answer")).to_contain_text("No answer found")
    ask(page, QUESTION)
    expect(page.locator("p.answer")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your question")).to_have_value(QUESTION)
    expect(page.locator("p.answer")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Your question")).to_have_value(ELSEWHERE)
    expect(page.locator("#answer")).to_contain_text("No answer found")
    expect(page.locator("#citations")).to_be_hidden()


def test_hostile_text_stays_text(open_page, hostile_url) -> None:
    page = open_page(hostile_url)
    question = "where do the owls of Zanzibar sleep"
    ask(page, question)
    expect(page.locator("p.answer")).to_contain_text("<script>alert(3)</script> red lanterns 🦉")
    expect(page.locator("#citation-1")).to_contain_text(HOSTILE_NAME)
    citation = answer_of(page, hostile_url, question)["citations"][0]
    page.locator("#citation-1 button.place").first.click()
    assert marked_in_panel(page) == citation["cited_text"]
    assert page.locator("#document-text").text_content() == HOSTILE
    ask_again = f"{hostile_url}?q=<img src=x onerror=alert(6)> owls of Zanzibar"
    page.goto(ask_again)
    expect(page.locator(".passage").first).to_be_visible()
    assert page.locator("body img, body script, [onerror], [onclick], body b").count() == 0


@pytest.mark.parametrize("path", ["", f"?q={QUESTION}", f"?q={ELSEWHERE}"])
def test_a_phone_needs_no_sideways_scrolling(open_page, seeds_url, path) -> None:
    page = open_page(seeds_url + path, width=320, height=640)
    page.locator("#answer > *").first.wait_for()
    if path:
        page.locator(".passage").first.wait_for()
        page.locator(".passage button.place").first.click()
        marked_in_panel(page)
    for whole in ("html", "dialog"):
        wider = page.locator(whole).evaluate("node => node.scrollWidth - node.clientWidth")
        assert wider <= 0


def test_errors_are_shown_and_can_be_tried_again(browser: Browser, seeds_url) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(seeds_url)
        context.set_offline(True)
        ask(page, QUESTION)
        expect(page.locator("#answer")).to_contain_text("cannot be reached")
        context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("p.answer")).to_be_visible()
        ask(page, "x" * 2001)
        expect(page.locator("#answer")).to_contain_text("2001 characters")
        expect(page.locator("#passages")).to_be_hidden()


def test_a_changed_document_is_told(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    page.route(
        "**/v1/documents/*",
        lambda route: route.fulfill(json={"title": "New", "text": "Now it says something else."}),
    )
    ask(page, QUESTION)
    page.locator("#citation-1 button.place").first.click()
    expect(page.locator("#document-text")).to_contain_text("has changed")
    expect(page.locator("#document-text")).to_contain_text("something else")
    expect(page.locator("#document-text mark")).to_have_count(0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, f" · {PROMISE}"),
        ({"corpus": "0" * 64}, "Nothing is promised: the documents changed since"),
        ({"scoring": 99}, None),
    ],
)
def test_what_is_promised_stands_below_the_answer(
    open_page, corpus: Corpus, encoder: Encoder, change: dict[str, Any], told: str | None
) -> None:
    corpus.write("redness.txt", "Redness of the skin fades within two days.\n")
    corpus.index()
    if "scoring" in change:
        manifest = Store(corpus.store).live_manifest()
        change = {"key": replace(key_of(manifest), **change)}
    corpus.calibrate(**change)
    with served(live_over(corpus.store, HashingEncoder())) as url:
        page = open_page(url)
        ask(page, "Redness of the skin fades within how many days?")
        facts = page.locator("#facts")
        expect(facts).to_contain_text("Confidence 0.")
        if told is None:
            expect(facts).not_to_contain_text("promise")
        else:
            expect(facts).to_contain_text(told)
        wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert wide, "it wraps"
