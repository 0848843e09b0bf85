"""The outside calendar: told of meetings, never waited for long, never trusted.

Owns the webhook call behind a policy of failwell. It is called after the commit; its
failure costs the caller a header, not the booking.
"""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any

import httpx

from failwell import CircuitBreaker, Policy, ServiceUnavailableError, retry, timeout

_logger = logging.getLogger(__name__)

_SILENCE_S = 1.0
_ATTEMPT_S = 2.0


class CalendarNews(StrEnum):
    """What happened to a meeting."""

    CREATED = "created"
    CHANGED = "changed"
    CANCELLED = "cancelled"


class Calendar:
    """Tell an outside service about meetings.

    Two tries with a wait of at most 0.1 s between them, each given up after 1 s of
    silence, or 2 s in all and then not made again; after six failures in a row the
    circuit opens and calls are refused for 30 s.

    Args:
        url: The webhook; None when there is no such service.
        name: What the breaker is called.
    """

    def __init__(self, url: str | None, *, name: str = "calendar") -> None:
        self._url = url
        policy = Policy(
            name,
            retry=retry(
                ServiceUnavailableError, tries=2, delay=0.1, logger=_logger.info
            ),
            breaker=CircuitBreaker(6, 30, 5),
            # In a thread: no time-out of the client ends an answer that comes in drops.
            timeout=timeout(_ATTEMPT_S, in_thread=True),
        )
        self._send: Callable[[dict[str, Any]], None] = policy(self._post)

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
            ServiceUnavailableError: The service is away; a `CallTimeoutError` when it
                took too long, a `CircuitBreakerError` when it was so often away that it
                was not tried.
        """
        self._send({"event": news.value, "meeting": dict(meeting)})

    @cached_property
    def _client(self) -> httpx.Client:
        # Made at the first call: a client made before a fork would share its sockets.
        # It would log every address, and the calendar's may hold a key.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        return httpx.Client(timeout=_SILENCE_S)

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
