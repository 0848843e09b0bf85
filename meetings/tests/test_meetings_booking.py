"""Booking, reading, changing and cancelling meetings."""

from typing import Any

import pytest
from meetings_api import Api, at
from werkzeug.test import TestResponse


def _code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def _conflicts(answer: TestResponse) -> Any:  # noqa: ANN401 - JSON
    assert _code(answer) == (409, "MEETING_CONFLICT")
    return answer.get_json()["error"]["details"]["conflicting_meetings"]


def test_a_booked_meeting_comes_back(api: Api) -> None:
    """What was sent comes back with id, organiser, status and version; times in UTC."""
    ada, bob, room_id = api.person(), api.person("Bob"), api.room()

    answer = api.book(
        ada,
        start_time="2026-05-04T11:00:00+02:00",
        room_id=room_id,
        participants=[bob.id, ada.id, bob.id],
    )

    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/meetings/1"
    assert answer.headers["ETag"] == '"1-1"'
    assert answer.get_json() == {
        "id": 1,
        "title": "Planning",
        "start_time": "2026-05-04T09:00:00+00:00",
        "end_time": "2026-05-04T10:00:00+00:00",
        "room_id": room_id,
        "max_capacity": None,
        "participants": [bob.id],
        "organizer_id": ada.id,
        "status": "confirmed",
        "version": 1,
    }
    read = api.call("GET", "/meetings/1", bob)
    assert read.get_json() == answer.get_json()
    assert read.headers["ETag"] == '"1-1"'


def test_overlaps_in_a_room_conflict(api: Api) -> None:
    """Every kind of overlap is refused; touching is none; other rooms are free."""
    room_id, other_room = api.room(), api.room(name="Booth")
    api.book(api.person(), room_id=room_id, **at(10, 120))
    eve = api.person("Eve")

    for hour, minutes in ((9, 61), (9, 240), (10, 120), (10, 30), (11, 10), (11, 90)):
        answer = api.book(eve, room_id=room_id, **at(hour, minutes))
        assert _conflicts(answer) == [
            {
                "busy": True,
                "start_time": "2026-05-04T10:00:00+00:00",
                "end_time": "2026-05-04T12:00:00+00:00",
            }
        ]

    assert api.book(eve, room_id=room_id, **at(9, 60)).status_code == 201
    assert api.book(eve, room_id=room_id, **at(12, 60)).status_code == 201
    assert api.book(eve, room_id=other_room, **at(10, 60)).status_code == 201


def test_the_organiser_is_in_one_place(api: Api) -> None:
    """Without any room, one's own meetings conflict, and are listed in full."""
    ada = api.person()
    api.book(ada)

    answer = api.book(ada, title="Other")

    error = answer.get_json()["error"]
    assert error["message"] == "Meeting time conflicts with existing meetings"
    assert error["details"]["start_time"] == "2026-05-04T09:00:00+00:00"
    assert _conflicts(answer) == [
        {
            "id": 1,
            "title": "Planning",
            "start_time": "2026-05-04T09:00:00+00:00",
            "end_time": "2026-05-04T10:00:00+00:00",
            "room_id": None,
        }
    ]


def test_the_longest_meeting_is_still_seen(api: Api) -> None:
    """What began a day before, less a second, is found; the bound hides nothing."""
    ada = api.person()
    day = {"start_time": "2026-05-03T09:00:01Z", "end_time": "2026-05-04T09:00:01Z"}
    assert api.book(ada, **day).status_code == 201

    assert len(_conflicts(api.book(ada))) == 1


def test_conflicts_are_listed_by_time_and_twenty_at_most(api: Api) -> None:
    """A day over thirty meetings lists the first twenty."""
    ada = api.person()
    for number in reversed(range(30)):
        api.book(ada, **at(0, 10) | _minutes(number * 20))

    listed = _conflicts(
        api.book(
            ada, start_time="2026-05-04T00:00:00Z", end_time="2026-05-05T00:00:00Z"
        )
    )

    starts = [entry["start_time"] for entry in listed]
    assert len(starts) == 20
    assert starts == sorted(starts)
    assert starts[0] == "2026-05-04T00:00:00+00:00"


