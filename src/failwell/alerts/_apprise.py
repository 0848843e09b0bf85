"""Mail, Slack, Teams, PagerDuty, ntfy and a hundred more, through apprise.

Owns that what apprise says of a failure is kept without the URL that it failed with.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import apprise

from failwell.alerts._channel import ChannelError, Message, without_secrets

_APPRISE = "apprise"


class AppriseChannel:
    """A URL of apprise.

    Args:
        url: Such as `mailto://user:password@example.org`.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, message: Message) -> None:
        """Send one.

        Raises:
            ChannelError: It was not taken.
        """
        try:
            failure = self._send(message)
        except Exception as error:  # noqa: BLE001 - a hundred services, each its own
            failure = f"{type(error).__name__}: {error}"
        if failure:
            raise ChannelError(without_secrets(failure, self._url))

    def _send(self, message: Message) -> str:
        """Send one; return why it was not taken."""
        with _heard():
            service = apprise.Apprise.instantiate(self._url, suppress_exceptions=True)
        if not isinstance(service, apprise.NotifyBase):
            return "apprise does not know such a URL; see its list of services"
        # Not together with the above, which loads libraries that may have loggers.
        with _heard() as lines:
            is_sent = service.notify(
                body=message.text,
                title=message.title,
                body_format=apprise.NotifyFormat.TEXT,
            )
        return "" if is_sent else "; ".join(lines) or "apprise does not say why"


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Give what apprise says in this thread meanwhile, and keep it out of the logs.

    And what the libraries say that it calls: of HTTP, the path, which may be a password.
    """
    listening = _Listening(threading.get_ident())
    names = [name for name in logging.root.manager.loggerDict if not _is_ours(name)]
    loggers = [logging.root, *map(logging.getLogger, names)]
    for logger in loggers:
        logger.addFilter(listening)
    try:
        yield listening.lines
    finally:
        for logger in loggers:
            logger.removeFilter(listening)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "failwell"


class _Listening(logging.Filter):
    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread
        self.lines: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        if record.name == _APPRISE and record.levelno >= logging.WARNING:
            self.lines.append(record.getMessage())
        return False
