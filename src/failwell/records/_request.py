"""The request that failed, as far as it may be kept.

The one module of the room that knows Flask. Reads the present request context, of a body
only what the application has read, and headers only by an allow-list, so that no new one
can leak.
"""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote_plus
from uuid import UUID

import msgspec
from flask import Request, has_request_context
from flask.globals import request_ctx

from failwell.records._model import RequestInfo
from failwell.records._redact import Json, redact, redact_text, redact_texts
from failwell.records._secrets import MARK, is_secret_name

_HEADERS = (
    "Accept",
    "Host",
    "Origin",
    "Referer",
    "User-Agent",
    "X-Forwarded-Proto",
)
_PARAMETERS = 50
_IN_PATHS = (str, int, UUID)
# Some more than a text that is kept may have: what is cut here may be a secret's half.
_RAW_LENGTH = 2500
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class RequestReader:
    """Reads the present request, redacted.

    Args:
        headers: Names of headers to keep besides those that always are. The value of one
            with the name of a secret is hidden.
        body_size: The largest body in bytes that is kept; 0 keeps none.
    """

    def __init__(self, headers: Iterable[str] = (), body_size: int = 0) -> None:
        self._headers = {
            f"HTTP_{name.upper().replace('-', '_')}": name
            for name in (*_HEADERS, *headers)
        }
        self._hidden = {
            key for key, name in self._headers.items() if is_secret_name(name)
        }
        self._body_size = body_size

    def read(self, data: Json = None) -> tuple[RequestInfo, Request] | None:
        """Return what is kept of the present request but for its body, and the request.

        Args:
            data: What the application gave along, redacted already.

        Returns:
            None outside of a request.
        """
        if not has_request_context():
            return None
        request: Request = request_ctx.request
        environ = request.environ
        rule = request.url_rule
        length = environ.get("CONTENT_LENGTH", "")
        kept, hidden = self._headers, self._hidden
        names = [name for name in kept if name in environ]
        texts = [
            request.method,
            environ.get("HTTP_HOST") or environ.get("SERVER_NAME", ""),
            request.path,
            _query(environ.get("QUERY_STRING", "")),
            environ.get("CONTENT_TYPE", "")[:_RAW_LENGTH],
            *[environ[name][:_RAW_LENGTH] for name in names],
        ]
        for secret in _secrets_of_path(request.view_args or {}):
            texts = [text.replace(secret, MARK) for text in texts]
        method, host, path, query, content_type, *headers = redact_texts(texts)
        scheme, root = environ.get("wsgi.url_scheme", ""), environ.get("SCRIPT_NAME")
        info = RequestInfo(
            method=method,
            route=rule.rule if rule is not None else "",
            path=path,
            query=query,
            headers={
                kept[name]: value if name not in hidden else MARK
                for name, value in zip(names, headers, strict=True)
            },
            content_type=content_type,
            content_length=int(length[:18]) if length.isdecimal() else None,
            url=f"{scheme}://{host}{redact_text(root) if root else ''}{path}"
            f"{'?' if query else ''}{query}",
            data=data,
        )
        return info, request

    def read_body(self, request: Request) -> Json:
        """Return the body of a request, redacted, or None.

        Only a small one of JSON or a form, and only what the application has read: the
        stream is never touched.
        """
        # What Werkzeug remembers, past the methods that would read.
        remembered = vars(request)
        raw, form = remembered.get("_cached_data"), remembered.get("form")
        if not (raw or form) or not self._body_size:
            return None
        if raw and request.is_json:
            return _json(raw) if len(raw) <= self._body_size else None
        length = request.content_length if form else None
        if length is None or length > self._body_size:
            return None
        return redact(form) if request.mimetype in _FORMS else None


def _json(raw: bytes) -> Json:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return redact_text(raw.decode("utf-8", "replace"))
    return redact(value)


def _secrets_of_path(arguments: Mapping[str, object]) -> Iterator[str]:
    """Yield the secrets that the rule says the path holds: `/reset/<token>`.

    The page at such an address is also the `Referer` of the form that it sends.
    """
    for name, value in arguments.items():
        # An empty text would stand between all characters.
        if is_secret_name(name) and type(value) in _IN_PATHS and value != "":
            # A UUID may have been sent in capitals.
            yield from {f"{value}", f"{value}".upper()}


def _query(query: str) -> str:
    if not query:
        return ""
    pairs = query[:_RAW_LENGTH].split("&")
    if len(query) > _RAW_LENGTH:
        pairs[-1] = "…"
    return "&".join(_parameter(pair) for pair in pairs[:_PARAMETERS])


def _parameter(pair: str) -> str:
    # Decoded first: what is encoded hides from the patterns.
    name, equals, value = pair.partition("=")
    if "%" in pair or "+" in pair:
        name, value = unquote_plus(name), unquote_plus(value)
    if equals and is_secret_name(name):
        value = MARK
    return f"{name}{equals}{value}"
