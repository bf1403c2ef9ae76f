"""Filters: what they mean, what is refused, and that the search behind them misses nothing."""

import dataclasses
import string
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoding.model import Model
from index.records import Document, MetadataValue
from index.store import open_store
from index.store.protocols import Snapshot, Store
from index.store.records import Allowed
from index.sync import publish_documents
from qa.engine import Engine
from qa.errors import FilterError
from qa.formats.answer import AnswerJson
from qa.question.filters import Filter, read_filters, rows_by_filter
from qa.records import stages_without
from tests.documents import document
from tests.encoders import HashingEncoder
from tests.stand_ins import stand_in
from tests.store.places import Place

Metadata = Mapping[str, MetadataValue]

SUBJECTS = ("frost", "redness", "bread", "corrosion", "salt", "pipes", "boiler", "needles")
QUESTION = "What does frost do to the pipes of a boiler?"
SAME = "Frost bursts the pipes of every boiler that is left outside."


def text_of(number: int) -> str:
    """Return a few sentences that no other number has."""
    first, second = SUBJECTS[number % 8], SUBJECTS[number // 8 % 8]
    code = "".join(string.ascii_lowercase[int(digit)] for digit in f"{number:03}")
    return (
        f"The {first} of house {code} goes with its {second}.\n\n"
        f"In year {number} somebody wrote about {second} {code * 2} and left.\n"
    )


def written(number: int, text: str = "", **metadata: MetadataValue) -> Document:
    made = document(text or text_of(number), f"{number:03}.txt")
    return dataclasses.replace(made, metadata=metadata)


def engine_over(store: Store, model: Model, documents: list[Document]) -> Engine:
    encoder = HashingEncoder()
    publish_documents(store, documents, model, encoder)
    return Engine(store.open(), model, encoder, model.tokenizer(), threshold=0.0)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Engine:
    """Forty documents without metadata."""
    folder = tmp_path_factory.mktemp("plain")
    return engine_over(open_store(folder), model, [written(number) for number in range(40)])


@pytest.fixture(scope="module")
def crowd(lasting_place: Place, tmp_path_factory: pytest.TempPathFactory, model: Model) -> Engine:
    """Four hundred documents that say what is asked for, and some that say something near."""
    documents = [
        written(n, f"{SAME} This is note {n}.\n", team="loud", year=1600 + n) for n in range(400)
    ]
    documents += [
        written(400, "Needles are clean.\n", team="quiet", year=2024),
        written(401, f"{SAME}\n", team="even", year=2025),
        written(402, f"Bread is good. {SAME}\n", team="even", year=2026),
    ]
    return engine_over(lasting_place.make(tmp_path_factory.mktemp("crowd")), model, documents)


def with_metadata(snapshot: Snapshot, metadata: list[Metadata]) -> Snapshot:
    """Return the same snapshot with other metadata, of its documents in the order of their ids."""
    said = dict(zip(sorted(d.id for d in snapshot.descriptions()), metadata, strict=True))
    return with_documents(snapshot, lambda each: dataclasses.replace(each, metadata=said[each.id]))


def with_documents(snapshot: Snapshot, change: Callable[[Document], Document]) -> Snapshot:
    """Return the same snapshot with other things said of its documents."""
    return stand_in(
        snapshot,
        descriptions=lambda: map(change, snapshot.descriptions()),
        document=lambda document_id: change(snapshot.document(document_id)),
    )


def allowed_rows(snapshot: Snapshot, allowed: Allowed) -> list[int]:
    """Return the rows of all passages that a search may find."""
    anything = np.eye(1, snapshot.info.made_by.dimension, dtype=np.float32)[0]
    return sorted(row for row, _ in snapshot.nearest(anything, snapshot.info.passages, allowed))


# What a filter means. The oracle goes by the words of the documentation, a document at a time.


def holds(said: Metadata, filters: Mapping[str, Any]) -> bool:
    return all(
        name in said and any(value_holds(word, wanted) for word in words_of(said[name]))
        if not isinstance(wanted, dict)
        else name in said
        and all(
            any(operator_holds(word, operator, operand) for word in words_of(said[name]))
            for operator, operand in wanted.items()
        )
        for name, wanted in filters.items()
    )


def words_of(value: MetadataValue) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def kind(value: Any) -> str:
    return "bool" if isinstance(value, bool) else "str" if isinstance(value, str) else "number"


def value_holds(value: Any, wanted: Any) -> bool:
    return kind(value) == kind(wanted) and bool(value == wanted)


def operator_holds(value: Any, operator: str, operand: Any) -> bool:
    if operator == "in":
        return any(value_holds(value, each) for each in operand)
    if kind(value) != kind(operand):
        return False
    if operator == "prefix":
        return str(value).startswith(operand)
    return bool(
        {
            "gt": value > operand,
            "gte": value >= operand,
            "lt": value < operand,
            "lte": value <= operand,
        }[operator]
    )


def compares_with_no_kind_there(metadata: list[Metadata], name: str, wanted: Any) -> bool:
    there = {kind(word) for each in metadata if name in each for word in words_of(each[name])}
    bounds = wanted.items() if isinstance(wanted, dict) else ()
    return bool(there) and any(op != "in" and kind(bound) not in there for op, bound in bounds)


words = st.sampled_from(["", "a", "ab", "b", "B", "2020", "é"])
numbers = st.one_of(st.integers(-2, 2), st.sampled_from([0.5, 1.0, -0.0, 2.0]))
scalars = st.one_of(words, numbers, st.booleans())
said = st.dictionaries(
    st.sampled_from(["x", "y", "z"]),
    st.one_of(scalars, st.lists(words, max_size=3).map(tuple)),
)
ranges = st.one_of(
    *(
        st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), operands, min_size=1)
        for operands in (words, numbers)
    )
)
conditions = st.one_of(
    scalars,
    st.fixed_dictionaries({"in": st.lists(scalars, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"prefix": words}),
    ranges,
    st.builds(lambda bounds, prefix: {**bounds, "prefix": prefix}, ranges, words),
)
filters_drawn = st.dictionaries(st.sampled_from(["x", "y", "z"]), conditions, min_size=1)


@given(st.data())
def test_the_search_behind_a_filter_is_one_of_the_matching_documents_alone(
    plain: Engine, data: st.DataObject
) -> None:
    """Against a search by brute force: all cosines, all scores by words, none of others."""
    count = plain.snapshot.info.documents
    metadata: list[Metadata] = data.draw(st.lists(said, min_size=count, max_size=count))
    filters = data.draw(filters_drawn)
    snapshot = with_metadata(plain.snapshot, metadata)
    rows_of = rows_by_filter(snapshot)
    if any(all(name not in each for each in metadata) for name in filters):
        with pytest.raises(FilterError, match="No document has a field"):
            rows_of(Filter.parse(filters))
        return
    if any(compares_with_no_kind_there(metadata, *each) for each in filters.items()):
        with pytest.raises(FilterError, match="what documents have there is"):
            rows_of(Filter.parse(filters))
        return
    rows = rows_of(Filter.parse(filters))
    matching = sorted(
        row
        for row, passage in snapshot.passages()
        if holds(snapshot.document(passage.document_id).metadata, filters)
    )
    assert allowed_rows(snapshot, rows) == matching

    look_at = data.draw(st.integers(1, 12))
    query = plain.trace(data.draw(st.sampled_from([QUESTION, "needles and salt", "?"]))).query
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa.retrieve.retriever.FIRST_LOOK", look_at)
        patch.setattr("qa.retrieve.retriever.ENOUGH", 0)
        retriever = plain.retriever
        by_vectors = retriever.by_vectors(query, rows)
        best_by_words = retriever.by_words(query, rows)
        candidates = retriever.candidates(query, rows, by_vectors, best_by_words)
    found = {each.passage.id for each in candidates}
    assert found <= {snapshot.passage(row).id for row in matching}
    all_matching = np.array(matching, np.int64)
    cosines = dict(
        zip(matching, (snapshot.vectors(all_matching) @ query.vector).tolist(), strict=True)
    )
    scores = snapshot.words.scores(query.searched, all_matching)[0].tolist()
    by_words = dict(zip(matching, scores, strict=True))
    by_words = {row: score for row, score in by_words.items() if score > 0}
    for scores in (cosines, by_words):
        best = sorted(scores.values(), reverse=True)[:look_at]
        for row, score in scores.items():
            if score > best[-1] + 1e-6 or len(scores) <= look_at:
                assert snapshot.passage(row).id in found


@given(said, filters_drawn)
def test_the_order_of_conditions_means_nothing(each: Metadata, filters: dict[str, Any]) -> None:
    turned = {
        name: dict(reversed(wanted.items())) if isinstance(wanted, dict) else wanted
        for name, wanted in reversed(filters.items())
    }
    assert Filter.parse(filters) == Filter.parse(turned)
    assert hash(Filter.parse(filters)) == hash(Filter.parse(turned))


@pytest.mark.parametrize(
    ("wanted", "value", "accepted"),
    [
        (1, 1.0, True),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        ("1", 1, False),
        ("jane", "Jane", False),
        ("a", ("b", "a"), True),
        ("a", (), False),
        ({"in": [1, "x"]}, 1.0, True),
        ({"in": [True]}, 1, False),
        ({"gte": "2024-03"}, "2024-03-05T10:00:00Z", True),
        ({"lte": "2024-03"}, "2024-03-05T10:00:00Z", False),
        ({"gte": 2020}, "2024", False),
        ({"gt": 0}, True, False),
        ({"gt": 10**400}, 1e308, False),
        ({"prefix": "notes/"}, "notes/a", True),
        ({"prefix": "Notes/"}, "notes/a", False),
        ({"prefix": "1"}, 12, False),
        ({"gte": 1, "lt": 2}, 1.5, True),
        ({"gte": 1, "lt": 2}, 2, False),
    ],
)
def test_a_condition_goes_by_kind_and_value(
    wanted: Any, value: MetadataValue, accepted: bool
) -> None:
    found = all(each.holds(value) for each in Filter.parse({"x": wanted}).conditions)
    assert found is accepted


# The fields there are.


def sources(engine: Engine, filters: Mapping[str, Any]) -> set[str]:
    return {each.source for each in everything(engine, filters)}


def test_documents_have_fields_of_their_own(plain: Engine) -> None:
    one = plain.snapshot.document("003-txt")
    for name, value in [
        *(("id", one.id), ("source", one.source), ("path", one.source)),
        ("title", "003.txt"),
    ]:
        assert sources(plain, {name: value}) == {"notes/003.txt"}
    assert len(sources(plain, {"media_type": "text/plain"})) > 5
    with pytest.raises(FilterError, match="'modified'"):
        plain.ask(QUESTION, filters={"modified": {"gte": "2024"}})


def test_a_documents_own_field_comes_before_metadata_of_that_name(plain: Engine) -> None:
    metadata: list[Metadata] = [{"title": "a", "id": number} for number in range(40)]
    engine = dataclasses.replace(plain, snapshot=with_metadata(plain.snapshot, metadata))
    assert sources(engine, {"title": "a"}) == sources(engine, {"id": 3}) == set()
    assert sources(engine, {"metadata.id": 3}) == {"notes/003.txt"}
    assert len(sources(engine, {"metadata.title": "a"})) > 5
    with pytest.raises(FilterError, match=r"metadata\.id, metadata\.title, id, source"):
        engine.ask(QUESTION, filters={"author": "Jane"})


def test_when_a_file_was_changed_can_be_asked_for(plain: Engine) -> None:
    snapshot = with_documents(
        plain.snapshot,
        lambda each: dataclasses.replace(each, modified=f"20{each.id[1:3]}-01-01T00:00:00Z"),
    )
    engine = dataclasses.replace(plain, snapshot=snapshot)
    found = sources(engine, {"modified": {"gte": "2005", "lt": "2007"}})
    assert found == {"notes/005.txt", "notes/006.txt"}


def test_a_list_of_fields_is_cut(plain: Engine) -> None:
    metadata: list[Metadata] = [{f"field{i:04}": 1 for i in range(500)}] * 40
    engine = dataclasses.replace(plain, snapshot=with_metadata(plain.snapshot, metadata))
    with pytest.raises(FilterError, match=r"field0000, .* and \d+ more\.") as raised:
        engine.ask(QUESTION, filters={"y" * 5000: 1})
    assert len(str(raised.value)) < 500


# What is refused.


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({"x": {"not": 1}}, "no operator 'not'"),
        ({"x": {"in": []}}, "at least one"),
        ({"x": {"in": "ab"}}, "needs a list"),
        ({"x": {"in": [["a"]]}}, "a value is"),
        ({"x": {"in": list(range(1001))}}, "1001 values"),
        ({"x": {}}, "empty"),
        ({"x": None}, "a value is"),
        ({"x": ["a"]}, '{"in": […]}'),
        ({"x": {"gt": True}}, "not a truth value"),
        ({"x": {"gt": None}}, "a value is"),
        ({"x": {"gt": [1]}}, "a value is"),
        ({"x": {"prefix": 1}}, "needs a text"),
        ({"x": {"gte": 1, "lt": "2"}}, "with a text and with a number"),
        ({"x": float("nan")}, "nan is no number"),
        ({"x": {"lt": float("inf")}}, "inf is no number"),
        ({f"x{n}": n for n in range(21)}, "21 conditions"),
        ({"x" * 5000: None}, "xxx…"),
        ([], "no object"),
        ("x=1", "no object"),
    ],
)
def test_what_is_no_filter_is_refused_in_one_line(plain: Engine, filters: Any, why: str) -> None:
    with pytest.raises(FilterError) as raised:
        plain.ask(QUESTION, filters=filters)
    assert why in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 300
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("wanted", "there", "hint"),
    [
        ({"gte": 2026}, ["2026-01", "2027"], '(>="2026")'),
        ({"lt": "2026"}, [2026, 1.5], "(>=2026)"),
        ({"prefix": "20"}, [2026, 1.5], "with a text, and what documents have there is a number"),
        ({"gt": 1}, [True, False], "truth value"),
        ({"gt": 1}, [("a", "b"), "c"], "there is a text"),
        ({"gt": 1}, [True, "c"], "there is a text or a truth value"),
    ],
)
def test_a_comparison_that_can_hold_nowhere_is_refused_with_what_there_is(
    plain: Engine, wanted: Any, there: list[MetadataValue], hint: str
) -> None:
    metadata: list[Metadata] = [{"x": there[number % 2]} for number in range(40)]
    engine = dataclasses.replace(plain, snapshot=with_metadata(plain.snapshot, metadata))
    with pytest.raises(FilterError) as raised:
        engine.ask(QUESTION, filters={"x": wanted})
    assert hint in str(raised.value)
    mixed = [*metadata[:-1], {"x": next(iter(wanted.values()))}]
    engine = dataclasses.replace(plain, snapshot=with_metadata(plain.snapshot, mixed))
    engine.ask(QUESTION, filters={"x": wanted})


