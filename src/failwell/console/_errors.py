"""One error: found by the id that a client has, and written down for elsewhere."""

from failwell.console._desk import Desk, find_error_id
from failwell.exceptions import NotFoundError
from failwell.excerpts import as_markdown, as_test
from failwell.records import ErrorRecord
from failwell.store import GroupPage

Found = tuple[GroupPage, ErrorRecord | None]
"""The group, and the error where it was kept."""


def find_error(desk: Desk, error_id: str, *, events: int) -> Found:
    """Return what an id leads to.

    Args:
        desk: Has the store.
        error_id: The whole id, in small letters.
        events: How many of the newest errors the group comes with.

    Raises:
        NotFoundError: It leads to nothing.
        StoreError: The store cannot be read.
    """
    known = find_error_id(error_id) == error_id
    found = desk.store.find(error_id, events=events) if known else None
    if found is None:
        raise NotFoundError("Error", error_id)
    return found


def write_error(found: Found, error_id: str, form: str) -> str:
    """Return an error as `markdown`, or as a `test` that sends its request again.

    Raises:
        NotFoundError: It was not kept, had no request to send, or there is no such form.
    """
    page, event = found
    text = None
    if event is not None and form == "markdown":
        text = as_markdown(page.group, event)
    elif event is not None and form == "test":
        text = as_test(event)
    if text is None:
        raise NotFoundError("Text", f"{error_id}/{form}")
    return text
