"""Which form the client prefers, by its `Accept` header."""

from functools import lru_cache

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

JSON, PROBLEM, HTML = "application/json", "application/problem+json", "text/html"

_LENGTH_LIMIT = 1024


def prefers_problem(accept: str) -> bool:
    """Return whether `accept` prefers problem+json to plain JSON.

    A wildcard, nothing, or anything that cannot be read prefers nothing.
    """
    return _prefers(accept, PROBLEM)


def prefers_html(accept: str) -> bool:
    """Return whether `accept` prefers a page to JSON, as a browser's does."""
    return _prefers(accept, HTML)


def _prefers(accept: str, kind: str) -> bool:
    # Most requests come without one or with `*/*`; a header longer than any client's
    # would only fill the cache.
    if not accept or accept == "*/*" or len(accept) > _LENGTH_LIMIT:
        return False
    return _compare(accept, kind)


@lru_cache(maxsize=256)
def _compare(accept: str, kind: str) -> bool:
    # Parameters such as `charset` choose nothing here, but would keep Werkzeug from
    # matching.
    parsed = MIMEAccept(
        (media.partition(";")[0].strip().lower(), quality)
        for media, quality in parse_accept_header(accept, MIMEAccept)
    )
    named = {media for media, _ in parsed}
    wanted, plain = parsed.quality(kind), parsed.quality(JSON)
    if wanted != plain:
        return wanted > plain
    # At the same quality, being named beats being covered by a wildcard.
    return wanted > 0 and kind in named and JSON not in named
