"""A set of the BEIR layout as every system takes it: rows of JSON, and a folder of files."""

import json
import shutil
from pathlib import Path

from benchmarks.peers.systems import Corpus
from eval.gold import Question
from eval.sets.beir import BeirSet


def write_corpus(whole: BeirSet, data: Path, documents: int, folder: Path) -> Corpus:
    """Write so many documents into `folder`, once; the relevant ones first if they are not all."""
    corpus = Corpus(folder / "corpus.jsonl", folder / "files")
    if corpus.rows.is_file():
        return corpus
    shutil.rmtree(corpus.files, ignore_errors=True)
    corpus.files.mkdir(parents=True)
    relevant = {name for _, grades in relevance(whole) for name in grades}
    lines = (data / "corpus.jsonl").read_text("utf-8").splitlines()
    if documents < len(lines):
        lines.sort(key=lambda line: json.loads(line)["_id"] not in relevant)
    wanted = lines[:documents]
    texts = {document.source: document.text for document in whole.documents}
    folder_name = whole.documents[0].source.rpartition("/")[0]
    for line in wanted:
        name = json.loads(line)["_id"]
        (corpus.files / f"{name}.md").write_text(texts[f"{folder_name}/{name}"], "utf-8")
    corpus.rows.write_text("\n".join(wanted) + "\n", "utf-8")
    return corpus


def relevance(whole: BeirSet) -> list[tuple[Question, dict[str, int]]]:
    """Return each question with the grades of documents by the set's own ids."""
    names = {document.id: Path(document.source).name for document in whole.documents}
    return [
        (question, {names[each]: grade for each, grade in question.documents.items()})
        for question in whole.asked.questions
    ]
