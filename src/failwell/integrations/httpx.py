"""Calls by httpx as breadcrumbs of the request that makes them.

    client = httpx.Client(transport=BreadcrumbTransport())
    client = httpx.AsyncClient(transport=AsyncBreadcrumbTransport())

A transport is where httpx itself says that such a thing goes: nothing is replaced.
"""

import httpx

from failwell.integrations._calls import Call

__all__ = ["AsyncBreadcrumbTransport", "BreadcrumbTransport"]


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


def _call(request: httpx.Request) -> Call:
    url = request.url
    return Call(request.method, url.host, url.path)
