"""The encoder's tokens, and how many of them a passage may have."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from index.errors import ModelError
from index.records import Span

PASSAGE_TOKENS = 200
HEADING_TOKENS = 50
CONTEXT_TOKENS = 30

BLANKS = frozenset(" \t\r\n")
"""Blanks to every tokenizer; some remove others before they look for words."""


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """The most tokens of a passage's own text, of its heading path, of its context, and of all."""

    passage: int
    headings: int
    context: int
    total: int

    @classmethod
    def within(cls, total: int) -> "TokenBudget":
        """Return the usual budget, or a smaller one for an encoder that reads less."""
        passage = min(PASSAGE_TOKENS, max(1, total * 4 // 5))
        context = min(CONTEXT_TOKENS, total // 8)
        return cls(passage, min(HEADING_TOKENS, total - passage), context, total)


class Tokenizer:
    """The tokenizer of a sentence-transformers folder, without torch.

    Where it `splits_at_blanks`, what is between two of `BLANKS` has the same tokens in any text.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelError(
                f"The model in {folder} has no tokenizer.json; "
                "save it with a fast tokenizer (sentence-transformers does so by default)."
            )
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise ModelError(f"{path} is not a readable tokenizer; reinstall the model.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.special_tokens: int = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self.splits_at_blanks = _splits_at_blanks(self._tokenizer)

    def count(self, text: str) -> int:
        """Return how many tokens `text` has, special tokens left out."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def tokens(self, text: str) -> list[Span]:
        """Return each token's span in `text`, special tokens left out."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [Span(*offsets) for offsets in encoding.offsets]

    def encodings(self, texts: Sequence[str]) -> list[tokenizers.Encoding]:
        """Return the tokens of texts with their numbers, special tokens left out."""
        return self._tokenizer.encode_batch(texts, add_special_tokens=False)

    def special_tokens_of_pair(self) -> list[int]:
        """Return the numbers of the tokens before, between and after the texts of a pair."""
        return self._tokenizer.encode("", "").ids


def _splits_at_blanks(tokenizer: tokenizers.Tokenizer) -> bool:
    """Tell whether it is BERT's, which cuts at blanks and then cuts up each word by itself."""
    return (
        isinstance(tokenizer.normalizer, tokenizers.normalizers.BertNormalizer)
        and isinstance(tokenizer.pre_tokenizer, tokenizers.pre_tokenizers.BertPreTokenizer)
        and not any(
            BLANKS.intersection(added.content) or added.lstrip or added.rstrip
            for added in tokenizer.get_added_tokens_decoder().values()
        )
    )
