"""The plain service that others are compared with: sentence-transformers, FAISS, bm25s, FastAPI.

One vector a document, and BM25; the two scores of each are scaled to 0..1 and added up, which gives
nDCG@10 .728 on SciFact (joined by reciprocal ranks: .716). As it is written in an afternoon:

    plain.py index CORPUS.jsonl STORE | serve STORE PORT | ask STORE QUESTION

READER names the folder of a CrossEncoder that then ranks the first ten documents.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import bm25s
import faiss
import numpy as np
import Stemmer
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sentence_transformers import CrossEncoder, SentenceTransformer
from torch.nn import Identity

model = SentenceTransformer(os.environ["MODEL"], device="cpu")
stemmer = Stemmer.Stemmer("english")
READ = 10


class Question(BaseModel):
    question: str
    top_k: int = 10


def scaled(values: Any) -> Any:
    return (values - values.min()) / (values.max() - values.min() or 1)


def tokens(texts: str | list[str]) -> Any:
    return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)


def index(corpus: Path, store: Path) -> None:
    documents = [json.loads(line) for line in corpus.read_text("utf-8").splitlines()]
    texts = [f"{document['title']} {document['text']}" for document in documents]
    vectors = model.encode(texts, batch_size=32, normalize_embeddings=True)
    dense = faiss.IndexFlatIP(vectors.shape[1])
    dense.add(vectors)
    words = bm25s.BM25()
    words.index(tokens(texts), show_progress=False)
    store.mkdir(parents=True)
    faiss.write_index(dense, str(store / "dense.faiss"))
    words.save(store / "words")
    (store / "documents.json").write_text(json.dumps(documents), "utf-8")


class Search:
    def __init__(self, store: Path) -> None:
        self.documents = json.loads((store / "documents.json").read_text("utf-8"))
        self.dense = faiss.read_index(str(store / "dense.faiss"))
        self.words = bm25s.BM25.load(store / "words")
        self.reader = None
        if reader := os.environ.get("READER"):
            kind = {"dtype": os.environ["READER_DTYPE"]}
            self.reader = CrossEncoder(reader, device="cpu", max_length=256, model_kwargs=kind)

    def __call__(self, question: str, top_k: int) -> list[dict[str, Any]]:
        vector = model.encode([question], normalize_embeddings=True, show_progress_bar=False)
        most = min(100, len(self.documents))
        cosines, near = self.dense.search(vector, most)
        rows, weights = self.words.retrieve(tokens(question), k=most, show_progress=False)
        scores: dict[int, float] = {}
        for found, values in ((near[0], cosines[0]), (rows[0], weights[0])):
            for row, score in zip(found.tolist(), scaled(values).tolist(), strict=True):
                scores[row] = scores.get(row, 0) + score
        best = sorted(scores, key=lambda row: -scores[row])[:top_k]
        best[:READ] = self.read(question, best[:READ], scores)
        return [{**self.documents[row], "score": scores[row]} for row in best]

    def read(self, question: str, rows: list[int], scores: dict[int, float]) -> list[int]:
        if self.reader is None:
            return rows
        documents = [self.documents[row] for row in rows]
        pairs = [(question, f"{each['title']} {each['text']}") for each in documents]
        logits = self.reader.predict(
            pairs, batch_size=4, activation_fn=Identity(), show_progress_bar=False
        )
        both = scaled(logits) + scaled(np.array([scores[row] for row in rows]))
        return [rows[number] for number in np.argsort(-both)]


def serve(search: Search, port: int) -> None:
    app = FastAPI()

    @app.post("/ask")
    def ask(asked: Question) -> dict[str, Any]:
        return {"documents": search(asked.question, asked.top_k)}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "index":
        index(Path(arguments[0]), Path(arguments[1]))
    elif command == "serve":
        serve(Search(Path(arguments[0])), int(arguments[1]))
    else:
        print(json.dumps(Search(Path(arguments[0]))(arguments[1], 10), indent=2))
