"""What a visitor can do to groups: by the forms of the pages, and the same by JSON.

Owns the actions, what each of them takes, and the role that it needs. Each is one call
of the store, which does it to all of the groups or to none, and writes the history.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from failwell.console._moments import UNTIL_SAID, read_until
from failwell.console._roles import Role
from failwell.exceptions import ValidationError
from failwell.store import Store

Id = Annotated[int, Meta(ge=1, lt=10**18)]
Ids = Annotated[
    list[Id], Meta(min_length=1, max_length=1000, description="Which groups.")
]
OneId = Annotated[
    list[Id], Meta(min_length=1, max_length=1, description="Which group.")
]


class Chosen(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The groups that something is done to."""

    ids: Ids


class Resolution(Chosen, kw_only=True):
    """Resolve them, now or with the next release."""

    until_next_release: Annotated[
        bool, Meta(description="Whether errors of the present releases reopen nothing.")
    ] = False


class Muting(Chosen, kw_only=True):
    """Mute them: for ever, until a time, or until so many more errors."""

    until: Annotated[
        Annotated[str, Meta(max_length=40)] | None,
        Meta(description=f"Until when: {UNTIL_SAID}."),
    ] = None
    more: Annotated[
        Annotated[int, Meta(ge=1, le=10**9)] | None,
        Meta(description="After how many more errors."),
    ] = None


class Assignment(Chosen, kw_only=True):
    """Give them to somebody, or to nobody."""

    to: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description="To whom; null is nobody."),
    ] = None


class Comment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Say something about a group."""

    ids: OneId
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]


class Single(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A group alone."""

    ids: OneId


class Action(NamedTuple):
    """Something that can be done."""

    name: str
    summary: str
    done: str
    """What groups are afterwards."""
    takes: type[Any]
    run: Callable[[Store, Any, str, datetime], object]
    """Do it; gets what was given, the visitor's name, and the present time."""
    role: Role = Role.OPERATOR

    def said(self, number: str) -> str:
        """Say of so many groups that it was done."""
        if not re.fullmatch(r"\d{1,5}", number, re.ASCII):
            return ""
        return f"{number} {'group' if number == '1' else 'groups'} {self.done}"


def read_fields(action: Action, fields: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an `action.takes`
    """Return what the fields of a form say, where texts stand for numbers.

    Raises:
        ValidationError: Something is missing, or not allowed; says what.
    """
    try:
        return msgspec.convert(fields, action.takes, strict=False)
    except msgspec.ValidationError as error:
        raise ValidationError(str(error)) from error


def read_body(action: Action, body: bytes) -> Any:  # noqa: ANN401 - as above
    """Return what a body of JSON says.

    Raises:
        ValidationError: It is none, or something is missing or not allowed.
    """
    try:
        return msgspec.json.decode(body, type=action.takes)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValidationError(str(error)) from error


def run_action(
    action: Action,
    store: Store,
    given: Any,  # noqa: ANN401 - as above
    by: str,
    now: datetime,
) -> list[int]:
    """Do it, and return the ids of the groups that were changed.

    Raises:
        NotFoundError: A group does not exist; nothing was changed.
        StoreError: The store cannot be written; nothing was changed.
        ValidationError: It cannot be done to these groups; says why.
    """
    try:
        changed = action.run(store, given, by, now)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if isinstance(changed, int):
        return [changed]
    return list(changed) if isinstance(changed, Sequence) else list(given.ids)


def _resolve(store: Store, given: Resolution, by: str, _: datetime) -> object:
    return store.resolve(given.ids, by=by, until_next_release=given.until_next_release)


def _reopen(store: Store, given: Chosen, by: str, _: datetime) -> object:
    return store.reopen(given.ids, by=by)


def _mute(store: Store, given: Muting, by: str, now: datetime) -> object:
    until = read_until(given.until, now)
    return store.mute(given.ids, by=by, until=until, more=given.more)


def _assign(store: Store, given: Assignment, by: str, _: datetime) -> object:
    return store.assign(given.ids, given.to or None, by=by)


def _comment(store: Store, given: Comment, by: str, _: datetime) -> object:
    return store.comment(given.ids[0], given.text, by=by)


def _merge(store: Store, given: Chosen, by: str, _: datetime) -> object:
    return store.merge(given.ids, by=by)


def _unmerge(store: Store, given: Single, by: str, _: datetime) -> object:
    return store.unmerge(given.ids[0], by=by)


def _delete(store: Store, given: Chosen, by: str, _: datetime) -> object:
    return store.delete(given.ids, by=by)


ACTIONS = (
    Action("resolve", "Resolve groups", "resolved", Resolution, _resolve),
    Action("reopen", "Reopen groups", "open again", Chosen, _reopen),
    Action("mute", "Mute groups", "muted", Muting, _mute),
    Action("assign", "Assign groups", "assigned", Assignment, _assign),
    Action("comment", "Comment on a group", "commented on", Comment, _comment),
    Action("merge", "Make groups one, the first of them", "merged", Chosen, _merge),
    Action("unmerge", "Take a merge back", "there again", Single, _unmerge),
    Action("delete", "Delete groups", "deleted", Chosen, _delete, Role.ADMIN),
)
DONE = {action.name: action for action in ACTIONS}
"""The actions by their names."""
