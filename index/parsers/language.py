"""The language a text is in, by py3langid, which takes half a second to load."""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import islice
from typing import Any

from index.records import Document

SAMPLE_CHARS = 5000
MIN_LETTERS = 200
"""In bytes of UTF-8: where a letter takes more of them, it says more."""
CONFIDENT = 0.9

_MIN_SHARE_OF_ENGLISH = 0.05
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset("and for from of that the this to was were which with".split())
"""Words of nearly every English text that no other language writes much of."""
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
    if _is_plainly_english(sample):
        return "en"
    shares: Counter[str] = Counter()
    for language, share in _identifier().rank(sample):
        shares[_SAME_TO_A_READER.get(language, language)] += share
    ((language, share),) = shares.most_common(1)
    return language if share >= CONFIDENT and language not in _NO_LANGUAGE else None


def foreign(
    documents: Iterable[Document], model_languages: Collection[str] | None
) -> dict[str, list[str]]:
    """Return the sources that are in no language of the model, by their language.

    Of a file with many documents the first are looked at, together. There are none where it is
    not known what the model is for.
    """
    if not model_languages:
        return {}
    samples: dict[str, str] = {}
    for document in documents:
        sample = samples.get(document.source, "")
        if len(sample) < SAMPLE_CHARS:
            samples[document.source] = f"{sample}{document.text[:SAMPLE_CHARS]}\n"
    found: dict[str, list[str]] = {}
    for source, sample in sorted(samples.items()):
        language = language_of(sample)
        if language and language not in model_languages:
            found.setdefault(language, []).append(source)
    return found


def _is_plainly_english(sample: str) -> bool:
    """Spare the loading for what the smallest words tell."""
    words = [match[0] for match in islice(_WORD.finditer(sample.lower()), 400)]
    telling = [word for word in words if word in _ENGLISH]
    return len(set(telling)) > 2 and len(telling) >= _MIN_SHARE_OF_ENGLISH * len(words)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
