"""Who answers an exception: the user's handler, the table, or Flask.

Owns that order. The handlers are not registered with Flask, where they would stand
in the way of users' more general ones; instead the three methods through which Flask
lets exceptions pass are wrapped on the application.
"""

import sys
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, cast

from flask import Flask, Response, got_request_exception, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from failwell.catalog import status_code_name
from failwell.exceptions import AppError
from failwell.responses._http import is_answer
from failwell.responses._recording import AnswerRecorder, Recording, is_recorded
from failwell.responses._render import render
from failwell.responses._rollback import roll_back_sessions
from failwell.responses._statuses import (
    INTERNAL_SERVER_ERROR,
    http_status,
    is_error_status,
    is_server_fault,
)
from failwell.responses._style import style_of
from failwell.responses._table import table_of, unexpected

_A_500 = InternalServerError()
"""Only looked at, to find who handles its kind."""

_classified: ContextVar[tuple[Exception, AppError | None] | None] = ContextVar(
    "failwell_classified", default=None
)
"""An exception on its way from one of Flask's methods to the next, and its answer."""

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]


def propagates(app: Flask) -> bool:
    """Return whether Flask hands unhandled exceptions on to the server."""
    configured = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug if configured is None else configured)


def is_trapped(app: Flask, exception: BaseException) -> bool:
    """Return whether the application wants an HTTP exception treated as unhandled."""
    return isinstance(exception, HTTPException) and app.trap_http_exception(exception)


