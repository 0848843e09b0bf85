"""The deadline for httpx: what is left of it as time-out and as header of a request.

    client = httpx.Client(event_hooks={"request": [pass_deadline]})
    client = httpx.AsyncClient(event_hooks={"request": [pass_deadline_async]})

Where no deadline is set, requests go out as they are.
"""

import httpx

from failwell.resilience import TIMEOUT_HEADER as HEADER
from failwell.resilience import format_timeout, remaining

__all__ = ["pass_deadline", "pass_deadline_async"]


def pass_deadline(request: httpx.Request) -> None:
    """Let a request take no longer than the deadline, and tell the other side.

    Raises:
        DeadlineExceededError: The deadline has passed; nothing is sent.
    """
    text, left = format_timeout(), remaining()
    if text is None or left is None:
        return
    request.headers[HEADER] = text
    timeouts = dict(request.extensions.get("timeout", {}))
    for phase in ("connect", "read", "write", "pool"):
        given = timeouts.get(phase)
        timeouts[phase] = left if given is None else min(given, left)
    request.extensions["timeout"] = timeouts


async def pass_deadline_async(request: httpx.Request) -> None:
    """As `pass_deadline`, for an `AsyncClient`."""
    pass_deadline(request)
