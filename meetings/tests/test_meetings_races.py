"""Many at once: nothing is booked twice, nothing is overfull, nothing crashes."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from meetings_api import Api, at
from sqlalchemy import text
from werkzeug.test import TestResponse

from meetings.storage import db

CLIENTS = 16


def _at_once(calls: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], TestResponse]) -> TestResponse:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def _outcomes(answers: list[TestResponse]) -> Counter[str]:
    def outcome(answer: TestResponse) -> str:
        error = (answer.get_json() or {}).get("error", {})
        return f"{answer.status_code} {error.get('code', '')}".strip()

    return Counter(map(outcome, answers))


def test_one_slot_is_booked_once(api: Api) -> None:
    """Of 16 posts into one slot one is made, and the others are told by whom."""
    room_id = api.room()
    people = [api.person() for _ in range(4)]

    answers = _at_once(
        [
            lambda n=n: api.book(people[n % 4], room_id=room_id, title=f"try {n}")
            for n in range(CLIENTS)
        ]
    )

    assert _outcomes(answers) == {"201": 1, "409 MEETING_CONFLICT": CLIENTS - 1}
    won = next(a.get_json() for a in answers if a.status_code == 201)
    lists = [
        a.get_json()["error"]["details"]["conflicting_meetings"]
        for a in answers
        if a.status_code == 409
    ]
    seen = [entries[0].get("id") for entries in lists]
    assert all(len(entries) == 1 for entries in lists)
    assert Counter(seen) == {won["id"]: 3, None: 12}


def test_moves_into_one_slot_succeed_once(api: Api) -> None:
    """The same through PATCH: eight meetings, one slot."""
    room_id = api.room()
    people = [api.person() for _ in range(8)]
    for hour, person in enumerate(people):
        api.book(person, room_id=room_id, **at(hour))

    answers = _at_once(
        [
            lambda n=n, p=p: api.call("PATCH", f"/meetings/{n}", p, json=at(20))
            for n, p in enumerate(people, start=1)
        ]
    )

    assert _outcomes(answers) == {"200": 1, "409 MEETING_CONFLICT": 7}


def test_three_seats_are_taken_by_three(api: Api) -> None:
    """Of 16 who join at once three get in, the others are told that it is full."""
    api.book(api.person(), max_capacity=3)
    people = [api.person() for _ in range(CLIENTS)]

    answers = _at_once(
        [
            lambda p=p: api.call("POST", "/meetings/1/participants", p, json={})
            for p in people
        ]
    )

    assert _outcomes(answers) == {"201": 3, "400 MEETING_CAPACITY_ERROR": 13}
    seated = api.call("GET", "/meetings/1", people[0]).get_json()["participants"]
    assert len(seated) == 3


def test_one_version_is_changed_once(api: Api) -> None:
    """Of 8 who send the same If-Match one changes, the others are stale."""
    ada = api.person()
    api.book(ada)

    answers = _at_once(
        [
            lambda n=n: api.call(
                "PATCH",
                "/meetings/1",
                ada,
                json={"title": f"New {n}"},
                headers={"If-Match": '"1-1"'},
            )
            for n in range(8)
        ]
    )

    assert _outcomes(answers) == {"200": 1, "412 PRECONDITION_FAILED": 7}


def test_one_address_registers_once(api: Api) -> None:
    """Of 8 registrations of one address one is made."""
    body = {"email": "ada@example.com", "name": "Ada", "password": "a-long-password"}

    answers = _at_once([lambda: api.call("POST", "/users", json=body)] * 8)

    assert _outcomes(answers) == {"201": 1, "409 CONFLICT": 7}


def test_slots_fill_up_without_overlap(api: Api) -> None:
    """Sixteen clients over ten slots, all at once: ten meetings, none overlapping."""
    room_id = api.room()
    people = [api.person() for _ in range(CLIENTS)]

    def fill(number: int) -> TestResponse:
        for step in range(10):
            hour = (number + step) % 10
            answer = api.book(people[number], room_id=room_id, **at(hour))
            assert answer.status_code in {201, 409}
        return answer

    _at_once([lambda n=n: fill(n) for n in range(CLIENTS)])

    with api.app.app_context():
        starts = db.session.execute(
            text("SELECT count(*), count(DISTINCT start_time) FROM meetings")
        ).one()
    assert tuple(starts) == (10, 10)
