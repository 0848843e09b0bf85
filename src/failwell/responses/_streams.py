"""Bodies that are made while they are sent: their failures are answered, or recorded.

Owns the first part of a streamed body, which is made while the answer can still change,
and the record of a body that breaks off. Leaves files to the server, and whole bodies
alone.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask, Response

from failwell.responses._mapping._table import table_of
from failwell.responses._recording import Recording


def guard_streams(app: Flask, recording: Recording) -> None:
    """Make the first part of every streamed body of `app` before its answer begins.

    Servers send the headers with the first part, so nothing is sent later than without.
    """
    flask_process_response = app.process_response

    def process_response(response: Response) -> Response:
        response = flask_process_response(response)
        if response.is_streamed and not response.direct_passthrough:
            response.response = _begin(app, recording, response)
        return response

    vars(app)["process_response"] = process_response


def _begin(app: Flask, recording: Recording, response: Response) -> "_Stream":
    body = response.response
    parts = iter(body)
    try:
        first = [next(parts)]
    except StopIteration:
        first = []
    except BaseException:
        # Nobody else will: it is never sent.
        response.close()
        raise
    return _Stream(app, recording, body, first, parts)


class _Stream:
    """A body whose first part has been taken off it."""

    def __init__(
        self,
        app: Flask,
        recording: Recording,
        body: Iterable[Any],
        first: list[Any],
        rest: Iterable[Any],
    ) -> None:
        self._app = app
        self._recording = recording
        self._body = body
        self._first = first
        self._rest = rest

    def __iter__(self) -> Iterator[Any]:
        yield from self._first
        try:
            yield from self._rest
        except Exception as exception:
            # The client has the beginning: it sees that the rest is missing.
            self._note(exception)
            raise

    def close(self) -> None:
        """Close the body; Werkzeug asks for it when the answer is sent, or is not."""
        close = getattr(self._body, "close", None)
        if close is None:
            return
        try:
            close()
        except Exception as exception:
            self._note(exception)
            raise

    def _note(self, exception: Exception) -> None:
        code = table_of(self._app).to_app_error(exception).code
        if self._recording.capture(exception, code) is None:
            self._app.logger.error("A body broke off", exc_info=exception)