def test_twenty_conditions_and_a_thousand_values_are_allowed() -> None:
    many = {f"x{number}": {"in": list(range(1000))} for number in range(20)}
    assert len(Filter.parse(many).conditions) == 20


# Answers.


def everything(engine: Engine, filters: Mapping[str, Any] | None) -> Iterator[Document]:
    answer = engine.ask(QUESTION, 50, filters=filters)
    for whole, also_in in [
        *((hit.document, hit.also_in) for hit in answer.hits),
        *((citation.document, citation.also_in) for citation in answer.citations),
    ]:
        yield whole
        yield from (place.document for place in also_in)


def test_one_document_among_hundreds_that_fit_better_is_found(crowd: Engine) -> None:
    (hit,) = crowd.ask(QUESTION, filters={"team": "quiet"}).hits
    assert hit.document.source == "notes/400.txt"
    assert hit.also_in == ()


def test_nothing_of_an_answer_comes_from_other_documents(crowd: Engine) -> None:
    assert len({each.id for each in everything(crowd, None)}) > 400
    for filters in ({"team": "even"}, {"year": {"gt": 2024}}, {"team": "even", "year": 2025}):
        found = list(everything(crowd, filters))
        assert found
        assert all(holds(each.metadata, filters) for each in found)
    answer = crowd.ask(QUESTION, filters={"team": "even"})
    assert {citation.agreeing for citation in answer.citations} == {2}
    (citation,) = crowd.ask(QUESTION, filters={"year": 2025}).citations
    assert (citation.agreeing, citation.also_in) == (1, ())


