"""Making the application: wiring only."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Flask

from failwell import CATALOG, Failwell
from meetings._errors import MEETING_CODES, UNIQUE
from meetings._gateway import Calendar
from meetings._settings import read_settings
from meetings.accounts import Passwords, Tokens
from meetings.api import BLUEPRINTS
from meetings.mishaps import demo
from meetings.storage import connect_database, expected_version
from meetings.web import (
    Services,
    docs,
    install_converters,
    install_services,
    whose_error,
)

_LARGEST_BODY = 64 * 1024


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Make the application; connects to nothing yet.

    Args:
        config: Flask's settings, failwell's and those of `meetings.Settings`; what is
            missing comes from the environment.

    Raises:
        SettingsError: A setting is missing or not allowed; says which and why.
    """
    given = dict(config or {})
    settings = read_settings(given)
    app = Flask("meetings", instance_path=str(settings.instance_dir))
    app.config.update(
        MAX_CONTENT_LENGTH=_LARGEST_BODY,
        FAILWELL_LOGGING=True,
        FAILWELL_RESPONSES_API_PREFIX="/api",
    )
    app.config.update(given, SECRET_KEY=settings.secret_key)
    CATALOG.add(*MEETING_CODES)
    install_services(
        app,
        Services(
            settings=settings,
            passwords=Passwords(cheap=app.testing),
            tokens=Tokens(
                settings.secret_key, timedelta(seconds=settings.access_token_s)
            ),
            calendar=Calendar(settings.calendar_url),
            schema_version=expected_version(),
        ),
    )
    connect_database(app, settings.database_url)
    install_converters(app)
    for blueprint in (*BLUEPRINTS, docs, *([demo] if settings.demo else [])):
        app.register_blueprint(blueprint)
    failwell = Failwell(app)
    failwell.user(whose_error)
    for constraint, field, message in UNIQUE:
        failwell.constraint(constraint, field=field, message=message)
    return app
