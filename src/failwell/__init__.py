"""Make a Flask backend fail well.

    from flask import Flask
    from failwell import Failwell

    app = Flask(__name__)
    Failwell(app)

Every exception becomes one documented answer, every error is recorded durably and off
the request path, and people find it in the console and on the command line.
"""

import typing

from failwell._extension import Failwell
from failwell._late import late as _late
from failwell._settings import SettingsError
from failwell._version import __version__
from failwell.catalog import CATALOG, Catalog, CatalogEntry
from failwell.exceptions import (
    AppError,
    AuthenticationError,
    AuthorizationError,
    CircuitBreakerError,
    ConflictError,
    ConstraintViolationError,
    DatabaseError,
    DeadlineExceededError,
    InvalidTokenError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)
from failwell.logs import setup_logging
from failwell.resilience import CircuitBreaker, CircuitState, retry
from failwell.responses import (
    NAMING_CONVENTION,
    raises,
    register_error_handlers,
    transactional,
)

if typing.TYPE_CHECKING:
    from failwell.console import signin_link
    from failwell.hooks import capture, message
    from failwell.records import add_breadcrumb, error_context, set_tags, set_user
    from failwell.responses import (
        Attempts,
        Undo,
        attempt_each,
        read_body,
        read_headers,
        read_path,
        read_query,
    )
    from failwell.store import ErrorLog, ErrorLoggingService

__all__ = [
    "CATALOG",
    "NAMING_CONVENTION",
    "AppError",
    "Attempts",
    "AuthenticationError",
    "AuthorizationError",
    "Catalog",
    "CatalogEntry",
    "CircuitBreaker",
    "CircuitBreakerError",
    "CircuitState",
    "ConflictError",
    "ConstraintViolationError",
    "DatabaseError",
    "DeadlineExceededError",
    "ErrorLog",
    "ErrorLoggingService",
    "Failwell",
    "InvalidTokenError",
    "NotFoundError",
    "ServiceUnavailableError",
    "SettingsError",
    "Undo",
    "ValidationError",
    "__version__",
    "add_breadcrumb",
    "attempt_each",
    "capture",
    "error_context",
    "message",
    "raises",
    "read_body",
    "read_headers",
    "read_path",
    "read_query",
    "register_error_handlers",
    "retry",
    "set_tags",
    "set_user",
    "setup_logging",
    "signin_link",
    "transactional",
]

if not typing.TYPE_CHECKING:
    # Their rooms take as long to load as all the others together, or are for views only.
    __getattr__, __dir__ = _late(
        __name__,
        {
            "Attempts": "failwell.responses",
            "ErrorLog": "failwell.store",
            "ErrorLoggingService": "failwell.store",
            "Undo": "failwell.responses",
            "add_breadcrumb": "failwell.records",
            "attempt_each": "failwell.responses",
            "capture": "failwell.hooks",
            "message": "failwell.hooks",
            "error_context": "failwell.records",
            "read_body": "failwell.responses",
            "read_headers": "failwell.responses",
            "read_path": "failwell.responses",
            "read_query": "failwell.responses",
            "set_tags": "failwell.records",
            "set_user": "failwell.records",
            "signin_link": "failwell.console",
        },
        __all__,
    )
