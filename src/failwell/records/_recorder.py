"""One error, or one answer, as it happens: counted, and kept when it is worth it.

Owns the order of what is done on the caller's thread, the sampling rule, and the
promise never to raise. Knows neither where the sink puts its bytes nor what is
announced.
"""

from collections.abc import Callable, Sequence
from typing import Unpack

from failwell._callbacks import Callbacks
from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._dice import DICE
from failwell._request_id import current_request_id
from failwell._scope import NOTHING_SAID, scope
from failwell._settings import Settings
from failwell.records._affected import AffectedUsers
from failwell.records._asking import Asking
from failwell.records._breadcrumbs import LOG, capturing, keep_breadcrumbs
from failwell.records._chain import Chain, walk_chain
from failwell.records._composer import Case, Composer
from failwell.records._definitions import Definitions, Fault
from failwell.records._describe import describe_chain
from failwell.records._given import Details
from failwell.records._grouping import ALGORITHMS, Algorithm
from failwell.records._losses import Losses
from failwell.records._model import ErrorNotice, ErrorRecord
from failwell.records._places import count_in_app
from failwell.records._secrets import seek_secrets
from failwell.records._seen import Seen, mark_seen, seen_in
from failwell.records._sink import NotSyncedError, Sink, Tally, loss_reason
from failwell.records._text import LABEL_LENGTH, clean

_KEPT_IN_HOUR = 100
_NO_GROUP = "0" * 16
_COUNTED_BEFORE = Tally(0, 0)


