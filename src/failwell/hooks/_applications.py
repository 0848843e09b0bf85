"""Which application an error belongs to that no request brings.

Owns the list of the applications of this process that record, and holds none of them:
one that is gone, a test's for example, records nothing more.
"""

import weakref
from collections.abc import Callable
from typing import Protocol, Unpack

from flask import current_app, has_app_context

from failwell._settings import Settings
from failwell.records import Details


class Circumstances(Details, total=False):
    """What is known of an error beside itself."""

    code: str
    """Default: the code that the application answers it with."""
    explicit: bool
    user_id: object


class Catcher(Protocol):
    """What records the errors of one application."""

    @property
    def settings(self) -> Settings:
        """The application's settings."""

    def catch(self, error: BaseException, **known: Unpack[Circumstances]) -> str:
        """Record an error that no request answers; return its id."""


_made: list[weakref.ref[Catcher]] = []


def add(catcher: Catcher, when_none_is_left: Callable[[], object]) -> None:
    """Remember who records; forget it when it is gone."""

    def forget(gone: weakref.ref[Catcher]) -> None:
        _made.remove(gone)
        if not _made:
            when_none_is_left()

    _made.append(weakref.ref(catcher, forget))


def of_this_context() -> Catcher | None:
    """Return who records for the current application, else for the one made last."""
    if has_app_context():
        # Another application's errors are not ours to record.
        found: Catcher | None = current_app.extensions.get("failwell")
        return found
    return made_last()


def made_last() -> Catcher | None:
    """Return who records for the application made last, None when there is none."""
    # Of a copy: a garbage collection in between may take one out.
    for made in reversed(tuple(_made)):
        catcher = made()
        if catcher is not None:
            return catcher
    return None
