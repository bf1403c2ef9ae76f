"""Many patterns in bytes, compared with looking for each by itself."""

from hypothesis import given
from hypothesis import strategies as st

from index.store.byte_search import ByteSearch

few = st.binary(max_size=40).map(lambda content: bytes(byte % 3 for byte in content))
patterns = st.sets(st.binary(min_size=1, max_size=14).map(lambda b: bytes(x % 3 for x in b)))


@given(few, patterns)
def test_what_is_found_is_what_stands_there(content: bytes, wanted: set[bytes]) -> None:
    assert ByteSearch(wanted).found_in(content) == sorted(p for p in wanted if p in content)
