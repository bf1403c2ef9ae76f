"""A call that fails at a certain step, as a crash or a full disk would."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class Killed(BaseException):
    """Like KeyboardInterrupt: no `except Exception` may catch it."""


FAILURES = [Killed(), OSError(28, "No space left on device")]


@contextmanager
def failing_at(
    step: int, owner: object, function: str, failure: BaseException, *, after: bool
) -> Iterator[pytest.ExceptionInfo[BaseException]]:
    """Let the `step`-th call of a function fail, before or after it did its work.

    Gives what was raised out of the body. Fails if there are not so many calls.
    """
    original = getattr(owner, function)
    left = step

    def failing(*args: object, **options: object) -> object:
        nonlocal left
        left -= 1
        if left == 0 and not after:
            raise failure
        result = original(*args, **options)
        if left == 0:
            raise failure
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, function, failing)
        with pytest.raises(BaseException) as raised:
            yield raised
    assert left <= 0, "the test counts the steps right"
