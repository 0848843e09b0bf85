"""The exceptions that belong to one: what led to it, and the members of groups.

Owns the walk and its caps. Members stand behind the chain that they belong to, so that
what is cut are the last members of the last groups, never a cause. What an earlier attempt
failed with stands behind all that led to the error.
"""

import sys
from collections.abc import Sequence
from typing import Literal, TypeGuard

import msgspec

from failwell._earlier import is_earlier
from failwell.records._frames import Stack, walk_callers, walk_traceback

Relation = Literal["", "cause", "context", "earlier", "member"]

CHAIN_LIMIT = 10
MEMBERS_LIMIT = 10
LINKS_LIMIT = 50

_CAUSE: Relation = "cause"
_CONTEXT: Relation = "context"
_EARLIER: Relation = "earlier"
_members_of = BaseExceptionGroup.__dict__["exceptions"].__get__


class Link(msgspec.Struct, frozen=True):
    """One exception of a chain."""

    error: BaseException
    relation: Relation
    stack: Stack
    parent: int = -1
    """The index of the group that it is a member of; a cause belongs to the link before."""


Chain = tuple[Link, ...]


def walk_chain(error: BaseException, *, explicit: bool = False) -> Chain:
    """Return `error`, what led to it, and the members of every group in that.

    Follows `__cause__`, else `__context__` where it is not suppressed, at most ten
    links each; then takes the first ten members of each group, with their own causes, at
    most fifty exceptions in all. None is there twice: a cycle ends.

    Args:
        error: The exception.
        explicit: Whether an exception that was never raised gets the stack of the
            call into failwell, so that it is known where it came from.
    """
    alone = _lone(error)
    if alone is not None and (alone.stack.places or not explicit):
        return (alone,)
    links: list[Link] = []
    _add_line(links, error, "")
    if explicit and not links[0].stack.places:
        stack = walk_callers(sys._getframe(1))  # noqa: SLF001 - the documented way
        links[0] = Link(error, "", stack)
    # Grows while it is read: the members of members come last.
    for index, link in enumerate(links):
        if is_group(link.error):
            for member in members_of(link.error)[:MEMBERS_LIMIT]:
                if len(links) < LINKS_LIMIT:
                    _add_line(links, member, "member", index)
    return tuple(links)


def _lone(error: BaseException) -> Link | None:
    """Return the link of an error that nothing belongs to, as nearly all are."""
    try:
        alone = error.__cause__ is None and error.__context__ is None
        if not alone or issubclass(type(error), BaseExceptionGroup):
            return None
        return Link(error, "", walk_traceback(error.__traceback__))
    except Exception:  # noqa: BLE001 - a class may replace these attributes by code
        return None


def walk_line(error: BaseException) -> Chain:
    """Return `error` and what led to it, without members of groups."""
    links: list[Link] = []
    _add_line(links, error, "")
    return line_of(tuple(links))


def line_of(chain: Chain) -> Chain:
    """Return the raised exception of a chain and what led to it.

    That is neither a member nor what came before.
    """
    for index, link in enumerate(chain):
        if link.relation in {"earlier", "member"}:
            return chain[:index]
    return chain


def is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    """Return whether `error` has members."""
    return issubclass(type(error), BaseExceptionGroup)


def members_of(group: BaseExceptionGroup[BaseException]) -> Sequence[BaseException]:
    """Return the members, past whatever a class makes of that attribute."""
    members: tuple[BaseException, ...] = _members_of(group)
    return members


def _add_line(
    links: list[Link], first: BaseException, relation: Relation, parent: int = -1
) -> None:
    error: BaseException | None = first
    end = min(len(links) + CHAIN_LIMIT, LINKS_LIMIT)
    while error is not None and len(links) < end:
        for link in links:
            if link.error is error:
                return
        # A class may replace these attributes by code: then its exception has no stack,
        # or nothing led to it.
        try:
            stack = walk_traceback(error.__traceback__)
        except Exception:  # noqa: BLE001 - see above
            stack = walk_traceback(None)
        links.append(Link(error, relation, stack, parent))
        try:
            error, relation = _led_to(error, relation)
        except Exception:  # noqa: BLE001 - see above
            return
        parent = -1


def _led_to(
    error: BaseException, relation: Relation
) -> tuple[BaseException | None, Relation]:
    cause, led = error.__cause__, _CAUSE
    if cause is None and not error.__suppress_context__:
        cause = error.__context__
        # Behind the first that came before, the others did, too.
        came_before = relation == _EARLIER or is_earlier(error)
        led = _EARLIER if came_before else _CONTEXT
    # What replaces the attribute may be anything.
    return (cause if isinstance(cause, BaseException) else None), led
