"""The stages of retrieval that can be left out, so that what each one brings can be measured."""

from collections.abc import Iterable
from typing import Literal, get_args

from index.errors import SettingsError

Stage = Literal["lexical", "documents", "spelling", "codes"]
"""`lexical`: search by words beside search by vectors. `documents`: how well the whole document
matches by words counts, too. `spelling`: words that the documents do not know are corrected.
`codes`: of very many passages the nearest are looked for by codes of their vectors."""

STAGES: tuple[Stage, ...] = get_args(Stage)


def stages_without(names: Iterable[str]) -> frozenset[Stage]:
    """Return the stages that are left in force without `names`.

    Raises SettingsError for a name that is none of them.
    """
    unwanted = set(names)
    for name in sorted(unwanted.difference(STAGES)):
        raise SettingsError(
            f"There is no stage {name!r} to leave out; there are {', '.join(STAGES)}."
        )
    return frozenset(stage for stage in STAGES if stage not in unwanted)


def left_out(stages: frozenset[Stage]) -> tuple[Stage, ...]:
    """Return the stages that are not in force."""
    return tuple(stage for stage in STAGES if stage not in stages)
