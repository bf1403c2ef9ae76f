"""The same model on other backends: the same vectors, converted once, and never silently other."""

import json
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index.encoding import openvino_encoder as converted
from index.encoding import openvino_model
from index.encoding.choose import open_encoder
from index.encoding.encoder import Encoder, Role, TorchEncoder, Vectors
from index.encoding.model import Model, find_model
from index.encoding.openvino_encoder import OpenVinoEncoder, open_on_openvino
from index.encoding.openvino_model import precisions
from index.errors import ModelError, NotConvertibleError
from index.records import passage_text
from index.store import open_store
from index.sync import sync
from tests.models import make_model
from tests.waiting import PATIENCE_S

RUNTIME = "index.encoding.openvino_model"
PROMPTS = {"query": "ask: ", "document": "a passage of some length to be found: "}


def cosines(first: Vectors, second: Vectors) -> Vectors:
    """Row by row; vectors have length one."""
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    found: Vectors = (first * second).sum(axis=1)
    return found


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Model:
    """A small model that pools by the maximum and wants prompts."""
    return make_model(tmp_path_factory.mktemp("m"), model, pooling="max", prompts=PROMPTS)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for converted models."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def openvino_on(model: Model) -> OpenVinoEncoder:
    return open_on_openvino(model, precisions()[0])


@pytest.mark.parametrize("role", ["document", pytest.param("query", marks=pytest.mark.soak)])
def test_both_backends_give_the_same_vectors(model: Model, seeds_store: Path, role: Role) -> None:
    snapshot = open_store(seeds_store).open()
    texts = [passage_text(c.document, p) for c in snapshot.documents() for p in c.passages][::8]
    texts = ["", "why?", "pimples 👍🏽 发红", "word " * 900, *texts]
    on_torch, on_openvino = TorchEncoder(model), openvino_on(model)
    expected = on_torch.encode(texts, role)
    together = on_openvino.encode(texts, role)
    assert cosines(together, expected).min() >= 0.999
    for text, vector in zip(texts[:8], expected, strict=False):
        assert float(on_openvino.encode([text], role)[0] @ vector) >= 0.999
    assert on_openvino.encode([], role).shape == on_torch.encode([], role).shape == (0, 384)
    assert on_openvino.encode(texts[:1], role).dtype == np.dtype(np.float32)


def test_a_model_of_another_kind_is_converted_with_its_pooling_and_prompts(
    prompted: Model, cache: Path
) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(prompted.folder), device="cpu")
    encoder = open_encoder(prompted)
    assert encoder.backend.startswith("openvino-")
    texts = ["Redness fades.", "How long does redness last after the third session?"]
    asked = reference.encode_query(texts, normalize_embeddings=True)
    found = reference.encode_document(texts, normalize_embeddings=True)
    assert cosines(encoder.encode(texts, "query"), asked).min() >= 0.999
    assert cosines(encoder.encode(texts, "document"), found).min() >= 0.999
    assert cosines(asked, found).max() < 0.999, "the prompts make a difference"
    assert sys.modules["openvino_telemetry"] is None, "nothing may be reported to anyone"


def test_prompts_count_among_the_tokens_that_a_model_reads(
    prompted: Model, tmp_path: Path, cache: Path
) -> None:
    assert prompted.max_length == 64
    in_prompt = len(prompted.tokenizer().tokens(PROMPTS["document"]))
    assert prompted.max_tokens == 64 - 2 - in_prompt
    (tmp_path / "long.txt").write_text("One two three four five six seven. " * 60)
    store = open_store(tmp_path / "store")
    sync(store, [tmp_path / "long.txt"], prompted, open_encoder(prompted))
    snapshot = store.open()
    for _, passage in snapshot.passages():
        text = passage_text(snapshot.document(passage.document_id), passage)
        seen = PROMPTS["document"] + text
        assert len(prompted.tokenizer().tokens(seen)) + 2 <= 64


def test_a_store_is_answered_from_on_any_backend(
    tmp_path: Path, prompted: Model, cache: Path
) -> None:
    """The same weights are the same model; but vectors are not mixed in one store."""
    (tmp_path / "a.txt").write_text("Redness fades within two days.")
    store = open_store(tmp_path / "store")
    first = sync(store, [tmp_path / "a.txt"], prompted, TorchEncoder(prompted))
    built = store.open().info
    assert built.made_by.vectors == (prompted.fingerprint, "torch-float32")
    again = sync(store, [], prompted, open_encoder(prompted))
    assert (first.embedded, again.embedded) == (1, 1)
    now = store.open().info
    assert now.made_by.vectors == (prompted.fingerprint, f"openvino-{precisions()[0]}")


