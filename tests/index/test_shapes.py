"""Every text is computed once, in a batch that it fits in, and the shapes are few."""

from hypothesis import given
from hypothesis import strategies as st

from index.encoding.shapes import batches, padded


@given(
    lengths=st.lists(st.integers(1, 250), max_size=100),
    most=st.sampled_from([250, 256, 300]),
    batch_tokens=st.sampled_from([100, 512, 2048]),
)
def test_each_row_is_in_one_batch_that_it_fits_in(
    lengths: list[int], most: int, batch_tokens: int
) -> None:
    seen: list[int] = []
    for rows, length in batches(lengths, most, batch_tokens):
        seen += rows
        assert len(rows) == 1 or len(rows) * length <= batch_tokens
        assert max(lengths[row] for row in rows) <= length <= most
        filled = padded([[7] * lengths[row] for row in rows], length)
        assert filled.shape == (len(rows), length)
        assert [row.tolist().count(7) for row in filled] == [lengths[row] for row in rows]
    assert sorted(seen) == list(range(len(lengths)))


def test_texts_of_all_lengths_and_numbers_have_few_shapes() -> None:
    shapes = {
        (len(rows), length)
        for count in range(1, 70)
        for rows, length in batches([1 + 37 * n % 256 for n in range(count)], 256, 2048)
    }
    assert len(shapes) <= 40
