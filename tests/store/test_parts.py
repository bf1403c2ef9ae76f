"""Parts of a store in a folder that stand for themselves: a cache, and a search for bytes."""

from hypothesis import given
from hypothesis import strategies as st

from index.recently_used import RecentlyUsed
from index.store.byte_search import ByteSearch

few = st.binary(max_size=40).map(lambda content: bytes(byte % 3 for byte in content))
patterns = st.sets(st.binary(min_size=1, max_size=14).map(lambda b: bytes(x % 3 for x in b)))


@given(few, patterns)
def test_what_is_found_is_what_stands_there(content: bytes, wanted: set[bytes]) -> None:
    assert ByteSearch(wanted).found_in(content) == sorted(p for p in wanted if p in content)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9))), st.integers(1, 12))
def test_what_is_kept_is_what_was_used_last(used: list[tuple[int, int]], limit: int) -> None:
    """Compared with a list of keys, the last one used at its end."""
    kept, order, weights = RecentlyUsed[int, str](limit), list[int](), dict[int, int]()
    for key, weight in used:
        made: list[int] = []

        def make(key: int = key, weight: int = weight, made: list[int] = made) -> tuple[str, int]:
            made.append(key)
            return f"value {key}", weight

        assert kept.get(key, make) == f"value {key}"
        assert bool(made) == (key not in order)
        if key in order:
            order.remove(key)
        else:
            weights[key] = weight
        order.append(key)
        while sum(weights[each] for each in order) > limit and len(order) > 1:
            order.pop(0)
        assert kept.weight == sum(weights[each] for each in order)
