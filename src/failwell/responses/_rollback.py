"""The application's own database session, rolled back and never used otherwise.

Owns how a session that exists is found, and the application's own ways to roll back.
Refuses to open a session, and to save anything.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

from flask import Flask, g

RollBack = TypeVar("RollBack", bound=Callable[[], object])

_REGISTERED = "failwell.rollbacks"


class RollBacks:
    """The ways to roll back of one application, or of several that share them."""

    def __init__(self) -> None:
        self._functions: list[Callable[[], object]] = []

    def add(self, function: RollBack) -> RollBack:
        """Have `function` called before every answer; see `register_rollback`.

        Raises:
            TypeError: `function` cannot be called.
        """
        given: object = function
        if not callable(given):
            message = f"a roll-back is a function without arguments, not {given!r}"
            raise TypeError(message)
        if function not in self._functions:
            self._functions.append(function)
        return function

    def __len__(self) -> int:
        return len(self._functions)

    def __iter__(self) -> Iterator[Callable[[], object]]:
        return iter(tuple(self._functions))


def register_rollback(app: Flask, function: RollBack) -> RollBack:
    """Have `function` called before every answer to an exception.

    For applications with a session of their own, which failwell cannot find. A
    function that fails writes a warning and changes no answer. A coroutine function is
    run to its end. Registered twice, it is called once.

    Args:
        app: The application.
        function: Called without arguments inside the request's context. It must open
            no session where there is none, and may be called more than once for one
            exception.

    Returns:
        The function, so that this can be used as a decorator.

    Raises:
        TypeError: `function` cannot be called.
    """
    registered: RollBacks = app.extensions.setdefault(_REGISTERED, RollBacks())
    return registered.add(function)


def share_rollbacks(app: Flask, rollbacks: RollBacks) -> None:
    """Have `app` use `rollbacks`, such as those of an extension for several."""
    app.extensions[_REGISTERED] = rollbacks


def roll_back_sessions(app: Flask) -> None:
    """Roll back the sessions of this context, so that the next query finds them usable.

    Knows Flask-SQLAlchemy-Lite, Flask-SQLAlchemy, and what the application registered.
    A roll-back that fails writes a warning and changes no answer.
    """
    if "sqlalchemy" not in app.extensions and not app.extensions.get(_REGISTERED):
        return
    for roll_back in (*_of_extensions(app), *_of_application(app)):
        try:
            roll_back()
        except Exception:
            # A dead connection must not change the answer.
            app.logger.warning(
                "The database session was not rolled back", exc_info=True
            )


def _of_extensions(app: Flask) -> Iterator[Callable[[], object]]:
    extension = app.extensions.get("sqlalchemy")
    if extension is not None:
        yield from (session.rollback for session in _open_sessions(extension))


def _of_application(app: Flask) -> Iterator[Callable[[], object]]:
    for function in app.extensions.get(_REGISTERED, ()):
        yield partial(_run, app, function)


def _run(app: Flask, function: Callable[[], object]) -> None:
    app.ensure_sync(function)()


def _open_sessions(extension: object) -> Iterator[Any]:
    # Lite has no public way to ask whether a session exists: its property makes one.
    yield from tuple(g.get("_sqlalchemy_sessions", {}).values())
    # On Lite `session` is a property of the class; Flask-SQLAlchemy keeps a
    # scoped_session on the instance, whose registry knows.
    scoped = vars(extension).get("session")
    registry = getattr(scoped, "registry", None)
    if registry is not None and registry.has():
        yield scoped
