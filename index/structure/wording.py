"""Rules of English for what a sentence is: a question, a lead-in, a row, the same claim."""

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "hundred thousand million billion dozen half quarter once twice thrice double triple".split()
)
STOPWORDS = frozenset(
    "a an and are as at be been being but by can could did do does for from had has have how i if "
    "in into is it its may might more most of on or our shall should so some such than that the "
    "their them then there these they this those to was we were what when where which while who "
    "will with would you your".split()
)
ASKING_WORDS = STOPWORDS | frozenset(
    "about am any doing get gets getting go goes going got happen happens happening know make "
    "makes making many me much my need needs not tell want whom whose why arent cant couldnt didnt "
    "doesnt dont hadnt hasnt havent hows id ill im isnt itll ive shouldnt thats theres theyre "
    "wasnt werent weve whatll whats wheres whos wont wouldnt youd youll youre youve".split()
)
"""Words that make a question and do not tell what it is about; they have no apostrophes."""
_NEGATIONS = frozenset(
    "no not never none nor cannot without avoid rarely seldom hardly don't doesn't didn't isn't "
    "aren't wasn't weren't can't couldn't won't wouldn't shouldn't mustn't unlikely".split()
)
_ENDS_SENTENCE = re.compile(r"[.!?。！？…][\"'”’»)\]*_]*$")
_ENDS_QUESTION = re.compile(r"[?？][!?？]*[\"'”’»)\]*_]*$")
_ASKS = re.compile(
    r"(?:q(?:uestion)?\s*[:.)]\s*)?(?:what|why|how|when|where|who|whom|whose|which|is|are|was|were|"
    r"do|does|did|can|could|should|would|will|may|must|has|have)\b",
    re.I,
)
_MOST_WORDS_OF_A_QUESTION = 20
"""Words of a question without a question mark; more only begin like one."""
_ROW = re.compile(r"(?:\A|\s)\|(?=\s|\Z)|\A\|.*\|\Z")
_SAME_THINGS = 0.6
_LABEL = re.compile(r"[*_]*\w[^.:;!?\n]{1,48}:[*_]*\s+\S")
_LEANS_BACK = re.compile(
    r"(?:this|these|those|they|such|he|she|his|her|their|its)\b|it\b(?!['’]s\b| is\b| was\b)", re.I
)


def plain_words(text: str) -> list[str]:
    """Return the words of `text` in lower case, with straight apostrophes."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def is_asking_word(word: str) -> bool:
    """Tell whether a word in lower case only makes a question ("what's", "don't")."""
    return word.replace("'", "") in ASKING_WORDS or word.removesuffix("'s") in ASKING_WORDS


def content_words(text: str) -> frozenset[str]:
    """Return the distinct words that carry meaning."""
    return frozenset(plain_words(text)) - STOPWORDS


def word_count(text: str) -> int:
    """Return how many words a reader counts: what stands between blanks."""
    return len(text.split())


def is_question(sentence: str) -> bool:
    """Tell whether a sentence asks: it answers nothing."""
    if _ENDS_QUESTION.search(sentence):
        return True
    if _ENDS_SENTENCE.search(sentence) or word_count(sentence) > _MOST_WORDS_OF_A_QUESTION:
        return False
    return bool(_ASKS.match(sentence))


def is_complete(sentence: str) -> bool:
    """Tell whether a sentence ends as sentences do."""
    return bool(_ENDS_SENTENCE.search(sentence))


def is_lead_in(sentence: str) -> bool:
    """Tell whether a sentence only announces what follows ("These include:")."""
    return sentence.rstrip("*_ ").endswith((":", "："))


def says_something(sentence: str) -> bool:
    """Tell whether a sentence can be quoted: it neither asks nor only announces."""
    return not (is_question(sentence) or is_lead_in(sentence))


def is_row(line: str) -> bool:
    """Tell whether a line is the row of a table: a bar stands by itself, or one at each end."""
    return _ROW.search(line) is not None


def is_list_item(line: str) -> bool:
    """Tell whether a line begins with a label, as items of a list do ("Infection: Although …")."""
    return bool(_LABEL.match(line))


def leans_back(sentence: str) -> bool:
    """Tell whether a sentence begins with a word that points to the one before it."""
    return bool(_LEANS_BACK.match(sentence))


def same_claim_words(first: str, second: str) -> float:
    """Return Dice's coefficient of the content words of two sentences, in 0..1.

    It is 0 where their numbers or negations differ: they may look alike and say the opposite.
    """
    content, marks = _claim(first)
    other_content, other_marks = _claim(second)
    if marks != other_marks or not (content or other_content):
        return 0.0
    return 2 * len(content & other_content) / (len(content) + len(other_content))


def figures_differ(first: str, second: str) -> bool:
    """Tell whether two sentences, or rows of tables, give different figures for the same things."""
    figures, other_figures = (sorted(_NUMBER.findall(each)) for each in (first, second))
    if not (figures and other_figures) or figures == other_figures:
        return False
    things, other_things = (
        {word for word in content_words(each) if not word.isdigit()} for each in (first, second)
    )
    both = len(things & other_things)
    least = 1 if is_row(first) and is_row(second) else 2
    return both >= least and 2 * both >= _SAME_THINGS * (len(things) + len(other_things))


@lru_cache(maxsize=65536)
def _claim(sentence: str) -> tuple[frozenset[str], tuple[int, tuple[str, ...]]]:
    """Return the content words, and what must be equal: how many negations, which numbers."""
    said = plain_words(sentence)
    negations = sum(word in _NEGATIONS for word in said)
    numbers = [*_NUMBER.findall(sentence), *(word for word in said if word in _NUMBER_WORDS)]
    return content_words(sentence), (negations, tuple(sorted(numbers)))
