"""Where in a document an error is, when the validator also names its own parts.

Owns the way from a validator's location to a place in what was sent.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from failwell.responses._validation._problems import Step


class _Unknown:
    """Stands for a document that is not at hand; None is a document."""


UNKNOWN: Final = _Unknown()


def place_in(
    document: object, location: Sequence[Step], *, absent: bool
) -> Sequence[Step]:
    """Return the steps of `location` that lead through `document`.

    A validator puts the branch of a union, a function or a type between the steps
    (`("pet", "Cat", "name")`): they are no part of what was sent, and name classes.

    Args:
        document: What was validated, or `UNKNOWN`: then only steps that no field is
            named like are left out.
        location: The validator's steps.
        absent: Whether the last step is a field that is missing.
    """
    named = [step for step in location if not _is_label(step)]
    if document is UNKNOWN:
        return named
    found: list[Step] = []
    here = document
    for number, step in enumerate(location):
        inside, value = _step_into(here, step)
        if inside:
            here = value
        if inside or (absent and number == len(location) - 1):
            found.append(step)
    # Nothing found: the validator changed the document before it looked at it.
    return found or named


def value_at(document: object, steps: Sequence[Step]) -> object:
    """Return the value that the steps lead to, or the last one on the way there."""
    here = document
    for step in steps:
        inside, value = _step_into(here, step)
        if not inside:
            break
        here = value
    return here


def leads_into(document: object, step: Step) -> bool:
    """Return whether `document` has something behind this step."""
    return _step_into(document, step)[0]


def _step_into(here: object, step: Step) -> tuple[bool, object]:
    if isinstance(here, Mapping) and step in here:
        return True, here[step]
    if (
        isinstance(here, Sequence)
        and isinstance(step, int)
        and -1 < step < len(here)
        and not isinstance(here, str)
    ):
        return True, here[step]
    return False, None


def _is_label(step: Step) -> bool:
    return isinstance(step, str) and ("[" in step or "(" in step)
