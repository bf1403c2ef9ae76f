"""An encoder for OpenVINO: converted with its pooling, and near enough by the cosine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.backends.conversion import Comparison, converted, write_model
from index.backends.openvino_encoder import LEAST_COSINE, TOKENIZER_FILE, OpenVinoEncoder
from index.backends.torch_encoder import TorchEncoder
from index.encoder import Encoder, Role
from index.model import Model

_CHECKED_ROLES: tuple[Role, ...] = ("query", "document")
_CHECKED_TEXTS = (
    "pimples",
    "why do I get pimples after microneedling",
    "Redness fades within two days; swelling, within one.",
    "Die Rötung klingt nach zwei Tagen ab. 皮肤发红两天后消退。 👍🏽",
    "Invoice 2024-117, due 31.12.2024: 1,250.00 EUR (see § 4, No. 2).",
    "def mean(xs): return sum(xs) / len(xs)  # raises ZeroDivisionError",
    " ".join(f"The depth of needle number {n} was set to {n / 10:.1f} mm." for n in range(8)),
    " ".join(f"Sentence {n} of a text longer than most models read." for n in range(60)),
)


def openvino_encoder(model: Model, precision: str) -> OpenVinoEncoder:
    """Return an encoder of the model on OpenVINO, converting it if that was not done before.

    Raises NotConvertibleError, also where an earlier try was refused, and ImportError where
    OpenVINO is not installed.
    """
    return converted(EncoderConversion(model, TorchEncoder(model)), precision)


@dataclass(frozen=True, slots=True)
class EncoderConversion:
    """What it takes to convert an encoder, as `Conversion` has it."""

    model: Model
    reference: TorchEncoder

    @property
    def digest(self) -> str:
        """The model's fingerprint."""
        return self.model.fingerprint

    def write(self, folder: Path) -> None:
        """Write the whole of the model, pooling and all that follows it included."""
        import torch

        transformer = self.reference.loaded()
        tokenizer: Any = transformer.tokenizer
        needs_types = "token_type_ids" in tokenizer.model_input_names

        class Traceable(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.transformer = transformer

            def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
                features = {"input_ids": input_ids, "attention_mask": attention_mask}
                if needs_types:
                    features["token_type_ids"] = torch.zeros_like(input_ids)
                return self.transformer(features)["sentence_embedding"]

        write_model(Traceable(), ("input_ids", "attention_mask"), folder)
        content = tokenizer.backend_tokenizer.to_str()
        (folder / TOKENIZER_FILE).write_text(content, encoding="utf-8")

    def open(self, folder: Path, precision: str) -> OpenVinoEncoder:
        """Open what was written."""
        return OpenVinoEncoder(folder, self.model.prompts, self.model.max_length, precision)

    def compare(self, opened: OpenVinoEncoder) -> Comparison:
        """Compare vectors by their cosine, whatever the precision."""
        cosine = _least_cosine(self.reference, opened)
        near = cosine >= LEAST_COSINE
        refused = "" if near else f"converted, it gives other vectors (cosine {cosine:.4f})"
        return Comparison({"cosine": cosine}, refused)

    def probe(self) -> list[float]:
        """Return the vector of one text."""
        vector: list[float] = self.reference.encode(_CHECKED_TEXTS[:1], "query")[0].tolist()
        return vector

    def gives(self, opened: OpenVinoEncoder, probe: list[float]) -> bool:
        """Tell whether the vector of that text is as near as vectors of one model are."""
        (vector,) = opened.encode(_CHECKED_TEXTS[:1], "query")
        return float(vector @ probe) >= LEAST_COSINE


def _least_cosine(reference: Encoder, opened: Encoder) -> float:
    """Compare what both encode, texts of all lengths in one batch and one by one."""
    cosines: list[float] = []
    for role in _CHECKED_ROLES:
        batched = opened.encode(_CHECKED_TEXTS, role)
        for text, in_batch in zip(_CHECKED_TEXTS, batched, strict=True):
            (expected,) = reference.encode([text], role)
            (alone,) = opened.encode([text], role)
            cosines += [float(expected @ in_batch), float(expected @ alone)]
    return float(np.min(cosines))  # which is NaN if one of them is
