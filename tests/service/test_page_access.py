"""The page for everyone: keyboard, screen readers, contrast, phones, paper."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browsing import (
    ELSEWHERE,
    QUESTION,
    REPEATED,
    answer_of,
    expect_closed,
    marked_in_panel,
    tab_to,
)

pytestmark = pytest.mark.browser


class Look(NamedTuple):
    """How a page is looked at."""

    scheme: Literal["light", "dark"]
    width: int
    height: int


LOOKS = Look("light", 1200, 900), Look("dark", 360, 740)
FORGIVEN = "status of"


def introduced(page: Page) -> None:
    expect(page.locator(".example").first).to_be_visible()


def answered(page: Page) -> None:
    page.goto(f"{page.url}?q={QUESTION}")
    page.locator(".quote bdi").first.hover()
    expect(page.locator(".passage").first).to_be_visible()


def not_answered(page: Page) -> None:
    page.goto(f"{page.url}?q={ELSEWHERE}")
    expect(page.locator(".passage").first).to_be_visible()
    introduced(page)


def document_open(page: Page) -> None:
    page.goto(f"{page.url}?q={REPEATED}")
    page.locator(".citation:has(.also) a.place").first.click()
    marked_in_panel(page)
    page.locator("#document-group summary").click()
    page.locator("#document-about summary").click()


def refused(page: Page) -> None:
    page.goto(f"{page.url}?q={'x' * 2001}")
    expect(page.locator(".error")).to_be_visible()


def waiting(page: Page) -> None:
    busy = {"status": 429, "headers": {"Retry-After": "50"}, "json": {"detail": "Later."}}
    page.route("**/v1/ask", lambda route: route.fulfill(**busy))
    page.goto(f"{page.url}?q={QUESTION}")
    expect(page.get_by_role("timer")).to_be_visible()


def keyless(page: Page) -> None:
    page.route("**/v1/**", lambda route: route.fulfill(status=401, json={"detail": "A key!"}))
    page.goto(f"{page.url}?q={QUESTION}")
    page.get_by_label("API key", exact=True).fill("no key")
    page.keyboard.press("Enter")
    expect(page.locator("#key-complaint")).not_to_be_empty()


def not_indexed(page: Page) -> None:
    page.route("**/v1/examples", lambda route: route.fulfill(json={"questions": []}))
    page.route("**/readyz", lambda route: route.fulfill(status=503, json={"detail": "No."}))
    page.reload()
    expect(page.locator("pre")).to_be_visible()


def documents_listed(page: Page) -> None:
    page.goto(f"{page.url}?screen=documents&filter=path^=seeds")
    expect(page.locator(".file").first).to_be_visible()
    page.locator("#upload").set_input_files({"name": "a.txt", "mimeType": "", "buffer": b"A"})
    expect(page.locator(".job[data-state=failed]")).to_be_visible()  # nothing is taken here
    page.get_by_text("Add a filter").click()
    expect(page.get_by_label("Field")).to_be_visible()


STATES = [
    *(introduced, answered, not_answered, document_open, documents_listed),
    keyless,
    *(pytest.param(each, marks=pytest.mark.soak) for each in (refused, waiting, not_indexed)),
]


@pytest.mark.parametrize("reach", STATES)
def test_axe_finds_nothing_and_no_screen_is_too_wide(
    open_page, seeds_url, reach: Callable[[Page], None]
) -> None:
    page = open_page(seeds_url, forgiven=FORGIVEN)
    reach(page)
    for look in LOOKS:
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": look.width, "height": look.height})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        for whole in ("html", "dialog[open]"):
            for node in page.locator(whole).all():
                wider = node.evaluate("node => node.scrollWidth - node.clientWidth")
                assert wider <= 0, f"{whole} at {look.width} px"


def test_the_keyboard_suffices(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    expect(page.get_by_label("Your question")).to_be_focused()  # from the start
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("ol.answer")).to_be_visible()
    number = page.get_by_role("link", name="Citation 1, open its document")
    tab_to(page, number)
    page.keyboard.press("Enter")
    marked_in_panel(page)
    expect(page.locator("#document-text")).to_be_focused()
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(number).to_be_focused()

    wanted = page.locator("main a, main button, main summary, footer a, footer button")
    reachable = wanted.evaluate_all("all => all.filter(each => each.checkVisibility()).length")
    seen = set()
    page.get_by_label("Your question").focus()
    for _ in range(reachable):
        page.keyboard.press("Tab")
        seen.add(
            page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        )
    assert len(seen) == reachable


def test_what_happens_is_read_out(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    live = page.locator("[aria-live=polite]")
    expect(live.locator("ol.answer")).to_be_visible()
    expect(live).to_have_attribute("aria-busy", "false")
    expect(live.locator(".passage")).to_have_count(0)  # which nobody wants to hear at once
    for name in ("Answer", "Passages"):
        expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("list", name="Citation").first).to_be_visible()
    expect(page.get_by_role("search")).to_be_visible()
    page.locator("#citation-1 a.place").first.click()
    title = page.locator("#document-title").text_content()
    expect(page.get_by_role("dialog", name=title)).to_be_visible()


@pytest.mark.soak
def test_a_new_line_is_a_key_away(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("why do I get pimples")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("after microneedling")
    page.keyboard.press("Enter")
    expect(page.locator("ol.answer")).to_be_visible()
    asked = "why do I get pimples\nafter microneedling"
    expect(page.get_by_label("Your question")).to_have_value(asked)


@pytest.mark.soak
def test_paper_has_the_question_the_answer_and_all_sources(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={REPEATED}")
    page.locator("ol.answer").wait_for()
    answer = answer_of(page, seeds_url, REPEATED)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".asked")).to_have_text(REPEATED)
    expect(page.locator(".asked")).to_be_visible()
    assert " ".join(page.locator(".quote bdi").all_inner_texts()) == answer["answer"]["text"]
    for citation in answer["citations"]:
        item = page.locator(f"#citation-{citation['number']}")
        expect(item.locator(".where").first).to_be_visible()
        for place in citation["also_in"]:
            expect(item.get_by_text(place["source"]).last).to_be_visible()
    expect(page.locator(".passage .text")).to_have_text([p["text"] for p in answer["passages"]])
    expect(page.locator(".rest").first).to_be_visible()  # what a screen folds away
    expect(page.locator("button:visible, textarea:visible, nav:visible")).to_have_count(0)
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 10_000
