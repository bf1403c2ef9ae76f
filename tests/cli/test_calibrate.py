"""`pincite calibrate` from end to end: fitted, published, told of, gone stale, taken away."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from index.encoding.model import Model
from index.store import open_store
from index.store.protocols import Store
from index.sync import sync
from qa.answer.decision import model_of
from qa.engine import Engine
from qa.formats.answer import AnswerJson
from tests.cli.conftest import Command, Outcome, location
from tests.encoders import HashingEncoder
from tests.store.places import Place

pytestmark = pytest.mark.usefixtures("anywhere")

PLANTS = """
    acacia alder apple ash aspen bamboo beech birch bramble cedar cherry chestnut clover cypress
    elder elm fern fig fir hazel hawthorn hemlock holly hornbeam ivy juniper larch laurel lime
    linden maple mulberry oak olive pear pine plane plum poplar quince rowan spruce sycamore
""".split()
ELSEWHERE = """
    tungsten football dividends chisel Saturn sourdough bicycle aqueduct chess violin coral steam
    French beekeeping glacier volcano sonnet telescope harbour railway marathon porcelain opera
    satellite typhoon
""".split()
PROMISE = (
    "With 95 % confidence, at most 10 % of unanswerable questions like the 25 near-miss and 25 "
    "far-off ones of mine.jsonl are answered."
)


def fact(number: int, plant: str) -> str:
    return f"The wood of the {plant} dries within {number + 3} weeks in a shed."


def row(number: int, question: str, kind: str, *quotes: dict[str, str]) -> str:
    split = "tune" if number % 2 else "report"
    fields = {"id": f"q{number}", "question": question, "kind": kind, "split": split}
    return json.dumps({**fields, "quotes": quotes})


def questions() -> list[str]:
    """Of 43 plants each, how long its wood dries (told) and two things that are not told."""
    rows = []
    for number, plant in enumerate(PLANTS):
        told = {"source": f"notes/{plant}.txt", "quote": fact(number, plant)}
        asked = f"In how many weeks has the wood of the {plant} dried in a shed?"
        rows.append(row(number, asked, "answerable", told))
    for number, plant in enumerate(PLANTS[:25], 100):
        rows.append(row(number, f"Who first planted a {plant} by a river?", "near-miss"))
    for number, thing in enumerate(ELSEWHERE, 200):
        rows.append(row(number, f"What should beginners know about {thing}?", "far-off"))
    return rows


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A note on each plant, and mine.jsonl beside them."""
    folder = tmp_path / "notes"
    folder.mkdir()
    for number, plant in enumerate(PLANTS):
        (folder / f"{plant}.txt").write_text(fact(number, plant) + "\n")
    (tmp_path / "mine.jsonl").write_text("\n".join(questions()) + "\n")
    return folder


