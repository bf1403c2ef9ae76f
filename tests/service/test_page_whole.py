"""The page over the real service: the page of a PDF, a follow-up, and all that answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.service.app import build_app
from tests.browsing import ask, mark_on_page, marked_in_panel
from tests.pdf_writing import lines, write_pdf
from tests.service.conftest import live_over
from tests.service.serving import served

TOWER = (
    "The Eiffel Tower was built by Gustave Eiffel and his workers.\n\n"
    "The Eiffel Tower was built from 1887 to 1889.\n"
)
STOCK = "product,price,stock\nHammock,59,7\nParasol,39,0\nBird bath,44,0\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, model: Model, encoder: Encoder) -> Iterator[str]:
    """The address of a service over a PDF, a text and a table."""
    folder: Path = tmp_path_factory.mktemp("whole")
    files = folder / "files"
    files.mkdir()
    pages = [
        lines(72, 700, "This report is about the clinic by the sea."),
        lines(72, 700, "Opening hours", "The clinic opens at eight on weekdays."),
    ]
    (files / "clinic.pdf").write_bytes(write_pdf(pages))
    (files / "tower.txt").write_text(TOWER)
    (files / "products.csv").write_text(STOCK)
    sync(open_store(folder / "store"), [files], model, encoder)
    with served(build_app(live_over(folder / "store", encoder))) as address:
        yield address


def test_a_citation_of_a_pdf_is_marked_on_its_page(open_page, url) -> None:
    page = open_page(url)
    ask(page, "When does the clinic open?")
    page.locator("#citation-1 .place").first.click()
    expect(page.get_by_role("img", name="Page 2 of")).to_be_visible()
    assert marked_in_panel(page) == "The clinic opens at eight on weekdays."
    left, top, _ = mark_on_page(page)
    assert left == pytest.approx(72 / 612, abs=0.005)
    assert 0 < top < 0.2


@pytest.mark.soak
def test_a_question_follows_on(open_page, url) -> None:
    page = open_page(url)
    ask(page, "When was the Eiffel Tower built?")
    expect(page.locator("#answer")).to_contain_text("from 1887 to 1889")
    ask(page, "And by whom?")
    expect(page.locator("#answer")).to_contain_text(
        "Searched: “By whom was the Eiffel Tower built?”"
    )
    expect(page.locator("#answer")).to_contain_text("Gustave Eiffel")


@pytest.mark.soak
def test_all_rows_that_answer_are_shown(open_page, url) -> None:
    page = open_page(f"{url}?q=which+products+are+out+of+stock&all=yes")
    expect(page.locator("#all")).to_contain_text("2 places")
    for name in ("Parasol", "Bird bath"):
        expect(page.locator("#all")).to_contain_text(name)
    expect(page.locator("#all")).not_to_contain_text("Hammock")
    expect(page.locator("#all table")).to_have_count(1)  # rows of one table are together
    page.locator("#all").get_by_role("link", name="Open row").last.click()
    expect(page.locator("#document-text")).to_contain_text("Bird bath")
