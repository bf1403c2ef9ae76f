"""The language a text is in, by py3langid, which takes a second to load."""

from collections import Counter
from functools import lru_cache
from typing import Any

SAMPLE_CHARS = 3000
MIN_LETTERS = 200
"""In bytes of UTF-8, for where a letter takes more of them, it says more."""
CONFIDENT = 0.9
_SAME_TO_A_READER = {
    "arz": "ar",
    "ary": "ar",
    "nn": "no",
    "pcm": "en",
    "uzs": "uz",
    "wuu": "zh",
    "yue": "zh",
}
_NO_LANGUAGE = {"la", "zxx"}
"""Names of species and drugs are taken for Latin."""


def language_of(text: str, min_letters: int = MIN_LETTERS) -> str | None:
    """Return the ISO 639 code of the language of `text`, None if it is short or in doubt."""
    sample = text[:SAMPLE_CHARS]
    letters = "".join(character for character in sample if character.isalpha())
    if len(letters.encode(errors="replace")) < min_letters:
        return None
    shares: Counter[str] = Counter()
    for language, share in _identifier().rank(sample):
        shares[_SAME_TO_A_READER.get(language, language)] += share
    ((language, share),) = shares.most_common(1)
    return language if share >= CONFIDENT and language not in _NO_LANGUAGE else None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
