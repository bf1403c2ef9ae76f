"""Learning: a few real steps make the loss smaller, and a stopped run goes on where it was."""

import copy
from random import Random

import pytest

from index.chunking.tokens import Tokenizer
from qa.read.pairs import PairTokenizer
from qa.read.reading import OF_QUESTIONS
from tests.models import make_model
from tests.training.test_rows import row
from training.batches import batches, examples

STEPS = 12
OTHER = "Redness after the treatment fades within two days."


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model):
    """The folder of a small encoder."""
    return make_model(tmp_path_factory.mktemp("small"), model, reads=OF_QUESTIONS.both).folder


@pytest.fixture(scope="module")
def made(folder):
    tokenizer = PairTokenizer(Tokenizer(folder))
    answered = [row("When did it end?") for _ in range(8)]
    unanswered = [row("When did it end?", text=OTHER, span=None) for _ in range(8)]
    return examples([*answered, *unanswered], tokenizer)


def learner(folder, seed=0):
    import torch

    from qa.read.network import new_network
    from training.learning import Learner, Schedule

    torch.manual_seed(seed)
    return Learner(new_network(folder), Schedule(rows_a_batch=16, rate=0.02), STEPS)


def learn(learner, made, steps):
    return [learner.learn(*batches(made, 16, Random(0))) for _ in range(steps)]


def test_it_learns_and_is_saved_and_loaded(folder, made, tmp_path):
    import torch
    from safetensors.torch import save_file

    from qa.read.network import load_network, weights_to_save
    from training.kept_out import measure

    own = learner(folder)
    words = own.network.body.embeddings.word_embeddings.weight.detach().float().clone()
    losses = learn(own, made, STEPS)
    assert losses[-1] < losses[0] / 1.3
    network = own.trained()
    assert torch.equal(
        network.body.embeddings.word_embeddings.weight.float().bfloat16().float(),
        words.bfloat16().float(),
    )
    save_file(weights_to_save(network), tmp_path / "reader.safetensors")
    loaded = load_network(tmp_path / "reader.safetensors", folder)
    tokenizer = PairTokenizer(Tokenizer(folder))
    rows = [row("When did it end?"), row("When did it end?", text=OTHER, span=None)]
    figures = measure(loaded, tokenizer, {"own": rows})["own"]
    assert figures.auroc == 1.0


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(folder, made):
    whole = learner(folder)
    expected = learn(whole, made, 4)
    stopped = learner(folder)
    learn(stopped, made, 2)
    state = copy.deepcopy(stopped.state())
    resumed = learner(folder, seed=5)
    resumed.restore(state)
    assert resumed.step == 2
    assert learn(resumed, made, 2) == pytest.approx(expected[2:], abs=1e-5)
