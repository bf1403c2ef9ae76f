"""One training run: its schedule, a step of it, and what it takes to resume it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from index.encoding.openvino_model import precisions
from qa.read.network import ReaderNetwork
from training.batches import Batch


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn. `averaged` is the share of steps, from the end, whose
    weights are averaged.
    """

    passes: int = 2
    rows_a_batch: int = 32
    rate: float = 1.5e-4
    warm_up: float = 0.05
    averaged: float = 0.3
    token_weight: float = 0.5
    weight_decay: float = 0.01
    smoothing: float = 0.02
    dropout: float = 0.1
    seed: int = 0
    frozen_layers: int = 0
    """How many of the lowest layers stay as they are."""
    begun_from: str = ""
    """SHA-256 of the weights that it begins with, "" for those of the encoder."""


FURTHER = Schedule(passes=1, rate=5e-5)
"""For weights that have learnt already."""
CLAIMS = Schedule(passes=1, rate=1e-4, frozen_layers=2)
"""For a reader that learns to check claims."""


class Learner:
    """Trains a network in bfloat16 with weights of its own in float32, on a processor or a GPU."""

    def __init__(self, network: ReaderNetwork, schedule: Schedule, steps: int) -> None:
        self.network = network
        self.schedule = schedule
        self.steps = steps
        self.step = 0
        self._device = _device()
        _prepare(network, schedule)
        network.to(self._device)
        if _computes_in_half(self._device):
            network.bfloat16()
        trained = [each for each in network.parameters() if each.requires_grad]
        self._trained = trained
        self._masters = [each.detach().float().clone() for each in trained]
        self._average = [torch.zeros_like(each) for each in self._masters]
        self._in_average = 0
        decayed = [each for each in self._masters if each.ndim > 1]
        others = [each for each in self._masters if each.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": schedule.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(groups, lr=schedule.rate, fused=True)

    def learn(self, batch: Batch) -> float:
        """Take one step; return the loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        self.network.train()
        batch = batch.to(self._device)
        answerable, tokens = self.network(batch.ids, batch.mask, batch.types)
        loss = _loss(answerable.float(), tokens.float(), batch, self.schedule)
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for master, own in zip(self._masters, self._trained, strict=True):
                master.grad = None if own.grad is None else own.grad.float()
                own.grad = None
            nn.utils.clip_grad_norm_(self._masters, 1.0)
            self._optimizer.step()
            for master, own in zip(self._masters, self._trained, strict=True):
                own.copy_(master)
            self.step += 1
            if self.step > self.steps * (1 - self.schedule.averaged):
                self._in_average += 1
                torch._foreach_lerp_(self._average, self._masters, 1 / self._in_average)
        return float(loss.detach())

    def trained(self) -> ReaderNetwork:
        """Put the averaged weights into the network, in float32, and return it."""
        self.network.to("cpu").float()
        weights = self._average if self._in_average else self._masters
        with torch.no_grad():
            for own, value in zip(self._trained, weights, strict=True):
                own.copy_(value.cpu())
        return self.network.eval()

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs."""
        return {
            "schedule": asdict(self.schedule),
            "steps": self.steps,
            "step": self.step,
            "masters": self._masters,
            "average": self._average,
            "in_average": self._in_average,
            "optimizer": self._optimizer.state_dict(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned.

        Raises ValueError for the state of a run with another schedule or other rows.
        """
        if (state["schedule"], state["steps"]) != (asdict(self.schedule), self.steps):
            raise ValueError("the checkpoint is that of another run: name another folder")
        self.step = state["step"]
        self._in_average = state["in_average"]
        with torch.no_grad():
            for name, weights in (("masters", self._masters), ("average", self._average)):
                for value, target in zip(state[name], weights, strict=True):
                    target.copy_(value)
            for master, own in zip(self._masters, self._trained, strict=True):
                own.copy_(master)
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch"])
        if state["cuda"]:
            torch.cuda.set_rng_state_all(state["cuda"])

    def _rate(self) -> float:
        done = self.step / max(1, self.steps)
        if done < self.schedule.warm_up:
            return self.schedule.rate * (done + 1 / self.steps) / self.schedule.warm_up
        return self.schedule.rate * max(0.0, (1 - done) / (1 - self.schedule.warm_up))


class SharedDropout(nn.Module):
    """Dropout of whole features of a row, the same for all its tokens.

    Drawing a mask for each token took a seventh of a step, in one thread.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self._kept = 1 - share

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the states, shape (rows, tokens, features), scaled to the same expectation."""
        if not self.training:
            return hidden
        mask = torch.empty_like(hidden[:, :1]).bernoulli_(self._kept)
        return hidden * mask.div_(self._kept)


def _prepare(network: ReaderNetwork, schedule: Schedule) -> None:
    """Freeze the word embeddings, or all up to a layer; exchange what is slow on processors."""
    body, dropout = cast(Any, network.body), schedule.dropout
    body.embeddings.word_embeddings.weight.requires_grad = False
    if schedule.frozen_layers:
        body.embeddings.requires_grad_(requires_grad=False)
        body.encoder.layer[: schedule.frozen_layers].requires_grad_(requires_grad=False)
    body.set_attn_implementation("eager")
    body.embeddings.dropout = SharedDropout(dropout)
    for layer in body.encoder.layer:
        layer.attention.self.dropout.p = 0.0
        layer.attention.output.dropout = SharedDropout(dropout)
        layer.output.dropout = SharedDropout(dropout)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def _computes_in_half(device: str) -> bool:
    return device == "cuda" or "bfloat16" in precisions()


def _loss(answerable: Tensor, tokens: Tensor, batch: Batch, schedule: Schedule) -> Tensor:
    wanted = batch.answered * (1 - 2 * schedule.smoothing) + schedule.smoothing
    loss = cross_entropy(answerable, wanted)
    counted = batch.labels >= 0
    if counted.any():
        loss = loss + schedule.token_weight * cross_entropy(tokens[counted], batch.labels[counted])
    return loss