@pytest.fixture
def hashed(pincite: Command, notes: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line over a store of the notes, with hashed vectors and no reader."""
    monkeypatch.setenv("PINCITE_READER", "none")
    monkeypatch.setattr("qa.engine.open_encoder", lambda *_: HashingEncoder())
    monkeypatch.setattr("pincite.indexing.open_encoder", lambda *_, **__: HashingEncoder())
    assert pincite("index", notes).code == 0
    return pincite


def status(pincite: Command) -> Any:
    return json.loads(pincite("status", "--json").out)["calibration"]


def ask(pincite: Command, question: str, *flags: str) -> Any:
    return json.loads(pincite("ask", question, "--json", "--explain", *flags).out)


def assert_one_line(outcome: Outcome, code: int, *parts: str) -> None:
    assert (outcome.code, outcome.err.count("\n"), outcome.out) == (code, 1, "")
    for part in parts:
        assert part in outcome.err


def test_from_questions_to_answers_and_back(
    hashed: Command, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = open_store(location()).live_id()
    assert "calibration  none, so nothing is promised" in hashed("status").out
    assert ask(hashed, "Who first planted a fern by a river?")["calibration"] is None

    # A dry run reports the same and publishes nothing.
    dry = hashed("calibrate", "--gold", "mine.jsonl", "--dry-run")
    assert dry.code == 0
    assert dry.err.endswith("Published nothing, as asked for.\n")
    assert open_store(location()).live_id() == plain

    # Fitted and published.
    done = hashed("calibrate", "--gold", "mine.jsonl")
    assert (done.code, done.out) == (0, dry.out)
    assert "43 answerable, 25 near-miss, 25 far-off, of mine.jsonl" in done.out
    assert f"promise        {PROMISE}" in done.out
    assert "It holds for questions drawn like those in mine.jsonl" in done.out
    assert "5.9 % could be promised with 50 unanswerable questions" in done.out  # 1 - .05^(1/50)
    published = status(hashed)
    live = open_store(location()).live_id()
    assert f"Published calibration {published['id']} with snapshot {live}.\n" in done.err
    assert (published["standing"], published["promise"]) == ("in force", PROMISE)
    assert (published["gold"], published["made_for"]) == ("mine.jsonl", [])
    assert f"{published['id']} of {published['made']}, in force: {PROMISE}" in hashed("status").out

    # Answers follow it.
    scores = []
    engine = Engine.open(location(), reader="none")
    for line in questions():
        asked = json.loads(line)
        answer = AnswerJson.of(engine.ask(asked["question"], explain=True)).model_dump()
        rule = answer["explain"]["decision"]
        assert answer["answered"] is (rule["score"] >= published["score_threshold"])
        assert answer["confidence"] == rule["confidence"] != rule["score"]
        assert rule["calibration"] == answer["calibration"]["id"] == published["id"]
        assert answer["calibration"]["promise"] == published["promise"]
        scores.append((rule["score"], answer["confidence"], asked["kind"], answer["answered"]))
    by_score = sorted(scores)
    assert [each[1] for each in by_score] == sorted(each[1] for each in scores), "it rises with it"
    false = [each for each in scores if each[2] != "answerable" and each[3]]
    told = next(line for line in done.out.splitlines() if line.startswith("false answers"))
    assert told.split()[2:5] == [str(len(false)), "of", "50:"]
    assert len(false) <= 1  # P(Bin(50, .1) <= 1) = .0338, P(Bin(50, .1) <= 2) = .1117
    right = sum(each[2] == "answerable" and each[3] for each in scores)
    assert f"answered       {right} of 43 answerable" in done.out
    assert right >= 40, "these are easy"
    text = hashed("ask", "Who first planted a fern by a river?").out
    assert PROMISE in " ".join(text.split())
    by_hand = ask(hashed, "Who first planted a fern by a river?", "--threshold", "0")
    assert (by_hand["answered"], by_hand["calibration"]["promise"]) == (True, None)
    assert by_hand["explain"]["decision"]["by_hand"] is True
    with monkeypatch.context() as patch:
        patch.setenv("PINCITE_THRESHOLD", "0.05")
        assert (status(hashed)["standing"], status(hashed)["promise"]) == ("in force", None)
        assert "the threshold is set by hand, so nothing is promised" in hashed("status").out
        redone = hashed("calibrate", "--gold", "mine.jsonl")
        assert "The threshold is set by hand, to 0.05: it comes first" in redone.err
    published = status(hashed)
    live = open_store(location()).live_id()

    # Measured on the questions that it was fitted on.
    measured = hashed("eval", "--gold", "mine.jsonl", "--out", "measured")
    assert "was fitted on these questions (mine.jsonl)" in measured.err
    assert "was fitted on these questions" in Path("measured/eval.md").read_text()

    # Indexing carries it on: unchanged, then stale.
    hashed("index")
    assert (open_store(location()).live_id(), status(hashed)) == (live, published)
    written = (notes / "fern.txt").stat()
    (notes / "fern.txt").write_text("A fern needs shade and wet soil.\n")
    hashed("index")
    stale = status(hashed)
    assert (stale["id"], stale["standing"], stale["promise"]) == (published["id"], "stale", None)
    assert "stale, so nothing is promised: the documents changed since" in hashed("status").out
    answer = ask(hashed, "In how many weeks has the wood of the oak dried in a shed?")
    assert answer["answered"]
    assert (answer["calibration"]["stale"], answer["calibration"]["promise"]) == (True, None)
    assert "documents changed since" in " ".join(hashed("ask", "What is a fern?").out.split())

    # What it was made for is no longer what is in use.
    with monkeypatch.context() as patch:
        patch.setattr("qa.answer.calibration.SCORING", 99)
        off = status(hashed)
        assert (off["standing"], off["made_for"]) == (
            "not in force",
            ["another version of the scoring"],
        )
        assert "it was made for another version of the scoring" in hashed("status").out
        answer = ask(hashed, "What is a fern?")
        assert answer["calibration"] is None
        assert answer["explain"]["decision"]["threshold"] == model_of(None).threshold

    # Nor for a reader that it was not made with.
    with monkeypatch.context() as patch:
        patch.setenv("PINCITE_READER", "bundled")
        off = status(hashed)
        assert (off["standing"], off["made_for"]) == ("not in force", ["another reader"])
        assert ask(hashed, "What is a fern?")["calibration"] is None

    # Taken away.
    (notes / "fern.txt").write_text(fact(PLANTS.index("fern"), "fern") + "\n")
    os.utime(notes / "fern.txt", ns=(written.st_atime_ns, written.st_mtime_ns))
    hashed("index")
    removed = hashed("calibrate", "--remove")
    assert (removed.code, removed.out) == (0, "")
    assert removed.err == f"Removed the calibration. The live snapshot is {plain}.\n"
    assert (open_store(location()).live_id(), status(hashed)) == (plain, None)
    again = hashed("calibrate", "--remove")
    assert (again.code, again.err) == (0, "There is no calibration to take away.\n")


def test_another_model_puts_it_out_of_force(hashed: Command, notes: Path, model: Model) -> None:
    hashed("calibrate", "--gold", "mine.jsonl")
    other = Model(**{name: getattr(model, name) for name in model.__slots__} | {"fingerprint": "0"})
    sync(open_store(location()), [notes], other, HashingEncoder())
    assert (status(hashed)["standing"], status(hashed)["made_for"]) == (
        "not in force",
        ["another model"],
    )


@pytest.mark.soak
def test_a_looser_promise_answers_more(hashed: Command) -> None:
    thresholds = []
    for share in ("0.06", "0.9"):
        hashed("calibrate", "--gold", "mine.jsonl", "--max-false-answers", share)
        thresholds.append(status(hashed)["score_threshold"])
    assert thresholds[0] > thresholds[1]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ((), ("--gold FILE", "--remove")),
        (("--gold", "mine.jsonl", "--remove"), ("--gold FILE", "--remove")),
        (("--remove", "--dry-run"), ("--remove alone",)),
        (("--gold", "mine.jsonl", "--max-false-answers", "0"), ("--max-false-answers = 0",)),
        (("--gold", "mine.jsonl", "--max-false-answers", "nan"), ("between 0 and 1",)),
        (("--gold", "mine.jsonl", "--max-false-answers", "much"), ("--max-false-answers",)),
    ],
)
def test_wrong_usage_is_one_line(
    pincite: Command, arguments: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    assert_one_line(pincite("calibrate", *arguments), 2, *parts)


def test_what_cannot_be_done_is_one_line_and_changes_nothing(hashed: Command) -> None:
    Path("few.jsonl").write_text("\n".join(questions()[:75]))
    foreign = row(1, "Why?", "answerable", {"source": "other.txt", "quote": "So."})
    Path("foreign.jsonl").write_text(foreign)
    before = open_store(location()).live_id()
    for arguments, parts in (
        # 1 - .05^(1/50) = .0582; .98^148 = .0503 > .05 >= .98^149 = .0493.
        (("mine.jsonl", "--max-false-answers", "0.02"), ("only 5.9 %", "takes 149")),
        (("none.jsonl",), ("none.jsonl cannot be read",)),
        (("few.jsonl",), ("32 unanswerable ones (at least 40",)),
        (("foreign.jsonl",), ("foreign.jsonl, line 1", "other.txt is not in the store")),
    ):
        assert_one_line(hashed("calibrate", "--gold", *arguments), 1, *parts)
        assert open_store(location()).live_id() == before


def test_where_there_is_no_store_it_says_so(pincite: Command, place: Place, notes: Path) -> None:
    for arguments in (("--gold", "mine.jsonl"), ("--remove",)):
        assert_one_line(pincite("calibrate", *arguments), 1, f"no store at {location()}")
        assert place.is_empty(open_store(location()))


def test_a_store_that_changed_meanwhile_is_left_as_it_is(
    hashed: Command, notes: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def indexed_meanwhile(folder: Path, **options: Any) -> Store:
        (notes / "new.txt").write_text("A new note on yews.\n")
        sync(open_store(folder), [notes], model, HashingEncoder())
        store: Store = open_store(folder, **options)
        return store

    monkeypatch.setattr("pincite.calibrating.open_store", indexed_meanwhile)
    outcome = hashed("calibrate", "--gold", "mine.jsonl")
    assert outcome.code == 1
    assert "run it again" in outcome.err
    assert status(hashed) is None


def test_one_of_another_pincite_can_be_taken_away(hashed: Command) -> None:
    store = open_store(location())
    store.set_calibration(store.live_id(), b"{}")
    for command in (["status"], ["ask", "why?"], ["calibrate", "--gold", "mine.jsonl"]):
        assert_one_line(hashed(*command), 1, "pincite calibrate --remove")
    assert hashed("calibrate", "--remove").code == 0
    assert hashed("status").code == 0


def test_any_name_of_a_gold_file_can_be_told(hashed: Command) -> None:
    Path("mine.jsonl").rename("mi\nn\x1b\udcffe.jsonl")
    done = hashed("calibrate", "--gold", "mi\nn\x1b\udcffe.jsonl")
    assert (done.code, len(done.out.splitlines())) == (0, 8)
    assert status(hashed)["gold"] == "mi n  e.jsonl"
