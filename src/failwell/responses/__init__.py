"""Every exception that Flask lets out becomes one correct answer.

    exception ─► _mapping ─► AppError ─► _rendering ─► envelope or problem+json

Owns the table from exceptions to answers, both forms of the body, the order in which
users' handlers, ours and Flask's own come, the WSGI guard behind them, the roll-back
of the application's session, the catalogue at `/problems/`, which errors a view
declares, and how they stand in an OpenAPI document. Beside them the readers of a
request's parts, transactions that run again when the database asks for it, batches that
fail in part, and the undoing of steps.

Refuses to know where records are kept (it is handed a recorder), to write anything of
its own to the application's database, and to take an exception that a user's handler
would get.
"""

import typing

from failwell._late import late as _late
from failwell.responses._database import NAMING_CONVENTION, Constraints
from failwell.responses._documents._codes import code_of_status
from failwell.responses._documents._declared import UndeclaredError, check_declared
from failwell.responses._documents._raises import declared_errors, raises
from failwell.responses._mapping._http import from_http
from failwell.responses._mapping._table import Target, table_of, to_app_error
from failwell.responses._recording import AnswerRecorder
from failwell.responses._registration import register_error_handlers
from failwell.responses._rendering._render import render
from failwell.responses._rendering._style import Form
from failwell.responses._rollback import RollBack, register_rollback
from failwell.responses._rules import Rules
from failwell.responses._steps._transactional import transactional

if typing.TYPE_CHECKING:
    from failwell.responses._documents._foreign_document import add_error_responses
    from failwell.responses._documents._openapi import (
        add_error_components,
        error_components,
        error_responses,
    )
    from failwell.responses._inputs._input import (
        read_body,
        read_headers,
        read_path,
        read_query,
    )
    from failwell.responses._steps._partial import Attempts, attempt_each
    from failwell.responses._steps._undo import Undo
    from failwell.responses._validation._from_marshmallow import (
        from_marshmallow,
    )
    from failwell.responses._validation._from_pydantic import from_pydantic
    from failwell.responses._validation._from_webargs import from_webargs

__all__ = [
    "NAMING_CONVENTION",
    "AnswerRecorder",
    "Attempts",
    "Constraints",
    "Form",
    "RollBack",
    "Rules",
    "Target",
    "UndeclaredError",
    "Undo",
    "add_error_components",
    "add_error_responses",
    "attempt_each",
    "check_declared",
    "code_of_status",
    "declared_errors",
    "error_components",
    "error_responses",
    "from_http",
    "from_marshmallow",
    "from_pydantic",
    "from_webargs",
    "raises",
    "read_body",
    "read_headers",
    "read_path",
    "read_query",
    "register_error_handlers",
    "register_rollback",
    "render",
    "table_of",
    "to_app_error",
    "transactional",
]

if not typing.TYPE_CHECKING:
    # Who imports failwell for an error or a retry does not pay for what views use.
    __getattr__, __dir__ = _late(
        __name__,
        {
            "Attempts": "failwell.responses._steps._partial",
            "Undo": "failwell.responses._steps._undo",
            "add_error_components": "failwell.responses._documents._openapi",
            "add_error_responses": "failwell.responses._documents._foreign_document",
            "attempt_each": "failwell.responses._steps._partial",
            "error_components": "failwell.responses._documents._openapi",
            "error_responses": "failwell.responses._documents._openapi",
            "from_marshmallow": "failwell.responses._validation._from_marshmallow",
            "from_pydantic": "failwell.responses._validation._from_pydantic",
            "from_webargs": "failwell.responses._validation._from_webargs",
            "read_body": "failwell.responses._inputs._input",
            "read_headers": "failwell.responses._inputs._input",
            "read_path": "failwell.responses._inputs._input",
            "read_query": "failwell.responses._inputs._input",
        },
        __all__,
    )
