"""Every exception that Flask lets out becomes one correct answer.

    exception ─► _mapping ─► AppError ─► _render ─► envelope or problem+json

Owns the table from exceptions to answers, in `_database` what a database means; both
forms of the body; the order in which users' handlers, ours and Flask's own come; the
WSGI guard behind them; the roll-back of the application's session, and transactions
that run again when the database asks for it; and the catalogue at `/problems/`.

Refuses to know where records are kept (it is handed a recorder), to write anything of
its own to the application's database, and to take an exception that a user's handler
would get.
"""

from failwell.responses._database import (
    NAMING_CONVENTION,
    Constraints,
    classify_database,
)
from failwell.responses._mapping import to_app_error
from failwell.responses._recording import AnswerRecorder
from failwell.responses._registration import register_error_handlers
from failwell.responses._render import render
from failwell.responses._rollback import register_rollback
from failwell.responses._transactional import transactional

__all__ = [
    "NAMING_CONVENTION",
    "AnswerRecorder",
    "Constraints",
    "classify_database",
    "register_error_handlers",
    "register_rollback",
    "render",
    "to_app_error",
    "transactional",
]
