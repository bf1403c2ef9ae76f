"""The page in a real browser, over a real server: questions, answers, and the way to sources."""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from index.store import open_store
from qa.service.app import build_app
from qa.service.writer import Writer
from tests.browsing import (
    ELSEWHERE,
    QUESTION,
    REPEATED,
    answer_of,
    ask,
    expect_closed,
    marked_in_panel,
    tab_to,
)
from tests.calibrations import PROMISE
from tests.encoders import HashingEncoder
from tests.service.conftest import Corpus, live_over
from tests.service.serving import served

pytestmark = pytest.mark.browser


def test_a_question_gets_its_answer_citations_and_passages(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    ask(page, QUESTION)
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_visible()
    answer = answer_of(page, seeds_url, QUESTION)

    numbers = page.locator(".quote sup").all_text_contents()
    assert numbers == [str(citation["number"]) for citation in answer["citations"]]
    assert " ".join(page.locator(".quote bdi").all_text_contents()) == answer["answer"]["text"]

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


def of_two_quotes(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer of the first words of its first two passages, whatever it was."""
    spans: list[dict[str, Any]] = []
    citations: list[dict[str, Any]] = []
    text = ""
    for number, passage in enumerate(answer["passages"][:2], 1):
        words, start = passage["text"][:40], passage["start_char_index"]
        text += " " if text else ""
        spans.append({"start": len(text), "end": len(text) + 40, "citations": [number]})
        text += words
        place = {"cited_text": words, "start_char_index": start, "end_char_index": start + 40}
        citations.append(answer["citations"][0] | passage | {"number": number} | place)
    return answer | {"answer": {"text": text, "spans": spans}, "citations": citations}


LIT_WORDS = """words => [...document.querySelectorAll("mark.cited.lit")]
  .map(mark => mark.textContent).join("") === words"""


def expect_lit(page: Page, citation: Any = None) -> None:
    """Wait until the sentence of a citation is lit, itself, and its words in the passages."""
    words, number = (citation["cited_text"], citation["number"]) if citation else ("", 0)
    expect(page.locator(".quote.lit bdi")).to_have_text([words] if words else [])
    expect(page.locator(".citation.lit")).to_have_count(1 if words else 0)
    expect(page.locator(f"#citation-{number}.lit")).to_have_count(1 if words else 0)
    marks = "[...document.querySelectorAll('mark.cited.lit')]"
    page.wait_for_function(
        f"words => {marks}.map(m => m.textContent).join('') === words", arg=words
    )


def test_a_sentence_under_the_pointer_or_with_the_focus_lights_its_source(
    open_page, seeds_url
) -> None:
    page = open_page(seeds_url)
    answer = of_two_quotes(answer_of(page, seeds_url, QUESTION))
    page.route("**/v1/ask", lambda route: route.fulfill(json=answer))
    page.goto(f"{seeds_url}?q={QUESTION}")
    page.locator("#passages").wait_for()
    first, second = answer["citations"]
    expect_lit(page)
    page.locator(".quote bdi").nth(1).hover()
    expect_lit(page, second)
    page.locator("#citation-1").hover()
    expect_lit(page, first)
    page.get_by_label("Your question").hover()
    expect_lit(page)
    tab_to(page, page.locator(".quote sup a").first)
    expect_lit(page, first)
    assert page.evaluate("scrollY") == 0, "nothing scrolls until it is asked to"


def test_a_citation_leads_to_its_passage_when_asked(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    citation = answer_of(page, seeds_url, QUESTION)["citations"][-1]
    page.locator(".citation").last.get_by_role("button", name="Show in passage").click()
    passage = page.locator(".passage:focus")
    expect(passage).to_be_in_viewport()
    assert "".join(passage.locator("mark.cited").all_text_contents()) == citation["cited_text"]

    text = passage.locator(".text").text_content()
    passage.locator("a.place").first.click()
    assert marked_in_panel(page) == text


@pytest.mark.soak
def test_what_else_the_answer_cites_of_the_document_is_marked_beside(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    first, second, *_ = answer_of(page, seeds_url, QUESTION)["citations"]
    assert first["document_id"] == second["document_id"]
    page.locator("#citation-1 .place").first.click()
    assert marked_in_panel(page) == first["cited_text"]
    expect(page.locator("#document-text mark.beside")).to_have_text(second["cited_text"])


def test_a_number_and_a_citation_open_the_document_at_the_cited_words(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    for number, citation in enumerate(answer_of(page, seeds_url, QUESTION)["citations"], 1):
        in_answer = page.locator(f".quote[data-cites='{number}'] sup a")
        in_list = page.locator(f"#citation-{number} a.place").first
        for opener in (in_answer, in_list):
            opener.click()
            assert marked_in_panel(page) == citation["cited_text"]
            page.get_by_role("button", name="Close").click()
            expect_closed(page)
            expect(opener).to_be_focused()


def test_every_other_place_that_says_the_same_can_be_opened(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={REPEATED}")
    page.locator("#passages").wait_for()
    citations = answer_of(page, seeds_url, REPEATED)["citations"]
    citation = next(citation for citation in citations if citation["also_in"])
    also = page.locator(f"#citation-{citation['number']} .also")
    also.evaluate("each => { each.open = true }")
    also.locator("a").first.click()
    assert marked_in_panel(page) == citation["also_in"][0]["cited_text"]

    group = page.locator("#document-group")
    group.locator("summary").click()
    expect(group.locator("a")).to_have_count(1 + len(citation["also_in"]))
    expect(group.locator("[aria-current]")).to_contain_text(citation["also_in"][0]["source"])
    group.locator("a").first.click()
    expect(page.locator("#document-text mark.highlight")).to_have_text(citation["cited_text"])
    page.keyboard.press("Escape")
    expect_closed(page)
    expect(page.locator("ol.answer")).to_be_visible()


@pytest.mark.soak
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


def test_it_says_that_the_documents_hold_no_answer_and_what_to_try(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    ask(page, ELSEWHERE)
    expect(
        page.get_by_role("heading", name="Your documents do not seem to answer this")
    ).to_be_visible()
    expect(page.locator("#answer")).to_contain_text("No document holds “won”, “1998”, “football”")
    expect(page.locator("#answer")).to_contain_text("The nearest are 5 passages of")
    expect(page.get_by_role("heading", name="Closest passages")).to_be_visible()
    expect(page.locator(".passage")).to_have_count(5)
    expect(page.locator(".citation")).to_have_count(0)
    page.locator(".example").first.click()
    expect(page.locator("ol.answer")).to_be_visible()


def test_a_missing_name_is_told_and_nothing_stands_under_the_heading_of_an_answer(
    open_page, seeds_url
) -> None:
    page = open_page(seeds_url)
    ask(page, "what is microneedling according to AMD")
    expect(page.get_by_role("heading", name="Closest passages")).to_be_visible()
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_have_count(0)
    shown = page.locator("#answer")
    expect(shown).to_contain_text("No document found has the name “AMD”.")
    expect(shown).to_contain_text("Documents about “AMD”")
    expect(shown).not_to_contain_text("No document holds")
    expect(page.locator("mark")).to_have_count(0)


def test_the_parts_of_a_table_stand_below_one_another(open_page, corpus: Corpus) -> None:
    rows = "| | 2023 | 2022 |\n|---|---|---|\n| Net sales | 94 | 65 |\n| Research | 26 | 21 |\n"
    corpus.write("report.md", f"# Report\n\nIncome (in millions)\n\n{rows}")
    corpus.index()
    live = live_over(corpus.store, HashingEncoder())
    live._engine = replace(live.current(), threshold=0)
    with served(build_app(live)) as url:
        page = open_page(f"{url}?q=what was research in 2022")
        page.locator("ol.answer").wait_for()
        page.evaluate(
            "document.querySelectorAll('.answer details').forEach(d => { d.open = true })"
        )
        lines = page.locator(".words").inner_text().split("\n")
        assert next(line for line in lines if line.startswith("| Research | 26 | 21 |"))
        assert next(line for line in lines if line.startswith("| | 2023 | 2022 |"))


@pytest.mark.soak
def test_the_foot_of_the_page_names_the_reader(open_page, seeds_url) -> None:
    page = open_page(f"{seeds_url}?q={QUESTION}")
    expect(page.locator("#facts")).to_contain_text("all-MiniLM-L6-v2 · reader bundled · snapshot")


def test_the_first_page_offers_questions_that_are_answered(open_page, seeds_url) -> None:
    page = open_page(seeds_url)
    examples = page.request.get(f"{seeds_url}v1/examples").json()["questions"]
    expect(page.locator(".example")).to_have_text(examples)
    page.locator(".example").last.click()
    expect(page.locator("ol.answer")).to_be_visible()
    expect(page.get_by_label("Your question")).to_have_value(examples[-1])


@pytest.mark.soak
def test_the_place_of_a_row_is_its_title_and_row(open_page, corpus: Corpus) -> None:
    rows = "".join(f"How heavy is lamp {n}?,Lamp {n} weighs {n} kilograms.\n" for n in (3, 5, 8))
    corpus.write("faq.csv", f"question,answer\n{rows}")
    corpus.index()
    with served(build_app(live_over(corpus.store, HashingEncoder()))) as url:
        page = open_page(f"{url}?q=How heavy is lamp 5?")
        row = page.locator("#citation-1")
        expect(row.locator("a.place")).to_have_text("How heavy is lamp 5?, files/faq.csv, row 2")
        row.locator("a.place").first.click()
        assert marked_in_panel(page) == "Lamp 5 weighs 5 kilograms."
        expect(page.locator("#document-place")).to_have_text("files/faq.csv · row\u00a02")
        page.reload()
        expect(page.locator("#document-place")).to_have_text("files/faq.csv · row\u00a02")


@pytest.mark.soak
def test_what_is_promised_stands_below_the_answer(open_page, corpus: Corpus) -> None:
    corpus.write("redness.txt", "Redness of the skin fades within two days.\n")
    corpus.index()
    key = corpus.key()
    with served(build_app(live_over(corpus.store, HashingEncoder()))) as url:
        page = open_page(f"{url}?q=Redness of the skin fades within how many days?")
        facts = page.locator("#answer .facts")
        expect(facts).to_contain_text("judged from public questions")
        for change, told in (
            ({}, PROMISE),
            ({"corpus": "0" * 64}, "Nothing is promised: the documents changed since"),
            ({"key": replace(key, scoring=99)}, "judged from public questions"),
        ):
            corpus.calibrate(**change)
            page.reload()
            expect(facts).to_contain_text(re.compile(r"Confidence [01]\."))
            expect(facts).to_contain_text(told)


def test_a_thumb_is_kept_with_what_was_cited(open_page, corpus: Corpus) -> None:
    corpus.write("owls.txt", "Owls of Zanzibar sleep under red lanterns until midnight.\n")
    corpus.index()
    live, store = live_over(corpus.store, HashingEncoder()), open_store(corpus.store)
    with Writer(store, live) as writer, served(build_app(live, writing=(store, writer))) as url:
        page = open_page(url)
        for question, thumb in [("where do the owls of Zanzibar sleep", "Yes"), (ELSEWHERE, "No")]:
            ask(page, question)
            page.get_by_role("button", name=thumb).click()
            expect(page.locator(".rating")).to_contain_text("Thank you")
    up, down = open_store(corpus.store).feedback.all()
    assert (up.helpful, up.answered, up.question) == (
        True,
        True,
        "where do the owls of Zanzibar sleep",
    )
    assert [each.cited_text for each in up.citations] == [
        "Owls of Zanzibar sleep under red lanterns until midnight."
    ]
    assert (down.helpful, down.question, down.citations) == (False, ELSEWHERE, ())
