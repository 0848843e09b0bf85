"""One error, or one answer, as it happens: counted, and kept when it is worth it.

Owns the order of what is done on the caller's thread, the sampling rule, and the
promise never to raise. Knows neither where the sink puts its bytes nor what is
announced.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar

import msgspec

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._request_id import current_request_id
from failwell._settings import Settings
from failwell.records._chain import refer_to_stacks, with_frames
from failwell.records._definitions import LABEL_LENGTH, Definitions, Fault
from failwell.records._drops import Drops
from failwell.records._frames import Link, walk_chain
from failwell.records._model import (
    ErrorNotice,
    ErrorRecord,
    Level,
    RequestInfo,
)
from failwell.records._redact import Json, redact
from failwell.records._request import current_request
from failwell.records._seen import Seen, mark_seen, seen_in
from failwell.records._sink import Sink, Tally
from failwell.records._text import clean

_KEPT_IN_HOUR = 100
_NO_GROUP = "0" * 16
_LOG = "log"
_COUNTED_BEFORE = Tally(0, 0)
_UNREADABLE = "[not recorded: redaction failed]"
_encode = msgspec.json.Encoder().encode
_capturing: ContextVar[bool] = ContextVar("failwell_capturing", default=False)


class Recorder:
    """Turns exceptions into records and counts, on the thread that caught them.

    Args:
        settings: Names the application, its environment and release.
        sink: Where counts and finished bytes go.
        clock: Gives records their time.
        announce: Called last with what the log says at once; may fail.
    """

    def __init__(
        self,
        settings: Settings,
        sink: Sink,
        *,
        clock: Clock = SYSTEM_CLOCK,
        announce: Callable[[ErrorNotice], None] | None = None,
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._clock = clock
        self._announce = announce
        self._drops = Drops(clock)
        self._definitions = Definitions(settings)

    @property
    def dropped(self) -> dict[str, int]:
        """What could not be kept, counted by reason."""
        return self._drops.counts()

    def capture(  # noqa: PLR0913 - each says one thing of the error, by keyword only
        self,
        error: BaseException,
        *,
        code: str = "INTERNAL_ERROR",
        user_id: object = None,
        request_data: object = None,
        explicit: bool = False,
        level: Level = "error",
        origin: str = "",
        context: Mapping[str, object] | None = None,
        tags: Mapping[str, object] | None = None,
        fingerprint: Iterable[str] = (),
    ) -> str:
        """Count an error, and keep it in full unless its group has enough of them.

        Kept are explicit ones, the first 100 of a group in an hour and the first in
        each minute, by this process. The same exception object, captured again in the
        same request, is the same error and counts once: by itself it keeps its id;
        explicitly it is kept once more, and counts again if it was explicit before.

        Args:
            error: The exception; one that was never raised and is explicit gets the
                stack of this call.
            code: The error code it is answered with.
            user_id: Who met it.
            request_data: What else helps; redacted and bounded before it is kept.
            explicit: Whether the application asked for it.
            level: How bad it is.
            origin: What caught it; `log` is not announced, for its line was written.
            context: JSON types that are kept with it, redacted and bounded.
            tags: Names and values to filter by, kept as text.
            fingerprint: Texts that decide the group instead of the stack.

        Returns:
            The error's id, `<group hash>-<16 hexadecimal digits>`. Never raises: what
            fails in here is counted in `dropped` and said on standard error, once a
            minute at most.
        """
        if _capturing.get():
            # The message or the announcement of an error has failed in its turn.
            self._drops.add("nested error not recorded")
            return _new_id(_NO_GROUP)
        token = _capturing.set(True)
        try:
            given = _Given(
                code=clean(code, LABEL_LENGTH),
                user_id=user_id,
                request_data=request_data,
                explicit=explicit,
                level=level,
                origin=origin,
                context=context,
                tags=tags,
                fingerprint=tuple(fingerprint) if fingerprint else (),
            )
            return self._capture(error, given)
        except Exception as problem:  # noqa: BLE001 - the answer must not change
            self._drops.add("error not recorded", problem)
            return _new_id(_NO_GROUP)
        finally:
            _capturing.reset(token)

    def count_answer(self, *, code: str, status: int, method: str, route: str) -> None:
        """Count an answer that is no record. Never raises.

        Args:
            code: The error code of the answer.
            status: Its HTTP status.
            method: The request's method; an unknown one counts as `OTHER`.
            route: The URL rule, not the path; empty where none matched.
        """
        try:
            definitions = self._definitions
            known = definitions.answers.get((code, status, method, route))
            key, defined = known or definitions.of_answer(code, status, method, route)
            self._sink.count(key, lambda: defined)
        except Exception as problem:  # noqa: BLE001 - the answer must not change
            self._drops.add("answer not counted", problem)

    def _capture(self, error: BaseException, given: "_Given") -> str:
        request_id = current_request_id()
        seen = seen_in(error, request_id)
        if seen is not None and not given.explicit:
            return seen.error_id
        chain = walk_chain(error, explicit=given.explicit)
        fault = self._definitions.of_error(chain, given.code, given.fingerprint)
        tally = _COUNTED_BEFORE
        if seen is None or seen.explicit:
            error_id, tally = _new_id(fault.group), self._count(fault)
        elif seen.kept:
            error_id = _new_id(seen.error_id[:16])
        else:
            error_id = seen.error_id
        record = None
        if given.explicit or tally.in_hour <= _KEPT_IN_HOUR or tally.in_minute == 1:
            record = self._keep(chain, error_id, given, request_id)
        kept = record is not None
        mark_seen(error, Seen(request_id, error_id, kept, given.explicit))
        if given.origin == _LOG:
            return error_id
        self._tell(
            ErrorNotice(
                id=error_id,
                code=given.code,
                type=fault.type,
                place=fault.place,
                request_id=request_id,
                level=given.level,
                exceptions=(
                    with_frames(chain, record.exceptions)
                    if record is not None and tally.in_hour == 1
                    else ()
                ),
            )
        )
        return error_id

    def _count(self, fault: Fault) -> Tally:
        try:
            return self._sink.tally(fault.key, lambda: fault.definition)
        except Exception as problem:  # noqa: BLE001 - an uncounted error is still kept
            self._drops.add("error not counted", problem)
            return Tally(0, 0)

    def _keep(
        self,
        chain: tuple[Link, ...],
        error_id: str,
        given: "_Given",
        request_id: str | None,
    ) -> ErrorRecord | None:
        try:
            record = ErrorRecord(
                id=error_id,
                group=error_id[:16],
                timestamp=self._clock.now(),
                application=self._settings.application,
                environment=self._settings.environment,
                release=self._settings.release,
                code=given.code,
                exceptions=refer_to_stacks(chain),
                request=self._request(given.request_data),
                request_id=request_id,
                user_id=None if given.user_id is None else self._user(given.user_id),
                explicit=given.explicit,
                level=given.level,
                origin=given.origin,
                tags={} if given.tags is None else self._tags(given.tags),
                context={} if given.context is None else self._mapping(given.context),
            )
            stacks = [
                (s.key, s.encoded) for s in [link.stack for link in chain] if s.name
            ]
            self._sink.append(_encode(record), stacks)
        except Exception as problem:  # noqa: BLE001 - it is counted, and has its id
            self._drops.add("error not written", problem)
            return None
        return record

    def _request(self, data: object) -> RequestInfo | None:
        redacted = None if data is None else self._redacted(data)
        try:
            return current_request(redacted)
        except Exception as problem:  # noqa: BLE001 - the field is dropped, not the record
            self._drops.add("field not recorded", problem)
            return None if data is None else RequestInfo(data=redacted)

    def _user(self, user_id: object) -> str:
        return f"{self._redacted(user_id)}"[:LABEL_LENGTH]

    def _mapping(self, mapping: Mapping[str, object]) -> dict[str, Json]:
        redacted = self._redacted(mapping)
        return redacted if isinstance(redacted, dict) else {}

    def _tags(self, tags: Mapping[str, object]) -> dict[str, str]:
        return {
            clean(name, LABEL_LENGTH): clean(_label(value), LABEL_LENGTH)
            for name, value in self._mapping(tags).items()
        }

    def _redacted(self, value: object) -> Json:
        try:
            return redact(value)
        except Exception as problem:  # noqa: BLE001 - as above
            self._drops.add("field not recorded", problem)
            return _UNREADABLE

    def _tell(self, notice: ErrorNotice) -> None:
        if self._announce is None:
            return
        try:
            self._announce(notice)
        except Exception as problem:  # noqa: BLE001 - it is recorded; only the line is missing
            self._drops.add("error not announced", problem)


class _Given(msgspec.Struct, frozen=True):
    """What the caller said about an error."""

    code: str
    user_id: object
    request_data: object
    explicit: bool
    level: Level
    origin: str
    context: Mapping[str, object] | None
    tags: Mapping[str, object] | None
    fingerprint: tuple[str, ...]


def _label(value: Json) -> str:
    return value if isinstance(value, str) else _encode(value).decode()


def _new_id(group: str) -> str:
    return f"{group}-{os.urandom(8).hex()}"
