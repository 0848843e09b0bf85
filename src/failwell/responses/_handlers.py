"""Who answers an exception: the user's handler, the table, or Flask.

Owns that order. The handlers are not registered with Flask, where they would stand
in the way of users' more general ones; instead the three methods through which Flask
lets exceptions pass are wrapped on the application.
"""

import sys
from contextvars import ContextVar
from types import TracebackType

from flask import Flask, Request, Response, got_request_exception
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from failwell.catalog import status_code_name
from failwell.exceptions import AppError
from failwell.responses._documents._declared import check_declared
from failwell.responses._mapping._http import is_answer
from failwell.responses._mapping._table import table_of, unexpected
from failwell.responses._recording import AnswerRecorder, Recording, is_recorded
from failwell.responses._rendering._render import compose, respond
from failwell.responses._rendering._statuses import (
    INTERNAL_SERVER_ERROR,
    http_status,
    is_error_status,
    is_server_fault,
)
from failwell.responses._rollback import roll_back_sessions
from failwell.responses._users import Handler, UsersHandlers, is_trapped, propagates

_classified: ContextVar[tuple[Exception, AppError | None] | None] = ContextVar(
    "failwell_classified", default=None
)
"""An exception on its way from one of Flask's methods to the next, and its answer."""

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]


class Handlers:
    """The wrapped methods of one application.

    Args:
        app: The application.
        recorder: Where errors go; None keeps nothing.
    """

    def __init__(self, app: Flask, recorder: AnswerRecorder | None) -> None:
        self._app = app
        self.recording = Recording(app, recorder)
        self.checks_declared = True
        """Whether an undeclared error of a view with `@raises` fails a test."""
        self._users = UsersHandlers(app)
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
            UndeclaredError: Under test, when the view's `@raises` does not name it.
        """
        if is_answer(exception):
            return self._users.let_flask(exception)
        roll_back_sessions(self._app)
        request = _current_request()
        if self.checks_declared and self._app.testing and request.endpoint is not None:
            check_declared(self._app.view_functions[request.endpoint], exception)
        handler = self._users.find(exception, request)
        error = table_of(self._app).classify(exception)
        if handler is not None:
            return self._answer_by_user(exception, error, handler, request)
        if error is None or not self._is_settled_here(exception, error):
            _classified.set((exception, error))
            # As Flask does where it finds no handler; it need not look once more.
            raise exception
        error_id = self._note(exception, error, request)
        return self._render(error, error_id, request)

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
        request = _current_request()
        known = self._classify_once(exception)
        error = known or unexpected(exception)
        error_id = self._note(exception, error, request)
        if self._is_left_to_flask(exception, known, request):
            return self._flask_handle_exception(exception)
        if is_server_fault(error):
            got_request_exception.send(
                app, _async_wrapper=app.ensure_sync, exception=exception
            )
        if error_id is None and is_recorded(error):
            self._flask_log_exception(sys.exc_info())
        response = self._render(error, error_id, request)
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

    def _is_settled_here(self, exception: Exception, error: AppError) -> bool:
        if isinstance(exception, HTTPException):
            return not is_trapped(self._app, exception)
        return not is_server_fault(error)

    def _is_left_to_flask(
        self, exception: Exception, known: AppError | None, request: Request
    ) -> bool:
        """Whether Flask would propagate it, or give it to a user's handler for 500."""
        if propagates(self._app):
            return known is None or is_trapped(self._app, exception)
        is_a_500 = known is None or http_status(known) == INTERNAL_SERVER_ERROR
        return is_a_500 and self._users.for_500(request) is not None

    def _answer_by_user(
        self,
        exception: Exception,
        known: AppError | None,
        handler: Handler,
        request: Request,
    ) -> Response:
        """Return the answer of the user's handler, recorded or counted by what it is.

        A handler for every exception foresees nothing, so what it gets is recorded
        before it runs; a handler for this very kind decides by its status.
        """
        error = known or unexpected(exception)
        foreseen = handler is not self._users.for_everything(request)
        due = is_recorded(error)
        recorded = due and (error.record or not foreseen)
        if recorded:
            self.recording.capture(exception, error.code)
        answer = self._users.ask(handler, exception, request)
        response = self._app.make_response(answer)
        status = response.status_code
        if not recorded and due and status >= INTERNAL_SERVER_ERROR:
            self.recording.capture(exception, error.code)
        elif not recorded and is_error_status(status):
            code = known.code if known else status_code_name(status)
            self._count(code, status, request)
        return response

    def _note(
        self, exception: Exception, error: AppError, request: Request
    ) -> str | None:
        if is_recorded(error):
            return self.recording.capture(exception, error.code)
        self._count(error.code, http_status(error), request)
        return None

    def _count(self, code: str, status: int, request: Request) -> None:
        rule = request.url_rule
        self.recording.count(code, status, request.method, rule.rule if rule else "")

    def _render(
        self, error: AppError, error_id: str | None, request: Request
    ) -> Response:
        app, environ = self._app, request.environ
        try:
            return respond(app, compose(app, error, environ, error_id=error_id))
        except Exception as failure:
            # An application's own error may have headers or a body that raise.
            failure_id = self.recording.capture(failure, "INTERNAL_ERROR")
            if failure_id is None:
                self._app.logger.exception("An error could not be rendered")
            plain, known_id = unexpected(failure), error_id or failure_id
            return respond(app, compose(app, plain, environ, error_id=known_id))


def _current_request() -> Request:
    # Through the proxy once: each look through it takes as long as a look-up of Flask's.
    return request_ctx.request
