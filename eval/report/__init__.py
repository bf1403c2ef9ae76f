"""A run for people and for programs: eval.html, eval.md and eval.json."""

from pathlib import Path

from eval.comparison import Comparison
from eval.errors import ReportError
from eval.records import Run

JSON_FILE = "eval.json"


def write_report(run: Run, comparison: Comparison | None, folder: Path) -> tuple[Path, ...]:
    """Write the three files into `folder` and return them. Raises ReportError."""
    from eval.report.markdown import to_markdown
    from eval.report.stored import to_json
    from eval.report.webpage import to_html

    contents = {
        folder / "eval.html": to_html(run, comparison).encode(),
        folder / "eval.md": to_markdown(run, comparison).encode(),
        folder / JSON_FILE: to_json(run, comparison),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in contents.items():
            file.write_bytes(content)
    except OSError as error:
        raise ReportError(
            f"The report cannot be written to {folder} ({error.strerror}): "
            "choose another folder with --out."
        ) from error
    return tuple(contents)
