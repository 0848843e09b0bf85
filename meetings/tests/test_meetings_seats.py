"""Seats: joining, leaving, and being full."""

from meetings_api import Api, Person, at
from werkzeug.test import TestResponse


def _join(api: Api, person: Person, body: dict[str, int] | None = None) -> TestResponse:
    return api.call("POST", "/meetings/1/participants", person, json=body or {})


def _code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_anyone_joins_an_open_meeting(api: Api) -> None:
    """201 with the meeting, its new version, and where to leave."""
    api.book(api.person(), max_capacity=2)
    bob = api.person("Bob")

    answer = _join(api, bob)

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/meetings/1/participants/{bob.id}"
    assert answer.headers["ETag"] == '"1-2"'
    assert answer.get_json()["participants"] == [bob.id]


def test_a_full_meeting_says_how_full(api: Api) -> None:
    """The organiser takes no seat; beyond the last one it is a capacity error."""
    api.book(api.person(), max_capacity=1)
    _join(api, api.person("Bob"))

    answer = _join(api, api.person("Eve"))

    assert answer.status_code == 400
    assert answer.get_json() == {
        "error": {
            "code": "MEETING_CAPACITY_ERROR",
            "message": "Meeting has reached maximum capacity",
            "details": {"meeting_id": 1, "current_capacity": 1, "max_capacity": 1},
        }
    }


def test_a_room_limits_an_open_meeting(api: Api) -> None:
    """A room for one holds one, whatever the meeting would take."""
    room_id = api.room(capacity=1)
    api.book(api.person(), room_id=room_id, max_capacity=50)
    _join(api, api.person("Bob"))

    assert _code(_join(api, api.person("Eve"))) == (400, "MEETING_CAPACITY_ERROR")


def test_too_many_for_the_room_is_refused_at_once(api: Api) -> None:
    """Booking and changing count the people against the room and the limit."""
    ada, room_id = api.person(), api.room(capacity=1)
    people = [api.person("Guest").id for _ in range(2)]

    booked = api.book(ada, room_id=room_id, participants=people)
    api.book(ada, room_id=room_id, participants=people[:1])
    changed = api.call("PATCH", "/meetings/1", ada, json={"participants": people})
    shrunk = api.call(
        "PATCH",
        "/meetings/1",
        ada,
        json={"participants": people, "room_id": None, "max_capacity": 1},
    )

    details = {"current_capacity": 2, "max_capacity": 1}
    assert booked.get_json()["error"]["details"] == {"meeting_id": None, **details}
    assert changed.get_json()["error"]["details"] == {"meeting_id": 1, **details}
    assert _code(shrunk) == (400, "MEETING_CAPACITY_ERROR")


def test_people_and_limits_change_together(api: Api) -> None:
    """Others come while the limit shrinks, and more while it grows."""
    ada, room_id = api.person(), api.room(capacity=2)
    first, second, third = (api.person("Guest").id for _ in range(3))
    api.book(ada, max_capacity=2, participants=[first, second])

    shrunk = api.call(
        "PATCH", "/meetings/1", ada, json={"participants": [third], "max_capacity": 1}
    )
    grown = api.call(
        "PATCH",
        "/meetings/1",
        ada,
        json={"participants": [first, third], "max_capacity": 2, "room_id": room_id},
    )

    assert shrunk.get_json()["participants"] == [third]
    assert grown.get_json()["participants"] == [first, third]


def test_joining_twice_is_a_conflict(api: Api) -> None:
    """Neither a second seat, nor one for the organiser."""
    ada, bob = api.person(), api.person("Bob")
    api.book(ada, max_capacity=5)
    _join(api, bob)

    assert _code(_join(api, bob)) == (409, "CONFLICT")
    assert _code(_join(api, ada)) == (409, "CONFLICT")


def test_only_the_organiser_brings_others(api: Api) -> None:
    """Someone else's seat is the organiser's to give, and must be for a user."""
    ada, bob, eve = api.person(), api.person("Bob"), api.person("Eve")
    api.book(ada, max_capacity=5)

    assert _code(_join(api, bob, {"user_id": eve.id})) == (403, "AUTHORIZATION_ERROR")
    assert _code(_join(api, ada, {"user_id": 999})) == (404, "NOT_FOUND")
    assert _join(api, ada, {"user_id": eve.id}).get_json()["participants"] == [eve.id]


def test_a_closed_meeting_takes_whom_its_organiser_brings(api: Api) -> None:
    """Without `max_capacity`, participants cannot bring others; the organiser can."""
    ada, bob, eve = api.person(), api.person("Bob"), api.person("Eve")
    api.book(ada, participants=[bob.id])

    assert _code(_join(api, bob, {"user_id": eve.id})) == (403, "AUTHORIZATION_ERROR")
    assert _join(api, ada, {"user_id": eve.id}).status_code == 201


def test_leaving_frees_the_seat(api: Api) -> None:
    """204; the seat is free for the next, and a second leave finds nothing."""
    bob, eve = api.person("Bob"), api.person("Eve")
    api.book(api.person(), max_capacity=1)
    _join(api, bob)

    left = api.call("DELETE", f"/meetings/1/participants/{bob.id}", bob)
    again = api.call("DELETE", f"/meetings/1/participants/{bob.id}", bob)

    assert (left.status_code, left.data, left.headers["ETag"]) == (204, b"", '"1-3"')
    assert _code(again) == (404, "NOT_FOUND")
    assert _join(api, eve).status_code == 201


def test_others_are_taken_out_by_the_organiser_alone(api: Api) -> None:
    """A participant cannot remove another."""
    ada, bob, eve = api.person(), api.person("Bob"), api.person("Eve")
    api.book(ada, max_capacity=5, participants=[bob.id, eve.id])

    refused = api.call("DELETE", f"/meetings/1/participants/{bob.id}", eve)
    taken = api.call("DELETE", f"/meetings/1/participants/{bob.id}", ada)

    assert _code(refused) == (403, "AUTHORIZATION_ERROR")
    assert taken.status_code == 204


def test_a_stale_join_is_refused(api: Api) -> None:
    """If-Match counts for seats too."""
    api.book(api.person(), **at(9), max_capacity=5)

    answer = api.call(
        "POST",
        "/meetings/1/participants",
        api.person("Bob"),
        json={},
        headers={"If-Match": '"1-0"'},
    )

    assert _code(answer) == (412, "PRECONDITION_FAILED")


def test_leaving_needs_no_id(api: Api) -> None:
    """DELETE of `participants` is leaving; who has no seat is not found."""
    api.book(api.person(), max_capacity=2)
    bob = api.person("Bob")
    _join(api, bob)

    left = api.call("DELETE", "/meetings/1/participants", bob)
    again = api.call("DELETE", "/meetings/1/participants", bob)

    assert (left.status_code, left.headers["ETag"]) == (204, '"1-3"')
    assert _code(again) == (404, "NOT_FOUND")
    assert api.call("GET", "/meetings/1", bob).get_json()["participants"] == []
