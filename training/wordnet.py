"""Synonyms out of WordNet's database files, read as they are published (wndb(5), senseidx(5))."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from index.encoding.encoder import Encoder
from training.inflection import Form, inflected, readings

_FILES = {"n": "data.noun", "v": "data.verb", "a": "data.adj", "r": "data.adv"}
_PARTS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_SIMILAR = "&"
_MOST_WORDS = 2
_LEAST_KNOWN = 400
_OWN_SENSES = 3
_SAME_STEM = 5
_NEAR_ENOUGH = 0.42


@dataclass(frozen=True, slots=True)
class Sense:
    """A meaning of a word: `number` counts from 1, the commonest, and `seen` is how often
    WordNet's annotated texts have the word in it.
    """

    part: str
    synset: str
    number: int
    seen: int


class Thesaurus:
    """Synonyms of the commonest meanings of a word, in the word's own form."""

    def __init__(self, folder: Path, known: Callable[[str], int]) -> None:
        """Read the files `data.*` and `index.sense`. `known` says how often a word is met."""
        self._senses: dict[str, list[Sense]] = defaultdict(list)
        self._words: dict[tuple[str, str], list[str]] = {}
        self._similar: dict[tuple[str, str], list[str]] = {}
        self._known = known
        for part, name in _FILES.items():
            self._read_data(folder / name, part)
        with (folder / "index.sense").open(encoding="utf-8") as lines:
            for line in lines:
                key, synset, number, seen = line.split()
                lemma, _, rest = key.partition("%")
                sense = Sense(_PARTS[rest[0]], synset, int(number), int(seen))
                self._senses[lemma].append(sense)
        self.of = cache(self._of)

    def _of(self, word: str) -> Sequence[str]:
        """Return the synonyms of a word in lower case, in the form that the word has."""
        best: tuple[int, str, str, Form] | None = None
        for lemma, form in readings(word):
            for part in ("n", "v", "a", "r"):
                if (form == "s") > (part in "nv") or (form in {"past", "ing"}) > (part == "v"):
                    continue
                seen = sum(each.seen for each in self._senses.get(lemma, ()) if each.part == part)
                if seen and (best is None or seen > best[0]):
                    best = seen, lemma, part, form
        if best is None:
            return ()
        _, lemma, part, form = best
        found = dict.fromkeys(
            other for sense in self._leading(lemma, part) for other in self._fit(lemma, sense)
        )
        formed = (inflected(other, form) for other in found)
        return tuple(each for each in formed if all(map(self._known, each.split(" "))))

    def _leading(self, lemma: str, part: str) -> list[Sense]:
        """Return the commonest sense, and those met half as often as it."""
        own = sorted(
            (each for each in self._senses[lemma] if each.part == part),
            key=lambda each: each.number,
        )
        return [each for each in own if each is own[0] or each.seen * 2 >= max(own[0].seen, 2)]

    def _fit(self, lemma: str, sense: Sense) -> list[str]:
        key = (sense.part, sense.synset)
        near = [word for other in self._similar[key] for word in self._words[sense.part, other]]
        own = [word for word in self._words[key] if self._means(word, sense)]
        return [word for word in [*own, *near] if self._is_usual(word, lemma)]

    def _means(self, word: str, sense: Sense) -> bool:
        """Tell whether it is one of the word's first senses."""
        return any(
            (each.part, each.synset) == (sense.part, sense.synset) and each.number <= _OWN_SENSES
            for each in self._senses[word.replace(" ", "_")]
        )

    def _is_usual(self, word: str, lemma: str) -> bool:
        words = word.split(" ")
        return (
            word.replace(" ", "").isalpha()
            and len(words) <= _MOST_WORDS
            and word[:_SAME_STEM] != lemma[:_SAME_STEM]
            and lemma not in words
            and all(self._known(each) >= _LEAST_KNOWN for each in words)
        )

    def _read_data(self, path: Path, part: str) -> None:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("  "):  # the licence
                    continue
                fields = line.partition("|")[0].split()
                synset, count = fields[0], int(fields[3], 16)
                words = [word.partition("(")[0] for word in fields[4 : 4 + 2 * count : 2]]
                pointers = fields[5 + 2 * count :]
                self._words[part, synset] = [
                    word.replace("_", " ") for word in words if word.islower()
                ]
                self._similar[part, synset] = [
                    pointers[at + 1]
                    for at in range(0, len(pointers), 4)
                    if pointers[at] == _SIMILAR
                ]


def near_synonyms(
    words: Iterable[str], thesaurus: Thesaurus, encoder: Encoder
) -> Mapping[str, Sequence[str]]:
    """Return the synonyms of those words that have some that the encoder, too, finds near."""
    found = {word: thesaurus.of(word) for word in sorted(set(words))}
    texts = sorted({text for word, own in found.items() if own for text in (word, *own)})
    vectors = dict(zip(texts, encoder.encode(texts, "document"), strict=True))
    near = {
        word: [one for one in own if vectors[word] @ vectors[one] >= _NEAR_ENOUGH]
        for word, own in found.items()
    }
    return {word: own for word, own in near.items() if own}
