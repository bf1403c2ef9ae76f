"""Reading all documents takes time in step with their number: no page of them sorts all."""

import pytest

from index.store.local.snapshot import LocalSnapshot
from tests.store.living import Living


@pytest.mark.parametrize("read", ["documents", "descriptions", "passages"])
def test_documents_are_read_in_the_order_of_an_index(living: Living, read: str) -> None:
    living.write("a.md", "# Redness\n\nRedness fades within two days.\n")
    living.index()
    snapshot = living.store.open()
    assert isinstance(snapshot, LocalSnapshot)
    connection, queries = snapshot._connection, list[str]()
    connection.set_trace_callback(queries.append)
    assert list(getattr(snapshot, read)())
    connection.set_trace_callback(None)
    in_order = [query for query in queries if "ORDER BY" in query]
    assert in_order
    for query in in_order:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
        assert not any("TEMP B-TREE" in step for step in plan), plan
