"""What a real language model writes, and what is dropped of it, for a person to read.

`python -m benchmarks.writing STORE QUESTIONS` asks each line of QUESTIONS, has the answer written
by the model that the settings name (`llm`), and prints Markdown.
"""

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path

from index.terminal import one_line
from qa.engine import Engine
from qa.records import Answer, WrittenAnswer
from qa.settings import load_settings
from qa.written.opening import HOW_TO_SET, answer_writer

_MOST_QUOTED = 160


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("questions", type=Path)
    options = parser.parse_args()
    writer = answer_writer(load_settings())
    if writer is None:
        raise SystemExit(HOW_TO_SET)
    engine = Engine.open(options.store)
    answers = []
    for question in options.questions.read_text("utf-8").splitlines():
        answers.append(writer.written(engine.ask(question)))
        print("\n".join(_lines(answers[-1])), flush=True)
    print(_summary([answer.written for answer in answers if answer.written]))


def _lines(answer: Answer) -> Iterator[str]:
    yield f"### {answer.question}\n"
    yield (
        f"Extractive: {_quoted(answer.text)}" if answer.text else "Not answered: nothing is asked."
    )
    if answer.written is None:
        yield ""
        return
    written = answer.written
    cited = {citation.number: citation for citation in written.citations}
    yield "\n| | sentence | rests on |\n|---|---|---|"
    for sentence in written.sentences:
        places = "; ".join(_quoted(cited[c.number].cited_text) for c in sentence.citations)
        yield f"| shown | {_cell(sentence.text)} | {_cell(places)} |"
    for dropped in written.dropped:
        yield f"| dropped | {_cell(dropped.text)} | {dropped.check.name}: {dropped.check.fault} |"
    ended = "It said that the passages do not answer. " * written.declined + written.ended
    yield f"\n{ended}\n" if ended else ""


def _quoted(text: str) -> str:
    line = one_line(text)
    return f"“{line[:_MOST_QUOTED]}…”" if len(line) > _MOST_QUOTED else f"“{line}”"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _summary(written: list[WrittenAnswer]) -> str:
    shown = sum(len(each.sentences) for each in written)
    dropped = sum(len(each.dropped) for each in written)
    first = [each.first_sentence_ms for each in written if each.first_sentence_ms is not None]
    median = f"{statistics.median(first) / 1000:.1f} s" if first else "–"
    return (
        f"{len(written)} answers written: {shown} sentences shown, {dropped} dropped, "
        f"{sum(not each.sentences for each in written)} with none left; median time to the first "
        f"sentence {median}."
    )


if __name__ == "__main__":
    main()
