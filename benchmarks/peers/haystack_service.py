"""Haystack: its in-memory store, BM25 and embedding retrievers, a joiner, behind FastAPI.

haystack_service.py index CORPUS.jsonl STORE | serve STORE PORT | ask STORE QUESTION
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import (
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from pydantic import BaseModel

ENCODER = {
    "model": os.environ["MODEL"],
    "normalize_embeddings": True,
    "progress_bar": False,
    "local_files_only": True,
}


class Question(BaseModel):
    question: str
    top_k: int = 10


def index(corpus: Path, store: Path) -> None:
    rows = map(json.loads, corpus.read_text("utf-8").splitlines())
    held = InMemoryDocumentStore()
    pipeline = Pipeline()
    pipeline.add_component("embedder", SentenceTransformersDocumentEmbedder(**ENCODER))
    pipeline.add_component("writer", DocumentWriter(held))
    pipeline.connect("embedder", "writer")
    documents = [
        Document(content=f"{row['title']} {row['text']}", meta={"id": row["_id"]}) for row in rows
    ]
    pipeline.run({"embedder": {"documents": documents}})
    held.save_to_disk(str(store))


class Search:
    def __init__(self, store: Path) -> None:
        held = InMemoryDocumentStore.load_from_disk(str(store))
        self.pipeline = Pipeline()
        self.pipeline.add_component("embedder", SentenceTransformersTextEmbedder(**ENCODER))
        self.pipeline.add_component("dense", InMemoryEmbeddingRetriever(held, top_k=100))
        self.pipeline.add_component("words", InMemoryBM25Retriever(held, top_k=100))
        self.pipeline.add_component("joiner", DocumentJoiner("reciprocal_rank_fusion"))
        self.pipeline.connect("embedder.embedding", "dense.query_embedding")
        self.pipeline.connect("dense", "joiner")
        self.pipeline.connect("words", "joiner")
        self.pipeline.warm_up()

    def __call__(self, question: str, top_k: int) -> list[dict[str, Any]]:
        found = self.pipeline.run(
            {
                "embedder": {"text": question},
                "words": {"query": question},
                "joiner": {"top_k": top_k},
            }
        )
        return [
            {"_id": document.meta["id"], "text": document.content, "score": document.score}
            for document in found["joiner"]["documents"]
        ]


def serve(search: Search, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI

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
