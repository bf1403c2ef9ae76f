"""Searching bytes for very many patterns at once."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

MIN_SENTENCE = 12
"""Characters: "See also:" stands in many texts, and finding it proves nothing."""
_KEY = 8
"""A pattern is looked for by so many bytes that it begins with."""


class ByteSearch:
    """Finds which of many patterns, `wanted`, stand in bytes.

    All offsets are looked at together, eight bytes each, so the time hardly depends on how many
    patterns there are. Patterns shorter than eight bytes are looked for one by one.
    """

    def __init__(self, wanted: Iterable[bytes]) -> None:
        wanted = list(wanted)
        self._short = [pattern for pattern in wanted if len(pattern) < _KEY]
        self._by_key: dict[int, list[bytes]] = defaultdict(list)
        for pattern in wanted:
            if len(pattern) >= _KEY:
                self._by_key[int.from_bytes(pattern[:_KEY], "little")].append(pattern)
        self._keys = np.array(sorted(self._by_key), np.dtype("<u8"))

    def found_in(self, content: bytes) -> list[bytes]:
        """Return each pattern that stands in `content`, once, in order."""
        found = {pattern for pattern in self._short if pattern in content}
        for offset in range(min(_KEY, len(content))):
            count = (len(content) - offset) // _KEY
            if not count or not len(self._keys):
                continue
            words = np.frombuffer(content, np.dtype("<u8"), count, offset)
            at = np.minimum(np.searchsorted(self._keys, words), len(self._keys) - 1)
            for hit in np.flatnonzero(self._keys[at] == words).tolist():
                start = offset + hit * _KEY
                for pattern in self._by_key[int(words[hit])]:
                    if pattern not in found and content.startswith(pattern, start):
                        found.add(pattern)
        return sorted(found)
