"""The page where a language model can write: each sentence appears when it has been checked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from index.encoding.encoder import Encoder
from qa.read.reading import Reader
from qa.service.app import build_app
from tests.browsing import PageOpener, ask, marked_in_panel
from tests.language_model import LanguageModel, plain, written
from tests.service.conftest import live_over
from tests.service.serving import served
from tests.service.test_page_access import LOOKS
from tests.service.test_page_troubles import STATUS, problem
from tests.written_answers import (
    DROPPED,
    FIRST,
    MODEL,
    QUESTION,
    SHOWN,
    marked,
    two_of_three,
    writer_at,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(
    seeds_store: Path, encoder: Encoder, reader: Reader
) -> Iterator[tuple[str, LanguageModel]]:
    """The address of a service over the seeds, and the model that writes its answers."""
    live = live_over(seeds_store, encoder)
    live._engine = replace(live.latest, reader=reader)
    with (
        LanguageModel(MODEL) as model,
        served(build_app(live, answer_writer=writer_at(model))) as url,
    ):
        yield url, model


@pytest.fixture
def llm(service: tuple[str, LanguageModel]) -> LanguageModel:
    model = service[1]
    model.reply = two_of_three()
    model.requests.clear()
    return model


@pytest.fixture
def url(service: tuple[str, LanguageModel], llm: LanguageModel) -> str:
    return f"{service[0]}?q={QUESTION}"


def write(page: Page) -> Locator:
    """Have the answer written; return where it comes."""
    page.get_by_role("button", name="Write it as a text").click()
    text = page.get_by_role("region", name="Written answer")
    expect(text.get_by_role("heading", name="Written answer")).to_be_visible()
    return text


def expect_whole(text: Locator) -> None:
    expect(text).to_contain_text(f"Written by {MODEL}; every sentence is checked")
    expect(text.locator(".sentence bdi")).to_have_text(list(SHOWN))
    expect(text.get_by_role("button", name="Stop")).to_have_count(0)


@pytest.mark.soak
def test_a_line_separator_in_what_is_sent_breaks_nothing(open_page: PageOpener, url: str) -> None:
    page = open_page(url.replace(" ", "%E2%80%A8", 1))
    expect_whole(write(page))


def test_each_sentence_appears_as_it_was_checked_with_its_sources(
    open_page: PageOpener, url: str, llm: LanguageModel
) -> None:
    gate = llm.gate()
    llm.reply = two_of_three(gate)
    page = open_page(url)
    text = write(page)
    expect(text.locator(".sentence bdi")).to_have_text([FIRST])
    expect(text.get_by_role("button", name="Stop")).to_be_focused()
    gate.open()
    expect_whole(text)
    assert page.locator("[aria-live=polite]").filter(has=text).count() == 1

    folded = text.locator("details", has_text="1 sentence was dropped")
    expect(folded.get_by_role("listitem")).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.get_by_role("listitem")).to_contain_text(DROPPED)
    expect(folded.locator(".reason")).not_to_be_empty()

    for number, sentence in enumerate(text.locator(".sentence").all(), 1):
        sentence.locator("bdi").hover()
        expect(text.locator(".sentence.lit")).to_have_count(1)
        expect(text.locator(f"#citation-w{number}.lit")).to_have_count(1)
        expect(page.locator(".quote.lit")).to_have_count(0)  # whose citations have these numbers
        words = text.locator(f"#citation-w{number} .of bdi").text_content()
        page.wait_for_function(
            "words => [...document.querySelectorAll('mark.cited.lit')]"
            ".map(mark => mark.textContent).join('') === words",
            arg=words,
        )
    text.get_by_role("link", name="Source 1, open its document").click()
    assert marked_in_panel(page) == text.locator("#citation-w1 .of bdi").text_content()


def test_writing_can_be_stopped_and_begun_again(
    open_page: PageOpener, url: str, llm: LanguageModel
) -> None:
    gate = llm.gate()
    llm.reply = two_of_three(gate)
    page = open_page(url)
    text = write(page)
    expect(text.locator(".sentence bdi")).to_have_text([FIRST])
    text.get_by_role("button", name="Stop").click()
    expect(text).to_contain_text("You stopped it.")
    gate.open()
    llm.reply = two_of_three()
    text.get_by_role("button", name="Write it again").click()
    expect_whole(text)


@pytest.mark.soak
def test_another_question_ends_it(open_page: PageOpener, url: str, llm: LanguageModel) -> None:
    gate = llm.gate()
    llm.reply = two_of_three(gate)
    page = open_page(url)
    expect(write(page).locator(".sentence")).to_have_count(1)
    ask(page, "why do I get pimples after microneedling")
    expect(page.get_by_role("button", name="Write it as a text")).to_be_visible()
    gate.open()
    expect(page.locator(".sentence")).to_have_count(0)


@pytest.mark.soak
def test_if_nothing_is_left_it_is_told_why(
    open_page: PageOpener, url: str, llm: LanguageModel
) -> None:
    page = open_page(url)
    for reply, told in (
        (written(marked(DROPPED)), "The checks found none of its sentences in what it cites."),
        (written("The passages do not say."), "It found no answer in the passages."),
        (plain(500), "HTTP 500"),
    ):
        llm.reply = reply
        page.goto(url)
        text = write(page)
        expect(text.locator(".note")).to_contain_text(told)
        expect(text.locator(".note")).to_contain_text("The quotes above are the answer.")
        expect(text.locator(".sentence")).to_have_count(0)


@pytest.mark.soak
def test_trouble_is_told_and_can_be_tried_again(
    open_page: PageOpener, url: str, llm: LanguageModel
) -> None:
    page = open_page(url, forgiven=STATUS)
    button = page.get_by_role("button", name="Write it as a text")
    expect(button).to_be_visible()
    page.route("**/v1/ask", lambda r: problem(r, 503, "Too much.", **{"Retry-After": "50"}))
    button.click()
    text = page.get_by_role("region", name="Written answer")
    expect(text.get_by_role("heading", name="The service is busy")).to_be_visible()
    expect(text.get_by_role("timer")).to_be_visible()
    page.unroute("**/v1/ask")
    broken = 'event: answer\ndata: {}\n\nevent: sentence\ndata: {"te'
    page.route("**/v1/ask", lambda r: r.fulfill(body=broken, content_type="text/event-stream"))
    text.get_by_role("button", name="Try now").click()
    expect(text).to_contain_text("The connection broke off")
    page.unroute("**/v1/ask")
    text.get_by_role("button", name="Try again").click()
    expect_whole(text)


def test_axe_finds_nothing_and_it_is_not_too_wide(
    open_page: PageOpener, url: str, llm: LanguageModel
) -> None:
    page = open_page(url)
    text = write(page)
    expect_whole(text)
    text.locator("summary", has_text="dropped").click()
    text.locator(".sentence bdi").first.hover()
    for look in LOOKS:
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": look.width, "height": look.height})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        wider = page.locator("html").evaluate("node => node.scrollWidth - node.clientWidth")
        assert wider <= 0


def test_without_a_language_model_it_is_not_offered(open_page: PageOpener, seeds_url: str) -> None:
    page = open_page(seeds_url)
    with page.expect_response("**/v1/models"):
        page.goto(f"{seeds_url}?q={QUESTION}")
    assert page.evaluate("fetch('v1/models').then(response => response.ok)")  # and so has the page
    expect(page.locator(".after")).to_be_visible()
    expect(page.get_by_role("button", name="Write it as a text")).to_have_count(0)
