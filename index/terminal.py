"""How all commands behave at a terminal: answers on stdout, all else on stderr."""

import io
import os
import re
import sys
from contextlib import suppress
from typing import TextIO

import typer
from rich.console import Console

from index.errors import PinciteError

FAILURE, WRONG_USAGE, INTERRUPTED = 1, 2, 130

# C0 and C1 controls but tab and line feed; line separators; what turns the direction of text;
# halves of surrogate pairs, which cannot be written. Joiners and other marks belong to words.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def console(*, stderr: bool = False) -> Console:
    """Return a console that wraps only for a terminal and colours only there."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 100
    return Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=width)


def run(app: typer.Typer) -> int:
    """Run a command line and return its exit code. Errors meant for users become one line."""
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
    except BrokenPipeError:
        return _unread()
    except SystemExit as error:
        # What rich and typer make of a broken pipe.
        if isinstance(error.__context__, BrokenPipeError):
            return _unread()
        raise
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
    """Return `text` as `printable` does, and on one line: a name, a title, a message."""
    return printable(text).translate({ord("\n"): " ", ord("\t"): " "})


def note(text: str) -> None:
    """Print a line for a person on stderr."""
    console(stderr=True).print(one_line(text), soft_wrap=True)


def _make_writable(stream: TextIO) -> None:
    """Let every character be written: as UTF-8 to a file or pipe, else as the terminal can."""
    if not isinstance(stream, io.TextIOWrapper):
        return
    if stream.isatty():
        stream.reconfigure(errors="replace")
    else:
        stream.reconfigure(encoding="utf-8", errors=stream.errors)


def _unread() -> int:
    """The reader of our output went away (`| head`): nobody is left to tell, and it is no error."""
    _discard_output()
    return 0


def _discard_output() -> None:
    """Send what is still to be written nowhere, so that ending the process does not fail on it."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, exit_code: int) -> int:
    print(f"pincite: {one_line(message)}", file=sys.stderr)
    return exit_code
