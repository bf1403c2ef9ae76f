"""Whatever is written in documents, names and questions reaches the page as text, and as it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.service.app import build_app
from tests.browsing import answer_of, expect_closed, marked_in_panel
from tests.encoders import HashingEncoder
from tests.service.attacks import ATTACKS
from tests.service.conftest import live_over
from tests.service.serving import served

pytestmark = pytest.mark.browser

NAMES = [
    "<img src=x onerror=alert(1)> **bold**.md",
    "\u202egnp.exe.md",
    "\"onfocus=alert(2) autofocus='.md",
    "&lt;b&gt; ?q=1&at=x#y %3Cscript%3E.md",
    "{{7*7}} ${7*7} 👩🏽‍🚀 שלום.md",
]
NOT_OURS = (
    "iframe, object, embed, base, img, video, math, style, svg, input[onfocus], "
    "body script, body link, body meta, [onerror], [onload], [onclick], [onfocus], [style], "
    "a[href^='javascript:' i]"
)


def sentence(number: int, attack: str) -> str:
    return f"Zebra{number} knows that {attack} is what the keeper wrote."


def question(number: int, attack: str) -> str:
    return f"What does zebra{number} know of {attack}"


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Iterator[str]:
    """A service over attacks in texts, titles, headings, metadata, rows and file names."""
    folder = tmp_path_factory.mktemp("hostile")
    files, encoder = folder / "files", HashingEncoder()
    files.mkdir()
    for number, name in enumerate(NAMES):
        (files / name).write_text(front_matter(number), encoding="utf-8")
    write_rows(files / "rows.jsonl")
    together = "\r\n\r\n".join(sentence(900 + n, attack) for n, attack in enumerate(ATTACKS))
    (files / "all.txt").write_bytes(together.encode())
    sync(open_store(folder / "store"), [files], model, encoder)
    # What is answered does not matter here, and without a reader it is answered at once.
    with served(build_app(live_over(folder / "store", encoder, reader="none"))) as url:
        yield url


def front_matter(number: int) -> str:
    """Return a document whose title, metadata, headings and text are attacks."""
    own = ATTACKS[number :: len(NAMES)]
    metadata = "".join(f"{json.dumps(each)}: {json.dumps(each)}\n" for each in own)
    body = "".join(f"## {each}\n\nQuagga{number} grazes. {each}\n\n" for each in own)
    return f"---\ntitle: {json.dumps(own[0])}\n{metadata}---\n\n# {own[1]}\n\n{body}"


def write_rows(path: Path) -> None:
    rows = (
        {"title": attack, "text": sentence(number, attack), "note": f"\0 {attack}"}
        for number, attack in enumerate(ATTACKS)
    )
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def asked_in(page: Page, question: str) -> Any:
    """Ask on the page; return what the service answered, once it is shown."""
    page.get_by_label("Your question").fill(question)
    with page.expect_response("**/v1/ask") as told:
        page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
    return told.value.json()


def shows_what_is_stored(page: Page, answer: Any) -> None:
    """Compare all that the page shows with what the service said."""
    texts = [passage["text"] for passage in answer["passages"]]
    assert page.locator(".passage .text").all_text_contents() == texts
    if answer["answered"]:
        quotes = page.locator(".quote bdi").all_text_contents()
        assert " ".join(quotes) == answer["answer"]["text"]
    headings = page.locator(".heading").all_text_contents()
    for heading, item in zip(headings, answer["citations"] + answer["passages"], strict=True):
        name = item.get("label", item["document_title"])
        assert all(each in heading for each in (name, item["source"], *item["heading_path"]))
    assert page.locator(NOT_OURS).count() == 0


def together(answers: list[Any]) -> Any:
    """Return answers as one, so that the page shows all of them at once."""
    merged: Any = {"text": "", "spans": []}
    citations: list[Any] = []
    passages: list[Any] = []
    for answer in answers:
        for span in (answer["answer"] or {"spans": []})["spans"]:
            words = answer["answer"]["text"][span["start"] : span["end"]]
            start = len(merged["text"]) + bool(merged["text"])
            numbers = [len(citations) + number for number in span["citations"]]
            merged["text"] += f" {words}" if merged["text"] else words
            merged["spans"].append(
                {"start": start, "end": start + len(words), "citations": numbers}
            )
        first = len(citations)
        citations += [{**each, "number": first + each["number"]} for each in answer["citations"]]
        passages += answer["passages"]
    ranked = [{**each, "rank": rank} for rank, each in enumerate(passages, 1)]
    return answers[0] | {
        "answered": bool(citations),
        "answer": merged if citations else None,
        "citations": citations,
        "passages": ranked,
    }


def test_attacks_stay_text(open_page, hostile_url) -> None:
    page = open_page(hostile_url)
    shown: list[Any] = []
    page.route("**/v1/ask", lambda route: route.fulfill(json=shown[-1]))
    for first in range(0, len(ATTACKS), 10):
        numbered = list(enumerate(ATTACKS))[first : first + 10]
        asked = [question(number, attack) for number, attack in numbered]
        answers = [answer_of(page, hostile_url, each) for each in asked]
        assert [answer["question"] for answer in answers] == asked
        shown.append(together(answers))
        shows_what_is_stored(page, asked_in(page, asked[0]))
    page.unroute("**/v1/ask")
    for number in range(0, len(ATTACKS), 16):
        answer = asked_in(page, question(number, ATTACKS[number]))
        shows_what_is_stored(page, answer)
        page.locator("#passage-1 a.place").first.click()
        passage = answer["passages"][0]
        assert marked_in_panel(page) == passage["text"]
        stored = page.request.get(f"{hostile_url}v1/documents/{passage['document_id']}")
        whole = page.locator("#document-text .whole").text_content()
        assert whole == stored.json()["text"]
        assert page.locator(NOT_OURS).count() == 0
        page.keyboard.press("Escape")
        expect_closed(page)


def test_names_titles_and_metadata_stay_text(open_page, hostile_url) -> None:
    page = open_page(hostile_url)
    listed = page.request.get(f"{hostile_url}v1/documents?limit=200").json()["documents"]
    for document in listed:
        if not document["source"].endswith(".md"):
            continue
        page.goto(f"{hostile_url}?at={document['id']}.0-3")
        assert marked_in_panel(page) == "---"
        expect(page.locator("#document-title")).to_have_text(document["title"])
        page.locator("#document-about summary").click()
        told = page.locator("#document-about dd").all_text_contents()
        assert document["source"] in told
        assert {str(value) for value in document["metadata"].values()} <= set(told)
        assert page.locator(NOT_OURS).count() == 0


def test_an_attack_as_a_bare_question_is_only_a_question(open_page, hostile_url) -> None:
    page = open_page(hostile_url, forgiven="status of 422")
    for attack in ATTACKS[::4]:
        asked_in(page, attack)
        expect(page.locator(".passage, .error").first).to_be_visible()
        assert page.locator(NOT_OURS).count() == 0


DIRECTION = """text => {
  const range = document.createRange();
  const at = n => {
    range.setStart(text, n);
    range.setEnd(text, n + 1);
    return range.getBoundingClientRect();
  };
  const from = text.data.search(/[a-z]/i);
  return at(from).left < at(from + 3).left;
}"""
OWN_WORDS = """root => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const own = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const shown = node.parentElement.checkVisibility() && /[a-z]{4}/i.test(node.data);
    if (shown && !node.parentElement.closest("bdi, .text, .words, pre")) own.push(node);
  }
  return own.filter(node => !(%s)(node)).map(node => node.data);
}"""


@pytest.mark.soak
def test_text_that_turns_around_does_not_turn_the_pages_own_words(open_page, hostile_url) -> None:
    page = open_page(hostile_url)
    turning = [n for n, attack in enumerate(ATTACKS) if re.search(r"[\u200f-\u2069]", attack)]
    for number in turning:
        page.goto(f"{hostile_url}?q={quote(question(number, ATTACKS[number]))}")
        expect(page.locator(".passage").first).to_be_visible()
        assert page.locator("body").evaluate(OWN_WORDS % DIRECTION) == []
    page.locator("#passage-1 a.place").first.click()
    marked_in_panel(page)
    page.locator("#document-about summary").click()
    assert page.locator("#document").evaluate(OWN_WORDS % DIRECTION) == []


def test_nothing_but_the_services_own_scripts_can_run(open_page, hostile_url) -> None:
    page = open_page(hostile_url, forgiven="Content Security Policy|Trusted")
    expect(page.locator("#answer")).not_to_be_empty()
    page.evaluate("""() => {
      const script = document.createElement("script");
      document.body.append(script);
      try { script.text = "window.ran = true" } catch { /* Trusted Types */ }
      try { document.body.innerHTML = "<img src=x onerror='window.ran = true'>" } catch { }
    }""")
    assert page.evaluate("window.ran") is None
    assert page.locator("#question").count() == 1
