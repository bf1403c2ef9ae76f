"""Whether a text reads like a European language in Latin letters, or like one decoded wrongly."""

import re
import unicodedata

MAX_ODD = 0.02
"""Of the characters beyond ASCII."""
MAX_ACCENTED = 0.35
MAX_MIXED = 0.2

_MARKS = frozenset("“”‘’‚„‹›«»–—…•·¡¿€£¥¢§©®™°ªº¹²³¼½¾×±µ†‡‰´¨¸ˇ˘\u00a0\u00ad")
_WITHIN_WORDS = frozenset("’‘·–—/\u00a0\u00ad€£©®…")
_WORD = re.compile(r"[^\W\d_]+")


def is_plausible(text: str, max_odd: float = MAX_ODD) -> bool:
    """Tell whether next to nothing in `text` is odd, and most of its letters are plain ones."""
    beyond_ascii = sum(not character.isascii() for character in text)
    letters = sum(character.isalpha() for character in text)
    accented = sum(character.isalpha() and not character.isascii() for character in text)
    few = accented <= max(2, MAX_ACCENTED * letters)
    return few and oddities(text) <= max_odd * beyond_ascii


def mixes_scripts(text: str) -> bool:
    """Tell whether many words have plain letters among others, as no word of one script does."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(any(character.isascii() for character in word) for word in words)
    return mixed > MAX_MIXED * len(words)


def oddities(text: str) -> int:
    """Count the characters beyond ASCII that are not Latin, or not where such a text has them.

    A capital after a small letter is not, nor is the third accented letter in a row, nor a mark
    between two letters.
    """
    odd = 0
    last, letters_in_a_row = " ", 0
    for character, following in zip(text, text[1:] + " ", strict=True):
        if character.isascii():
            letters_in_a_row = 0
        elif character.isalpha() and character not in _MARKS:
            letters_in_a_row += 1
            misplaced = letters_in_a_row > 2 or (character.isupper() and last.islower())
            odd += misplaced or not unicodedata.name(character, "").startswith("LATIN")
        else:
            letters_in_a_row = 0
            within_word = last.isalpha() and following.isalpha()
            odd += character not in _MARKS or (within_word and character not in _WITHIN_WORDS)
        last = character
    return odd
