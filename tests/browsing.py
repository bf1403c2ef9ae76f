"""A real browser for the tests of pages, over a real server."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

from index.encoding.encoder import Encoder

PATIENCE_MS = 60_000  # a slow, busy machine is no failure
expect.set_options(timeout=PATIENCE_MS)

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]
QUESTION = "why do I get pimples after microneedling"
REPEATED = "what is microneedling"  # which the seeds say over and over
ELSEWHERE = "who won the 1998 football world cup final"


class Chromium:
    """A browser that is kept from one test of pages to the next, as it takes seconds to start.

    While it is there, Playwright's event loop holds the main thread: no other test may find it.
    """

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._browser: Browser | None = None

    def browser(self, path: str) -> Browser:
        if self._browser is None:
            playwright = self._opened.enter_context(sync_playwright())
            self._browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            self._opened.callback(self._browser.close)
        return self._browser

    def close(self) -> None:
        self._browser = None
        self._opened.close()


_chromium = Chromium()


@pytest.fixture
def browser() -> Browser:
    """Chromium."""
    path = shutil.which("chromium")
    if path is None:
        reason = "no Chromium for the tests of the page: `apt-get install chromium`"
        if os.environ.get("TEST_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return _chromium.browser(path)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Close the browser where the next test is not one of pages."""
    if "browser" not in getattr(nextitem, "fixturenames", ()):
        _chromium.close()


class Complaints:
    """What nobody wants of a page: errors, warnings, CSP violations, dialogs, foreign requests.

    A message in which the pattern `forgiven` is found is none.
    """

    def __init__(self, page: Page, url: str, forgiven: str) -> None:
        self.heard: list[str] = []
        self._origin = urlsplit(url).netloc
        self._forgiven = forgiven
        page.on("pageerror", lambda error: self.heard.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", self._dismiss)
        page.on("request", self._follow)

    def _dismiss(self, dialog: Dialog) -> None:
        self.heard.append(dialog.message)
        dialog.dismiss()

    def _hear(self, message: ConsoleMessage) -> None:
        # A service without collections has no list of them, and the page asks for it.
        if message.location["url"].endswith("/v1/collections"):
            return
        forgiven = self._forgiven and re.search(self._forgiven, message.text)
        if message.type in ("error", "warning") and not forgiven:
            self.heard.append(message.text)

    def _follow(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self._origin:
            self.heard.append(f"a request to {request.url}")


PageOpener = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[PageOpener]:
    """Open pages that must give no cause for complaint, but for what is `forgiven`."""
    contexts: list[BrowserContext] = []
    complaints: list[Complaints] = []

    def opener(
        url: str,
        width: int = 1200,
        height: int = 900,
        forgiven: str = "",
        prepare: Callable[[Page], object] | None = None,
    ) -> Page:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        page = contexts[-1].new_page()
        complaints.append(Complaints(page, url, forgiven))
        if prepare:
            prepare(page)
        page.goto(url)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert [complaint for each in complaints for complaint in each.heard] == []


@pytest.fixture(scope="session")
def seeds_url(seeds_store: Path, encoder: Encoder) -> Iterator[str]:
    """The address of a service over the seeds."""
    from qa.service.app import build_app
    from tests.service.conftest import live_over
    from tests.service.serving import served

    with served(build_app(live_over(seeds_store, encoder))) as url:
        yield url


def ask(page: Page, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def answer_of(page: Page, url: str, question: str) -> Any:
    """Return what the service answers, to compare the page with."""
    return page.request.post(f"{url}v1/ask", data={"question": question}).json()


def marked_in_panel(page: Page) -> str | None:
    """Return what is marked in the document that is open, which must be in view."""
    mark = page.locator("#document-text mark.highlight")
    expect(mark).to_have_count(1)
    expect(mark).to_be_in_viewport()
    return mark.text_content()


def expect_closed(page: Page) -> None:
    """Wait until no document is open, in the address neither: the browser goes back for that."""
    expect(page.locator("#document")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("at="))


def mark_on_page(page: Page) -> list[float]:
    """Return where the mark is on the page of a PDF: left, top, width, as shares of the page."""
    expect(page.locator("rect")).to_have_count(1)
    shares: list[float] = page.locator(".sheet").evaluate("""sheet => {
      const page = sheet.querySelector("canvas").getBoundingClientRect();
      const mark = sheet.querySelector("rect").getBoundingClientRect();
      const [left, top] = [mark.left - page.left, mark.top - page.top];
      return [left / page.width, top / page.height, mark.width / page.width];
    }""")
    return shares


def stop_time(page: Page) -> None:
    """Let no time pass on the page but what `page.clock` is told: what is shown stays."""
    page.clock.install()
    page.clock.pause_at(datetime.now(tz=UTC) + timedelta(minutes=1))


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab, from the question, until `wanted` has the focus."""
    page.get_by_label("Your question").focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if wanted.evaluate("node => node === document.activeElement"):
            return
    pytest.fail("the keyboard does not get there")
