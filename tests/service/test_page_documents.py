"""The page's documents: added, found, asked by themselves, removed; filters; recent questions."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from index.store import open_store
from qa.service.app import build_app
from qa.service.writer import Writer
from tests.browsing import QUESTION, ask, expect_closed, marked_in_panel
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served

pytestmark = pytest.mark.browser

OWLS = "Owls of Zanzibar sleep under red lanterns until midnight.\n"
BATS = "Bats of Zanzibar sleep in high towers.\n"


@contextmanager
def uploading(corpus: Corpus) -> Iterator[str]:
    """Serve the corpus, and take uploads."""
    live, store = live_over(corpus.store, HashingEncoder()), open_store(corpus.store)
    with Writer(store, live) as writer, served(build_app(live, writing=(store, writer))) as url:
        yield url


def file(name: str, content: str) -> Any:
    return {"name": name, "mimeType": "", "buffer": content.encode()}


def drop(page: Page, name: str, content: str) -> None:
    dropped = page.evaluate_handle(
        """([name, content]) => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([content], name));
          return dropped;
        }""",
        [name, content],
    )
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": dropped})


def test_documents_are_added_asked_replaced_and_removed(open_page, corpus: Corpus) -> None:
    corpus.write("owls.txt", OWLS)
    corpus.index()
    with uploading(corpus) as url:
        page = open_page(url)
        page.get_by_role("link", name="Documents", exact=True).click()
        files, jobs = page.locator(".file"), page.locator(".job")
        expect(files).to_have_count(1)
        expect(files.get_by_role("button", name="Remove")).to_have_count(0)  # a SOURCE's
        broken = file("broken.pdf", "%PDF-1.4 and nothing more")
        page.locator("#upload").set_input_files([file("Bats of Zanzibar.txt", BATS), broken])
        expect(jobs.filter(has_text="Bats")).to_contain_text("Ready to be asked.")
        failed = jobs.filter(has_text="broken.pdf")
        expect(failed).to_have_attribute("data-state", "failed")
        expect(failed.get_by_role("button", name="Try again")).to_be_visible()
        expect(files).to_have_count(2)

        bats = files.filter(has_text="Bats of Zanzibar.txt (uploaded)")
        bats.get_by_role("link", name="Ask it").click()
        expect(page.locator(".chip")).to_contain_text("Bats of Zanzibar.txt")
        ask(page, "who sleeps in Zanzibar")
        expect(page.locator(".passage")).to_have_count(1)
        expect(page.locator(".passage")).to_contain_text("high towers")

        page.get_by_role("link", name="Documents", exact=True).click()
        page.get_by_role("button", name="Remove the filter").click()
        expect(files).to_have_count(2)
        drop(page, "Bats of Zanzibar.txt", "Bats of Zanzibar sleep in deep wells.\n")
        expect(page.get_by_role("dialog", name="Replace 1 document?")).to_be_visible()
        page.get_by_role("button", name="Replace").click()
        expect(jobs.filter(has_text="Ready to be asked.")).to_have_count(2)
        bats.get_by_role("link").first.click()
        expect(page.locator("#document-text")).to_contain_text("deep wells")
        page.keyboard.press("Escape")
        expect_closed(page)

        bats.get_by_role("button", name="Remove").click()
        page.get_by_role("button", name="Cancel").click()
        expect(files).to_have_count(2)
        bats.get_by_role("button", name="Remove").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(jobs.filter(has_text="Removed.")).to_have_count(1)
        expect(files).to_have_count(1)


@pytest.mark.soak
def test_documents_are_found_by_name_page_by_page(open_page, corpus: Corpus) -> None:
    (corpus.files / "notes").mkdir()
    for number in range(30):
        corpus.write(f"notes/note-{number:02}.txt", f"Note {number} tells of owl {number}.\n")
    corpus.write("rows.csv", "question,answer\nHow heavy is it?,A ton.\nHow old is it?,A year.\n")
    corpus.index()
    with served(build_app(live_over(corpus.store, HashingEncoder()))) as url:
        page = open_page(f"{url}?screen=documents")
        count = page.locator(".count")
        expect(count).to_have_text("1–25 of 31 files")
        page.get_by_role("link", name="Next").click()
        expect(page.locator(".file")).to_have_count(6)
        rows = page.locator(".file", has_text="rows.csv")
        expect(rows).to_contain_text("2 records")
        rows.locator("summary").click()
        expect(rows.get_by_role("link", name="How old is it?")).to_be_visible()
        page.go_back()
        expect(count).to_have_text("1–25 of 31 files")
        page.get_by_label("Find a document by name").fill("Note-2")
        expect(count).to_have_text("10 files of 31")
        page.reload()
        expect(count).to_have_text("10 files of 31")
        page.get_by_label("Find a document by name").fill("no such name")
        expect(page.locator(".found")).to_contain_text("No document is called that")


def test_filters_are_chosen_beside_the_question_and_removed(open_page, corpus: Corpus) -> None:
    for year, keeper in ((2020, "Jane"), (2024, "Bob")):
        (corpus.files / keeper).mkdir()
        front = f"---\nyear: {year}\nkeeper: {keeper}\n---\n"
        corpus.write(f"{keeper}/owls.md", f"{front}Owls of {keeper} sleep until midnight.\n")
    corpus.index()
    with served(build_app(live_over(corpus.store, HashingEncoder()))) as url:
        page = open_page(url)
        ask(page, "when do owls sleep")
        expect(page.locator(".passage")).to_have_count(2)
        page.get_by_text("Add a filter").click()
        expect(page.get_by_label("Field")).to_be_focused()
        fields = page.get_by_label("Field").locator("option").all_text_contents()
        assert {"Path", "year", "keeper", "Type", "Changed"} <= set(fields)
        folders = page.locator("#filter-values option").evaluate_all("all => all.map(o => o.value)")
        assert {"files/Jane/", "files/Bob/"} <= set(folders)
        page.get_by_label("Field").select_option("year")
        page.get_by_label("Condition").select_option("from")
        page.get_by_label("Value").fill("last year")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Write a number.")).to_be_visible()
        page.get_by_label("Value").fill("2021")
        page.keyboard.press("Enter")
        expect(page.locator(".chip")).to_contain_text("year from 2021")
        expect(page.locator(".passage")).to_have_count(1)
        expect(page.locator(".passage")).to_contain_text("Bob")
        page.reload()
        expect(page.locator(".passage")).to_have_count(1)
        page.get_by_role("link", name="Documents", exact=True).click()
        expect(page.locator(".file")).to_have_count(1)
        page.go_back()
        expect(page.locator(".passage")).to_have_count(1)
        page.get_by_role("button", name="Remove the filter year from 2021").click()
        expect(page.locator(".passage")).to_have_count(2)
        expect(page.get_by_text("Add a filter")).to_be_focused()
        page.goto(f'{url}?q=when do owls sleep&filter=keeper="Zoe"')
        expect(page.get_by_role("heading", name="No document meets the filters")).to_be_visible()


@pytest.mark.soak
def test_recent_questions_are_kept_in_the_browser_until_they_are_cleared(
    open_page, seeds_url
) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    page.locator("ol.answer").wait_for()
    page.get_by_role("link", name="Pincite").click()
    recent = page.locator(".examples", has_text="Recent questions")
    expect(recent.get_by_role("link")).to_have_text([QUESTION])
    page.reload()
    recent.get_by_role("link").click()
    page.locator(".place").first.click()
    marked_in_panel(page)
    page.go_back()
    expect_closed(page)
    page.go_back()
    recent.get_by_role("button", name="Clear").click()
    expect(recent).to_have_count(0)
    page.reload()
    expect(page.locator(".examples")).to_contain_text([re.compile("For example")])
