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
    BulkheadFullError,
    CallTimeoutError,
    CircuitBreakerError,
    ConflictError,
    ConstraintViolationError,
    DatabaseError,
    DeadlineExceededError,
    InvalidTokenError,
    NotFoundError,
    RateLimitedError,
    ServiceUnavailableError,
    ValidationError,
)
from failwell.logs import setup_logging
from failwell.resilience import RetryBudget, deadline, remaining, retry, retrying
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
    from failwell.resilience import (
        Bulkhead,
        CircuitBreaker,
        CircuitState,
        Policy,
        fallback,
        rate_limit,
        timeout,
    )
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
    "Bulkhead",
    "BulkheadFullError",
    "CallTimeoutError",
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
    "Policy",
    "RateLimitedError",
    "RetryBudget",
    "ServiceUnavailableError",
    "SettingsError",
    "Undo",
    "ValidationError",
    "__version__",
    "add_breadcrumb",
    "attempt_each",
    "capture",
    "deadline",
    "error_context",
    "fallback",
    "message",
    "raises",
    "rate_limit",
    "read_body",
    "read_headers",
    "read_path",
    "read_query",
    "register_error_handlers",
    "remaining",
    "retry",
    "retrying",
    "set_tags",
    "set_user",
    "setup_logging",
    "signin_link",
    "timeout",
    "transactional",
]

if not typing.TYPE_CHECKING:
    # Their rooms take as long to load as all the others together, or are for views only.
    __getattr__, __dir__ = _late(
        __name__,
        {
            "Attempts": "failwell.responses",
            "Bulkhead": "failwell.resilience",
            "CircuitBreaker": "failwell.resilience",
            "CircuitState": "failwell.resilience",
            "ErrorLog": "failwell.store",
            "ErrorLoggingService": "failwell.store",
            "Policy": "failwell.resilience",
            "Undo": "failwell.responses",
            "add_breadcrumb": "failwell.records",
            "attempt_each": "failwell.responses",
            "capture": "failwell.hooks",
            "message": "failwell.hooks",
            "error_context": "failwell.records",
            "fallback": "failwell.resilience",
            "rate_limit": "failwell.resilience",
            "read_body": "failwell.responses",
            "read_headers": "failwell.responses",
            "read_path": "failwell.responses",
            "read_query": "failwell.responses",
            "set_tags": "failwell.records",
            "set_user": "failwell.records",
            "signin_link": "failwell.console",
            "timeout": "failwell.resilience",
        },
        __all__,
    )
