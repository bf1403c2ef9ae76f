"""The ways to measure on public sets, which are indexed into a cache folder, once."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import platformdirs
from filelock import FileLock

from eval.gold import GoldError, QuestionSet
from eval.records import Protocol, Run
from eval.run import evaluate
from eval.sets.layouts import corpora_of, locate_spans, read_beir, read_spans
from eval.sets.leave_out import far_off, leave_out
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder
from index.encoding.model import DEFAULT_MODEL, find_model
from index.errors import StoreError
from index.progress import Progress
from index.records import Document
from index.store import open_store
from index.store.protocols import Snapshot
from index.sync import publish_documents, sync
from qa.engine import Engine
from qa.question.query import MAX_QUESTION_CHARS
from qa.settings import Settings


class IndexedSets:
    """Stores with public sets; each set has its own, by its path and the model."""

    def __init__(self, settings: Settings, cache: Path | None, progress: Progress) -> None:
        self.settings = settings
        self.progress = progress
        self._cache = cache or platformdirs.user_cache_path("pincite") / "evaluation"
        self._model = find_model(settings.model or DEFAULT_MODEL)

    def open_folder(self, source: Path, files: Path) -> Engine:
        """Index the files of a set as `pincite index` does; open an engine on them."""
        with self._locked(source) as folder:
            store = folder / "store"
            sync(open_store(store), [files], self._model, self._encoder(), self.progress)
            return Engine.open(store, **self.settings.for_engine)

    def open_documents(
        self, source: Path, documents: Iterable[Document], share: str = "store"
    ) -> Engine:
        """Index documents of a set, of which `share` names a part; open an engine on them.

        A part takes its vectors from the store of the whole set, if there is one.
        """
        with self._locked(source) as folder:
            whole: list[Snapshot] = []
            if share != "store":
                with suppress(StoreError):  # there may be none yet, or a damaged one
                    whole = [open_store(folder / "store").open()]
            publish_documents(
                open_store(folder / share),
                documents,
                self._model,
                self._encoder(),
                self.progress,
                vectors_from=whole,
            )
            return Engine.open(folder / share, **self.settings.for_engine)

    @contextmanager
    def _locked(self, source: Path) -> Iterator[Path]:
        """Yield the folder for what is made of `source`, locked against other processes."""
        if not source.is_dir():
            raise GoldError(f"{source} is not a folder: name the folder of the set.")
        digest = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:10]
        model = self._model.fingerprint[:10]
        folder = self._cache / f"{source.resolve().name}-{digest}" / model
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GoldError(
                f"{folder} cannot be written ({error.strerror}): name another folder with --cache."
            ) from error
        with FileLock(folder / "set.lock"):
            yield folder

    def _encoder(self) -> Encoder:
        return open_encoder(self._model, self.settings.backend, indexing=True)


def run_beir(folder: Path, split: str, sets: IndexedSets) -> Run:
    """Ask a set's questions; documents are ranked by their best passage. Raises GoldError."""
    whole = read_beir(folder, split)
    engine = sets.open_documents(folder, whole.documents)
    return _ask(engine, whole.asked, sets, "beir", {"split": split})


def run_spans(folder: Path, sets: IndexedSets) -> Run:
    """Ask the questions about texts that are pooled in one store. Raises GoldError."""
    rows = read_spans(folder)
    engine = sets.open_folder(folder, corpora_of(folder))
    documents = [chunked.document for chunked in engine.snapshot.documents()]
    return _ask(engine, locate_spans(folder, rows, documents), sets, "spans", {})


def run_abstain(folder: Path, far: Path | None, seed: int, split: str, sets: IndexedSets) -> Run:
    """Ask a set's questions when half of its documents are gone, and others. Raises GoldError."""
    whole = read_beir(folder, split)
    others = far_off(far, folder, whole, split)
    documents, mixed, notes = leave_out(whole, others, seed)
    engine = sets.open_documents(folder, documents, share=f"half-{seed}")
    options: dict[str, str | int] = {"split": split, "seed": seed, "far_off": others.name}
    return _ask(engine, mixed, sets, "abstain", options, notes)


def _ask(
    engine: Engine,
    asked: QuestionSet,
    sets: IndexedSets,
    protocol: Protocol,
    options: Mapping[str, str | int],
    notes: tuple[str, ...] = (),
) -> Run:
    """Ask the questions, cut to what the model reads of one; note it if any had to be."""
    whole = [question.text.strip() for question in asked.questions]
    texts = [_cut(engine, text) for text in whole]
    questions = tuple(replace(q, text=text) for q, text in zip(asked.questions, texts, strict=True))
    count = sum(text != before for text, before in zip(texts, whole, strict=True))
    if count:
        remark = f"{count} questions are longer than the model reads, and were cut to that."
        notes = (*notes, remark)
    return evaluate(
        engine,
        replace(asked, questions=questions),
        top_k=sets.settings.top_k,
        protocol=protocol,
        options=options,
        notes=notes,
        progress=sets.progress,
    )


def _cut(engine: Engine, text: str) -> str:
    text = text[:MAX_QUESTION_CHARS]
    tokens = engine.tokenizer.tokens(text)
    most = engine.model.max_tokens
    return text if len(tokens) <= most else text[: tokens[most - 1].end]
