"""The bundled reader's network on torch and on OpenVINO: the same logits, in the order given."""

import logging
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.encoding import openvino_model
from index.encoding.openvino_model import precisions
from index.errors import ModelError, NotConvertibleError
from qa.read import openvino_reader as converted
from qa.read.openvino_reader import TOLERANCES, OpenVinoReader, largest_differences, openvino_reader
from qa.read.reader import find_reader, open_trained
from qa.read.reading import Logits, Reader, Reading, TokenScores, TrainedReader
from qa.read.windows import Window
from tests.qa.read.conftest import windows_of
from tests.waiting import PATIENCE_S

QUESTION = "How long does redness last after microneedling?"
TEXTS = (
    "Redness fades within two days.",
    "Name | Fades after\nRedness | two days",
    "Pimples may appear. " * 12,
    "皮肤发红两天后消退。 👍🏽",
    "A text of many words that say nothing about it at all. " * 30,
    "word",
    "",
    "Swelling is gone within one day, bruises within five; nothing else is to be expected.",
)
WINDOWS = windows_of(*TEXTS, above="Side effects")


@pytest.fixture
def readers(on_torch: Reader, on_openvino: Sequence[OpenVinoReader]) -> list[Reader]:
    return [on_torch, *on_openvino]


def tokens_of(reading: Reading) -> Sequence[TokenScores]:
    assert reading.tokens is not None
    return reading.tokens


def tolerance_of(reader: Reader) -> float:
    return TOLERANCES.get(reader.backend.removeprefix("openvino-"), 1e-4)


def assert_near(found: Logits, expected: Logits, reader: Reader) -> None:
    assert found.dtype == np.float32
    assert found.shape == expected.shape
    assert np.abs(found - expected).max(initial=0) <= tolerance_of(reader)


def test_a_reading_has_an_entry_for_each_window(readers: list[Reader]) -> None:
    for reader in readers:
        reading = reader.read(QUESTION, WINDOWS)
        assert reading.answerability.shape == (len(TEXTS),)
        assert np.isfinite(reading.answerability).all()
        for text, tokens in zip(TEXTS, tokens_of(reading), strict=True):
            assert tokens.spans.shape == (len(tokens.scores), 2)
            assert tokens.scores.dtype == np.float32
            assert np.isfinite(tokens.scores).all()
            edges = tokens.spans.ravel().tolist()
            assert edges == sorted(edges)
            assert edges == [] or edges[-1] <= len(text)
        assert len(tokens_of(reading)[6].scores) == 0, "no text, no tokens"
        assert len(tokens_of(reading)[5].scores) == 1


def test_windows_are_read_in_any_order(readers: list[Reader]) -> None:
    order = [3, 7, 0, 4, 6, 2, 5, 1]
    for reader in readers:
        straight = reader.read(QUESTION, WINDOWS)
        mixed = reader.read(QUESTION, [WINDOWS[number] for number in order])
        assert_near(mixed.answerability, straight.answerability[order], reader)
        for number, tokens in zip(order, tokens_of(mixed), strict=True):
            assert np.array_equal(tokens.spans, tokens_of(straight)[number].spans)


def test_a_window_alone_gives_what_it_gives_among_others(readers: list[Reader]) -> None:
    for reader in readers:
        together = reader.read(QUESTION, WINDOWS)
        for number, window in enumerate(WINDOWS):
            alone = reader.read(QUESTION, [window])
            assert_near(alone.answerability, together.answerability[[number]], reader)
            assert_near(tokens_of(alone)[0].scores, tokens_of(together)[number].scores, reader)


def test_no_window_is_no_error(readers: list[Reader]) -> None:
    for reader in readers:
        reading = reader.read(QUESTION, [])
        assert reading.answerability.shape == (0,)
        assert reading.answerability.dtype == np.float32
        assert reading.tokens == ()


def test_reading_twice_gives_the_same(readers: list[Reader]) -> None:
    for reader in readers:
        first, second = (reader.read(QUESTION, WINDOWS) for _ in range(2))
        assert np.array_equal(first.answerability, second.answerability)
        for one, other in zip(tokens_of(first), tokens_of(second), strict=True):
            assert np.array_equal(one.scores, other.scores)


def test_questions_asked_at_once_are_read_as_if_alone(readers: list[Reader]) -> None:
    asked = [(f"{QUESTION} {number}", WINDOWS[: number % 4 + 1]) for number in range(12)]
    for reader in readers:
        alone = [reader.read(*each) for each in asked]
        with ThreadPoolExecutor(max_workers=len(asked)) as threads:
            together = list(threads.map(reader.read, *zip(*asked, strict=True)))
        for found, expected in zip(together, alone, strict=True):
            assert_near(found.answerability, expected.answerability, reader)
            for one, other in zip(tokens_of(found), tokens_of(expected), strict=True):
                assert np.array_equal(one.spans, other.spans)
                assert_near(one.scores, other.scores, reader)


def test_openvino_gives_the_logits_of_torch(
    on_torch: Reader, on_openvino: Sequence[OpenVinoReader]
) -> None:
    questions = (QUESTION, "", "why? " * 100)
    for reader in on_openvino:
        assert_same(on_torch, reader, [(each, WINDOWS) for each in questions])


