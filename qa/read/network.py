"""The bundled reader's network, and the reader on torch: the reference, and what runs on a GPU.

The network is MiniLM's transformer with one head for texts and one for tokens. The weights file
holds all parameters but the word embeddings, which training left as the encoder's package has them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from index.encoding.shapes import Ids
from index.errors import ModelError
from qa.read.pairs import INPUTS, PairTokenizer, read_pairs
from qa.read.reading import Logits, Reading, TrainedReader
from qa.read.windows import Window

WORD_EMBEDDINGS = "body.embeddings.word_embeddings.weight"
"""The one parameter that no weights file has."""

_ENCODER_WORD_EMBEDDINGS = "embeddings.word_embeddings.weight"
_MODEL_FILE = "model.safetensors"
_BATCH_TOKENS = {"cpu": 512, "cuda": 16384}


class TorchReader:
    """Reads with torch, on the device "cpu" or "cuda". Raises ModelError for wrong weights."""

    def __init__(self, trained: TrainedReader, device: str = "cpu") -> None:
        self.name = trained.name
        self.digest = trained.digest
        self.backend = "torch-float32" if device == "cpu" else f"{device}-float32"
        self.network = load_network(trained.weights, trained.encoder.folder).to(device)
        self._device = device
        self._tokenizer = PairTokenizer(trained.encoder.tokenizer(), trained.limits)

    def read(self, question: str, windows: Sequence[Window]) -> Reading:
        """Return how the windows answer the question."""
        pairs = self._tokenizer.pairs(question, windows)
        batch_tokens, most_tokens = _BATCH_TOKENS[self._device], self._tokenizer.limits.both
        return read_pairs([pairs], self._compute, batch_tokens, most_tokens)[0]

    def _compute(self, inputs: Mapping[str, Ids]) -> tuple[Logits, Logits]:
        with torch.inference_mode():
            tensors = (torch.from_numpy(inputs[name]).to(self._device) for name in INPUTS)
            answerable, tokens = self.network(*tensors)
        return answerable.cpu().numpy(), tokens.cpu().numpy()


class ReaderNetwork(nn.Module):
    """Reads pairs: the head `answerable` scores the state of [CLS], `token` that of each token."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.body = BertModel(config, add_pooling_layer=False)
        self.answerable = nn.Linear(config.hidden_size, 1)
        self.token = nn.Linear(config.hidden_size, 1)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return logits of windows, shape (batch,), and of tokens, shape (batch, tokens).

        The inputs have the shape (batch, tokens). Types are 0 in the question, 1 in the window.
        """
        hidden = self.hidden(input_ids, attention_mask, token_type_ids)
        answerable: Tensor = self.answerable(hidden[:, 0]).squeeze(-1)
        tokens: Tensor = self.token(hidden).squeeze(-1)
        return answerable, tokens

    def hidden(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return the last hidden states, shape (batch, tokens, hidden size)."""
        states: Tensor = self.body(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        return states


class ConvertibleNetwork(nn.Module):
    """The same network with heads that multiply and sum, for OpenVINO.

    OpenVINO rounds all up to the last matrix product to bfloat16. With heads that are no such
    product, the logits are not rounded, and no two windows get the same one.
    """

    def __init__(self, network: ReaderNetwork) -> None:
        super().__init__()
        self._network = network

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return what the network returns."""
        answerable, token = self._network.answerable, self._network.token
        hidden = self._network.hidden(input_ids, attention_mask, token_type_ids)
        return (
            (hidden[:, 0] * answerable.weight[0]).sum(-1) + answerable.bias,
            (hidden * token.weight[0]).sum(-1) + token.bias,
        )


def new_network(encoder: Path) -> ReaderNetwork:
    """Return a network to train: the weights in the encoder's folder, and random heads."""
    network = _untrained(encoder)
    names = network.body.state_dict().keys()
    weights = {name: w.float() for name, w in _encoder_weights(encoder).items() if name in names}
    network.body.load_state_dict(weights)
    return network


def load_network(weights: Path, encoder: Path) -> ReaderNetwork:
    """Return the trained network in float32, with the word embeddings in the encoder's folder.

    Raises ModelError if the weights cannot be read, or are not those of this network.
    """
    try:
        trained = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"The reader's weights in {weights} cannot be read: {error}.") from error
    network = _untrained(encoder)
    trained[WORD_EMBEDDINGS] = _encoder_weights(encoder)[_ENCODER_WORD_EMBEDDINGS]
    try:
        network.load_state_dict({name: value.float() for name, value in trained.items()})
    except RuntimeError as error:
        raise ModelError(f"{weights} does not hold the weights of this reader.") from error
    return network.eval()


def weights_to_save(network: ReaderNetwork) -> dict[str, Tensor]:
    """Return what goes into a weights file: float16, without the word embeddings."""
    return {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
        if name != WORD_EMBEDDINGS
    }


def _untrained(encoder: Path) -> ReaderNetwork:
    config = BertConfig.from_pretrained(encoder, attn_implementation="sdpa")
    return ReaderNetwork(config)


def _encoder_weights(encoder: Path) -> Mapping[str, Tensor]:
    return load_file(encoder / _MODEL_FILE)
