"""`Retry-After`, whatever an application calls a wait: valid, or not sent at all."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from tests.responses.conftest import MakeApp
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from failwell import AppError, DeadlineExceededError, ServiceUnavailableError
from failwell.exceptions import Headers

MOMENT = datetime(2026, 1, 2, 10, tzinfo=UTC)
DATE = "Fri, 02 Jan 2026 10:00:00 GMT"
WAITS = [
    (0, "0"),
    (0.2, "1"),
    (-5, "0"),
    (30, "30"),
    (True, "1"),
    (Decimal("1.5"), "2"),
    (timedelta(seconds=1.5), "2"),
    (timedelta(days=-1), "0"),
    (MOMENT, DATE),
    (MOMENT.replace(tzinfo=None), DATE),
    (MOMENT.astimezone(timezone(timedelta(hours=5))), DATE),
    ("30", "30"),
    ("0.2", "1"),
    (DATE, DATE),
]
NO_WAITS = ["soon", "", "2026-01-02", float("nan"), float("inf"), 10**400, object(), []]


class LimitedError(AppError):
    """A 429 that says when to come back, in its own way."""

    code = "RATE_LIMITED"
    status_code = 429

    def __init__(self, wait: object) -> None:
        super().__init__("Too fast")
        self._wait = wait

    @property
    def headers(self) -> Headers:
        """The wait as it was given."""
        return (("Retry-After", self._wait),)  # type: ignore[return-value] # on purpose


@pytest.mark.parametrize("kind", [LimitedError, TooManyRequests])
@pytest.mark.parametrize(("wait", "sent"), WAITS)
def test_a_wait_becomes_seconds_or_a_date(
    make_app: MakeApp, kind: type[LimitedError], wait: object, sent: str
) -> None:
    """Rounded up and never negative, for errors of ours and of Werkzeug's."""
    answer = make_app(
        kind(retry_after=wait) if kind is not LimitedError else kind(wait)
    )

    response = answer.test_client().get("/fails")

    assert response.status_code == 429
    assert response.headers.getlist("Retry-After") == [sent]


@pytest.mark.parametrize("wait", NO_WAITS, ids=range(len(NO_WAITS)))
def test_what_is_no_wait_is_not_sent(make_app: MakeApp, wait: object) -> None:
    """And the error stays what it is: none of them makes it a 500."""
    for error in (
        LimitedError(wait),
        ServiceUnavailableError(retry_after=wait),  # type: ignore[arg-type] # on purpose
        DeadlineExceededError(retry_after=wait),  # type: ignore[arg-type] # on purpose
    ):
        response = make_app(error).test_client().get("/fails")

        assert response.status_code == error.status_code
        assert "Retry-After" not in response.headers
        assert "retry_after" not in response.json["error"]["details"]


@pytest.mark.parametrize(
    ("wait", "sent", "details"),
    [
        (timedelta(seconds=1.5), "2", {"retry_after": 1.5}),
        (timedelta(0), "1", {"retry_after": 0.0}),
        (-5, "1", {"retry_after": -5}),
        (MOMENT, DATE, {}),
        (MOMENT.replace(tzinfo=None), DATE, {}),
    ],
)
def test_a_service_says_when_it_is_back(
    make_app: MakeApp, wait: timedelta | datetime, sent: str, details: object
) -> None:
    """The details have seconds; a moment is no number of them, so the header has it."""
    response = make_app(ServiceUnavailableError(retry_after=wait)).test_client()

    answer = response.get("/fails")

    assert answer.headers["Retry-After"] == sent
    assert answer.json["error"]["details"] == details


def test_a_503_of_werkzeug_takes_a_timedelta(make_app: MakeApp) -> None:
    """Werkzeug alone would send `0:01:00`."""
    raised = ServiceUnavailable(retry_after=timedelta(minutes=1))  # type: ignore[arg-type] # as people do

    response = make_app(raised).test_client().get("/fails")

    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
