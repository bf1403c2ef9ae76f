"""Small public sets, written out in their layouts."""

import json
from pathlib import Path

CORPUS = [
    {"_id": "D1", "title": "Redness", "text": "Redness fades within two days of the treatment."},
    {"_id": "D2", "title": "Sun", "text": "Stay out of the sun for a week and use sunscreen."},
    {"_id": "D3", "title": "", "text": "Needles of half a millimetre are sold for use at home."},
    {
        "_id": "D4",
        "title": "Cost",
        "text": "A session costs about two hundred euros in most cities.",
    },
]
QUERIES = [
    {"_id": "q1", "text": "When does redness fade?"},
    {"_id": "q2", "text": "May I sunbathe after it?"},
    {"_id": "q3", "text": "Which needles are sold for home use?"},
    {"_id": "q4", "text": "How much does a session cost?"},
    {"_id": "train", "text": "A question of another split"},
]
QRELS = [("q1", "D1", 1), ("q2", "D2", 2), ("q2", "D1", 0), ("q3", "D3", 1), ("q4", "D4", 1)]


def write_lines(path: Path, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def beir_set(folder: Path, corpus=CORPUS, queries=QUERIES, qrels=QRELS) -> Path:
    write_lines(folder / "corpus.jsonl", corpus)
    write_lines(folder / "queries.jsonl", queries)
    lines = [row if isinstance(row, str) else "\t".join(map(str, row)) for row in qrels]
    write_lines(folder / "qrels" / "test.tsv", ["query-id\tcorpus-id\tscore", *lines])
    return folder


TEXT = "# Care\n\nRedness fades within two days. 👍🏽 Stay out of the sun for a week.\n"


def spans_row(**more):
    start = TEXT.index("Stay")
    row = {
        "_id": "s1",
        "text": "How long should I stay out of the sun?",
        "doc_id": "care",
        "spans": [[start, start + 32]],
        "answers": ["Stay out of the sun for a week."],
    }
    row["spans"] = [[start, start + len(row["answers"][0])]]
    return row | more


def spans_set(folder: Path, *rows) -> Path:
    (folder / "corpora").mkdir(parents=True)
    (folder / "corpora" / "care.md").write_text(TEXT, encoding="utf-8")
    write_lines(folder / "answers.jsonl", rows or (spans_row(),))
    return folder
