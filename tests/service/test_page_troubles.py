"""What the page says when the service cannot answer, or not yet, or not to anyone."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from index.store import open_store
from qa.service.app import build_app
from qa.service.keys import add_key, revoke_key
from qa.service.policy import Policy
from tests.browsing import QUESTION, ask, expect_closed, marked_in_panel, stop_time
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served

pytestmark = pytest.mark.browser

STATUS = "status of "
"""What the browser itself has to say of an error that a request is answered with."""
KEY = "pin_8c1f.correct-horse"


def problem(route: Route, status: int, detail: str, **headers: str) -> None:
    told = {"Content-Type": "application/problem+json", **headers}
    body = {"type": "about:blank", "title": "No", "status": status, "detail": detail}
    route.fulfill(status=status, json=body, headers=told)


def guarded(page: Page) -> list[str | None]:
    """Let nothing through without the right key; return what was sent as one."""
    sent: list[str | None] = []

    def check(route: Route) -> None:
        sent.append(route.request.headers.get("authorization"))
        if sent[-1] == f"Bearer {KEY}":
            route.continue_()
        else:
            problem(route, 401, "This needs an API key.", **{"WWW-Authenticate": "Bearer"})

    page.route("**/v1/**", check)
    return sent


def test_a_service_that_went_away_is_told_and_can_be_tried_again(open_page, corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls of Zanzibar sleep under red lanterns until midnight.\n")
    corpus.index()
    app = build_app(live_over(corpus.store, HashingEncoder()))
    with served(app) as url:
        page = open_page(url, forgiven="net::ERR_")
        expect(page.locator("#answer")).to_contain_text("Ask in your own words")
    ask(page, "where do the owls of Zanzibar sleep")
    expect(page.locator("#answer")).to_contain_text("cannot be reached")
    with served(app, port=int(url.rstrip("/").rpartition(":")[2])):
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("ol.answer")).to_contain_text("red lanterns")
        page.locator("#citation-1 a.place").first.click()
        page.keyboard.press("Escape")
        expect_closed(page)
    page.locator("#citation-1 a.place").first.click()
    expect(page.locator("#document-text")).to_contain_text("cannot be reached")
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(page.locator("ol.answer")).to_be_visible()


def test_a_question_that_is_refused_is_told_why(open_page, seeds_url) -> None:
    page = open_page(seeds_url, forgiven=STATUS)
    ask(page, "x" * 2001)
    expect(page.locator("#answer")).to_contain_text("2001 characters")
    expect(page.locator("#passages")).to_be_hidden()


@pytest.mark.parametrize(
    ("status", "title"), [(429, "One moment, please"), (503, "The service is busy")]
)
def test_a_busy_service_is_asked_again_after_the_wait(open_page, seeds_url, status, title) -> None:
    page = open_page(seeds_url, forgiven=STATUS)
    refusals: list[Route] = []

    def busy(route: Route) -> None:
        if len(refusals) == 2:
            return route.continue_()
        refusals.append(route)
        return problem(route, status, "Too much to do.", **{"Retry-After": "1"})

    page.route("**/v1/ask", busy)
    stop_time(page)
    ask(page, QUESTION)
    for times in (1, 2):
        expect(page.locator("#answer")).to_contain_text(title)
        expect(page.locator("#answer")).to_contain_text("Too much to do.")
        expect(page.get_by_role("timer")).to_have_text("Trying again in 1 s.")
        assert len(refusals) == times
        page.clock.run_for(1000)
    expect(page.locator("ol.answer")).to_be_visible()


@pytest.mark.soak
def test_a_long_wait_is_left_to_the_reader(open_page, seeds_url) -> None:
    page = open_page(seeds_url, forgiven=STATUS)
    page.route("**/v1/ask", lambda r: problem(r, 429, "Enough today.", **{"Retry-After": "7200"}))
    ask(page, QUESTION)
    expect(page.locator("#answer")).to_contain_text("Enough today.")
    expect(page.get_by_role("timer")).to_have_count(0)
    page.unroute("**/v1/ask")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("ol.answer")).to_be_visible()


def test_a_key_is_asked_for_kept_for_the_tab_and_forgotten(open_page, seeds_url) -> None:
    page = open_page(seeds_url, forgiven=STATUS)
    sent = guarded(page)
    dialog = page.locator("#key")
    ask(page, QUESTION)
    expect(dialog).to_contain_text("kept in this tab only")
    expect(page.get_by_label("API key", exact=True)).to_be_focused()
    page.keyboard.type("pin_wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#key-complaint")).to_have_text("This key was not accepted.")
    page.keyboard.type("no key has ünicode")
    page.keyboard.press("Enter")
    expect(page.locator("#key-complaint")).to_contain_text("no blanks")
    page.get_by_label("API key", exact=True).fill(f" {KEY}\t")
    page.keyboard.press("Enter")
    expect(page.locator("ol.answer")).to_be_visible()
    expect(dialog).to_be_hidden()

    page.locator("#citation-1 a.place").first.click()
    expect(page.locator("#document-text mark.highlight")).to_be_visible()
    page.reload()
    expect(page.locator("#document-text mark.highlight")).to_be_visible()
    assert sent[-1] == f"Bearer {KEY}"
    assert KEY not in page.url
    assert KEY not in page.evaluate("JSON.stringify(localStorage) + document.cookie")

    page.keyboard.press("Escape")
    expect_closed(page)
    page.get_by_role("button", name="Forget the API key").click()
    expect(page.get_by_role("heading", name="This service needs an API key")).to_be_visible()
    expect(page.locator("ol.answer")).to_have_count(0)
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    expect(page.get_by_role("button", name="Forget the API key")).to_be_hidden()


@pytest.mark.soak
def test_a_key_of_the_service_opens_the_page(open_page, corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls of Zanzibar sleep under red lanterns until midnight.\n")
    corpus.index()
    keys = open_store(corpus.store).keys
    secret = add_key(keys, "reader", ["ask"])
    app = build_app(live_over(corpus.store, HashingEncoder()), Policy(keys=keys))
    with served(app) as url:
        page = open_page(f"{url}?q=where do the owls of Zanzibar sleep", forgiven=STATUS)
        page.get_by_label("API key", exact=True).fill(secret)
        page.keyboard.press("Enter")
        expect(page.locator("ol.answer")).to_contain_text("red lanterns")
        page.locator("#citation-1 a.place").first.click()
        marked_in_panel(page)
        revoke_key(keys, "reader")
        page.reload()
        expect(page.locator("#key-complaint")).to_have_text("This key was not accepted.")


@pytest.mark.soak
def test_a_key_can_be_refused_to_be_given_and_given_later(open_page, seeds_url) -> None:
    page = open_page(seeds_url, forgiven=STATUS, prepare=guarded)
    expect(page.get_by_role("heading", name="This service needs an API key")).to_be_visible()
    expect(page.locator("#key")).to_be_hidden()
    ask(page, QUESTION)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="This service needs an API key")).to_be_visible()
    page.get_by_role("button", name="Enter a key").click()
    page.get_by_label("API key", exact=True).fill(KEY)
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("ol.answer")).to_be_visible()


@pytest.mark.soak
def test_a_key_without_the_right_can_be_exchanged(open_page, seeds_url) -> None:
    def check(route: Route) -> Any:
        sent = route.request.headers.get("authorization")
        if sent == f"Bearer {KEY}":
            return route.continue_()
        if sent is None:
            return problem(route, 401, "This needs an API key.")
        return problem(route, 403, "This key may not ask questions.")

    page = open_page(
        f"{seeds_url}?q={QUESTION}",
        forgiven=STATUS,
        prepare=lambda page: page.route("**/v1/ask", check),
    )
    page.get_by_label("API key", exact=True).fill("pin_reader")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_contain_text("This key may not ask questions.")
    page.get_by_role("button", name="Use another key").click()
    page.get_by_label("API key", exact=True).fill(KEY)
    page.keyboard.press("Enter")
    expect(page.locator("ol.answer")).to_be_visible()


@pytest.mark.soak
def test_it_tells_which_command_to_run_while_nothing_is_indexed(open_page, corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls of Zanzibar sleep under red lanterns until midnight.\n")
    corpus.index()
    store = open_store(corpus.store)
    with store.writing():  # as when the last upload is removed
        store.draft(store.live().made_by, None).commit(live=True)
    with served(build_app(live_over(corpus.store, HashingEncoder()))) as url:
        page = open_page(url, forgiven=STATUS)
        expect(page.get_by_role("heading", name="Nothing is indexed yet")).to_be_visible()
        expect(page.locator("#answer code")).to_have_text("pincite index FOLDER")
        ask(page, "where do the owls of Zanzibar sleep")
        expect(page.get_by_role("heading", name="Nothing is indexed yet")).to_be_visible()
        corpus.index()
        page.get_by_role("button", name="Look again").click()
        expect(page.locator("ol.answer")).to_contain_text("red lanterns")


def test_a_document_that_is_gone_is_told(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}", forgiven=STATUS)
    page.route("**/v1/documents/*", lambda r: problem(r, 404, "There is no document of that id."))
    page.locator("#citation-1 a.place").first.click()
    expect(page.locator("#document-text")).to_contain_text("not indexed any more")
    page.unroute("**/v1/documents/*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#document-text mark.highlight")).to_be_visible()


@pytest.mark.soak
def test_a_changed_document_is_told(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    page.locator("ol.answer").wait_for()

    def change(route: Route) -> None:
        response = route.fetch()
        route.fulfill(json={**response.json(), "text": "Now it says something else."})

    page.route("**/v1/documents/*", change)
    page.locator("#citation-1 a.place").first.click()
    expect(page.locator("#document-text")).to_contain_text("has changed")
    expect(page.locator("#document-text")).to_contain_text("something else")
    expect(page.locator("#document-text mark.highlight")).to_have_count(0)
