"""Learning: a few real steps make the loss smaller, and a stopped run goes on where it was."""

import copy
from random import Random

import pytest
import torch

from index.encoding.model import find_model
from qa.read.network import load_network, new_network, weights_to_save
from qa.read.pairs import PairTokenizer
from tests.training.test_rows import row
from training.batches import batches, examples
from training.kept_out import measure
from training.learning import Learner, Schedule

STEPS = 12


@pytest.fixture(scope="module")
def made():
    tokenizer = PairTokenizer(find_model().folder)
    answered = [row("When did it end?") for _ in range(8)]
    other = "Redness after the treatment fades within two days."
    unanswered = [row("When did it end?", text=other, span=None) for _ in range(8)]
    return examples([*answered, *unanswered], tokenizer)


def learner(seed=0):
    torch.manual_seed(seed)
    network = new_network(find_model().folder)
    return Learner(network, Schedule(rows_a_batch=16, rate=5e-4), STEPS)


def learn(learner, made, steps):
    return [learner.learn(*batches(made, 16, Random(0))) for _ in range(steps)]


def test_it_learns_and_is_saved_and_loaded(made, tmp_path):
    from safetensors.torch import save_file

    own = learner()
    words = own.network.body.embeddings.word_embeddings.weight.detach().float().clone()
    losses = learn(own, made, STEPS)
    assert losses[-1] < losses[0] / 1.3
    network = own.trained()
    assert torch.equal(
        network.body.embeddings.word_embeddings.weight.float().bfloat16().float(),
        words.bfloat16().float(),
    )
    save_file(weights_to_save(network), tmp_path / "reader.safetensors")
    loaded = load_network(tmp_path / "reader.safetensors", find_model().folder)
    tokenizer = PairTokenizer(find_model().folder)
    rows = [row("When did it end?"), row("When did it end?", text="Redness fades.", span=None)]
    figures = measure(loaded, tokenizer, {"own": rows})["own"]
    assert figures.auroc == 1.0


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(made):
    whole = learner()
    expected = learn(whole, made, 4)
    stopped = learner()
    learn(stopped, made, 2)
    state = copy.deepcopy(stopped.state())
    resumed = learner(seed=5)
    resumed.restore(state)
    assert resumed.step == 2
    assert learn(resumed, made, 2) == pytest.approx(expected[2:], abs=1e-5)