class Recorder:
    """Turns exceptions into records and counts, on the thread that caught them.

    Args:
        settings: Names the application, its environment and release, and says what is
            kept; what it says of modules, secrets and the number of breadcrumbs holds
            for the whole process.
        sink: Where counts and finished bytes go.
        clock: Gives records their time.
        announce: Called last with what the log says at once; may fail.
        callbacks: What the application lets be asked.
        algorithms: How groups are told apart where nothing is said; the first one counts.
    """

    def __init__(
        self,
        settings: Settings,
        sink: Sink,
        *,
        clock: Clock = SYSTEM_CLOCK,
        announce: Callable[[ErrorNotice], None] | None = None,
        callbacks: Callbacks | None = None,
        algorithms: Sequence[Algorithm] = ALGORITHMS,
    ) -> None:
        count_in_app(settings.records_in_app)
        seek_secrets(settings.records_secrets)
        keep_breadcrumbs(settings.records_breadcrumbs)
        self._sink = sink
        self._announce = announce
        self._losses = Losses(settings, sink, clock)
        self._callbacks = callbacks or Callbacks()
        self._asking = Asking(self._callbacks, self._losses)
        self._definitions = Definitions(settings, algorithms)
        self._users = AffectedUsers(settings.application, sink, clock)
        self._composer = Composer(settings, self._losses, clock)

    @property
    def dropped(self) -> dict[str, int]:
        """What could not be kept, counted by reason; what was sampled out is not."""
        return self._losses.counts()

    def capture(
        self,
        error: BaseException,
        *,
        code: str = "INTERNAL_ERROR",
        user_id: object = None,
        request_data: object = None,
        explicit: bool = False,
        **details: Unpack[Details],
    ) -> str:
        """Count an error, and keep it in full unless its group has enough of them.

        Kept are explicit ones, the first 100 of a group in an hour and the first in
        each minute, by this process; of the others each counts as sampled out. The same
        exception object, captured again in the same request, is the same error and counts
        once: by itself it keeps its id; explicitly it is kept once more, and counts again
        if it was explicit before.

        Args:
            error: The exception; one that was never raised and is explicit gets the
                stack of this call.
            code: The error code it is answered with.
            user_id: Who met it; default: whom `set_user` or the application's function
                names.
            request_data: What else helps; redacted and bounded before it is kept.
            explicit: Whether the application asked for it.
            details: See `Details`.

        Returns:
            The error's id, `<group hash>-<16 hexadecimal digits>`. Never raises: what
            fails in here is counted in `dropped` and said on standard error, once a
            minute at most.
        """
        if capturing.get():
            # The message or the announcement of an error has failed in its turn.
            self._losses.add("nested error not recorded")
            return self._count_unknown()
        token = capturing.set(True)
        try:
            case = Case(
                code=clean(code, LABEL_LENGTH),
                explicit=explicit,
                request_data=request_data,
                details=details,
                request_id=current_request_id(),
                scope=scope.get() or NOTHING_SAID,
            )
            return self._capture(error, case, user_id)
        except Exception as problem:  # noqa: BLE001 - the answer must not change
            self._losses.add("error not recorded", problem)
            return _new_id(_NO_GROUP)
        finally:
            capturing.reset(token)

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
            self._losses.add("answer not counted", problem)

    def _capture(self, error: BaseException, case: Case, user_id: object) -> str:
        seen = seen_in(error, case.request_id)
        if seen is not None and not case.explicit:
            return seen.error_id
        try:
            chain = walk_chain(error, explicit=case.explicit)
            said = self._asking.fingerprint(error, case.details)
            fault = self._definitions.of_error(chain, case.code, said)
        except Exception as problem:  # noqa: BLE001 - it is counted all the same
            self._losses.add("error not recorded", problem)
            return self._count_unknown()
        tally = _COUNTED_BEFORE
        if seen is None or seen.explicit:
            error_id, tally = _new_id(fault.group), self._count(fault)
        elif seen.kept:
            error_id = _new_id(seen.error_id[:16])
        else:
            error_id = seen.error_id
        user, record = self._user(user_id, fault, case), None
        if case.explicit or tally.in_hour <= _KEPT_IN_HOUR or tally.in_minute == 1:
            record = self._keep(chain, error_id, fault, case, user)
        else:
            self._sample_out()
        kept = record is not None
        mark_seen(error, Seen(case.request_id, error_id, kept, case.explicit))
        if case.details.get("origin") != LOG:
            is_first = record is not None and tally.in_hour == 1
            self._tell(error_id, fault, case, chain if is_first else ())
        return error_id

    def _count_unknown(self) -> str:
        """Count an error that is beyond description; return its id."""
        unknown = self._definitions.unknown
        self._count(unknown)
        return _new_id(unknown.group)

    def _user(self, given: object, fault: Fault, case: Case) -> str | None:
        nothing_said = given is None and case.scope is NOTHING_SAID
        if nothing_said and self._callbacks.user is None:
            return None
        user = self._asking.user(given, case.scope)
        if user is not None:
            try:
                self._users.note(fault.key, user)
            except Exception as problem:  # noqa: BLE001 - the record names the user, too
                self._losses.add("user not noted", problem)
        return user

    def _count(self, fault: Fault) -> Tally:
        try:
            return self._sink.tally(fault.key, lambda: fault.definition)
        except Exception as problem:  # noqa: BLE001 - an uncounted error is still kept
            self._losses.add("error not counted", problem)
            return Tally(0, 0)

    def _sample_out(self) -> None:
        try:
            self._sink.count(*self._losses.sampled_out)
        except Exception as problem:  # noqa: BLE001 - its group has counted it
            self._losses.add("sampled-out error not counted", problem)
        self._sync()

    def _keep(
        self,
        chain: Chain,
        error_id: str,
        fault: Fault,
        case: Case,
        user_id: str | None,
    ) -> ErrorRecord | None:
        try:
            record = self._composer.compose(chain, error_id, fault, case, user_id)
            stacks = [
                (s.key, s.encoded) for s in [link.stack for link in chain] if s.name
            ]
            payload = self._composer.encode(record)
            try:
                self._sink.append(payload, stacks, b"" if case.explicit else fault.key)
            except NotSyncedError as problem:
                self._losses.add("not synced", problem)
        except Exception as problem:  # noqa: BLE001 - it is counted, and has its id
            self._losses.add(loss_reason(problem), problem)
            self._sync()
            return None
        return record

    def _sync(self) -> None:
        """Wait until what was only counted is as durable as a record would be."""
        if not self._sink.waits:
            return
        try:
            self._sink.sync()
        except NotSyncedError as problem:
            self._losses.add("not synced", problem)

    def _tell(self, error_id: str, fault: Fault, case: Case, shown: Chain) -> None:
        """Announce an error, with the chain that is to be shown of it."""
        if self._announce is None:
            return
        try:
            notice = ErrorNotice(
                id=error_id,
                code=case.code,
                type=fault.type,
                place=fault.place,
                request_id=case.request_id,
                level=case.details.get("level", "error"),
                exceptions=describe_chain(shown),
            )
            self._announce(notice)
        except Exception as problem:  # noqa: BLE001 - it is recorded; only the line is missing
            self._losses.add("error not announced", problem)


# Asking the system lets go of the interpreter: in a storm that is a switch between cores
# for every error. An id is not secret; it has to be another one, also behind a fork.
def _new_id(group: str) -> str:
    return f"{group}-{DICE.getrandbits(64):016x}"
