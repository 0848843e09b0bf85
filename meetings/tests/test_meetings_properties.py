"""What holds for every input, not only for the ones we thought of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from meetings_api import Api
from pydantic import TypeAdapter

from meetings.booking import EARLIEST, LATEST
from meetings.web import Moment, read_cursor, write_cursor

DAY = datetime(2026, 5, 4, tzinfo=UTC)
MOMENTS = TypeAdapter(Moment)
_rooms = count()


@given(
    moment=st.datetimes(
        min_value=EARLIEST.replace(tzinfo=None) + timedelta(days=1),
        max_value=LATEST.replace(tzinfo=None) - timedelta(days=1),
    ),
    offset=st.integers(-23 * 60, 23 * 60),
)
def test_a_time_survives_the_round_trip(moment: datetime, offset: int) -> None:
    """Whatever the offset, the moment is the same when it is read back."""
    zone = timezone(timedelta(minutes=offset))
    sent = moment.replace(microsecond=0, tzinfo=zone)

    read = MOMENTS.validate_python(sent.isoformat())
    again = MOMENTS.validate_json(MOMENTS.dump_json(read))

    assert read == again == sent
    assert read.utcoffset() == timedelta(0)


@given(key=st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=1, max_size=3))
def test_a_cursor_survives_the_round_trip(key: list[int]) -> None:
    """Any sort key comes back as it was."""
    assert read_cursor(write_cursor(key), len(key)) == tuple(key)


@pytest.fixture(scope="module")
def book(shared_api: Api) -> Callable[[str, int, int, int], int]:
    """Return how somebody books a room from one minute of the day to another."""
    admin = shared_api.admin()
    people = [shared_api.person() for _ in range(3)]
    rooms: dict[str, int] = {}

    def send(room: str, person: int, start: int, length: int) -> int:
        if room not in rooms:
            body = {"name": room, "capacity": 5}
            made = shared_api.call("POST", "/rooms", admin, json=body).get_json()
            rooms[room] = made["id"]
        begin = DAY + timedelta(days=int(room), minutes=start)
        times = {
            "start_time": begin.isoformat(),
            "end_time": (begin + timedelta(minutes=length)).isoformat(),
        }
        return shared_api.book(people[person], room_id=rooms[room], **times).status_code

    return send


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    wanted=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 600), st.integers(1, 400)),
        min_size=1,
        max_size=10,
    )
)
def test_bookings_agree_with_a_simple_model(
    book: Callable[[str, int, int, int], int], wanted: list[tuple[int, int, int]]
) -> None:
    """A booking is made exactly when nothing that was made before overlaps it."""
    room = str(next(_rooms))
    made: list[tuple[int, int]] = []

    for person, start, length in wanted:
        free = all(start + length <= a or b <= start for a, b in made)
        status = book(room, person, start, length)

        assert status == (201 if free else 409)
        if free:
            made.append((start, start + length))
