"""Pincite's postings, bm25s and tantivy: quality on a set; size, load and search as passages grow.

All stem English and use BM25 with k1 1.2, b .75; the first leaves out words that only ask. More
passages than the set has are made by mixing its sentences anew, so that the vocabulary stays that
of real text. Loading and searching are timed in a process of their own. Needs `pip install
tantivy`.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.beir import chunk, mean_ndcg, read_set
from index.encoding.model import find_model
from index.records import ChunkedDocument, Document, Passage, Span
from index.store.manifest import PostingsFiles
from index.store.objects import ObjectFolder, StoredFile
from index.store.postings import build_postings, read_postings, write_postings
from qa.question.query import search_terms
from qa.retrieve.lexical import Lexicon

_K = 200
_WORDS = r"(?u)\b\w+\b"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of the BEIR layout")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--search", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.search:
        engine, folder, questions = options.search
        _time_search(engine, Path(folder), json.loads(Path(questions).read_text("utf-8")))
        return
    whole = read_set(options.folder)
    owned = [(c.document, p) for c in chunk(whole, find_model()) for p in c.passages]
    texts = ["\n".join((*p.heading_path, p.span.of(d.text))) for d, p in owned]
    asked = [question.text for question in whole.asked.questions]
    for engine, build in _BUILDERS.items():
        with tempfile.TemporaryDirectory() as folder:
            build(texts, Path(folder))
            search = _SEARCHERS[engine](Path(folder))
            rows = [search(question) for question in asked]
        names = [list(dict.fromkeys(owned[row][0].id for row in each)) for each in rows]
        ndcg = mean_ndcg(zip(whole.asked.questions, names, strict=True))
        print(f"{engine}: nDCG@10 {ndcg:.4f} on {len(texts)} passages", flush=True)
    for size in options.sizes:
        passages = _grown(texts, size)
        for engine, build in _BUILDERS.items():
            _time(engine, build, passages, asked, options.folder)


def _time(
    engine: str,
    build: Callable[[Sequence[str], Path], None],
    passages: Sequence[str],
    asked: Sequence[str],
    data: Path,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        build(passages, Path(folder))
        seconds = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        with tempfile.NamedTemporaryFile("w", suffix=".json") as questions:
            json.dump(list(asked)[:300], questions)
            questions.flush()
            arguments = ["--search", engine, folder, questions.name]
            command = [sys.executable, "-m", "benchmarks.lexical", str(data), *arguments]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(
        f"{engine}, {len(passages)} passages: indexed in {seconds:.1f} s, {size / 2**20:.0f} MiB; "
        f"{told.strip()}",
        flush=True,
    )


def _time_search(engine: str, folder: Path, asked: Sequence[str]) -> None:
    before = _resident()
    started = time.perf_counter()
    search = _SEARCHERS[engine](folder)
    search(asked[0])
    loaded = time.perf_counter() - started
    times: list[float] = []
    for question in asked:
        started = time.perf_counter()
        search(question)
        times.append((time.perf_counter() - started) * 1000)
    grown = (_resident() - before) / 2**20
    print(
        f"loaded with the first search in {loaded * 1000:.0f} ms; a search p50 "
        f"{np.percentile(times, 50):.2f} ms, p99 {np.percentile(times, 99):.2f} ms; "
        f"{grown:.0f} MiB more resident"
    )


def _resident() -> int:
    """Return the bytes of this process in memory, mapped files included (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _grown(texts: Sequence[str], size: int) -> list[str]:
    chance = random.Random(0)
    sentences = [s for text in texts for s in text.replace("\n", " ").split(". ") if s]
    made = (". ".join(chance.choices(sentences, k=5)) for _ in range(max(0, size - len(texts))))
    return [*texts[:size], *made]


def _build_pincite(texts: Sequence[str], folder: Path) -> None:
    passages = (_alone(row, text) for row, text in enumerate(texts))
    files = write_postings(build_postings(passages), ObjectFolder(folder))
    (folder / "files.json").write_bytes(orjson.dumps(asdict(files)))


def _open_pincite(folder: Path) -> Callable[[str], list[int]]:
    stored = orjson.loads((folder / "files.json").read_bytes())
    files = PostingsFiles(**{name: StoredFile(**file) for name, file in stored.items()})
    postings = read_postings(files, ObjectFolder(folder))
    lexicon = Lexicon.over(postings, np.arange(len(postings.lengths), dtype=np.int32))
    return lambda question: lexicon.best(search_terms(question, lexicon), _K)[0].tolist()


def _alone(row: int, text: str) -> ChunkedDocument:
    document = Document(str(row), str(row), "", text, "text/plain", "text/1", "", "")
    span = Span(0, len(text))
    return ChunkedDocument(document, (Passage(str(row), str(row), *span, (), (span,)),), ())


def _build_bm25s(texts: Sequence[str], folder: Path) -> None:
    import bm25s
    import Stemmer

    tokens = bm25s.tokenize(
        list(texts), stopwords=None, stemmer=Stemmer.Stemmer("english"), token_pattern=_WORDS,
        show_progress=False,
    )  # fmt: skip
    retriever = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    retriever.index(tokens, show_progress=False)
    retriever.save(str(folder))


def _open_bm25s(folder: Path) -> Callable[[str], list[int]]:
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25.load(str(folder), mmap=True)
    passages = retriever.scores["num_docs"]

    def search(question: str) -> list[int]:
        tokens = bm25s.tokenize(
            question, stopwords=None, stemmer=stemmer, token_pattern=_WORDS, show_progress=False,
            return_ids=False,
        )  # fmt: skip
        rows, _ = retriever.retrieve(tokens, k=min(_K, passages), show_progress=False)
        return [int(row) for row in rows[0]]

    return search


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="en_stem")
    builder.add_integer_field("row", stored=True, fast=True)
    return builder.build()


def _build_tantivy(texts: Sequence[str], folder: Path) -> None:
    import tantivy

    index = tantivy.Index(_schema(), path=str(folder))
    writer = index.writer(256_000_000, 1)
    for row, text in enumerate(texts):
        writer.add_document(tantivy.Document(text=text, row=row))
    writer.commit()
    writer.wait_merging_threads()


def _open_tantivy(folder: Path) -> Callable[[str], list[int]]:
    import re

    import tantivy

    index = tantivy.Index.open(str(folder))
    index.reload()
    searcher = index.searcher()

    def search(question: str) -> list[int]:
        query = index.parse_query(" ".join(re.findall(_WORDS, question)).lower(), ["text"])
        hits = searcher.search(query, _K).hits
        return [searcher.doc(address)["row"][0] for _, address in hits]

    return search


_BUILDERS = {"pincite": _build_pincite, "bm25s": _build_bm25s, "tantivy": _build_tantivy}
_SEARCHERS = {"pincite": _open_pincite, "bm25s": _open_bm25s, "tantivy": _open_tantivy}


if __name__ == "__main__":
    main()