class Handlers:
    """The wrapped methods of one application.

    Args:
        app: The application.
        recorder: Where errors go; None keeps nothing.
    """

    def __init__(self, app: Flask, recorder: AnswerRecorder | None) -> None:
        self._app = app
        self.recording = Recording(app, recorder)
        self._flask_handle_user_exception = app.handle_user_exception
        self._flask_handle_exception = app.handle_exception
        self._flask_log_exception = app.log_exception

    def install(self) -> None:
        """Put the wrappers before the application's methods."""
        vars(self._app).update(
            handle_user_exception=self.handle_user_exception,
            handle_exception=self.handle_exception,
            log_exception=self.log_exception,
        )

    def handle_user_exception(
        self, exception: Exception
    ) -> HTTPException | ResponseReturnValue:
        """Answer what the view and its hooks raise.

        Raises:
            Exception: The given one, when Flask calls it unhandled and it is answered
                with 500 or above; `handle_exception` sees it next.
        """
        if is_answer(exception):
            return self._flask_handle_user_exception(exception)
        roll_back_sessions(self._app)
        handler = self._users_handler(exception)
        error = table_of(self._app).classify(exception)
        if handler is not None:
            return self._answer_by_user(exception, error, handler)
        if error is None or not self._is_settled_here(exception, error):
            _classified.set((exception, error))
            # As Flask does where it finds no handler; it need not look once more.
            raise exception
        return self._render(error, self._note(exception, error))

    def handle_exception(self, exception: Exception) -> Response:
        """Answer what nobody handled, and what is raised where Flask handles nothing.

        That is in `after_request`, in a URL converter, in the opening of a session,
        and in a user's handler.

        Raises:
            Exception: The given one, when it is unexpected and exceptions propagate.
        """
        app = self._app
        if is_answer(exception):
            return app.finalize_request(exception, from_error_handler=True)
        roll_back_sessions(app)
        known = self._classify_once(exception)
        error = known or unexpected(exception)
        error_id = self._note(exception, error)
        if self._is_left_to_flask(exception, known):
            return self._flask_handle_exception(exception)
        if is_server_fault(error):
            got_request_exception.send(
                app, _async_wrapper=app.ensure_sync, exception=exception
            )
        if error_id is None and is_recorded(error):
            self._flask_log_exception(sys.exc_info())
        response = self._render(error, error_id)
        return app.finalize_request(response, from_error_handler=True)

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Record the exception; log it as Flask does where it could not be recorded."""
        exception = exc_info[1]
        if exception is not None:
            error = table_of(self._app).to_app_error(exception)
            if self.recording.capture(exception, error.code) is not None:
                return
        self._flask_log_exception(exc_info)

    def _classify_once(self, exception: Exception) -> AppError | None:
        """Return what the table says, without asking it again: its rows may have effects."""
        noted = _classified.get()
        _classified.set(None)
        if noted is not None and noted[0] is exception:
            return noted[1]
        return table_of(self._app).classify(exception)

    def _find(self, exception: Exception) -> object | None:
        # Private, but the only place that knows Flask's order of codes, classes and
        # blueprints; Flask calls it itself, so that a subclass may override it.
        blueprints = self._scoped_blueprints(exception) or request.blueprints
        return self._app._find_error_handler(exception, blueprints)  # noqa: SLF001 - see above

    def _scoped_blueprints(self, exception: Exception) -> list[str]:
        """Return the blueprints that own an address which no rule matched."""
        if exception is not request.routing_exception:
            return []
        scope = style_of(self._app).scopes.at(request.path)
        return [] if scope is None else scope.blueprint_names(self._app)

    def _users_handler(self, exception: Exception) -> object | None:
        # Flask asks no handler about an HTTPException without a code.
        codeless = isinstance(exception, HTTPException) and exception.code is None
        if codeless and not is_trapped(self._app, exception):
            return None
        return self._find(exception)

    def _is_settled_here(self, exception: Exception, error: AppError) -> bool:
        if isinstance(exception, HTTPException):
            return not is_trapped(self._app, exception)
        return not is_server_fault(error)

    def _is_left_to_flask(self, exception: Exception, known: AppError | None) -> bool:
        """Whether Flask would propagate it, or give it to a user's handler for 500."""
        if propagates(self._app):
            return known is None or is_trapped(self._app, exception)
        is_a_500 = known is None or http_status(known) == INTERNAL_SERVER_ERROR
        return is_a_500 and self._find(_A_500) is not None

    def _answer_by_user(
        self, exception: Exception, known: AppError | None, handler: object
    ) -> Response:
        """Return the answer of the user's handler, recorded or counted by what it is.

        A handler for every exception foresees nothing, so what it gets is recorded
        before it runs; a handler for this very kind decides by its status.
        """
        error = known or unexpected(exception)
        foreseen = handler is not self._find(Exception())
        due = is_recorded(error)
        recorded = due and (error.record or not foreseen)
        if recorded:
            self.recording.capture(exception, error.code)
        response = self._app.make_response(self._ask(handler, exception))
        status = response.status_code
        if not recorded and due and status >= INTERNAL_SERVER_ERROR:
            self.recording.capture(exception, error.code)
        elif not recorded and is_error_status(status):
            self._count(known.code if known else status_code_name(status), status)
        return response

    def _ask(self, handler: object, exception: Exception) -> Any:  # noqa: ANN401 - whatever a view may return
        if self._scoped_blueprints(exception):
            # Flask does not know that this handler is meant.
            return self._app.ensure_sync(cast("Callable[..., Any]", handler))(exception)
        return self._flask_handle_user_exception(exception)

    def _note(self, exception: Exception, error: AppError) -> str | None:
        if is_recorded(error):
            return self.recording.capture(exception, error.code)
        self._count(error.code, http_status(error))
        return None

    def _count(self, code: str, status: int) -> None:
        rule = request.url_rule
        self.recording.count(code, status, request.method, rule.rule if rule else "")

    def _render(self, error: AppError, error_id: str | None) -> Response:
        try:
            return render(self._app, error, error_id=error_id)
        except Exception as failure:
            # An application's own error may have headers or a body that raise.
            failure_id = self.recording.capture(failure, "INTERNAL_ERROR")
            if failure_id is None:
                self._app.logger.exception("An error could not be rendered")
            return render(
                self._app, unexpected(failure), error_id=error_id or failure_id
            )
