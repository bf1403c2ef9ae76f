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
"""In bytes of UTF-8, for a letter that takes more of them says more."""
CONFIDENT = 0.9

_MIN_SHARE_OF_ENGLISH = 0.05
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset("and for from of that the this to was were which with".split())
"""Words of nearly every English text that are rare in all other languages."""
_WRITTEN_ALIKE = dict(
    pair.split("=") for pair in "arz=ar ary=ar nn=no pcm=en uzs=uz wuu=zh yue=zh".split()
)
_NO_LANGUAGE = {"la", "zxx"}
"""Names of species and drugs are taken for Latin."""


def language_of(text: str, min_letters: int = MIN_LETTERS) -> str | None:
    """Return the ISO 639 code of the language of `text`, None if it is short or uncertain."""
    sample = text[:SAMPLE_CHARS]
    letters = "".join(islice(filter(str.isalpha, sample), min_letters))
    if len(letters.encode(errors="replace")) < min_letters:
        return None
    if _is_plainly_english(sample):
        return "en"
    shares: Counter[str] = Counter()
    for language, share in _identifier().rank(sample):
        shares[_WRITTEN_ALIKE.get(language, language)] += share
    ((language, share),) = shares.most_common(1)
    return language if share >= CONFIDENT and language not in _NO_LANGUAGE else None


def foreign(
    documents: Iterable[Document], model_languages: Collection[str] | None
) -> dict[str, list[str]]:
    """Return the sources that are in no language of the model, by their language.

    The first documents of a source count together. Without known languages there are none.
    """
    if not model_languages:
        return {}
    samples: dict[str, str] = {}
    for document in documents:
        sample = samples.get(document.source, "")
        if len(sample) < SAMPLE_CHARS:
            samples[document.source] = f"{sample}{document.text[:SAMPLE_CHARS]}\n"
    foreign_sources: dict[str, list[str]] = {}
    for source, sample in sorted(samples.items()):
        language = language_of(sample)
        if language and language not in model_languages:
            foreign_sources.setdefault(language, []).append(source)
    return foreign_sources


def _is_plainly_english(sample: str) -> bool:
    """Spare loading the identifier for texts that the commonest words show to be English."""
    words = [match[0] for match in islice(_WORD.finditer(sample.lower()), 400)]
    english = [word for word in words if word in _ENGLISH]
    return len(set(english)) > 2 and len(english) >= _MIN_SHARE_OF_ENGLISH * len(words)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
