"""What the application says about a request, before anything has failed.

Owns the functions for it, their bounds, and how what was said is read when an error is
recorded: only then is it redacted. Where it is kept stands in `failwell._scope`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from failwell._clock import SYSTEM_CLOCK
from failwell._scope import NOTHING_SAID, Crumb, scope
from failwell.records._breadcrumbs import keep_crumb
from failwell.records._plain import TEXT_LENGTH, plain
from failwell.records._redact import redact, redact_text
from failwell.records._secrets import MARK, is_secret_name
from failwell.records._text import LABEL_LENGTH, clean, is_text, type_name

TAGS = 50
_TAG_LENGTH = 200

Tags = Mapping[str, str]


def set_user(user_id: object) -> None:
    """Say whose request this is: errors from here on are that user's.

        @app.before_request
        def who() -> None:
            failwell.set_user(session.get("user_id"))

    Holds until the request ends, in this thread or task and in those that get a copy of
    its context afterwards. Outside of a request it holds for the block of
    `error_context`, else for the thread.

    Args:
        user_id: A number or text that names the user and nothing more; kept as text of at
            most 300 characters. None forgets it.
    """
    user = None if user_id is None else user_text(user_id)
    scope.set((scope.get() or NOTHING_SAID)._replace(user=user))


def set_tags(**tags: object) -> None:
    """Give errors from here on names and values of your own, to filter by.

        failwell.set_tags(tenant=tenant.name, plan="free")

    Holds as long as `set_user` does; tags that were set before stay. At most 50, the
    first ones; a value has at most 200 characters, and what stands under the name of a
    secret is hidden.

    Args:
        tags: Texts, numbers, dates, UUIDs; of anything else the type's name is kept.
            None takes a tag away.
    """
    known = scope.get() or NOTHING_SAID
    scope.set(known._replace(tags=_add_tags(known.tags, tags)))


def add_breadcrumb(
    message: str, category: str = "note", *, level: str = "", **data: object
) -> None:
    """Note something that may explain a later error of this request.

        failwell.add_breadcrumb("Cart priced", category="cart", items=3)

    The latest ones are kept with an error: log lines from INFO up are noted by
    themselves, calls to other services by `failwell.integrations`.

    Args:
        message: A sentence, at most 500 characters.
        category: What it is about, such as `cart`.
        level: Such as `warning`.
        data: Facts; redacted and bounded at once.
    """
    keep_crumb(
        Crumb(
            SYSTEM_CLOCK.now(),
            f"{plain(category)}",
            f"{plain(level)}",
            f"{plain(message)}",
            data=redact(data) if data else None,
        )
    )


@contextmanager
def error_context() -> Iterator[None]:
    """Make a block a piece of work of its own, as a request is.

    What is said in it (`set_user`, `set_tags`, `add_breadcrumb`) ends with it, and
    nothing that was said outside counts in it: for jobs of a worker, one after the other.
    """
    before = scope.set(NOTHING_SAID)
    try:
        yield
    finally:
        scope.reset(before)


def user_text(user_id: object) -> str:
    """Return the text of a user's id, whatever its `__str__` does."""
    try:
        return clean(user_id if is_text(user_id) else str(user_id), TEXT_LENGTH)
    except Exception:  # noqa: BLE001 - `__str__` is anybody's code
        return f"<{type_name(type(user_id))}>"


def read_tags(known: Tags, given: Mapping[str, object] | None) -> dict[str, str]:
    """Return the tags of a scope and more of them, without secrets."""
    return {
        redact_text(name, LABEL_LENGTH): (
            MARK if is_secret_name(name) else redact_text(value, _TAG_LENGTH)
        )
        for name, value in _add_tags(known, given or {}).items()
    }


def _add_tags(known: Tags, given: Mapping[str, object]) -> Tags:
    """Return tags with more of them, as text; of too many the first ones."""
    tags = dict(known)
    for name, value in given.items():
        if value is None:
            tags.pop(name, None)
        elif name in tags or len(tags) < TAGS:
            tags[clean(name, LABEL_LENGTH)] = f"{plain(value)}"
    return tags
