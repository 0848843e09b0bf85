"""The request that failed, as far as it may be kept.

The one module of the room that knows Flask. Reads the present request context, never
the body; headers only by an allow-list, so that no new one can leak.
"""

from urllib.parse import unquote_plus

from flask import Request, has_request_context
from flask.globals import request_ctx

from failwell.records._model import RequestInfo
from failwell.records._redact import Json, redact_texts
from failwell.records._secrets import MARK, is_secret_name

_HEADERS = {
    "HTTP_ACCEPT": "Accept",
    "HTTP_HOST": "Host",
    "HTTP_ORIGIN": "Origin",
    "HTTP_REFERER": "Referer",
    "HTTP_USER_AGENT": "User-Agent",
    "HTTP_X_FORWARDED_PROTO": "X-Forwarded-Proto",
}
_HEADER_LENGTH = 512
_PARAMETERS = 50
_QUERY_LENGTH = 2048


def current_request(data: Json = None) -> RequestInfo | None:
    """Return the request that this context serves, redacted.

    Args:
        data: What the application gave along, redacted already.

    Returns:
        None outside of a request and without data.
    """
    if not has_request_context():
        return None if data is None else RequestInfo(data=data)
    request: Request = request_ctx.request
    environ = request.environ
    rule = request.url_rule
    length = environ.get("CONTENT_LENGTH", "")
    names = [name for name in _HEADERS if name in environ]
    method, path, query, content_type, *headers = redact_texts(
        [
            request.method,
            _path(request),
            _query(environ.get("QUERY_STRING", "")),
            environ.get("CONTENT_TYPE", "")[:_HEADER_LENGTH],
            *[environ[name][:_HEADER_LENGTH] for name in names],
        ]
    )
    return RequestInfo(
        method=method,
        route=rule.rule if rule is not None else "",
        path=path,
        query=query,
        headers={
            _HEADERS[name]: value for name, value in zip(names, headers, strict=True)
        },
        content_type=content_type,
        content_length=int(length[:18]) if length.isdecimal() else None,
        data=data,
    )


def _path(request: Request) -> str:
    path = request.path
    for name, value in (request.view_args or {}).items():
        # `/reset/<token>`: the rule says what the path holds. An empty text would
        # stand between all characters.
        if is_secret_name(name) and isinstance(value, str) and value:
            path = path.replace(value, MARK)
    return path


def _query(query: str) -> str:
    if not query:
        return ""
    pairs = query[:_QUERY_LENGTH].split("&")
    return "&".join(_parameter(pair) for pair in pairs[:_PARAMETERS])


def _parameter(pair: str) -> str:
    # Decoded first: what is encoded hides from the patterns.
    name, equals, value = pair.partition("=")
    name, value = unquote_plus(name), unquote_plus(value)
    if equals and is_secret_name(name):
        value = MARK
    return f"{name}{equals}{value}"
