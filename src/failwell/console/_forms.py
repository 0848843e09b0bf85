"""What the forms of the pages do: one address for each action, by POST alone."""

from collections.abc import Callable
from typing import Any

from flask import redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from failwell.console._actions import ACTIONS, Action, read_fields, run_action
from failwell.console._desk import Desk
from failwell.console._gate import inside
from failwell.console._routes import Routes
from failwell.exceptions import ValidationError

_DELETE = "delete"


def add_forms(routes: Routes, desk: Desk) -> None:
    """Add a route for each action."""
    for action in ACTIONS:
        routes.add(
            f"/groups/{action.name}",
            action.name,
            _posting(desk, action),
            role=action.role,
            methods=["POST"],
        )


def _posting(desk: Desk, action: Action) -> Callable[[], Response]:
    def post() -> Response:
        given = read_fields(action, _fields(request.form, action))
        if action.name == _DELETE and "confirmed" not in request.form:
            return desk.page("delete.html", groups=_named(desk, given.ids))
        changed = run_action(action, desk.store, given, desk.present().name, desk.now())
        back = inside(request.form.get("next", ""))
        joint = "&" if "?" in back else "?"
        return redirect(f"{back}{joint}done={action.name}&n={len(changed)}", 303)

    return post


def _fields(form: "MultiDict[str, str]", action: Action) -> dict[str, Any]:
    """Return the fields of a form that an action takes, the empty ones left out."""
    ids = [text for text in form.getlist("ids") if text.strip()]
    if not ids:
        message = "No group is chosen: tick those that are meant"
        raise ValidationError(message)
    taken = action.takes.__struct_fields__
    # Browsers send the lines of a text with both characters.
    texts = {name: form.get(name, "").strip().replace("\r\n", "\n") for name in taken}
    given = {name: text for name, text in texts.items() if text}
    return {**given, "ids": ids}


def _named(desk: Desk, ids: list[int]) -> list[tuple[int, str]]:
    """Return groups with what they are called; those that are not there are left out."""
    pages = ((id_, desk.store.group(id_, events=1)) for id_ in ids)
    return [(id_, page.group.type) for id_, page in pages if page is not None]
