"""`Failwell(app)`: wiring, and nothing but wiring."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from flask import Blueprint, Flask, current_app

from failwell._callbacks import AskGroup, AskUser, AskVisitor, Callbacks
from failwell._settings import Settings, read_settings
from failwell.logs import setup_logging
from failwell.responses import (
    Form,
    RollBack,
    Rules,
    Target,
    register_error_handlers,
    table_of,
)

if TYPE_CHECKING:
    from failwell._journal import Journal
    from failwell.store import ErrorLoggingService

E = TypeVar("E", bound=BaseException)

# The rooms that record, store and show take as long to load as all the others: whoever
# imports failwell for an error or a retry does not pay for them. They are loaded with
# `Failwell(app)` and not with the first error, which may come when memory or file
# descriptors have run out; and before a server forks.


class Failwell:
    """Make a Flask application fail well.

    Registers the answers of every error, request ids, the recorder, the commands
    `flask failwell …`, the console when `FAILWELL_CONSOLE_KEY` is set, and the logging
    when `FAILWELL_LOGGING` is true, unless the application is under test, when nothing
    may touch the disk. The settings are read here, once: changes of `app.config`
    afterwards have no effect, but for `TESTING`.

    Args:
        app: The application, or None to call `init_app` later.

    Raises:
        SettingsError: A setting is unknown or not allowed; the message names it.
        RuntimeError: The application has a Failwell already.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._rules = Rules()
        self._callbacks = Callbacks()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> Flask:
        """Wire the rooms into `app` and return it; see the class."""
        if "failwell" in app.extensions:
            message = (
                f"{app.name} has a Failwell already: remove the second Failwell(app)"
            )
            raise RuntimeError(message)
        settings = read_settings(
            app.config, import_name=app.import_name, instance_path=app.instance_path
        )
        if settings.logging and not app.testing:
            setup_logging(app, settings)
        from failwell._journal import Journal  # noqa: PLC0415 - see above
        from failwell.cli import create_commands  # noqa: PLC0415 - see above
        from failwell.hooks import watch, watch_commands  # noqa: PLC0415 - see above

        journal = Journal(
            app,
            settings,
            callbacks=self._callbacks,
            code_of=lambda error: table_of(app).to_app_error(error).code,
        )
        app.extensions["failwell"] = journal
        register_error_handlers(app, journal, settings, self._rules)
        app.cli.add_command(create_commands())
        watch_commands(app.cli, journal)
        if settings.console_key is not None:
            _add_console(app, settings, journal, self._callbacks)
        watch(journal)
        return app

    def map(self, kind: type[E], *, to: "Target[E]") -> None:
        """Answer exceptions of a class as `to` says, wherever they come from.

            failwell.map(PaymentDeclined, to=ConflictError("The payment was declined"))
            failwell.map(SeatTaken, to=lambda error: SeatTakenError(error.seat))

        The row of the nearest class in an exception's ancestry counts, and goes before
        what failwell knows by itself; a second row for a class replaces the first. A
        handler that is registered with Flask goes before both. Works before and after
        `init_app`.

        Args:
            kind: The class of the exceptions.
            to: An `AppError`, copied for each answer; or a class of them that can be
                made without arguments; or a function from the exception to one. Where
                the function fails, the answer is that of an exception without a row.

        Raises:
            TypeError: One of them is something else; the message says what is allowed.
        """
        self._rules.table.map(kind, to)

    def scope(
        self,
        prefix: str | None = None,
        *,
        blueprint: Blueprint | None = None,
        form: Form | None = None,
    ) -> None:
        """Say how errors are answered at and below a URL prefix; the longest counts.

            failwell.scope("/api/v1", blueprint=api, form="problem")

        Flask asks a blueprint's handlers about what its views raise, and not about an
        address that no rule matches (404, 405): no blueprint owns it. In a scope with a
        blueprint, those are asked, too.

        Args:
            prefix: Such as `/api/v1`; default: the `url_prefix` of the blueprint.
            blueprint: Whose error handlers, and those around it, answer what the router
                refuses there.
            form: `envelope`, `problem`, `html`, or `auto` to negotiate; default: as
                elsewhere.

        Raises:
            ValueError: The prefix is no path or has a scope, or the form is unknown.
        """
        self._rules.scopes.add(prefix, blueprint, form)

    def constraint(
        self,
        name: str | None = None,
        *,
        columns: Iterable[str] = (),
        code: str | None = None,
        field: str | None = None,
        message: str | None = None,
        status_code: int | None = None,
    ) -> None:
        """Say what it means when a constraint of the database is violated.

            failwell.constraint(
                "uq_users_email",
                columns=["users.email"],
                code="EMAIL_TAKEN",
                field="email",
                message="This address is taken",
            )

        Without it a duplicate is `CONFLICT`, and what else the database refuses
        `CONSTRAINT_VIOLATION`, with no word about what was violated.

        Args:
            name: The constraint's name, which PostgreSQL and MariaDB tell, and SQLite of
                a check; `NAMING_CONVENTION` gives every constraint one.
            columns: `table.column` of each column of a unique key: SQLite tells these
                and no name.
            code: The code of the answer; default: as without a meaning.
            field: The field of the input that is at fault, sent as `details.field`.
            message: A sentence for the client.
            status_code: Default: 409 for a duplicate, else 422.

        Raises:
            ValueError: Neither a name nor columns, or another meaning was given before.
        """
        self._rules.table.constraints.add(
            name,
            columns=columns,
            code=code,
            field=field,
            message=message,
            status_code=status_code,
        )

    def rollback(self, function: RollBack) -> RollBack:
        """Have `function` called before every answer to an exception; a decorator.

        For applications with a session of their own: those of Flask-SQLAlchemy and
        Flask-SQLAlchemy-Lite are found. A function that fails writes a warning and
        changes no answer.

        Args:
            function: Called without arguments inside the request's context. It must open
                no session where there is none, and may be called more than once.

        Returns:
            The function.

        Raises:
            TypeError: It cannot be called.
        """
        return self._rules.rollbacks.add(function)

    def user(self, function: AskUser) -> AskUser:
        """Have `function` say who the user of the present request is; a decorator.

            @failwell.user
            def who() -> int | None:
                return session.get("user_id")

        Asked when an error is counted, where neither `capture` nor `set_user` said it.
        What it returns is kept as text; None, and a function that fails, as no user.

        Args:
            function: Called without arguments. It must not query the database, whose
                session may be what failed.

        Returns:
            The function.

        Raises:
            TypeError: It cannot be called, or is a coroutine function.
        """
        return self._callbacks.ask_user(function)

    def group(self, function: AskGroup) -> AskGroup:
        """Have `function` say which errors are the same one; a decorator.

            @failwell.group
            def same(error: BaseException) -> list[str] | None:
                if isinstance(error, UpstreamError):
                    return ["upstream", error.service]
                return None

        Asked about each error whose fingerprint neither `capture` nor the exception's own
        `fingerprint` says. `{{ default }}` in the list stands for what counts otherwise.

        Args:
            function: Called with the exception; returns the texts that make the group, or
                None to leave it as it is. One that fails leaves it, too.

        Returns:
            The function.

        Raises:
            TypeError: It cannot be called, or is a coroutine function.
        """
        return self._callbacks.ask_group(function)

    def console_user(self, function: AskVisitor) -> AskVisitor:
        """Have `function` say who of your own users may enter the console; a decorator.

            @failwell.console_user
            def staff() -> tuple[str, str] | None:
                if current_user.is_authenticated and current_user.is_staff:
                    return current_user.email, "operator"
                return None

        Asked at each request to the console that neither its key nor a session opens; so
        what you take from a user is gone at once. One that fails lets nobody in, and a
        line of the log says so.

        Args:
            function: Called without arguments inside the request's context; returns a
                name, for the history of what was done, and `viewer`, `operator` or
                `admin`; or None.

        Returns:
            The function.

        Raises:
            TypeError: It cannot be called, or is a coroutine function.
        """
        return self._callbacks.ask_visitor(function)

    @property
    def error_logging_service(self) -> "ErrorLoggingService":
        """The error log of the current application.

        Raises:
            RuntimeError: Outside of an application context, or without Failwell.
        """
        from failwell._journal import journal_of  # noqa: PLC0415 - see above

        return journal_of(current_app).service


def _add_console(
    app: Flask, settings: Settings, journal: "Journal", callbacks: Callbacks
) -> None:
    from failwell.console import create_console  # noqa: PLC0415 - see above

    app.register_blueprint(
        create_console(
            settings,
            lambda: journal.store,
            journal.settle,
            lambda: journal.fleet,
            source=lambda: journal.source,
            callbacks=callbacks,
        )
    )
