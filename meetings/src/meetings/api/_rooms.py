"""`/rooms`: made by managers and administrators, read by everyone signed in."""

from flask import Blueprint, Response
from pydantic import BaseModel
from sqlalchemy import select

from failwell import NotFoundError
from meetings._clock import utc_now
from meetings.accounts import Caller, Permission
from meetings.storage import Room, db, writing
from meetings.web import (
    Endpoint,
    Input,
    Line,
    Page,
    PageQuery,
    Seats,
    answer,
    cut,
    read_cursor,
    write_cursor,
)

rooms = Blueprint("rooms", __name__, url_prefix="/api/v1/rooms")


class RoomInput(Input):
    """A room to be made."""

    name: Line
    capacity: Seats


class RoomOutput(BaseModel):
    """A room."""

    id: int
    name: str
    capacity: int


def _output(room: Room) -> RoomOutput:
    return RoomOutput(id=room.id, name=room.name, capacity=room.capacity)


@rooms.post("")
@Endpoint(
    summary="Make a room",
    body=RoomInput,
    answers={201: RoomOutput},
    errors=("CONFLICT",),
    permission=Permission.WRITE_ROOMS,
    headers={"Location": "The room"},
)
def create(caller: Caller, body: RoomInput) -> Response:  # noqa: ARG001 - who may is asked above
    """Make a room."""
    with writing() as session:
        room = Room(name=body.name, capacity=body.capacity, created_at=utc_now())
        session.add(room)
        session.flush()
        output = _output(room)
    return answer(output, 201, {"Location": f"/api/v1/rooms/{output.id}"})


@rooms.get("")
@Endpoint(summary="List the rooms", query=PageQuery, answers={200: Page[RoomOutput]})
def index(caller: Caller, query: PageQuery) -> Response:  # noqa: ARG001 - any user may
    """Answer with a page of rooms, by id."""
    after = read_cursor(query.cursor, 1)[0] if query.cursor else 0
    found = db.session.scalars(
        select(Room).where(Room.id > after).order_by(Room.id).limit(query.limit + 1)
    ).all()
    page, last = cut(found, query.limit)
    return answer(
        Page[RoomOutput](
            items=[_output(room) for room in page],
            next_cursor=write_cursor([last.id]) if last else None,
        )
    )


@rooms.get("/<id:room_id>")
@Endpoint(summary="Read a room", answers={200: RoomOutput})
def read(caller: Caller, room_id: int) -> Response:  # noqa: ARG001 - any user may
    """Answer with one room."""
    room = db.session.get(Room, room_id)
    if room is None:
        raise NotFoundError("Room", room_id)
    return answer(_output(room))
