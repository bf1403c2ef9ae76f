"""What the page shows stands in its address: links, reloading, back and forward."""

import pytest
from playwright.sync_api import expect

from qa.service.app import build_app
from tests.browsing import (
    ELSEWHERE,
    QUESTION,
    answer_of,
    ask,
    expect_closed,
    marked_in_panel,
    stop_time,
)
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served

pytestmark = pytest.mark.browser


def test_the_address_keeps_the_question(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    ask(page, ELSEWHERE)
    expect(page.locator("#answer")).to_contain_text("do not seem to answer this")
    ask(page, QUESTION)
    expect(page.locator("ol.answer")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your question")).to_have_value(QUESTION)
    expect(page.locator("ol.answer")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Your question")).to_have_value(ELSEWHERE)
    expect(page.locator("#answer")).to_contain_text("do not seem to answer this")
    expect(page.locator(".citation")).to_have_count(0)
    page.get_by_role("link", name="Pincite").click()
    expect(page.get_by_label("Your question")).to_have_value("")
    expect(page.locator(".example").first).to_be_visible()


def test_a_link_reproduces_question_and_opened_place(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    citation = answer_of(page, seeds_url, QUESTION)["citations"][-1]
    page.locator(".citation").last.locator("a.place").first.click()
    assert marked_in_panel(page) == citation["cited_text"]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stop_time(page)
    page.locator("#document-copy").click()
    expect(page.locator("#document-notice")).to_have_text("Link copied.")
    link = page.evaluate("navigator.clipboard.readText()")
    page.clock.resume()
    page.reload()
    assert marked_in_panel(page) == citation["cited_text"]

    elsewhere = open_page(link)
    assert marked_in_panel(elsewhere) == citation["cited_text"]
    expect(elsewhere.get_by_label("Your question")).to_have_value(QUESTION)
    elsewhere.keyboard.press("Escape")
    expect_closed(elsewhere)
    expect(elsewhere.locator("ol.answer")).to_be_visible()


def test_back_closes_the_document_and_forward_opens_it_again(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ask(page, QUESTION)
    page.locator("#citation-1 a.place").first.click()
    words = marked_in_panel(page)
    page.go_back()
    expect(page.locator("#document")).to_be_hidden()
    expect(page.locator("ol.answer")).to_be_visible()
    page.go_forward()
    assert marked_in_panel(page) == words
    page.get_by_role("button", name="Close").click()
    expect_closed(page)
    assert sum(url.endswith("v1/ask") for url in asked) == 1, "the answer was there all the time"
    page.go_back()
    expect(page.get_by_label("Your question")).to_have_value("")


@pytest.mark.soak
def test_a_place_can_be_opened_without_a_question(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    citation = answer_of(page, seeds_url, QUESTION)["citations"][0]
    span = f"{citation['start_char_index']}-{citation['end_char_index']}"
    page.goto(f"{seeds_url}?at={citation['document_id']}.{span}")
    assert marked_in_panel(page) == citation["cited_text"]
    page.goto(f"{seeds_url}?at={citation['document_id']}.900000-900010")
    expect(page.locator("#document-text")).to_contain_text("nothing is marked")
    expect(page.locator("#document-text mark.highlight")).to_have_count(0)
    page.goto(f"{seeds_url}?q={QUESTION}&at=<script>.1-2")
    expect(page.locator("#notice")).to_contain_text("names no place")
    expect(page.locator("ol.answer")).to_be_visible()


@pytest.mark.soak
def test_a_link_does_not_mark_other_words_once_the_document_changed(
    open_page, corpus: Corpus
) -> None:
    corpus.write("owls.txt", "Owls of Zanzibar sleep under red lanterns until midnight.\n")
    corpus.index()
    with served(build_app(live_over(corpus.store, HashingEncoder()))) as url:
        page = open_page(f"{url}?q=where do the owls of Zanzibar sleep")
        page.locator("#passage-1 a.place").first.click()
        marked_in_panel(page)
        corpus.write("owls.txt", "Bats of Zanzibar sleep in high places, not as the owls do it.\n")
        corpus.index()
        page.reload()
        expect(page.locator("#document-text")).to_contain_text("has changed")
        expect(page.locator("#document-text")).to_contain_text("Bats of Zanzibar")
        expect(page.locator("#document-text mark.highlight")).to_have_count(0)
