"""Where an application keeps the meanings of its constraints.

Owns the key in `app.extensions`. Answers without an application know none.
"""

from flask import Flask, current_app, has_app_context

from failwell.responses._database import Constraints

_KEPT = "failwell.constraints"


def constraints_of(app: Flask) -> Constraints:
    """Return the constraints of `app`; the same object at every call."""
    kept: Constraints = app.extensions.setdefault(_KEPT, Constraints())
    return kept


def share_constraints(app: Flask, constraints: Constraints) -> None:
    """Have `app` use `constraints`, such as those of an extension for several."""
    app.extensions[_KEPT] = constraints


def current_constraints() -> Constraints:
    """Return the constraints of the current application, none without one."""
    return constraints_of(current_app) if has_app_context() else Constraints()
