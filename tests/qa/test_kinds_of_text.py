"""Questions that are answered from each kind of text, with the real models."""

import pytest

from index.encoding.encoder import Encoder
from index.encoding.model import Model
from index.store import open_store
from index.sync import sync
from qa.engine import Engine
from qa.read.reading import Reader
from tests.epub_writing import package

FILES: dict[str, str | bytes] = {
    "lighthouse.epub": package(),
    "lamp.eml": "From: Ann Lee <ann@example.org>\nSubject: The new boiler\n"
    "Date: Wed, 04 Mar 2026 11:15:00 +0100\n\n"
    "The plumber will replace the boiler on Thursday morning at seven.\n",
    "archive.mbox": "From bob Thu Jan  1 10:00:00 2026\nFrom: bob@example.org\nSubject: Ferry\n\n"
    "The ferry to Skagen takes three hours and costs 240 crowns.\n",
    "will.rtf": rb"{\rtf1\ansi\ansicpg1252 {\fonttbl{\f0 Arial;}}\f0 The testator leaves the "
    rb"vineyard in Z\'fcrich to her niece Clara.\par}",
    "orchard.json": '{"orchard": {"pears": {"variety": "Conference", "harvest": "October"}}}',
    "deploy.yaml": "# The deployment waits ninety seconds for the\n# database to answer.\n"
    "database:\n  host: db.internal\n",
    "server.toml": '[telemetry]\ninterval_of_samples = "15 seconds"\n',
    "retry.py": "# The client gives up after eleven attempts, for the\n# gateway bans it then.\n"
    "MAX_ATTEMPTS = 11\n",
    "bees.rst": "Bees\n====\n\nA hive of honey bees holds up to sixty thousand\nworkers in June.\n",
    "whales.tex": "\\documentclass{article}\n\\begin{document}\n\\section{Whales}\n"
    "A sperm whale dives for about\nninety minutes.\n\\end{document}\n",
    "printer.log": "2026-03-01 10:00:00 ERROR printer: the toner cartridge is empty\n",
}
ANSWERS = {
    "What does the lamp burn?": ("lighthouse.epub", "The lamp burns oil."),
    "When will the plumber replace the boiler?": ("lamp.eml", "on Thursday morning at seven."),
    "How long does the ferry to Skagen take?": ("archive.mbox", "takes three hours"),
    "Who gets the vineyard in Zürich?": ("will.rtf", "to her niece Clara."),
    "When is the harvest of the pears?": ("orchard.json", "orchard.pears.harvest: October"),
    "How long does the deployment wait for the database?": (
        "deploy.yaml",
        "ninety seconds for the",
    ),
    "After how many attempts does the client give up?": ("retry.py", "after eleven attempts"),
    "How many workers does a hive of honey bees hold?": ("bees.rst", "sixty thousand\nworkers"),
    "How long does a sperm whale dive?": ("whales.tex", "ninety minutes."),
    "What is the interval of samples of the telemetry?": ("server.toml", "15 seconds"),
    "Which error did the printer have?": ("printer.log", "the toner cartridge is empty"),
}


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, model: Model, encoder: Encoder, reader: Reader
) -> Engine:
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "notes").mkdir()
    for name, content in FILES.items():
        written = content.encode() if isinstance(content, str) else content
        (folder / "notes" / name).write_bytes(written)
    (folder / "notes" / "picture.png").write_bytes(b"\x89PNG")
    store = open_store(folder / "store")
    report = sync(store, [folder / "notes"], model, encoder)
    assert report.added == tuple(sorted(f"notes/{name}" for name in FILES))
    assert [(each.path, each.reason) for each in report.skipped] == [
        ("notes/picture.png", "unsupported type .png")
    ]
    return Engine(store.open(), model, encoder, model.tokenizer(), reader)


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_is_answered_from_each_kind(engine: Engine, question: str) -> None:
    name, words = ANSWERS[question]
    answer = engine.ask(question)
    assert answer.answered, [hit.passage.span.of(hit.document.text) for hit in answer.hits]
    first = answer.citations[0]
    cited = "\n".join(each.cited_text for each in answer.citations)
    assert (first.document.source, words in cited) == (f"notes/{name}", True), cited
    for citation in answer.citations:
        span = slice(citation.start, citation.end)
        assert citation.document.text[span] == citation.cited_text


def test_a_mail_is_found_by_who_wrote_it_and_when(engine: Engine) -> None:
    question = "When will the plumber replace the boiler?"
    by_ann = {"from": "ann@example.org", "date": {"gte": "2026-03-04", "lt": "2026-03-05"}}
    assert engine.ask(question, filters=by_ann).answered
    assert engine.ask(question, filters={"from": "Ann Lee"}).answered
    assert not engine.ask(question, filters={"from": "bob@example.org"}).answered
