"""Mail, Slack, Teams, PagerDuty, ntfy and a hundred more, through apprise.

Owns that what apprise says of a failure is kept without the URL that it failed with.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import apprise

from failwell.alerts._channel import ChannelError, Message, without_secrets

_logger = logging.getLogger("apprise")


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
        with _heard() as lines:
            service = apprise.Apprise.instantiate(self._url, suppress_exceptions=True)
            if not isinstance(service, apprise.NotifyBase):
                reason = "apprise does not know such a URL; see its list of services"
                raise ChannelError(reason)
            is_sent = service.notify(
                body=message.text,
                title=message.title,
                body_format=apprise.NotifyFormat.TEXT,
            )
        if not is_sent:
            reason = "; ".join(lines) or "apprise does not say why"
            raise ChannelError(without_secrets(reason, self._url))


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Give what apprise says in this thread meanwhile, and keep it out of the logs.

    What it says may hold parts of the URL.
    """
    filter_ = _Listening(threading.get_ident())
    _logger.addFilter(filter_)
    try:
        yield filter_.lines
    finally:
        _logger.removeFilter(filter_)


class _Listening(logging.Filter):
    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread
        self.lines: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        if record.levelno >= logging.WARNING:
            self.lines.append(record.getMessage())
        return False
