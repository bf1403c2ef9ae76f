"""The report's three files."""

from dataclasses import replace

import orjson
import pytest

import eval.run
from eval.comparison import compare
from eval.measures import measure
from eval.records import Excerpt
from eval.report import is_missed, measure_rows, offsets_line
from eval.report.files import ReportError, to_html, to_json, to_markdown, write_report
from tests.eval.conftest import QUESTIONS
from tests.eval.upside_down import UpsideDown

HOSTILE = "<script>window.hacked = 1</script>\n# *two* | [three](four)"


@pytest.fixture
def hostile(run):
    """A run whose question, answer, citation and settings would like to be markup."""
    excerpt = Excerpt(HOSTILE, 0, 9, HOSTILE, False)
    odd = replace(
        run.results[0],
        id=HOSTILE,
        question=HOSTILE,
        answer=HOSTILE,
        citations=(excerpt,),
        gold=(excerpt,),
    )
    return replace(run, results=(odd,), settings=replace(run.settings, data=HOSTILE, model=HOSTILE))


def test_the_json_holds_the_whole_run(run):
    content = orjson.loads(to_json(run))
    assert content["format"] == 2
    assert content["settings"]["snapshot"] == run.settings.snapshot
    assert content["settings"]["data"] == "few.jsonl"
    own = run.measures["all"]["success_at_3"]
    assert content["measures"]["all"]["success_at_3"] == {
        "value": own.value,
        "low": own.low,
        "high": own.high,
        "questions": own.questions,
    }
    assert len(content["results"]) == QUESTIONS
    assert content["offsets"] == {"checked": run.offsets.checked, "wrong": []}


def test_the_markdown_lists_figures_settings_and_misses(run):
    text = to_markdown(run)
    for label, *cells in measure_rows(run):
        assert f"| {label} | {' | '.join(cells)} |" in text
    assert offsets_line(run) in text
    assert f"- snapshot: {run.settings.snapshot}" in text
    for result in run.results:
        listed = is_missed(result) or result.verdict == "false answer"
        assert (f"**{result.id}**" in text) == listed


def test_the_markdown_shows_both_answers_of_a_question_that_changed(run, engine, asked):
    worse = eval.run.evaluate(UpsideDown.like(engine), asked)
    compared = compare(worse, run)
    text = to_markdown(worse, compared)
    assert "Regression in" in text
    assert "| regression |" in text
    assert f"### Worse than then: {len(compared.worse)}" in text
    for change in compared.worse:
        assert f"**{change.now.id}**" in text


def test_the_reader_is_named_beside_the_model(run):
    run = replace(run, settings=replace(run.settings, reader=None, reader_digest=None))
    assert "- reader" not in to_markdown(run)
    assert " · no reader · snapshot" in to_html(run)
    used = replace(run, settings=replace(run.settings, reader="bundled", reader_digest="ab" * 32))
    assert "- reader: bundled\n" in to_markdown(used)
    assert f"- reader_digest: {'ab' * 32}\n" in to_markdown(used)
    assert f"{run.settings.model} · reader bundled · snapshot" in to_html(used)
    assert compare(used, run).conditions["reader"] == ("None", "bundled")


def test_undefined_measures_are_shown_as_absent(run):
    columns = {"tune": {}, "all": run.measures["all"]}
    assert "| nDCG@10 | – | 0." in to_markdown(replace(run, measures=columns))


def test_markdown_in_a_document_stays_text(hostile):
    text = to_markdown(hostile)
    assert r"\<script\>window.hacked = 1\</script\> \# \*two\* \| \[three\](four)" in text
    assert "<script>" not in text


@pytest.mark.browser
def test_html_in_a_document_stays_text(hostile, open_page, tmp_path):
    file = tmp_path / "eval.html"
    file.write_text(to_html(hostile, compare(hostile, hostile)), encoding="utf-8")
    page = open_page(file.as_uri())
    assert page.evaluate("window.hacked") is None
    assert page.locator("h1").inner_text().startswith("Evaluation: <script>")
    assert "<script>window.hacked" in page.locator(".questions tbody").inner_text()


@pytest.mark.browser
def test_the_page_needs_nothing_else_and_sorts_and_filters(run, open_page, tmp_path):
    file = tmp_path / "eval.html"
    file.write_text(to_html(run), encoding="utf-8")
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert asked == [file.as_uri()]
    rows = page.locator(".questions tbody tr")
    assert rows.count() == QUESTIONS
    assert page.locator("svg").count() == 2
    for expected in (sorted, lambda values: sorted(values, reverse=True)):
        page.get_by_role("button", name="confidence").click()
        shown = [float(text) for text in page.locator("tbody tr td:nth-child(5)").all_inner_texts()]
        assert shown == expected(shown)
    page.get_by_label("verdict").select_option("abstained")
    abstained = sum(result.verdict == "abstained" for result in run.results)
    assert page.locator(".questions tbody tr:visible").count() == abstained
    assert page.locator("#count").inner_text() == f"{abstained} of {QUESTIONS}"
    page.get_by_label("verdict").select_option("")
    page.get_by_label("with the words").fill(run.results[3].question)
    assert page.locator(".questions tbody tr:visible").count() == 1


@pytest.mark.browser
def test_the_page_shows_a_comparison(run, engine, asked, open_page, tmp_path):
    worse = eval.run.evaluate(UpsideDown.like(engine), asked)
    file = tmp_path / "eval.html"
    file.write_text(to_html(worse, compare(worse, run)), encoding="utf-8")
    page = open_page(file.as_uri())
    assert page.get_by_text("Regression in").is_visible()
    pair = page.locator("details:has(.pair)").first
    pair.locator("summary").click()
    assert pair.get_by_text("before", exact=True).is_visible()
    assert pair.get_by_text("now", exact=True).is_visible()


def test_a_report_that_cannot_be_written_is_explained(tmp_path, run):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match="choose another folder with --out"):
        write_report(run, None, tmp_path / "taken")


def test_a_run_without_questions_of_a_kind_can_be_reported(run):
    few = [result for result in run.results if result.kind == "far-off"]
    odd = replace(run, results=tuple(few), measures={"all": measure(few)})
    assert "AUROC" not in to_html(odd)
    assert "false answers, far-off" in to_markdown(odd)
