"""The trace that a request belongs to, as its caller or OpenTelemetry says."""

import re
import sys

# https://www.w3.org/TR/trace-context/#traceparent-header; only later versions append.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    r"(-.*)?"
)
_LENGTH = 200
TELEMETRY = "opentelemetry.trace"


def trace_of(traceparent: str | None) -> str | None:
    """Return the id of the trace, 32 hexadecimal digits, or None.

    Args:
        traceparent: The header of that name. Where it is missing or makes no sense,
            OpenTelemetry's current span counts, if the application uses that.
    """
    if traceparent:
        match = _TRACEPARENT.fullmatch(traceparent[:_LENGTH])
        if match and not (match[2] and traceparent.startswith("00")):
            return match[1]
    telemetry = sys.modules.get(TELEMETRY)
    if telemetry is None:
        return None
    context = telemetry.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None
