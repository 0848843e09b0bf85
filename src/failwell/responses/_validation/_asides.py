"""Errors that are not what is answered, but must not be lost.

Owns where they go: to the recorder of the current application, else to the log.
"""

import logging
from typing import Any

from flask import current_app, has_app_context

_logger = logging.getLogger("failwell")


def record_aside(error: BaseException, code: str, happening: str) -> str | None:
    """Record `error`, or log it where nothing records; return its id when it has one.

    Args:
        error: What happened beside the answer.
        code: The error code under which it is recorded.
        happening: One line for the log, without the error's own text.
    """
    handlers: Any = None
    if has_app_context():
        handlers = current_app.extensions.get("failwell.responses")
    error_id: str | None = handlers and handlers.recording.capture(error, code)
    if error_id is None:
        _logger.error(happening, exc_info=error)
    return error_id
