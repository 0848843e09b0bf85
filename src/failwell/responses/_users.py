"""The handlers that a user registered with Flask: which of them is meant, and its call.

Owns Flask's order of choice, and the scopes in which a blueprint is asked about what the
router refuses.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError

from failwell.responses._rendering._style import style_of

Handler = Callable[[Any], Any]

_ANY = Exception()
_A_500 = InternalServerError()
"""Only looked at, to find who handles their kind."""


def propagates(app: Flask) -> bool:
    """Return whether Flask hands unhandled exceptions on to the server."""
    configured = app.config["PROPAGATE_EXCEPTIONS"]
    return bool(app.testing or app.debug if configured is None else configured)


def is_trapped(app: Flask, exception: BaseException) -> bool:
    """Return whether the application wants an HTTP exception treated as unhandled."""
    return isinstance(exception, HTTPException) and app.trap_http_exception(exception)


class UsersHandlers:
    """The handlers of one application and its blueprints.

    Args:
        app: The application, before its methods are replaced.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._flask_handle_user_exception = app.handle_user_exception

    def find(self, exception: Exception, request: Request) -> Handler | None:
        """Return the handler that Flask would choose, None when there is none."""
        # Flask asks no handler about an HTTPException without a code.
        codeless = isinstance(exception, HTTPException) and exception.code is None
        if codeless and not is_trapped(self._app, exception):
            return None
        blueprints = self._owners(exception, request) or request.blueprints
        return self._choose(exception, blueprints)

    def for_everything(self, request: Request) -> Handler | None:
        """Return the handler that takes whatever has no other."""
        return self._choose(_ANY, request.blueprints)

    def for_500(self, request: Request) -> Handler | None:
        """Return the handler of what nobody foresaw."""
        return self._choose(_A_500, request.blueprints)

    def ask(self, handler: Handler, exception: Exception, request: Request) -> Any:  # noqa: ANN401 - whatever a view may return
        """Return the answer of a handler that was found."""
        if self._owners(exception, request):
            # Flask does not know that this handler is meant.
            return self._app.ensure_sync(handler)(exception)
        return self._flask_handle_user_exception(exception)

    def let_flask(self, exception: Exception) -> HTTPException | ResponseReturnValue:
        """Have Flask handle the exception as if failwell were not there."""
        return self._flask_handle_user_exception(exception)

    def _choose(self, exception: Exception, blueprints: list[str]) -> Handler | None:
        # Private, but the only place that knows Flask's order of codes, classes and
        # blueprints; Flask calls it itself, so that a subclass may override it.
        return self._app._find_error_handler(exception, blueprints)  # noqa: SLF001 - see above

    def _owners(self, exception: Exception, request: Request) -> list[str]:
        """Return the blueprints that own an address which no rule matched."""
        if exception is not request.routing_exception:
            return []
        scope = style_of(self._app).scopes.at(request.path)
        return [] if scope is None else scope.blueprint_names(self._app)
