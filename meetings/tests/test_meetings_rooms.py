"""Rooms: who makes them, and reading them page by page."""

from meetings_api import Api


def test_an_administrator_makes_a_room(api: Api) -> None:
    """201, and the Location leads to the room."""
    answer = api.call(
        "POST", "/rooms", api.admin(), json={"name": "Hall", "capacity": 9}
    )

    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/rooms/1"
    read = api.call("GET", "/rooms/1", api.person())
    assert (
        read.get_json() == answer.get_json() == {"id": 1, "name": "Hall", "capacity": 9}
    )


def test_a_member_makes_no_room(api: Api) -> None:
    """403 names the permission that is missing, whatever the body is."""
    ada = api.person()

    for body in ({"name": "Hall", "capacity": 9}, {}, []):
        answer = api.call("POST", "/rooms", ada, json=body)
        error = answer.get_json()["error"]
        assert (answer.status_code, error["code"]) == (403, "AUTHORIZATION_ERROR")
        assert error["details"] == {"required_permissions": ["rooms:write"]}


def test_a_name_is_taken_once(api: Api) -> None:
    """Two rooms of one name would be confused."""
    admin = api.admin()
    body = {"name": "Hall", "capacity": 9}
    api.call("POST", "/rooms", admin, json=body)

    answer = api.call("POST", "/rooms", admin, json=body)

    assert answer.status_code == 409
    assert answer.get_json()["error"] == {
        "code": "CONFLICT",
        "message": "A room of this name exists already",
        "details": {"field": "name"},
    }


def test_capacity_is_a_number_from_one(api: Api) -> None:
    """Zero, texts, fractions and nonsense are refused with the field."""
    admin = api.admin()

    for capacity in (0, -1, "9", 1.5, True, None, 10**30):
        answer = api.call(
            "POST", "/rooms", admin, json={"name": "H", "capacity": capacity}
        )
        assert answer.status_code == 400
        assert list(answer.get_json()["error"]["details"]) == ["capacity"]


def test_pages_hold_every_room_once(api: Api) -> None:
    """Following the cursors meets all rooms in order, and ends with null."""
    admin = api.admin()
    for number in range(5):
        api.call("POST", "/rooms", admin, json={"name": f"R{number}", "capacity": 1})

    seen, cursor = [], ""
    while cursor is not None:
        page = api.call("GET", f"/rooms?limit=2{cursor}", admin).get_json()
        seen += [room["name"] for room in page["items"]]
        following = page["next_cursor"]
        cursor = None if following is None else f"&cursor={following}"

    assert seen == ["R0", "R1", "R2", "R3", "R4"]


def test_bad_queries_name_the_parameter(api: Api) -> None:
    """Limits out of range, foreign cursors and unknown names are refused."""
    ada = api.person()

    for query, name in (
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1000000000", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor"),
        ("sort=name", "sort"),
    ):
        answer = api.call("GET", f"/rooms?{query}", ada)
        assert answer.status_code == 400
        assert list(answer.get_json()["error"]["details"]) == [name]


def test_ids_that_no_database_holds_are_not_found(api: Api) -> None:
    """Zero and numbers beyond 64 bits are 404, not a database fault."""
    ada = api.person()

    for room_id in (0, 7, 2**63, 10**40):
        answer = api.call("GET", f"/rooms/{room_id}", ada)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (
            404,
            "NOT_FOUND",
        )
