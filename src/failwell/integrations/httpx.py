"""Calls by httpx: as breadcrumbs of the request that makes them, and within its deadline.

    client = httpx.Client(transport=BreadcrumbTransport())
    client = httpx.AsyncClient(transport=AsyncBreadcrumbTransport())
    client = httpx.Client(event_hooks={"request": [pass_deadline]})
    client = httpx.AsyncClient(event_hooks={"request": [pass_deadline_async]})

Transports and hooks are where httpx itself says that such things go: nothing is replaced.
"""

import httpx

from failwell.integrations._calls import Call
from failwell.resilience import TIMEOUT_HEADER, format_timeout, remaining

__all__ = [
    "AsyncBreadcrumbTransport",
    "BreadcrumbTransport",
    "pass_deadline",
    "pass_deadline_async",
]


class BreadcrumbTransport(httpx.BaseTransport):
    """Notes each call with method, host, path, status and duration.

    Args:
        transport: What sends the requests; default: `httpx.HTTPTransport()`.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and note what came of it."""
        call = _call(request)
        try:
            response = self._transport.handle_request(request)
        except Exception as error:
            call.failed(error)
            raise
        call.answered(response.status_code)
        return response

    def close(self) -> None:
        """Close the transport behind."""
        self._transport.close()


class AsyncBreadcrumbTransport(httpx.AsyncBaseTransport):
    """Does as `BreadcrumbTransport` does, for `httpx.AsyncClient`.

    Args:
        transport: What sends the requests; default: `httpx.AsyncHTTPTransport()`.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and note what came of it."""
        call = _call(request)
        try:
            response = await self._transport.handle_async_request(request)
        except Exception as error:
            call.failed(error)
            raise
        call.answered(response.status_code)
        return response

    async def aclose(self) -> None:
        """Close the transport behind."""
        await self._transport.aclose()


def pass_deadline(request: httpx.Request) -> None:
    """Let a request take no longer than the deadline, and tell the other side.

    Raises:
        DeadlineExceededError: The deadline has passed; nothing is sent.
    """
    text, left = format_timeout(), remaining()
    if text is None or left is None:
        return
    request.headers[TIMEOUT_HEADER] = text
    timeouts = dict(request.extensions.get("timeout", {}))
    for phase in ("connect", "read", "write", "pool"):
        given = timeouts.get(phase)
        timeouts[phase] = left if given is None else min(given, left)
    request.extensions["timeout"] = timeouts


async def pass_deadline_async(request: httpx.Request) -> None:
    """As `pass_deadline`, for an `AsyncClient`."""
    pass_deadline(request)


def _call(request: httpx.Request) -> Call:
    url = request.url
    return Call(request.method, url.host, url.path)
