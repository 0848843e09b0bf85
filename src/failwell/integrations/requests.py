"""The deadline for requests: what is left of it as time-out and as header of a request.

    session = requests.Session()
    session.mount("https://", DeadlineAdapter())

Where no deadline is set, requests go out as they are.
"""

from typing import Any

import requests
from requests.adapters import HTTPAdapter

from failwell.resilience import TIMEOUT_HEADER as HEADER
from failwell.resilience import format_timeout, remaining

__all__ = ["DeadlineAdapter"]


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
            request.headers[HEADER] = text
            connect, read = (
                timeout if isinstance(timeout, tuple) else (timeout, timeout)
            )
            timeout = _earlier(connect, left), _earlier(read, left)
        return super().send(request, stream, timeout, **kwargs)


def _earlier(given: float | None, left: float) -> float:
    return left if given is None else min(given, left)
