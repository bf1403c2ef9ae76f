import hashlib, os
from hypothesis import given, settings
from tests.store.test_histories import *
from index.store.postgres.address import ServerAddress
from index.store.postgres.store import PostgresStore
import tests.store.test_histories as th
import tests.store.living as tl

del (
    test_the_store_is_that_of_a_fresh_build,
    test_answers_are_those_of_a_fresh_build,
    test_with_the_model_they_are_but_for_rounding,
)


def store(folder, keep=3):
    collection = f"t-{hashlib.sha256(bytes(folder.absolute())).hexdigest()[:16]}"
    return PostgresStore(ServerAddress(os.environ["PGTEST"], collection), keep=keep)


class PHistory(History):
    def __init__(self, folder, model):
        tl.Living.__init__(self, folder, model, store=store(folder))
        self.clock = 1_700_000_000
        self.write("always.txt", "Redness fades within two days.\n")
        self.index()


def test_answers_pg(tmp_path, model):
    living = PHistory(tmp_path, model)
    for step in (
        Step("write", "a.txt", text="The needle of 2 mm is for a scar. The cream is mild."),
        Step("put", "one", text="The cream for the night is of water. Wash the face at night."),
        Step("index"),
        Step("rename", "a.txt", to="deep/f.txt"),
        Step("write", "a.txt", text="The sun is for two days. Water the face."),
        Step("put", "one", text="The cream for the night is of sun."),
        Step("index"),
        Step("write", "b.txt", text="The depth of the needle is 3 mm. Redness is mild."),
        Step("delete", "two"),
        Step("index"),
    ):
        living.do(step)
    fresh = living.fresh()
    assert living.store.live_id() == fresh.live_id()
    assert answers(living, living.store) == answers(living, fresh)


@settings(max_examples=12, deadline=None)
@given(st.lists(rounds, min_size=3, max_size=12))
def test_pg(tmp_path_factory, model, history):
    folder = tmp_path_factory.mktemp("living")
    living = PHistory(folder, model)
    for changes, written in history:
        for step in [*changes, written]:
            living.do(step)
    living.index()
    living.store.check()
    living.assert_as_fresh()
    living.store.close()
