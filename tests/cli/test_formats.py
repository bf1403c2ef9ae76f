"""Documents of every format, from the file to a citation that can be checked."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.cli.conftest import Command
from tests.office_writing import Sheet, Slide, odf, ods, paragraph, pptx, shape, title, xlsx

REPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pdf"

FILES: Mapping[str, str] = {
    "page.html": """<html><head><title>Frost | Garden club</title><meta name="author" content="Ida">
        </head><body><nav>Home Shop Cookies</nav><div class="cookie-banner">We use cookies.</div>
        <main><h1>Frost</h1><p>Frost bursts the pipes of the garden shed in a hard winter.</p>
        <ul><li>Drain the pipes in autumn.</li><li>Leave the taps open.</li></ul></main>
        <footer>Imprint</footer></body></html>""",
    "notes.md": "---\nauthor: Jane\nyear: 2021\n---\n# Ferns\n\nA fern needs shade and wet soil.\n",
    "questions.csv": "question,answer\nWhen does the oak bloom?,The oak blooms in early May.\n",
    "records.jsonl": '{"title": "Tulips", "text": "Tulips are planted in October.", "zone": 7}\n',
    "latin.txt": "Der Kürbis wird im Mai gesät und im September geerntet, sagt die Gärtnerin.\n",
}
QUESTIONS = {
    "What does frost do to the pipes of the shed?": ("page.html", "Frost bursts the pipes"),
    "What does a fern need?": ("notes.md", "A fern needs shade"),
    "When does the oak bloom?": ("questions.csv", "The oak blooms in early May."),
    "When are tulips planted?": ("records.jsonl", "Tulips are planted in October."),
}


@pytest.fixture
def shed(tmp_path: Path, pincite: Command) -> Path:
    folder = tmp_path / "shed"
    folder.mkdir()
    for name, text in FILES.items():
        encoding = "windows-1252" if name == "latin.txt" else "utf-8"
        (folder / name).write_bytes(text.encode(encoding))
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 and no more")
    outcome = pincite("index", "shed")
    assert outcome.code == 0, outcome.err
    assert "shed/empty.pdf: skipped, " in outcome.err
    assert "shed/broken.docx: skipped, " in outcome.err
    assert "shed/latin.txt: read as windows-1252" in outcome.err
    assert "5 added, 2 skipped" in outcome.err
    return folder


OFFICE = {
    "prices.xlsx": xlsx(
        Sheet("Garden tools", [["Valid from 1 March 2024"], ["Tool", "Price", "Stock"],
              ["Rake", 17.5, 4], ["Spade", 23.0, 9]])
    ),
    "members.ods": ods(
        Sheet("Members", [["Name", "Town", "Joined"], ["Ida Berg", "Bergen", date(2021, 4, 5)],
              ["Ola Dahl", "Oslo", date(2019, 2, 1)]])
    ),
    "frost.pptx": pptx(
        Slide(title("Frost in the garden") + shape(paragraph("A talk"), "subTitle")),
        Slide(title("Pipes") + shape(paragraph("Frost bursts the pipes of the shed."), "obj")),
    ),
    "roses.odt": odf(
        "text",
        '<text:h text:outline-level="1">Roses</text:h>'
        "<text:p>Roses are pruned in March, before the leaves come out.</text:p>",
    ),
}  # fmt: skip
OFFICE_QUESTIONS = {
    "How much does a spade cost?": ("prices.xlsx", "Price: 23", "row_number", 4),
    "When did Ida Berg join?": ("members.ods", "Joined: 2021-04-05", "row_number", 2),
    "What does frost do to the pipes of the shed?": (
        "frost.pptx", "Frost bursts the pipes", "start_page_number", 2,
    ),
    "When are roses pruned?": ("roses.odt", "pruned in March", "start_page_number", None),
}  # fmt: skip


def test_office_files_answer_with_the_place_in_them(tmp_path: Path, pincite: Command) -> None:
    for name, content in OFFICE.items():
        (tmp_path / name).write_bytes(content)
    outcome = pincite("index", *OFFICE)
    assert outcome.code == 0, outcome.err
    for question, (name, words, field, place) in OFFICE_QUESTIONS.items():
        answer = ask(pincite, question)
        cited = [each for each in answer["citations"] if each["source"].endswith(name)]
        assert cited, (question, answer["answer"])
        assert words in cited[0]["cited_text"]
        assert cited[0][field] == place
    found = ask(pincite, "What does it cost?", "--filter", "sheet=Garden tools")
    assert {passage["document_title"] for passage in found["passages"]} == {
        "Garden tools: Valid from 1 March 2024"
    }


def ask(pincite: Command, question: str, *options: str) -> Any:
    return json.loads(pincite("ask", question, "--json", *options).out)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_of_each_format_can_be_checked(
    shed: Path, pincite: Command, tmp_path: Path, question: str
) -> None:
    name, words = QUESTIONS[question]
    answer = ask(pincite, question)
    assert answer["answered"]
    (citation,) = [c for c in answer["citations"] if c["source"] == f"shed/{name}"]
    assert words in citation["cited_text"]
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    assert pincite("verify", "answer.json").code == 0
    (shed / name).write_text(FILES[name].replace(words, "Nobody knows what"))
    assert pincite("verify", "answer.json").code == 4, "the words are not there any more"


def test_text_in_another_language_is_indexed_with_a_warning(
    tmp_path: Path, pincite: Command
) -> None:
    (tmp_path / "garten.txt").write_text(
        "Der Kürbis wird im Mai gesät und im September geerntet. Die Pflanzen brauchen viel "
        "Wasser und einen sonnigen Platz, und wer sie im Frühjahr vor den Schnecken schützt, "
        "der kann im Herbst große Früchte ernten. Vor dem ersten Frost müssen sie ins Haus, "
        "denn Kälte vertragen sie nicht. Im Keller halten sie sich mehrere Monate.\n",
        encoding="utf-8",
    )
    (tmp_path / "garden.txt").write_text(
        "The pumpkin is sown in May and harvested in September, and it needs much water.\n" * 5
    )
    outcome = pincite("index", tmp_path)
    assert "garten.txt: in another language (de) than the model is for" in outcome.err
    assert "garden.txt: in another" not in outcome.err
    assert "2 added" in outcome.err
    assert "another language" not in pincite("index").err, "it is said of what is new"


def test_what_is_no_content_of_a_page_is_not_found(shed: Path, pincite: Command) -> None:
    answer = ask(pincite, "Do you use cookies?")
    assert all("cookies" not in passage["text"] for passage in answer["passages"])


def test_metadata_of_files_can_be_filtered_by(shed: Path, pincite: Command) -> None:
    for condition, name in (
        ("author=Jane", "notes.md"),
        ("year>=2021", "notes.md"),
        ("author=Ida", "page.html"),
        ("zone=7", "records.jsonl"),
    ):
        answer = ask(pincite, "What does it need?", "--filter", condition)
        assert {passage["source"] for passage in answer["passages"]} == {f"shed/{name}"}


@pytest.mark.skipif(not REPORTS.is_dir(), reason="the reports of shared/data/pdf are not here")
def test_a_figure_of_a_report_is_cited_on_its_page(pincite: Command) -> None:
    report = REPORTS / "2022 Q3 AAPL.pdf"
    assert pincite("index", report).code == 0
    answer = ask(pincite, "How many shares were repurchased in the nine months to June 25, 2022?")
    cited = [each for each in answer["citations"] if "408 million" in each["cited_text"]]
    assert cited, answer["citations"]
    assert cited[0]["start_page_number"] == cited[0]["end_page_number"]
    page = text_of(report, cited[0]["start_page_number"])
    assert squeezed(cited[0]["cited_text"]) in squeezed(page)
    found = ask(pincite, "Net sales by category of iPhone, Mac, iPad in June 2022")
    tables = [each for each in found["passages"] if "$40,665" in each["text"]]
    assert tables
    assert "40,665" in text_of(report, tables[0]["start_page_number"])


def text_of(report: Path, number: int) -> str:
    """The text of a page as PDFium gives it, without what our reader makes of it."""
    page = pypdfium2.PdfDocument(report)[number - 1]
    return str(page.get_textpage().get_text_bounded())


def squeezed(text: str) -> str:
    return re.sub(r"[\s|]+", "", text)