def test_openvino_gives_the_logits_of_torch_with_the_bundled_weights() -> None:
    from qa.read.network import TorchReader

    bundled = find_reader()
    for precision in precisions():
        reader = openvino_reader(bundled, precision)
        assert_same(TorchReader(bundled), reader, [(QUESTION, WINDOWS[:6])])


def assert_same(
    reference: Reader, reader: OpenVinoReader, asked: Sequence[tuple[str, Sequence[Window]]]
) -> None:
    found = largest_differences(reference, reader, asked)
    assert 0 <= found["answerability"] <= TOLERANCES[reader.precision]
    assert 0 <= found["tokens"] <= TOLERANCES[reader.precision]


def test_what_stands_above_is_read_but_not_scored(readers: list[Reader]) -> None:
    (bare,), (headed,) = (
        windows_of("It fades.", above=above) for above in ("", "Redness and swelling")
    )
    for reader in readers:
        without, with_it = (reader.read(QUESTION, [window]) for window in (bare, headed))
        assert abs(float((without.answerability - with_it.answerability)[0])) > 0
        assert tokens_of(with_it)[0].spans.tolist() == [[0, 2], [3, 8], [8, 9]]
        assert tokens_of(without)[0].spans.tolist() == [[0, 2], [3, 8], [8, 9]]


def test_readers_say_what_they_are(
    trained: TrainedReader, on_torch: Reader, on_openvino: Sequence[OpenVinoReader]
) -> None:
    assert on_torch.backend == "torch-float32"
    assert {reader.backend for reader in on_openvino} >= {"openvino-float32"}
    readers: list[Reader] = [on_torch, *on_openvino]
    for reader in readers:
        assert (reader.name, reader.digest) == (trained.name, trained.digest)


def test_threads_share_a_reader(on_openvino: Sequence[OpenVinoReader]) -> None:
    reader = on_openvino[0]
    expected = [reader.read(QUESTION, WINDOWS[: number + 1]) for number in range(len(WINDOWS))]
    wrong: list[int] = []

    def read(own: int) -> None:
        for turn in range(6):
            number = (own + turn) % len(WINDOWS)
            found = reader.read(QUESTION, WINDOWS[: number + 1])
            if not np.array_equal(found.answerability, expected[number].answerability):
                wrong.append(number)

    threads = [threading.Thread(target=read, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not wrong


def test_a_reader_is_converted_once(
    trained: TrainedReader,
    on_openvino: Sequence[OpenVinoReader],
    converted_here: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(converted_here))
    monkeypatch.setattr(openvino_model, "_convert", lambda *_: pytest.fail("converted again"))
    again = open_trained(trained)
    assert again.backend == on_openvino[0].backend
    found, expected = again.read(QUESTION, WINDOWS), on_openvino[0].read(QUESTION, WINDOWS)
    assert_near(found.answerability, expected.answerability, again)


def test_once_converted_a_reader_reads_without_torch(
    trained: TrainedReader, on_openvino: Sequence[OpenVinoReader], converted_here: Path
) -> None:
    script = f"""
        import sys
        from pathlib import Path
        from index.records import Span
        from qa.read.reader import find_reader
        from qa.read.reader import open_trained
        from qa.read.windows import Window
        reader = open_trained(find_reader(Path({str(trained.weights)!r}), None))
        window = Window(0, Span(0, 5), (Span(0, 5),), "Text.", "")
        assert reader.read("why?", [window]).answerability.shape == (1,)
        print(sorted({{name.partition(".")[0] for name in sys.modules}} & {{
            "torch", "transformers", "sentence_transformers", "scipy", "sklearn"}}))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"XDG_CACHE_HOME": str(converted_here)},
        cwd=Path(__file__).resolve().parents[3],
    )
    assert done.stdout == "[]\n"


def test_what_gives_other_logits_is_refused(
    trained: TrainedReader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("index.encoding.openvino_model.precisions", lambda: ["float32"])
    monkeypatch.setattr(converted, "TOLERANCES", {"float32": -1.0})
    with pytest.raises(NotConvertibleError, match=r"other logits \(by 0\.000\)"):
        openvino_reader(trained, "float32")
    with caplog.at_level(logging.WARNING):
        assert open_trained(trained).backend == "torch-float32"
    assert "Computing with torch" in caplog.text
    assert not list(tmp_path.rglob("model.bin")), "what is refused takes no room"


def test_a_logit_that_is_no_number_is_never_near(trained: TrainedReader, on_torch: Reader) -> None:
    from qa.read.network import TorchReader

    class Spoilt(TorchReader):
        def read(self, question: str, windows: Sequence[Window]) -> Reading:
            reading = super().read(question, windows)
            reading.answerability[-1] = np.nan
            return reading

    found = largest_differences(on_torch, Spoilt(trained), [(QUESTION, WINDOWS)])
    assert np.isnan(found["answerability"])


def test_a_backend_that_is_not_there_is_refused(
    trained: TrainedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.encoding.choose._has_gpu", lambda: False)
    with pytest.raises(ModelError, match="no GPU"):
        open_trained(trained, "cuda-float32")
    assert open_trained(trained, "torch-float32").backend == "torch-float32"