def _minutes(start: int) -> dict[str, str]:
    names = ("start_time", "end_time")
    marks = (start, start + 10)
    return {
        n: f"2026-05-04T{m // 60:02}:{m % 60:02}:00Z"
        for n, m in zip(names, marks, strict=True)
    }


def test_foreign_meetings_do_not_exist(api: Api) -> None:
    """Reading, changing, cancelling, joining: the same 404 as for an unknown id."""
    api.book(api.person())
    eve = api.person("Eve")

    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "Mine"}),
        ("DELETE", "", None),
        ("POST", "/participants", {}),
        ("DELETE", f"/participants/{eve.id}", None),
    ):
        foreign = api.call(method, f"/meetings/1{path}", eve, json=body)
        unknown = api.call(method, f"/meetings/2{path}", eve, json=body)
        assert _code(foreign) == _code(unknown) == (404, "NOT_FOUND")
        assert foreign.get_data(as_text=True).replace("1", "2") == unknown.get_data(
            as_text=True
        )


def test_a_participant_reads_but_does_not_change(api: Api) -> None:
    """403, and the row is unchanged."""
    ada, bob = api.person(), api.person("Bob")
    before = api.book(ada, participants=[bob.id]).get_json()

    changed = api.call("PATCH", "/meetings/1", bob, json={"title": "Mine"})
    cancelled = api.call("DELETE", "/meetings/1", bob)

    assert _code(changed) == _code(cancelled) == (403, "AUTHORIZATION_ERROR")
    assert api.call("GET", "/meetings/1", bob).get_json() == before


def test_a_change_touches_what_is_given(api: Api) -> None:
    """PATCH changes the fields given, empties with null, and raises the version."""
    ada, bob, room_id = api.person(), api.person("Bob"), api.room()
    api.book(ada, room_id=room_id, max_capacity=3, participants=[bob.id])

    renamed = api.call("PATCH", "/meetings/1", ada, json={"title": "New"}).get_json()
    emptied = api.call(
        "PATCH", "/meetings/1", ada, json={"room_id": None, "participants": []}
    ).get_json()
    nothing = api.call("PATCH", "/meetings/1", ada, json={}).get_json()

    assert (renamed["title"], renamed["version"]) == ("New", 2)
    assert (renamed["room_id"], renamed["participants"]) == (room_id, [bob.id])
    assert (emptied["room_id"], emptied["participants"]) == (None, [])
    assert (emptied["max_capacity"], emptied["version"]) == (3, 3)
    assert nothing == emptied


def test_a_move_is_checked_like_a_booking(api: Api) -> None:
    """Moving into a taken slot conflicts; a meeting is never in its own way."""
    ada, bob, room_id = api.person(), api.person("Bob"), api.room()
    api.book(ada, room_id=room_id, **at(9))
    api.book(bob, room_id=room_id, **at(11))

    blocked = api.call("PATCH", "/meetings/2", bob, json=at(9, 90))
    shifted = api.call("PATCH", "/meetings/2", bob, json=at(10, 90))

    assert len(_conflicts(blocked)) == 1
    assert shifted.status_code == 200


def test_moving_one_end_is_checked_against_the_other(api: Api) -> None:
    """An end before the stored start is refused, under the field that was sent."""
    ada = api.person()
    api.book(ada)

    for field, value in (
        ("end_time", "2026-05-04T08:00:00Z"),
        ("start_time", "2026-05-04T10:00:00Z"),
        ("start_time", "2026-05-01T10:00:00Z"),
    ):
        answer = api.call("PATCH", "/meetings/1", ada, json={field: value})
        assert _code(answer) == (400, "MEETING_VALIDATION_ERROR")
        assert list(answer.get_json()["error"]["fields"]) == [field]