def test_it_is_the_answer_of_an_engine_on_just_these_documents(
    crowd: Engine, tmp_path: Any, model: Model
) -> None:
    """But for what words weigh, so these are left out of the ranking."""
    filters = {"year": {"gte": 1990}}
    these = [
        each.document
        for each in crowd.snapshot.documents()
        if holds(each.document.metadata, filters)
    ]
    alone = dataclasses.replace(
        engine_over(open_store(tmp_path / "alone"), model, these),
        stages=stages_without(["lexical"]),
    )
    filtered = dataclasses.replace(crowd, stages=stages_without(["lexical"]))
    for question in (QUESTION, "Who makes bread?"):
        one = filtered.trace(question, filters).candidates
        two = alone.trace(question).candidates
        assert [each.passage for each in one] == [each.passage for each in two]
        assert [each.score for each in one] == pytest.approx([each.score for each in two])


def test_a_filter_that_all_match_changes_nothing(crowd: Engine) -> None:
    plain_answer = crowd.ask(QUESTION, 50, explain=True)
    for filters in ({"year": {"gt": 0}}, {}, None):
        answer = crowd.ask(QUESTION, 50, explain=True, filters=filters)
        assert dataclasses.replace(answer, took_ms=0) == dataclasses.replace(
            plain_answer, took_ms=0
        )


