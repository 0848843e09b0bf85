"""The record of an error, put together a field at a time.

Owns the promise that a field which cannot be read, redacted or afforded is dropped alone,
and counted. Knows neither whether a record is kept nor where.
"""

import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec

from failwell._clock import Clock
from failwell._scope import NOTHING_SAID, Scope
from failwell._settings import Settings
from failwell.records._breadcrumbs import read_breadcrumbs
from failwell.records._chain import Chain
from failwell.records._context import read_tags
from failwell.records._definitions import Fault
from failwell.records._describe import add_variables, refer_to_stacks
from failwell.records._given import Details, read_level
from failwell.records._losses import Losses
from failwell.records._model import ErrorRecord, RequestInfo
from failwell.records._plain import plain
from failwell.records._redact import Json, redact, redact_text
from failwell.records._request import RequestReader
from failwell.records._text import LABEL_LENGTH
from failwell.records._trace import TELEMETRY, trace_of

Value = TypeVar("Value")
Instead = TypeVar("Instead")
Given = ParamSpec("Given")

_LARGEST = 256 * 1024
"""Bytes of a record; each field has its own bound, and few are ever full."""
_FEW = 10
_UNREADABLE = "[not recorded: redaction failed]"
_encode = msgspec.json.Encoder().encode


class Case(msgspec.Struct, frozen=True):
    """An error that is to be recorded, and what is known of it."""

    code: str
    explicit: bool
    request_data: object
    details: Details
    request_id: str | None
    scope: Scope


class Composer:
    """Makes records.

    Args:
        settings: Names the application, and says what may be kept.
        losses: Where dropped fields are counted.
        clock: Gives records their time.
    """

    def __init__(self, settings: Settings, losses: Losses, clock: Clock) -> None:
        self._settings = settings
        self._losses = losses
        self._clock = clock
        self._requests = RequestReader(settings.records_headers, settings.records_body)

    def compose(
        self,
        chain: Chain,
        error_id: str,
        fault: Fault,
        case: Case,
        user_id: str | None,
    ) -> ErrorRecord:
        """Return the record of an error; the id of its user is redacted."""
        settings = self._settings
        request, trace_id = self._request(case.request_data)
        exceptions = refer_to_stacks(chain)
        if settings.records_locals:
            exceptions = self._field(exceptions, add_variables, chain, exceptions)
        record = ErrorRecord(
            id=error_id,
            group=error_id[:16],
            algorithm=fault.algorithm,
            timestamp=self._clock.now(),
            application=settings.application,
            environment=settings.environment,
            release=settings.release,
            code=case.code,
            exceptions=exceptions,
            request=request,
            request_id=case.request_id,
            user_id=user_id,
            explicit=case.explicit,
            trace_id=trace_id,
        )
        if case.details or case.scope is not NOTHING_SAID:
            return self._add_said(record, case)
        return record

    def encode(self, record: ErrorRecord) -> bytes:
        """Return the bytes of a record; one that is too large loses fields until it fits."""
        payload = _encode(record)
        for shrink in _SHRINK:
            if len(payload) <= _LARGEST:
                break
            self._losses.add("field not recorded")
            record = shrink(record)
            payload = _encode(record)
        return payload

    def _add_said(self, record: ErrorRecord, case: Case) -> ErrorRecord:
        scope, details = case.scope, case.details
        crumbs = self._settings.records_breadcrumbs
        return msgspec.structs.replace(
            record,
            level=read_level(details.get("level")),
            origin=redact_text(f"{plain(details.get('origin', ''))}", LABEL_LENGTH),
            tags=self._field({}, read_tags, scope.tags, details.get("tags")),
            context=self._field({}, _read_context, details.get("context")),
            breadcrumbs=self._field((), read_breadcrumbs, scope, crumbs),
        )

    def _request(self, given: object) -> tuple[RequestInfo | None, str | None]:
        """Return the request, and the id of the trace that it belongs to."""
        data: Json = None
        if given is not None:
            data = self._field(_UNREADABLE, redact, given)
        try:
            found = self._requests.read(data)
        except Exception as problem:  # noqa: BLE001 - the field is dropped, not the record
            self._losses.add("field not recorded", problem)
            found = None
        if found is None:
            info = None if data is None else RequestInfo(data=data)
            return info, self._field(None, trace_of, None)
        info, request = found
        if info.content_type:
            body = self._field(None, self._requests.read_body, request)
            if body is not None:
                info = msgspec.structs.replace(info, body=body)
        traceparent = request.environ.get("HTTP_TRACEPARENT")
        if traceparent is None and TELEMETRY not in sys.modules:
            return info, None
        return info, self._field(None, trace_of, traceparent)

    def _field(
        self,
        otherwise: Instead,
        read: Callable[Given, Value],
        *given: Given.args,
        **named: Given.kwargs,
    ) -> Value | Instead:
        try:
            return read(*given, **named)
        except Exception as problem:  # noqa: BLE001 - the field is dropped, not the record
            self._losses.add("field not recorded", problem)
            return otherwise


def _read_context(given: object) -> dict[str, Json]:
    if given is None:
        return {}
    redacted = redact(given)
    return redacted if isinstance(redacted, dict) else {"value": redacted}


def _without_variables(record: ErrorRecord) -> ErrorRecord:
    exceptions = tuple(
        msgspec.structs.replace(info, variables={}) for info in record.exceptions
    )
    return msgspec.structs.replace(record, exceptions=exceptions)


def _without_breadcrumbs(record: ErrorRecord) -> ErrorRecord:
    return msgspec.structs.replace(record, breadcrumbs=())


def _without_context(record: ErrorRecord) -> ErrorRecord:
    return msgspec.structs.replace(record, context={})


def _without_bodies(record: ErrorRecord) -> ErrorRecord:
    if record.request is None:
        return record
    request = msgspec.structs.replace(record.request, body=None, data=None)
    return msgspec.structs.replace(record, request=request)


def _with_few_exceptions(record: ErrorRecord) -> ErrorRecord:
    exceptions = tuple(
        msgspec.structs.replace(info, notes=()) for info in record.exceptions[:_FEW]
    )
    return msgspec.structs.replace(record, exceptions=exceptions)


_SHRINK = (
    _without_variables,
    _without_breadcrumbs,
    _without_context,
    _without_bodies,
    _with_few_exceptions,
)