def test_a_model_is_converted_once(
    prompted: Model, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = openvino_on(prompted).encode(["Redness fades."], "query")
    (record,) = cache.rglob("conversion.json")
    assert prompted.fingerprint in str(record)
    assert json.loads(record.read_text())["compared"]["cosine"] >= 0.999
    assert not list(cache.rglob("new-*"))
    monkeypatch.setattr(openvino_model, "_convert", lambda *_: pytest.fail("converted again"))
    assert cosines(openvino_on(prompted).encode(["Redness fades."], "query"), first) > 0.999


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        pytest.param("model.bin", "truncated", marks=pytest.mark.soak),
        ("tokenizer.json", "missing"),
        pytest.param("model.xml", "truncated", marks=pytest.mark.soak),
        pytest.param("conversion.json", "truncated", marks=pytest.mark.soak),
    ],
)
def test_a_damaged_conversion_is_made_anew(
    prompted: Model, cache: Path, file: str, harm: str
) -> None:
    before = openvino_on(prompted).encode(["Redness fades."], "query")
    (path,) = cache.rglob(file)
    content = path.read_bytes()
    path.unlink()
    if harm == "truncated":
        path.write_bytes(content[: len(content) // 2])
    assert cosines(openvino_on(prompted).encode(["Redness fades."], "query"), before) > 0.999
    assert openvino_on(prompted).encode(["Redness fades."] * 200, "query").shape == (200, 16)


def test_weights_damaged_behind_a_kept_compilation_are_noticed(
    prompted: Model, cache: Path
) -> None:
    openvino_on(prompted)
    openvino_on(prompted)  # compiled once and kept, with the weights in it
    (weights,) = cache.rglob("model.bin")
    weights.write_bytes(b"\0" * weights.stat().st_size)
    encoder = openvino_on(prompted)
    with pytest.raises(ModelError, match="damaged: delete"):
        encoder.encode(["Redness fades."] * 200, "document")


def test_what_gives_other_vectors_is_refused_once_and_for_all(
    prompted: Model, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for precision in precisions():
        monkeypatch.setattr(f"{RUNTIME}.precisions", lambda only=precision: [only])
        with monkeypatch.context() as patched:
            patched.setattr(converted, "_least_cosine", lambda *_: 0.9)
            with pytest.raises(NotConvertibleError, match=r"other vectors \(cosine 0\.9000\)"):
                open_on_openvino(prompted, precision)
        with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
            patched.setattr(openvino_model, "_convert", lambda *_: pytest.fail("tried again"))
            caplog.clear()
            assert isinstance(open_encoder(prompted), TorchEncoder)
            assert "Computing with torch, which is slower" in caplog.text
            with pytest.raises(ModelError, match="other vectors") as raised:
                open_encoder(prompted, f"openvino-{precision}")  # type: ignore[arg-type]
            assert "\n" not in str(raised.value)


def test_what_cannot_be_converted_is_encoded_on_torch(
    prompted: Model, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise RuntimeError("no such operation")

    monkeypatch.setattr(converted, "write_model", unsupported)
    assert open_encoder(prompted).backend == "torch-float32"


def test_a_full_disk_is_no_refusal_for_good(
    prompted: Model, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(converted, "write_model", full)
        with pytest.raises(NotConvertibleError, match="No space left"):
            openvino_on(prompted)
    assert openvino_on(prompted).encode(["Redness fades."], "query").shape == (1, 16)


def test_a_refusal_ends_with_the_libraries_that_it_was_made_with(
    prompted: Model, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(converted, "_least_cosine", lambda *_: float("nan"))
        patched.setattr(openvino_model, "_libraries", lambda: "torch 1")
        with pytest.raises(NotConvertibleError, match="other vectors"):
            openvino_on(prompted)
        assert not list(cache.rglob("model.bin")), "what is refused takes no room"
    assert openvino_on(prompted).encode(["Redness fades."], "query").shape == (1, 16)


def test_one_vector_that_is_no_number_is_enough_to_refuse(prompted: Model) -> None:
    reference = TorchEncoder(prompted)

    class Spoilt(TorchEncoder):
        def encode(self, texts: Sequence[str], role: Role) -> Vectors:
            vectors = super().encode(texts, role)
            vectors[-1] = np.nan
            return vectors

    assert np.isnan(converted._least_cosine(reference, Spoilt(prompted)))


@pytest.mark.parametrize(
    "prompts", [{"passage": "a passage: "}, {"query": "ask: "}, {"clustering": "sort: "}]
)
def test_prompts_are_those_that_sentence_transformers_uses(
    tmp_path: Path, model: Model, prompts: dict[str, str]
) -> None:
    made = make_model(tmp_path, model, prompts=prompts)
    reference = TorchEncoder(made).loaded()
    assert made.prompts.query == reference.prompts["query"]
    assert made.prompts.document == reference.prompts["document"]


def test_a_model_published_in_half_precision_is_computed_in_float32(
    tmp_path: Path, model: Model, cache: Path
) -> None:
    import torch

    made = make_model(tmp_path, model)
    halved = TorchEncoder(made).loaded().half()
    halved.save(str(tmp_path / "half"))
    half = find_model(str(tmp_path / "half"))
    loaded = TorchEncoder(half).loaded()
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    assert open_encoder(half).backend.startswith("openvino-")


def test_without_openvino_it_is_torch(
    model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with caplog.at_level(logging.WARNING):
        assert open_encoder(model).backend == "torch-float32"
    assert caplog.messages[0].startswith("OpenVINO cannot be imported")
    with pytest.raises(ModelError, match="leave out --backend openvino-float32"):
        open_encoder(model, "openvino-float32")


def test_where_nothing_can_be_kept_it_is_torch(
    prompted: Model,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert open_encoder(prompted).backend == "torch-float32"
    assert "cannot be written" in caplog.text


def test_a_precision_that_the_processor_lacks_is_refused(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{RUNTIME}.precisions", lambda: ["float32"])
    with pytest.raises(ModelError, match="does not compute in bfloat16") as raised:
        open_encoder(model, "openvino-bfloat16")
    assert "\n" not in str(raised.value)


def test_a_precision_that_gives_other_vectors_gives_way_to_float32(
    prompted: Model, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{RUNTIME}.precisions", lambda: ["bfloat16", "float32"])
    measured = iter([0.9, 1.0])
    monkeypatch.setattr(converted, "_least_cosine", lambda *_: next(measured))
    assert open_encoder(prompted).backend == "openvino-float32"


def test_a_gpu_is_used_for_indexing_and_not_for_a_question(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.encoding.choose._has_gpu", lambda: True)
    assert open_encoder(model, indexing=True).backend == "cuda-float32"
    assert open_encoder(model).backend.startswith("openvino-")
    monkeypatch.setattr("index.encoding.choose._has_gpu", lambda: False)
    assert open_encoder(model, indexing=True).backend.startswith("openvino-")
    with pytest.raises(ModelError, match="no GPU"):
        open_encoder(model, "cuda-float32")


@pytest.mark.soak
def test_threads_share_an_encoder(encoder: Encoder) -> None:
    texts = [f"Question number {n}, of its own length{' and more' * n}." for n in range(12)]
    expected = [encoder.encode([text], "query")[0] for text in texts]
    wrong: list[str] = []

    def ask(own: int) -> None:
        for n in range(12):
            i = (own + n) % len(texts)
            found = encoder.encode([texts[i]], "query")[0]
            if not np.allclose(found, expected[i], atol=1e-5):
                wrong.append(texts[i])
            if n % 6 == 0:
                batch = encoder.encode(texts, "document")
                if not np.allclose(batch, np.stack(expected), atol=1e-2):
                    wrong.append("a batch")

    threads = [threading.Thread(target=ask, args=(own,)) for own in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not wrong


def test_once_converted_a_model_encodes_without_torch(encoder: Encoder, model: Model) -> None:
    script = """
        import sys
        from index.encoding.choose import open_encoder
        from index.encoding.model import find_model
        encoder = open_encoder(find_model())
        assert encoder.encode(["Redness fades."], "query").shape == (1, 384)
        print(sorted({name.partition(".")[0] for name in sys.modules} & {
            "torch", "transformers", "sentence_transformers", "scipy", "sklearn"}))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
