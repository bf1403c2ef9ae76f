"""What an answer can have: tables, links, all places, follow-ups, pages; and a small screen."""

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browsing import QUESTION, answer_of, ask, mark_on_page, stop_time, tab_to

pytestmark = pytest.mark.browser

TABLE = {
    "columns": ["", "2023", "2022"],
    "rows": [["Net sales", "94", "65"], ["<b>Research</b>", "26", "21"]],
    "unit": "(in millions)",
    "cell": {"row": 1, "column": 2},
}


def answering(page: Page, url: str, **changes: Any) -> Any:
    """Let the page get the answer to QUESTION with `changes`; return it."""
    answer = answer_of(page, url, QUESTION) | changes
    page.route("**/v1/ask", lambda route: route.fulfill(json=answer))
    return answer


def test_a_quote_of_a_table_is_a_table_and_its_words_are_there(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    citations = answer_of(page, seeds_url, QUESTION)["citations"]
    more = {"label": "Report, p. 8", "table": TABLE, "url": "https://example.org/#:~:text=x"}
    citations[0] |= more
    citations[1] |= {"url": "javascript:alert(1)", "table": None}
    answer = answering(page, seeds_url, citations=citations)
    ask(page, QUESTION)
    table = page.get_by_role("table", name="Report, p. 8 (in millions)")
    expect(table.get_by_role("columnheader")).to_have_text(["2023", "2022"])
    expect(table.get_by_role("rowheader")).to_have_text(["Net sales", "<b>Research</b>"])
    expect(table.locator("mark")).to_have_text("21")
    words = page.locator(".verbatim")
    words.locator("summary").click()
    expect(words.locator(".quote bdi")).to_be_visible()
    expect(words).to_contain_text(citations[0]["cited_text"])
    expect(page.locator("#citation-1 .place").first).to_have_text("Report, p. 8")
    outside = page.get_by_role("link", name="Open on the web")
    expect(outside).to_have_attribute("href", more["url"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    stop_time(page)
    page.locator("#citation-1").get_by_role("button", name="Copy quote").click()
    expect(page.locator("#notice")).to_have_text("Quote copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"“{answer['citations'][0]['cited_text']}”\n— Report, p. 8")


def test_all_places_are_listed_by_file_and_saved(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    plain = answering(page, seeds_url, all=None)
    quote = plain["citations"][0] | {"confidence": 0.95}
    document = {name: quote[name] for name in ("document_id", "document_title", "source")}
    remarks = ["In a.csv, Pincite took “cost” as its column “price”."]
    listed = {"count": 1, "complete": True, "remarks": remarks}
    listed["documents"] = [document | {"quotes": [quote]}]
    ask(page, QUESTION)
    page.get_by_role("button", name="Show all").wait_for()
    asked: list[Any] = []

    def all_of_them(route: Route) -> None:
        asked.append(route.request.post_data_json)
        if route.request.headers["accept"] == "text/csv":
            route.fulfill(body="source,text\r\n", content_type="text/csv")
        else:
            route.fulfill(json=plain | {"all": listed})

    page.route("**/v1/ask", all_of_them)
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#all")).to_contain_text(
        "1 place in 1 file. All that the search found was read."
    )
    expect(page.locator("#all .group")).to_contain_text("very sure")
    expect(page.locator("#all")).to_contain_text(remarks[0])
    assert asked[-1] == {"question": QUESTION, "all": True}
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as CSV").click()
    assert saved.value.path().read_bytes() == b"\xef\xbb\xbfsource,text\r\n"
    assert asked[-1] == asked[-2]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download as JSON").click()
    assert json.loads(saved.value.path().read_text("utf-8")) == listed


def test_a_question_follows_on_and_can_be_asked_by_itself(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    plain = answer_of(page, seeds_url, QUESTION) | {"searched": None, "carried_over": []}
    asked: list[Any] = []

    def follow(route: Route) -> None:
        asked.append(route.request.post_data_json)
        made = {"searched": "redness after microneedling", "carried_over": ["microneedling"]}
        route.fulfill(json=plain | (made if "history" in asked[-1] else {}))

    page.route("**/v1/ask", follow)
    ask(page, QUESTION)
    expect(page.locator("#topic")).to_contain_text("can follow on from this one")
    ask(page, "and redness?")
    searched = page.locator("#answer .note", has_text="Searched:")
    expect(searched).to_contain_text("“redness after microneedling” with “microneedling”")
    assert asked[-1] == {"question": "and redness?", "history": [QUESTION]}
    page.reload()
    expect(searched).to_be_visible()
    searched.get_by_role("link", name="Ask it by itself").click()
    expect(searched).to_have_count(0)
    expect(page.locator("ol.answer")).to_be_visible()
    assert asked[-1] == {"question": "and redness?"}
    page.get_by_role("link", name="New topic").click()
    expect(page.get_by_label("Your question")).to_have_value("")
    ask(page, QUESTION)
    expect(page.locator("ol.answer")).to_be_visible()
    assert asked[-1] == {"question": QUESTION}


def test_a_pdf_opens_at_its_page_with_the_words_marked(open_page, seeds_url) -> None:
    page = open_page(seeds_url, forgiven="status of 410")
    citations = answer_of(page, seeds_url, QUESTION)["citations"]
    citations[0] |= {"start_page_number": 2, "end_page_number": 2}
    answering(page, seeds_url, citations=citations)
    picture = BytesIO()
    Image.new("RGB", (600, 800), "white").save(picture, "PNG")
    rectangle = {"left": 30, "top": 40, "right": 150, "bottom": 60}
    size = {"page": 2, "width": 300, "height": 400}
    marks = size | {"rectangles": [rectangle], "marked": 0.5}
    gone = {"status": 410, "detail": "The file has changed since it was indexed."}

    def as_pdf(route: Route) -> None:
        kind = {"media_type": "application/pdf", "pages": 3}
        route.fulfill(json=route.fetch().json() | kind)

    page.route("**/v1/documents/*", as_pdf)
    page.route("**/pages/*", lambda r: r.fulfill(status=410, json=gone))
    page.route("**/pages/2?*", lambda r: r.fulfill(body=picture.getvalue()))
    page.route("**/pages/2/marks?*", lambda r: r.fulfill(json=marks))
    page.route("**/pages/3?*", lambda r: r.fulfill(status=410, json=gone))
    ask(page, QUESTION)
    page.locator("#citation-1 .place").first.click()
    image = page.get_by_role("img", name="Page 2 of")
    expect(image).to_be_visible()
    left, _, width = mark_on_page(page)
    assert (left, width) == pytest.approx((0.1, 0.4), abs=0.005)
    pages = page.locator("#document-pages")
    expect(pages).to_contain_text("Some of the cited words could not be marked")
    page.get_by_role("button", name="Next page").click()
    expect(pages).to_contain_text("This page cannot be shown. The file has changed")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.get_by_role("button", name="Previous page").click()
    expect(image).to_be_visible()
    page.reload()  # the address has the page
    expect(image).to_be_visible()
    expect(page.locator("rect")).to_have_count(1)


def test_a_phone_shows_the_answer_and_its_citations_on_two_screens(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}", width=390, height=844)
    last = page.locator(".citation").last
    expect(last).to_be_visible()
    box = last.bounding_box()
    assert box
    assert box["y"] + box["height"] < 2 * 844
    folded = page.locator(".passage:has(.rest)").first
    text = folded.locator(".text")
    expect(text.locator(".rest").first).to_be_hidden()
    folded.get_by_role("button", name="Show the whole passage").click()
    expect(text.locator(".rest").first).to_be_visible()
    tab_to(page, page.get_by_role("link", name="Citation 1, open its document"))