@pytest.mark.parametrize("without", [[], ["lexical"], ["documents", "spelling"]])
def test_where_nothing_matches_there_is_no_answer(crowd: Engine, without: list[str]) -> None:
    engine = dataclasses.replace(crowd, stages=stages_without(without))
    answer = engine.ask(QUESTION, 50, explain=True, filters={"team": "nobody"})
    assert not answer.answered
    assert answer.confidence == 0
    assert answer.text is None
    assert (answer.hits, answer.citations) == ((), ())
    assert answer.explain is not None
    assert answer.explain["fused"] == answer.explain["read"] == answer.explain["quotes"] == []
    assert answer.explain["decision"]["confidence"] == 0
    assert AnswerJson.of(answer).passages == []


def test_threads_may_ask_with_different_filters_at_once(crowd: Engine) -> None:
    teams = ["loud", "quiet", "even", "nobody"] * 5
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda team: set(everything_of(crowd, team)), teams))
    for team, teams_found in zip(teams, found, strict=True):
        assert teams_found == ({team} if team != "nobody" else set())


def everything_of(engine: Engine, team: str) -> Iterator[MetadataValue]:
    return (each.metadata["team"] for each in everything(engine, {"team": team}))


def test_the_same_number_of_another_kind_is_another_filter(plain: Engine) -> None:
    metadata: list[Metadata] = [{"x": n == 1} if n < 2 else {"x": n - 1} for n in range(40)]
    engine = dataclasses.replace(plain, snapshot=with_metadata(plain.snapshot, metadata))
    for wanted, found in [(1, "002"), (True, "001"), (1.0, "002"), (True, "001")]:
        assert sources(engine, {"x": wanted}) == {f"notes/{found}.txt"}


