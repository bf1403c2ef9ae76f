"""Arrays one above the other, seen as one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.store.stack import Stack


@given(st.lists(st.integers(0, 5), min_size=1).filter(any), st.data())
def test_rows_are_those_of_the_arrays_joined(lengths: list[int], data: st.DataObject) -> None:
    rows = np.arange(2 * sum(lengths)).reshape(-1, 2)
    ends = np.cumsum(lengths)
    stack = Stack([rows[end - length : end] for end, length in zip(ends, lengths, strict=True)])
    assert len(stack) == len(rows)
    assert np.array_equal(np.array(list(stack)), rows)
    first = data.draw(st.integers(0, len(rows) - 1))
    last = data.draw(st.integers(first + 1, len(rows)))
    assert np.array_equal(stack.rows(first, last), rows[first:last])


def test_what_lies_in_one_array_is_not_copied() -> None:
    rows = np.arange(8).reshape(4, 2)
    assert np.shares_memory(Stack([rows[:3], rows[3:]]).rows(1, 3), rows)


def test_an_empty_stack_has_no_rows() -> None:
    assert len(Stack([np.empty((0, 2))])) == 0


@given(st.lists(st.integers(0, 5), min_size=1).filter(any), st.data())
def test_rows_are_taken_from_all_arrays_in_the_order_given(
    lengths: list[int], data: st.DataObject
) -> None:
    rows = np.arange(2 * sum(lengths)).reshape(-1, 2)
    ends = np.cumsum(lengths)
    stack = Stack([rows[end - length : end] for end, length in zip(ends, lengths, strict=True)])
    wanted = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1))), np.int64)
    assert np.array_equal(stack.take(wanted), rows[wanted])
