"""A chain of exceptions as it is recorded: types, redacted messages and frames."""

import msgspec

from failwell.records._frames import Link, walk_chain
from failwell.records._message import message_of
from failwell.records._model import ExceptionInfo
from failwell.records._text import type_name

_MEMBERS = 8


def describe(error: BaseException) -> tuple[ExceptionInfo, ...]:
    """Return an exception and what led to it, the raised one first, redacted.

    The first members of a group follow it, with their own causes.
    """
    chain = describe_chain(walk_chain(error))
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions[:_MEMBERS]:
            chain += describe_chain(walk_chain(member))
    return chain


def describe_chain(chain: tuple[Link, ...]) -> tuple[ExceptionInfo, ...]:
    """Return a chain that has been walked."""
    return with_frames(chain, refer_to_stacks(chain))


def refer_to_stacks(chain: tuple[Link, ...]) -> tuple[ExceptionInfo, ...]:
    """Return a chain whose frames stand elsewhere, by the names of the stacks."""
    return tuple(
        [
            ExceptionInfo(
                type=type_name(type(link.error)),
                message=message_of(link.error),
                omitted_frames=link.stack.omitted,
                relation=link.relation,
                stack=link.stack.name,
            )
            for link in chain
        ]
    )


def with_frames(
    chain: tuple[Link, ...], infos: tuple[ExceptionInfo, ...]
) -> tuple[ExceptionInfo, ...]:
    """Return what `refer_to_stacks` made of a chain, with the frames in it."""
    return tuple(
        msgspec.structs.replace(info, frames=link.stack.frames, stack="")
        for link, info in zip(chain, infos, strict=True)
    )
