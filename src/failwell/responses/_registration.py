"""`register_error_handlers`: puts the parts of this room on one application."""

from dataclasses import replace

from flask import Flask

from failwell._request_id import install_request_ids
from failwell._settings import Settings, read_settings
from failwell.responses._documents._pages import register_catalogue
from failwell.responses._guard import Guard
from failwell.responses._handlers import Handlers
from failwell.responses._mapping._table import TABLE, Table, table_of
from failwell.responses._recording import AnswerRecorder
from failwell.responses._rendering._statuses import complete_aborter
from failwell.responses._rendering._style import STYLE, Style, style_of
from failwell.responses._rollback import share_rollbacks
from failwell.responses._rules import Rules
from failwell.responses._streams import guard_streams

_HANDLERS = "failwell.responses"


def register_error_handlers(
    app: Flask,
    recorder: AnswerRecorder | None = None,
    settings: Settings | None = None,
    rules: Rules | None = None,
) -> None:
    """Answer every exception of `app` as JSON; users' own handlers keep precedence.

    Installs the handlers, a WSGI guard behind them, the request ids, the catalogue at
    `/problems/`, and the statuses that `abort()` does not know. Called again, it only
    takes the recorder, the settings and the rules that it is given.

    Args:
        app: An application that has not served a request yet.
        recorder: Where errors are recorded and answers counted; None keeps nothing
            and leaves the log line of an unhandled error to Flask.
        settings: Read from `app.config` and the environment when not given; only the
            `responses_…` are used.
        rules: What the application declared; `Failwell` gives its own.

    Raises:
        SettingsError: A `FAILWELL_…` setting is unknown or not allowed.
        AssertionError: The application has served a request already.
    """
    handlers: Handlers | None = app.extensions.get(_HANDLERS)
    if handlers is None:
        settings = settings or read_settings(
            app.config, import_name=app.import_name, instance_path=app.instance_path
        )
        # First, because it alone can fail: Flask refuses it after the first request.
        app.extensions[STYLE] = Style(has_catalogue=register_catalogue(app))
        app.extensions[TABLE] = Table()
        handlers = _install(app, recorder)
    elif recorder is not None:
        handlers.recording.recorder = recorder
    if rules is not None:
        table_of(app).base = rules.table
        share_rollbacks(app, rules.rollbacks)
        app.extensions[STYLE] = replace(style_of(app), scopes=rules.scopes)
    if settings is not None:
        app.extensions[STYLE] = replace(
            style_of(app),
            form=settings.responses_format,
            api_prefix=settings.responses_api_prefix,
        )
        handlers.checks_declared = settings.responses_undeclared == "fail"


def _install(app: Flask, recorder: AnswerRecorder | None) -> Handlers:
    handlers = Handlers(app, recorder)
    handlers.install()
    guard_streams(app, handlers.recording)
    complete_aborter(app)
    vars(app)["wsgi_app"] = Guard(app, handlers.recording)
    install_request_ids(app)
    app.extensions[_HANDLERS] = handlers
    return handlers
