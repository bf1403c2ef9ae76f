"""The bundled reader as a CrossEncoder of sentence-transformers, for the plain service to rank by.

The weights are the same, so both read with a network of one size and training. BERT's classifier
has a layer with tanh before it, which the reader has not: a small factor keeps tanh straight, and
the classifier takes it back.
"""

import shutil
from pathlib import Path

from qa.read.reading import TrainedReader

_STRAIGHT = 2.0**-10


def write_cross_encoder(reader: TrainedReader, folder: Path) -> Path:
    """Write it into `folder`, and return that."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from qa.read.network import load_network

    shutil.rmtree(folder, ignore_errors=True)
    encoder = reader.encoder.folder
    shutil.copytree(encoder, folder, ignore=lambda _, names: _not_tokenizers(names))
    trained = load_network(reader.weights, encoder)
    config = BertConfig.from_pretrained(encoder, num_labels=1)
    network = BertForSequenceClassification(config)
    network.bert.load_state_dict(trained.body.state_dict(), strict=False)
    pooler, answerable = network.bert.pooler, trained.answerable
    assert pooler
    with torch.no_grad():
        pooler.dense.weight.copy_(torch.eye(config.hidden_size) * _STRAIGHT)
        pooler.dense.bias.zero_()
        network.classifier.weight.copy_(answerable.weight / _STRAIGHT)
        network.classifier.bias.copy_(answerable.bias)
    network.save_pretrained(folder)
    return folder


def _not_tokenizers(names: list[str]) -> set[str]:
    return {n for n in names if n != "vocab.txt" and "token" not in n}
