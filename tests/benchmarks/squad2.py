"""A small squad2_half: a question about an article of each part, and an impossible one."""

from pathlib import Path

from tests.eval.sets import beir_set, write_lines

CORPUS = [
    {"_id": "p1", "title": "Islamism", "text": "The party was founded in 1928 in Ismailia."},
    {"_id": "p2", "title": "Geology", "text": "Basalt is a dark rock that forms from lava."},
    {"_id": "p3", "title": "Imperialism", "text": "The empire lost its colonies in 1947."},
]
QUERIES = {
    "u1": ("When was the party founded?", "p1", "in 1928"),
    "u2": ("Who paid for the moon landing?", "p1", ""),
    "s1": ("What does basalt form from?", "p2", "lava"),
    "k1": ("When did the empire lose its colonies?", "p3", "1947"),
}


def squad2_set(folder: Path) -> Path:
    beir_set(
        folder,
        CORPUS,
        [{"_id": name, "text": text} for name, (text, *_) in QUERIES.items()],
        [(name, p, 1) for name, (_, p, answer) in QUERIES.items() if answer],
    )
    rows = [
        {"_id": name, "doc_id": p, "is_impossible": not answer, "answers": _answers(p, answer)}
        for name, (_, p, answer) in QUERIES.items()
    ]
    write_lines(folder / "answers.jsonl", rows)
    return folder


def _answers(name, answer):
    texts = {row["_id"]: row["text"] for row in CORPUS}
    return [{"text": answer, "answer_start": texts[name].index(answer)}] if answer else []
