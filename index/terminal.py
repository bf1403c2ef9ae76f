"""How all commands behave at a terminal: answers go to stdout, all else to stderr."""

import io
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

import typer
from rich.console import Console

from index.errors import PinciteError

FAILURE, WRONG_USAGE, INTERRUPTED = 1, 2, 130

# C0 and C1 controls but tab and line feed; line separators; changes of text direction;
# surrogates, which cannot be written. Joiners and other marks belong to words.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def console(*, stderr: bool = False) -> Console:
    """Return a console that colours, and wraps to the width, only at a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 100
    return Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=width)


def run(app: typer.Typer) -> int:
    """Run a command line and return its exit code. Each error that a user sees becomes a line."""
    _make_writable(sys.stdout)
    _make_writable(sys.stderr)
    try:
        result = typer.main.get_command(app).main(standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "pincite")
        message = error.format_message().rstrip(".")
        return _fail(f"{message}. See `{command} --help`.", error.exit_code)
    except PinciteError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except BrokenPipeError:  # the reader went away, as `| head` does: that is no error
        _discard_output()
        return 0
    except SystemExit as error:
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        _discard_output()  # rich and typer exit so on a broken pipe
        return 0
    except OSError as error:
        _discard_output()
        return _fail(f"Reading or writing failed: {error.strerror or error}.", FAILURE)
    if result == INTERRUPTED:
        return _fail("Stopped. What the store held before is unchanged.", INTERRUPTED)
    return result if isinstance(result, int) else 0


def printable(text: str) -> str:
    """Return `text` with a blank for each character that could drive a terminal."""
    return _UNSAFE.sub(" ", text)


def one_line(text: str) -> str:
    """Return `text` as `printable` does, on one line."""
    return printable(text).translate({ord("\n"): " ", ord("\t"): " "})


def note(text: str) -> None:
    """Print a line for a person on stderr."""
    console(stderr=True).print(one_line(text), soft_wrap=True)


def note_some(lines: Sequence[str], sign: str = "!", most: int = 20) -> None:
    """Print the first lines, each behind a sign, and how many more there are."""
    more = len(lines) - most
    for line in [*lines[:most], *([f"… and {more} more"] if more > 0 else [])]:
        note(f"{sign} {line}")


def _make_writable(stream: TextIO) -> None:
    """Write UTF-8 to a file or pipe; replace what a terminal cannot show."""
    if not isinstance(stream, io.TextIOWrapper):
        return
    if stream.isatty():
        stream.reconfigure(errors="replace")
    else:
        stream.reconfigure(encoding="utf-8", errors=stream.errors)


def _discard_output() -> None:
    """Let the rest of the output go nowhere, so that the process ends without an error."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, exit_code: int) -> int:
    print(f"pincite: {one_line(message)}", file=sys.stderr)
    return exit_code
