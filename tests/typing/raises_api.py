"""What a type checker must see of `raises` and of errors that declare themselves.

Compiled by mypy with `make check`, never run. Each `type: ignore` is an error that
must be found: mypy reports one that is not needed.
"""

from typing import assert_type

from flask.views import MethodView

from failwell import AppError, NotFoundError, raises
from failwell.openapi import error_responses


class RoomTakenError(AppError):
    """An error that declares itself."""

    code = "ROOM_TAKEN"
    status_code = 409


@raises(NotFoundError, RoomTakenError, "RATE_LIMITED")
def read(room_id: int) -> dict[str, int]:
    """Stand for a view."""
    return {"id": room_id}


@raises(NotFoundError)
async def wait(room_id: int) -> str:
    """Stand for an async view."""
    return str(room_id)


@raises(NotFoundError)
class Rooms(MethodView):
    """Stand for a view by methods."""

    @raises(RoomTakenError)
    def get(self, room_id: int) -> str:
        """Stand for a method."""
        return str(room_id)


async def use() -> None:
    """Await what is async."""
    assert_type(await wait(7), str)


assert_type(read(7), dict[str, int])
assert_type(Rooms().get(7), str)
assert_type(RoomTakenError("Taken").code, str)
error_responses(read)
error_responses([NotFoundError, "RATE_LIMITED"])
raises(404)  # type: ignore[arg-type]
raises(KeyError)  # type: ignore[arg-type]
raises(NotFoundError("Room", 7))  # type: ignore[arg-type]
read("7")  # type: ignore[arg-type]
