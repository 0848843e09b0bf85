"""The application's own database session, rolled back and never used otherwise.

Owns how a session that exists is found. Refuses to open one, and to save anything.
"""

from collections.abc import Iterator
from typing import Any

from flask import Flask, g


def roll_back_sessions(app: Flask) -> None:
    """Roll back the sessions of this context, so that the next query finds them usable.

    Knows Flask-SQLAlchemy-Lite and Flask-SQLAlchemy. A roll-back that fails writes a
    warning and changes no answer.
    """
    extension = app.extensions.get("sqlalchemy")
    if extension is None:
        return
    for session in _open_sessions(extension):
        try:
            session.rollback()
        except Exception:
            # A dead connection must not change the answer.
            app.logger.warning(
                "The database session was not rolled back", exc_info=True
            )


def _open_sessions(extension: object) -> Iterator[Any]:
    # Lite has no public way to ask whether a session exists: its property makes one.
    yield from tuple(g.get("_sqlalchemy_sessions", {}).values())
    # On Lite `session` is a property of the class; Flask-SQLAlchemy keeps a
    # scoped_session on the instance, whose registry knows.
    scoped = vars(extension).get("session")
    registry = getattr(scoped, "registry", None)
    if registry is not None and registry.has():
        yield scoped
