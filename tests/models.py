"""Small models of random weights, for the tests of what makes one model unlike another."""

import shutil
from pathlib import Path

from index.encoding.model import Model, find_model


def make_model(
    folder: Path,
    like: Model,
    *,
    pooling: str = "cls",
    prompts: dict[str, str] | None = None,
    reads: int = 64,
) -> Model:
    """Write a model of 16 dimensions that reads so many tokens, with the tokenizer of `like`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    vocabulary = len((like.folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=reads,
    )
    BertModel(config).save_pretrained(folder / "bert")
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copyfile(like.folder / file, folder / "bert" / file)
    bert = modules.Transformer(str(folder / "bert"), max_seq_length=reads)
    pool = modules.Pooling(16, pooling_mode=pooling)
    SentenceTransformer(modules=[bert, pool], prompts=prompts, device="cpu").save(
        str(folder / "model")
    )
    return find_model(str(folder / "model"))
