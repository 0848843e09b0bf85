"""A chain of exceptions as it is recorded: types, redacted messages and frames."""

from typing import cast

import msgspec

from failwell.records._frames import Link, walk_chain
from failwell.records._message import message_of
from failwell.records._model import ExceptionInfo, Frame
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
    return read_frames(chain, describe_for_encoding(chain))


def describe_for_encoding(chain: tuple[Link, ...]) -> tuple[ExceptionInfo, ...]:
    """Return a chain whose frames are JSON already: good for an encoder alone."""
    return tuple(
        [
            ExceptionInfo(
                type=type_name(type(link.error)),
                message=message_of(link.error),
                frames=cast("tuple[Frame, ...]", link.stack.encoded),
                omitted_frames=link.stack.omitted,
                relation=link.relation,
            )
            for link in chain
        ]
    )


def read_frames(
    chain: tuple[Link, ...], infos: tuple[ExceptionInfo, ...]
) -> tuple[ExceptionInfo, ...]:
    """Return what `describe_for_encoding` made of a chain, with frames to be read."""
    return tuple(
        msgspec.structs.replace(info, frames=link.stack.frames)
        for link, info in zip(chain, infos, strict=True)
    )
