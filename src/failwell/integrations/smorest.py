"""failwell under flask-smorest: its errors in our answers, ours in its document.

    api = Api(app)
    use_failwell(api)

Owns the translation of what `abort` of flask-smorest and webargs carry.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_smorest.error_handler import ErrorHandlerMixin
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from failwell._extension import Failwell
from failwell.exceptions import AppError
from failwell.integrations._translation import (
    Facts,
    forget_handler,
    framework_error,
)
from failwell.responses import (
    add_error_responses,
    from_http,
    from_webargs,
    table_of,
)

__all__ = ["use_failwell"]


def use_failwell(api: Api) -> None:
    """Answer every error of a flask-smorest API, and describe them in its document.

    `abort(404, message=..., errors=..., headers=...)` keeps all that it is given, and
    the headers of the HTTP exception itself; input that does not validate is
    `VALIDATION_ERROR` with status 400. The document has what the views declare with
    `failwell.raises`, and our answers in place of flask-smorest's own. Handlers of the
    application keep precedence.

    Args:
        api: An API with its application; a `Failwell` of its own comes before this
            call, blueprints may come before and after.

    Raises:
        ValueError: `OPENAPI_VERSION` is not 3.1.
        RuntimeError: The API has no application yet.
        SettingsError: A `FAILWELL_…` setting is unknown or not allowed.
    """
    app: Flask | None = api._app  # noqa: SLF001 - kept nowhere else
    if app is None or api.spec is None:
        message = "use_failwell(api) comes after api.init_app(app)"
        raise RuntimeError(message)
    if not str(api.spec.openapi_version).startswith("3.1."):
        message = (
            "failwell describes errors in OpenAPI 3.1: set OPENAPI_VERSION to 3.1.0"
        )
        raise ValueError(message)
    if not {"failwell", "failwell.responses"} & app.extensions.keys():
        Failwell(app)
    forget_handler(app, HTTPException, ErrorHandlerMixin.__module__)
    table_of(app).map(HTTPException, _from_http_exception)
    _describe(api, app)


def _from_http_exception(error: HTTPException) -> AppError:
    data = getattr(error, "data", None)
    if not isinstance(data, Mapping):
        return from_http(error)
    cause, messages = getattr(error, "exc", None), data.get("messages")
    if cause is not None and isinstance(messages, Mapping):
        return from_webargs(messages, getattr(cause, "data", None))
    return _with_what_was_given(from_http(error), data)


def _with_what_was_given(known: AppError, data: Mapping[str, Any]) -> AppError:
    """Return `known` with message, errors and headers from the call of `abort`."""
    errors = data.get("errors", data.get("messages"))
    headers = Headers(known.headers)
    headers.update(data.get("headers") or {})
    return framework_error(
        Facts(
            status=known.status_code,
            code=known.code,
            message=str(data.get("message") or known.message),
            details={} if errors is None else {"errors": errors},
            headers=headers,
        )
    )


def _describe(api: Api, app: Flask) -> None:
    to_dict = api.spec.to_dict
    # A copy, because the dictionary shares its parts with the specification.
    vars(api.spec)["to_dict"] = lambda: add_error_responses(deepcopy(to_dict()), app)