def test_cancelling_frees_the_time_and_keeps_the_row(api: Api) -> None:
    """204, twice; then the slot is free, and the meeting reads as cancelled."""
    ada, room_id = api.person(), api.room()
    api.book(ada, room_id=room_id)

    first = api.call("DELETE", "/meetings/1", ada)
    second = api.call("DELETE", "/meetings/1", ada)

    assert (first.status_code, first.data) == (204, b"")
    assert "Content-Type" not in first.headers
    assert (second.status_code, second.headers["ETag"]) == (204, '"1-2"')
    kept = api.call("GET", "/meetings/1", ada).get_json()
    assert (kept["status"], kept["version"]) == ("cancelled", 2)
    assert api.book(ada, room_id=room_id).status_code == 201


def test_a_cancelled_meeting_does_not_change(api: Api) -> None:
    """Nothing books a time through a meeting that no longer stands."""
    ada = api.person()
    api.book(ada, max_capacity=2)
    api.call("DELETE", "/meetings/1", ada)

    changed = api.call("PATCH", "/meetings/1", ada, json={"title": "Back"})
    joined = api.call("POST", "/meetings/1/participants", api.person("Bob"), json={})

    assert _code(changed) == _code(joined) == (409, "CONFLICT")


def test_unknown_rooms_and_people_are_not_found(api: Api) -> None:
    """404 names the kind and the id."""
    ada = api.person()

    room = api.book(ada, room_id=77)
    person = api.book(ada, participants=[ada.id, 88])

    assert room.get_json()["error"]["details"] == {
        "resource": "Room",
        "resource_id": 77,
    }
    assert person.get_json()["error"]["details"] == {
        "resource": "User",
        "resource_id": 88,
    }
    assert room.status_code == person.status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_version_is_refused(api: Api, method: str) -> None:
    """If-Match holds the version: stale is 412, current and `*` pass."""
    ada = api.person()
    api.book(ada)
    api.call("PATCH", "/meetings/1", ada, json={"title": "Second"})

    def send(tag: str) -> TestResponse:
        body = {"title": "Third"} if method == "PATCH" else None
        headers = {"If-Match": tag}
        return api.call(method, "/meetings/1", ada, json=body, headers=headers)

    assert _code(send('"1-1"')) == (412, "PRECONDITION_FAILED")
    assert _code(send('W/"1-2"')) == (412, "PRECONDITION_FAILED")
    for unreadable in ("", ",", '"', 'W/"'):
        assert _code(send(unreadable)) == (412, "PRECONDITION_FAILED")
    assert send('"1-2"').status_code in {200, 204}
    assert send("*").status_code in {200, 204}


def test_an_unchanged_meeting_is_not_sent_again(api: Api) -> None:
    """If-None-Match with the current tag is 304, without a body."""
    ada = api.person()
    api.book(ada)

    answer = api.call("GET", "/meetings/1", ada, headers={"If-None-Match": '"1-1"'})

    assert (answer.status_code, answer.data) == (304, b"")


def test_the_list_shows_what_one_may_see(api: Api) -> None:
    """Own, invited and open meetings, by start; page by page each exactly once."""
    ada, bob, eve = api.person(), api.person("Bob"), api.person("Eve")
    for hour in (12, 8, 10, 9, 11):
        api.book(ada, **at(hour, title=f"own {hour}"))
    api.book(bob, **at(9, title="with Ada"), participants=[ada.id])
    api.book(eve, **at(7, title="open"), max_capacity=5)
    api.book(eve, **at(9, title="private"))

    titles: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.call("GET", f"/meetings?limit=3{cursor}", ada).get_json()
        titles += [item["title"] for item in page["items"]]
        following = page["next_cursor"]
        cursor = None if following is None else f"&cursor={following}"

    assert titles == [
        "open",
        "own 8",
        "own 9",
        "with Ada",
        "own 10",
        "own 11",
        "own 12",
    ]
