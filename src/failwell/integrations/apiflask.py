"""failwell under APIFlask: its errors in our answers, ours in its document.

    app = APIFlask(__name__)
    use_failwell(app)

Owns the translation of `HTTPError` and of what does not validate.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask, HTTPError
from apiflask.exceptions import _ValidationError
from apispec import APISpec
from flask import Flask, Response, current_app
from marshmallow import ValidationError as MarshmallowError
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from failwell._extension import Failwell
from failwell.exceptions import AppError, ValidationError
from failwell.integrations._translation import (
    Facts,
    forget_handler,
    framework_error,
)
from failwell.responses import (
    add_error_responses,
    code_of_status,
    from_http,
    from_webargs,
    render,
    table_of,
    to_app_error,
)

__all__ = ["use_failwell"]

_APIFLASK = "apiflask.app"


def use_failwell(app: APIFlask) -> None:
    """Answer every error of an APIFlask application, and describe them in its document.

    `HTTPError` keeps message, detail, extra data and headers; input that does not
    validate is `VALIDATION_ERROR` with status 400; errors of its signing in keep their
    challenge. The document has what the views declare with `failwell.raises`, and our
    answers in place of APIFlask's own. Handlers of the application keep precedence.

    Args:
        app: The application; a `Failwell` of its own comes before this call. Its document must be of
            OpenAPI 3.1, as APIFlask's is unless `OPENAPI_VERSION` says otherwise.

    Raises:
        ValueError: `OPENAPI_VERSION` is not 3.1.
        SettingsError: A `FAILWELL_…` setting is unknown or not allowed.
    """
    if not app.config["OPENAPI_VERSION"].startswith("3.1."):
        message = (
            "failwell describes errors in OpenAPI 3.1: set OPENAPI_VERSION to 3.1.0"
        )
        raise ValueError(message)
    if not {"failwell", "failwell.responses"} & app.extensions.keys():
        Failwell(app)
    for kind in (HTTPError, HTTPException):
        forget_handler(app, kind, _APIFLASK)
    table = table_of(app)
    table.map(HTTPError, _from_http_error)
    table.map(_ValidationError, _invalid)
    table.map(HTTPException, _from_http_exception)
    app.error_callback = _answer
    _describe(app)


def _from_http_exception(error: HTTPException) -> AppError:
    data = getattr(error, "data", None)
    messages = data.get("messages") if isinstance(data, Mapping) else None
    # A body that is no JSON, which webargs refuses by itself.
    return from_webargs(messages) if isinstance(messages, Mapping) else from_http(error)


def _invalid(error: _ValidationError) -> ValidationError:
    cause = error.__cause__ or error.__context__
    if cause is not None and not isinstance(cause, MarshmallowError):
        known = to_app_error(cause)
        if isinstance(known, ValidationError):
            return known
    messages = error.detail if isinstance(error.detail, Mapping) else {}
    return from_webargs(messages, getattr(cause, "data", None))


def _from_http_error(error: HTTPError) -> AppError:
    detail: Any = error.detail
    details = detail if isinstance(detail, Mapping) else {"detail": detail}
    return framework_error(
        Facts(
            status=error.status_code,
            code=code_of_status(error.status_code),
            message=error.message or HTTPStatus(error.status_code).phrase,
            details={**details, **error.extra_data},
            headers=Headers(error.headers),
        )
    )


def _answer(error: HTTPError) -> Response:
    """Answer for Flask-HTTPAuth, which returns its errors instead of raising them."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Flask documents it
    response = render(app, _from_http_error(error))
    if "WWW-Authenticate" not in Headers(error.headers):
        # It adds the challenge of its own scheme where there is none.
        response.headers.pop("WWW-Authenticate", None)
    return response


def _describe(app: APIFlask) -> None:
    generate = app._generate_spec  # noqa: SLF001 - `spec_processor` is the application's own

    def generate_spec() -> APISpec:
        spec: APISpec = generate()
        to_dict = spec.to_dict
        vars(spec)["to_dict"] = lambda: add_error_responses(
            to_dict(), app, invalid=app.config["VALIDATION_ERROR_STATUS_CODE"]
        )
        return spec

    vars(app)["_generate_spec"] = generate_spec
