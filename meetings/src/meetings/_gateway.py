"""The outside calendar: told of meetings, never waited for long, never trusted.

Owns the webhook call behind failwell's retry and breaker. It is called after the
commit; its failure costs the caller a header, not the booking.
"""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

import httpx

from failwell import CircuitBreaker, ServiceUnavailableError, retry

_logger = logging.getLogger(__name__)

_TIMEOUT_S = 1.0


class CalendarNews(StrEnum):
    """What happened to a meeting."""

    CREATED = "created"
    CHANGED = "changed"
    CANCELLED = "cancelled"


class Calendar:
    """Tell an outside service about meetings.

    Two tries with a wait of at most 0.1 s and a timeout of 1 s each; after three such
    failures in a row the circuit opens and calls are refused for 30 s.

    Args:
        url: The webhook; None when there is no such service.
        name: What the breaker is called.
    """

    def __init__(self, url: str | None, *, name: str = "calendar") -> None:
        self._url = url
        guard = CircuitBreaker(3, 30, 5, name=name)
        again = retry(ServiceUnavailableError, tries=2, delay=0.1, logger=_logger.info)
        self._send: Callable[[dict[str, Any]], None] = guard(again(self._post))

    def tell(self, news: CalendarNews, meeting: Mapping[str, Any]) -> str | None:
        """Send the news; return `synced` or `failed`, None without a service."""
        if self._url is None:
            return None
        try:
            self.send(news, meeting)
        except ServiceUnavailableError as error:
            _logger.warning("The calendar was not told (%s): %s", news.value, error)
            return "failed"
        return "synced"

    def send(self, news: CalendarNews, meeting: Mapping[str, Any]) -> None:
        """Send the news.

        Raises:
            ServiceUnavailableError: The service is away; a `CircuitBreakerError` when
                it has been so often that it was not tried.
        """
        self._send({"event": news.value, "meeting": dict(meeting)})

    @cached_property
    def _client(self) -> httpx.Client:
        # Made at the first call: a client made before a fork would share its sockets.
        # It would log every address, and the calendar's may hold a key.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        return httpx.Client(timeout=_TIMEOUT_S)

    def _post(self, payload: dict[str, Any]) -> None:
        try:
            # The body of the answer is not read: it may be endless.
            with self._client.stream("POST", str(self._url), json=payload) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = "The calendar cannot be reached"
            raise ServiceUnavailableError(message) from error
        if not answer.is_success:
            message = f"The calendar answered {status}"
            raise ServiceUnavailableError(message)
