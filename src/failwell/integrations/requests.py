"""Calls by requests: as breadcrumbs of the request that makes them, and within its deadline.

    session = requests.Session()
    session.mount("https://", BreadcrumbAdapter())
    session.mount("https://", DeadlineAdapter())

An adapter is where requests itself says that such a thing goes: nothing is replaced. Who
wants both makes a class of both.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from failwell.integrations._calls import Call
from failwell.resilience import TIMEOUT_HEADER, format_timeout, remaining

__all__ = ["BreadcrumbAdapter", "DeadlineAdapter"]


class BreadcrumbAdapter(HTTPAdapter):
    """Notes each call with method, host, path, status and duration.

    Takes the arguments of `requests.adapters.HTTPAdapter`.
    """

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401 - those of the class above
        **options: Any,  # noqa: ANN401 - as before
    ) -> requests.Response:
        """Send a request and note what came of it."""
        url = urlsplit(request.url or "")
        call = Call(request.method or "", url.hostname or "", url.path)
        try:
            response = super().send(request, *args, **options)
        except Exception as error:
            call.failed(error)
            raise
        call.answered(response.status_code)
        return response


class DeadlineAdapter(HTTPAdapter):
    """Let requests take no longer than the deadline, and tell the other side.

    Args: those of `requests.adapters.HTTPAdapter`.
    """

    def send(  # type: ignore[override] # the parent's other parameters go on as they are
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the parent's
        timeout: Any = None,  # noqa: ANN401 - the parent's: seconds, or two of them
        **kwargs: Any,  # noqa: ANN401 - the parent's
    ) -> requests.Response:
        """Send a request.

        Raises:
            DeadlineExceededError: The deadline has passed; nothing is sent.
        """
        text, left = format_timeout(), remaining()
        if text is not None and left is not None:
            request.headers[TIMEOUT_HEADER] = text
            connect, read = (
                timeout if isinstance(timeout, tuple) else (timeout, timeout)
            )
            timeout = _earlier(connect, left), _earlier(read, left)
        return super().send(request, stream, timeout, **kwargs)


def _earlier(given: float | None, left: float) -> float:
    return left if given is None else min(given, left)
