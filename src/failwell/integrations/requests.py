"""Calls by requests as breadcrumbs of the request that makes them.

    session = requests.Session()
    session.mount("https://", BreadcrumbAdapter())
    session.mount("http://", BreadcrumbAdapter())

An adapter is where requests itself says that such a thing goes: nothing is replaced.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from failwell.integrations._calls import Call

__all__ = ["BreadcrumbAdapter"]


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