def test_an_engine_of_another_snapshot_forgets_what_matched(plain: Engine, crowd: Engine) -> None:
    assert sources(crowd, {"team": "quiet"}) == {"notes/400.txt"}
    moved = dataclasses.replace(crowd, snapshot=plain.snapshot)
    with pytest.raises(FilterError, match="'team'"):
        moved.ask(QUESTION, filters={"team": "quiet"})


def test_documents_that_came_and_went_do_not_mix_up_the_passages(
    place: Place, tmp_path: Any, model: Model
) -> None:
    store, encoder = place.make(tmp_path), HashingEncoder()
    publish_documents(store, [written(n) for n in range(20, 60)], model, encoder)
    publish_documents(store, [written(n) for n in range(40)], model, encoder)
    snapshot = store.open()
    wanted = {"003-txt", "020-txt", "039-txt", "041-txt"}
    allowed = rows_by_filter(snapshot)(Filter.parse({"id": {"in": sorted(wanted)}}))
    found = {snapshot.passage(row).document_id for row in allowed_rows(snapshot, allowed)}
    assert found == wanted - {"041-txt"}


# On the command line.


@pytest.mark.parametrize(
    ("option", "filters"),
    [
        ("author=Jane", {"author": "Jane"}),
        ("author = Jane Doe ", {"author": "Jane Doe"}),
        ("author=", {"author": ""}),
        ("year=2020", {"year": 2020}),
        ('year="2020"', {"year": "2020"}),
        ("year>=2020", {"year": {"gte": 2020}}),
        ("year<=-1.5", {"year": {"lte": -1.5}}),
        ("year>1e3", {"year": {"gt": 1000.0}}),
        ("year<2020", {"year": {"lt": 2020}}),
        ("draft=false", {"draft": False}),
        ("draft=False", {"draft": "False"}),
        ("x=null", {"x": "null"}),
        ("x=007", {"x": "007"}),
        ("x=NaN", {"x": "NaN"}),
        ("date>=2024-03-01", {"date": {"gte": "2024-03-01"}}),
        ("path^=notes/2024/", {"path": {"prefix": "notes/2024/"}}),
        ('path^="7"', {"path": {"prefix": "7"}}),
        ("formula=a=b", {"formula": "a=b"}),
        ('formula="=b"', {"formula": "=b"}),
        ('quote="half', {"quote": '"half'}),
        ("two\nlines=a\nb", {"two\nlines": "a\nb"}),
        (' {"author": {"in": ["a", "b"]}, "x": 1}', {"author": {"in": ["a", "b"]}, "x": 1}),
    ],
)
def test_an_option_is_read_as_the_json_it_stands_for(option: str, filters: Any) -> None:
    assert read_filters([option]) == Filter.parse(filters)


def test_several_options_must_all_hold() -> None:
    both = read_filters(["year>=2020", "year<2024", "tag=a", "tag=b"])
    assert both is not None
    assert len(both.conditions) == 4
    assert read_filters([]) is None
    for options in (["year>=2020", "year<b"], [f"x{n}=1" for n in range(21)]):
        with pytest.raises(FilterError):
            read_filters(options)


@pytest.mark.parametrize(
    "option",
    [
        *("", "author", "=x", "author==x", "a=>b", "a<>b", "^=x", "{", '{"a": 1', "{}{}"),
        *('{"a": null}', '{"a": NaN}', "{" * 100_000),
    ],
)
def test_what_is_no_option_is_refused_in_one_line(option: str) -> None:
    with pytest.raises(FilterError) as raised:
        read_filters([option])
    assert len(str(raised.value).splitlines()) == 1
    assert len(str(raised.value)) < 300
