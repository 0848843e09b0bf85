"""What a type checker must see of the readers, `attempt_each` and `Undo`.

Compiled by mypy with `make check`, never run. Each `type: ignore` is an error that
must be found: mypy reports one that is not needed.
"""

from typing import Annotated, assert_type

import marshmallow
import pydantic

from failwell import (
    AppError,
    Attempts,
    Undo,
    attempt_each,
    read_body,
    read_headers,
    read_path,
    read_query,
)


class Room(pydantic.BaseModel):
    """A model of pydantic's."""

    name: str


class RoomSchema(marshmallow.Schema):
    """A schema of marshmallow's."""

    name = marshmallow.fields.String()


def read() -> None:
    """A class gives its instance; what has no type of its own gives anything."""
    assert_type(read_body(Room), Room)
    assert_type(read_query(Room), Room)
    assert_type(read_path(dict[str, int]), dict[str, int])
    assert_type(read_headers(list[Room]), list[Room])
    limit: int = read_body(Annotated[int, "positive"])
    by_class: dict[str, str] = read_body(RoomSchema)
    by_instance: list[dict[str, str]] = read_body(RoomSchema(many=True))
    assert all((limit, by_class, by_instance))


def attempt() -> None:
    """The values have the type that the function returns."""
    attempts = attempt_each(["a", "b"], len)
    assert_type(attempts, Attempts[int])
    for index, value in attempts.succeeded:
        assert_type((index, value), tuple[int, int])
    for index, error in attempts.failed:
        assert_type((index, error), tuple[int, AppError])
    attempts.response(str, success_status=201)
    attempts.response(len)  # type: ignore[arg-type]
    attempt_each([1], len)  # type: ignore[arg-type]


async def undo_steps() -> None:
    """The arguments must fit the function."""

    def cancel(room: Room, *, reason: str = "") -> None:
        """Undo a booking."""

    async def notify(room: Room) -> None:
        """Tell somebody."""

    with Undo() as undo:
        undo.push(cancel, Room(name="a"), reason="x")
        undo.push(cancel, "a")  # type: ignore[arg-type]
        undo.push(cancel)  # type: ignore[call-arg]
    async with Undo() as undo:
        undo.push(notify, Room(name="a"))
